public import RTCWire

/// A data channel as it is now.
///
/// ```
/// connecting ── association connected ──► open ── close, or the peer resets ──► closing ── both reset ──► closed
/// ```
/// - SeeAlso: W3C webrtc-pc `RTCDataChannel`, RFC 8831 §6
public struct DataChannel: Hashable, Sendable {
  /// The states of `RTCDataChannelState`.
  public enum State: String, Hashable, Sendable { case connecting, open, closing, closed }

  /// Names the channel on this side as long as the connection lives.
  public let id: Int
  /// The stream in both directions; `nil` before it has one.
  public internal(set) var stream: UInt16?
  public let label: String
  public let subprotocol: String
  public let isOrdered: Bool
  public let reliability: DataChannelReliability
  /// Whether both applications know of the channel by themselves, so that nothing is said of it.
  public let isNegotiated: Bool
  /// What the opener states (RFC 8831 §6.4); streams are served in turn whatever it is.
  public let priority: UInt16
  public internal(set) var state = State.connecting
  /// At or below this many bytes `bufferedAmountLow` is told when it was more before.
  public internal(set) var bufferedAmountLowThreshold = 0
  public internal(set) var statistics = DataChannelStatistics()

  /// Whether the peer has not said that it knows the channel: until then messages are sent in order (RFC 8832 §6).
  var isUnacknowledged = false
  var isAboveThreshold = false
  /// Whether the stream of each direction was reset.
  var hasResetIncoming = false
  var hasResetOutgoing = false
  /// A message in parts of the deprecated kind that is not complete.
  var partial: [UInt8] = []
}

/// What was sent and received, under the names of webrtc-stats.
///
/// - SeeAlso: W3C webrtc-stats `RTCDataChannelStats`
public struct DataChannelStatistics: Hashable, Sendable {
  public var messagesSent = 0
  public var bytesSent = 0
  public var messagesReceived = 0
  public var bytesReceived = 0
}

/// A message of the application.
public enum DataChannelMessage: Hashable, Sendable {
  case text(String)
  case binary([UInt8])

  /// Bytes of the message, of a text in UTF-8.
  public var byteCount: Int {
    switch self {
    case .text(let text): text.utf8.count
    case .binary(let bytes): bytes.count
    }
  }
}

/// What data channels tell.
public enum DataChannelEvent: Hashable, Sendable {
  /// The peer has opened a channel.
  case announced(Int)
  case opened(Int)
  case message(Int, DataChannelMessage)
  case bufferedAmountLow(Int)
  /// The peer closes the channel; nothing more comes.
  case closing(Int)
  case closed(Int)
}
