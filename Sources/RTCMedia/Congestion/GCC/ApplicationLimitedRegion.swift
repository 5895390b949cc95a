import RTCPrimitives

/// Whether the sender has for some time sent much less than it might.
///
/// A budget fills at a share of the estimate and empties with what is sent.
///
/// - SeeAlso: libwebrtc alr_detector.cc and interval_budget.cc, whose constants these are
struct ApplicationLimitedRegion: Hashable, Sendable {
  /// Since when it has been so.
  private(set) var began: Instant?

  private var budgetRate: Double
  private var budget = 0.0
  private var lastSent: Instant?

  private static let usage = 0.65
  private static let start = 0.80
  private static let stop = 0.50
  private static let window = 0.5

  init(estimate: DataRate) { budgetRate = Double(estimate.bitsPerSecond) * Self.usage / 8 }

  mutating func setEstimate(_ estimate: DataRate) {
    budgetRate = Double(estimate.bitsPerSecond) * Self.usage / 8
    let limit = budgetRate * Self.window
    budget = max(-limit, min(budget, limit))
  }

  mutating func sent(_ size: DataSize, at now: Instant) {
    guard let lastSent else {
      lastSent = now
      return
    }
    self.lastSent = max(now, lastSent)
    let limit = budgetRate * Self.window
    guard limit > 0 else { return }
    let elapsed = max(0, (now - lastSent).inSeconds)
    budget = max(budget - Double(size.bytes), -limit)
    budget = min(budget + budgetRate * elapsed, limit)
    let share = budget / limit
    if share > Self.start {
      began = began ?? now
    } else if share < Self.stop {
      began = nil
    }
  }
}
