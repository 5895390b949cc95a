/// How an association is set up.
public struct SCTPConfiguration: Hashable, Sendable {
  /// The port that `a=sctp-port` states on both sides; it only has to be the same (RFC 8841 §5).
  public static let port: UInt16 = 5000
  /// The largest message that is taken when the peer states no `a=max-message-size` (RFC 8841 §6.1).
  public static let unstatedMaxMessageSize = 65_536
  /// The largest message that this side takes and sends: libwebrtc's.
  public static let maxMessageSize = 262_144

  /// Which end sends INIT (RFC 9260 §5.1).
  public enum Start: Hashable, Sendable {
    /// This one, at once. Where both do, as the ends of a WebRTC connection are used to, the handshakes meet (§5.2.1).
    case active
    /// The peer: this end waits for it. Two such ends wait for ever.
    case passive
  }

  public var start = Start.active
  public var localPort = port
  public var remotePort = port
  /// The most that the chunks of a packet take, in bytes, a multiple of 4; it is never probed. usrsctp adds the header of
  /// 12 bytes to it, where there is no IP below. A `PeerConnection` takes 1160: packets of 1172 bytes, with room for IPv6,
  /// UDP, TURN and DTLS in the 1280 bytes that pass everywhere, as libwebrtc's of 1191 have.
  public var mtu = 1188
  /// Streams in each direction: libwebrtc's number; RFC 8831 §6.2 would have 65535, each of which takes memory.
  public var streams: UInt16 = 1024
  /// The largest message that the peer takes, in bytes.
  public var remoteMaxMessageSize = unstatedMaxMessageSize

  public init() {}
}
