/// How long a data channel goes on sending a message that got lost.
///
/// - SeeAlso: RFC 8832 §5.1, RFC 3758, RFC 7496
public enum DataChannelReliability: Hashable, Sendable {
  /// Until it has arrived.
  case reliable
  /// At most this often again.
  case maxRetransmits(UInt32)
  /// At most this long after it was handed in; whole milliseconds.
  case maxPacketLifeTime(Duration)
}
