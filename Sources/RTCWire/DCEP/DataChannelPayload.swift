/// What a message of a data channel is: the payload protocol identifiers of WebRTC.
///
/// - SeeAlso: RFC 8831 §8
public enum DataChannelPayload: UInt32, Hashable, Sendable, CaseIterable {
  /// A message of the Data Channel Establishment Protocol.
  case dcep = 50
  case string = 51
  /// Deprecated: a part of a binary message that goes on.
  case binaryPartial = 52
  case binary = 53
  /// Deprecated: a part of a string that goes on.
  case stringPartial = 54
  /// One byte stands for a string without any, which SCTP cannot send.
  case stringEmpty = 56
  /// One byte stands for a binary message without any.
  case binaryEmpty = 57
}
