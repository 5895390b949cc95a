/// How many packets lie between losses.
///
/// - SeeAlso: RFC 8698 §4.2 (loss_int, loss_exp), RFC 5348 §5.4
struct LossHistory: Hashable, Sendable {
  /// Closed intervals, newest first.
  private var intervals: [Double] = []
  private var sinceLoss = 0.0

  /// RFC 5348 §5.4, n = 8
  private static let weights = [1.0, 1.0, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2]
  /// RFC 8698 Figure 3, MULTILOSS
  private static let multiplier = 7.0

  init() {}

  mutating func insert(lost: Bool) {
    sinceLoss += 1
    guard lost else { return }
    intervals.insert(sinceLoss, at: 0)
    if intervals.count > Self.weights.count { intervals.removeLast() }
    sinceLoss = 0
  }

  /// Whether the last loss is so recent that losses, not delay alone, are to guide the rate.
  var isRecent: Bool {
    guard !intervals.isEmpty else { return false }
    return sinceLoss < Self.multiplier * average
  }

  /// The longer of the means with and without the interval that is still open.
  private var average: Double {
    max(Self.mean(intervals), Self.mean([sinceLoss] + intervals.dropLast()))
  }

  private static func mean(_ values: [Double]) -> Double {
    var (sum, total) = (0.0, 0.0)
    for (value, weight) in zip(values, weights) {
      sum += value * weight
      total += weight
    }
    return total > 0 ? sum / total : 0
  }
}
