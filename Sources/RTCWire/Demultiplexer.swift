/// What the first bytes of a datagram say it is.
public enum PacketKind: Hashable, Sendable {
  case stun
  case zrtp
  case dtls
  case turnChannel
  case quic
  case rtp
  case rtcp
  case unknown
}

/// Tells apart the protocols that share one UDP port.
///
/// - SeeAlso: RFC 7983 §7, RFC 9443 §3 (QUIC), RFC 5761 §4 (RTP and RTCP)
public enum Demultiplexer {
  /// The kind of a datagram that begins with `bytes`; the first byte decides, for RTP and RTCP the second too.
  ///
  /// QUIC means the ranges that RFC 9443 gives it and RFC 7983 says to drop.
  @inlinable
  public static func classify(_ bytes: Span<UInt8>) -> PacketKind {
    guard bytes.count > 0 else { return .unknown }
    switch bytes[0] {
    case 128...191:
      guard bytes.count > 1 else { return .unknown }
      return bytes[1] >= 192 && bytes[1] <= 223 ? .rtcp : .rtp
    case 64...79: return .turnChannel
    case 20...63: return .dtls
    case 0...3: return .stun
    case 16...19: return .zrtp
    case 80...127, 192...255: return .quic
    default: return .unknown
    }
  }
}
