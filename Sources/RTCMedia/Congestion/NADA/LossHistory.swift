import RTCPrimitives

/// How many packets lie between loss events.
///
/// Two readings of ours, because RFC 8698 names §5.4 of RFC 5348 for the mean and nothing else:
/// - The mean is of closed intervals. With the one that is open it would be at least a sixth of that, so that seven times the
///   mean would always lie ahead: a flow that lost once would count its own queue for little ever after, and fill it until it
///   loses again.
/// - What was sent before the first loss event is no interval (RFC 5348 §6.3.1), so that it takes a second event to tell
///   losses that recur from a capacity that fell.
///
/// - SeeAlso: RFC 8698 §4.2 (loss_int, loss_exp), RFC 5348 §5.2 (loss events), §5.4
struct LossHistory: Hashable, Sendable {
  /// Closed intervals, newest first.
  private var intervals: [Double] = []
  /// Packets since the last loss event began.
  private var sinceEvent = 0.0
  /// When the first lost packet of the last event was sent.
  private var eventBegan: Instant?

  /// RFC 5348 §5.4, n = 8
  private static let weights = [1.0, 1.0, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2]
  /// RFC 8698 Figure 3, MULTILOSS
  private static let multiplier = 7.0

  init() {}

  /// - Parameter roundTripTime: what is lost within one belongs to one event.
  mutating func insert(lost: Bool, sentAt: Instant, roundTripTime: Duration) {
    sinceEvent += 1
    guard lost else { return }
    guard let began = eventBegan else {
      (eventBegan, sinceEvent) = (sentAt, 0)
      return
    }
    guard sentAt - began > roundTripTime else { return }
    intervals.insert(sinceEvent, at: 0)
    if intervals.count > Self.weights.count { intervals.removeLast() }
    (eventBegan, sinceEvent) = (sentAt, 0)
  }

  /// Whether the last loss is so recent that losses, not delay alone, are to guide the rate.
  var isRecent: Bool { sinceEvent < Self.multiplier * meanInterval }

  /// loss_int; 0 before an interval is closed.
  private var meanInterval: Double {
    var (sum, total) = (0.0, 0.0)
    for (interval, weight) in zip(intervals, Self.weights) {
      sum += interval * weight
      total += weight
    }
    return total > 0 ? sum / total : 0
  }
}
