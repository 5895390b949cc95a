import RTCPrimitives

/// What one client sent and received on the channels of one workload, from the first message on.
public struct DataReport: Hashable, Sendable {
  public let workload: DataWorkload
  /// As in webrtc-stats, of the application's messages.
  public internal(set) var messagesSent = 0
  public internal(set) var bytesSent = 0
  public internal(set) var messagesReceived = 0
  public internal(set) var bytesReceived = 0
  /// Messages that the channel did not take, because too much waited.
  public internal(set) var messagesRefused = 0
  /// Messages that came after one that was sent later.
  public internal(set) var messagesOutOfOrder = 0
  /// From the call of `send` to the receiving application: what waits in the sender counts.
  public internal(set) var latency = DurationHistogram()
  /// How many had been sent when the newest of those that came was; where a server forwards, from the first on that came.
  var messagesExpected = 0
  /// Of those that came: when the first was sent, and when the last arrived.
  var firstSent = Instant.distantFuture
  var lastArrived = Instant.start

  package init(_ workload: DataWorkload) { self.workload = workload }

  /// Messages that did not come although later ones did. Those that are on their way are not among them.
  public var messagesLost: Int { messagesExpected - messagesReceived }

  /// Received payload over the time from the first message's sending to the last one's arrival; `nil` for nothing.
  public var goodput: DataRate? {
    lastArrived > firstSent ? DataSize(bytes: bytesReceived).rate(over: lastArrived - firstSent) : nil
  }

  /// Adds another channel's.
  package mutating func merge(_ other: DataReport) {
    messagesSent += other.messagesSent
    bytesSent += other.bytesSent
    messagesReceived += other.messagesReceived
    bytesReceived += other.bytesReceived
    messagesRefused += other.messagesRefused
    messagesOutOfOrder += other.messagesOutOfOrder
    latency.merge(other.latency)
    messagesExpected += other.messagesExpected
    firstSent = min(firstSent, other.firstSent)
    lastArrived = max(lastArrived, other.lastArrived)
  }
}
