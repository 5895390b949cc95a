import RTCPrimitives
import RTCWire

/// A datagram or a signaling message of a call, with its way.
public struct Message: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable, CaseIterable, Encodable {
    case signaling, stun, turn, tcp, dtls, rtp, rtcp, unknown
  }

  /// A place that it came to, and how it looked there.
  public struct Stop: Hashable, Sendable {
    public let lane: String
    public let time: Instant
    /// `nil` in the signaling channel, which is a stream.
    public let source: Endpoint?
    public let destination: Endpoint?
  }

  /// Counts from 0.
  public let number: Int
  public let kind: Kind
  public let title: String
  /// From the sender through NATs to where it arrived or was dropped.
  public internal(set) var path: [Stop]
  public internal(set) var isDelivered = false
  /// Why it did not arrive.
  public internal(set) var dropped: String?
  /// UDP payload, or the text of a signaling message.
  public let bytes: [UInt8]
  /// Bytes on the wire that exist only as a number.
  public let elided: Int
  /// What is encrypted in it, where the simulation knows it: an SCTP packet.
  public let plaintext: [UInt8]?
  /// The description that a signaling message carries.
  public let description: SessionDescription?
  /// The first moment that it belongs to.
  public internal(set) var moment: Int?

  public var size: Int { bytes.count + elided }
  public var sender: String { path[0].lane }
  public var sentAt: Instant { path[0].time }
  /// Where its way ended so far.
  public var end: Stop { path[path.count - 1] }
}
