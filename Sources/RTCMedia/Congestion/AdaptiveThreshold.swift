/// What a delay detector makes of the path.
enum BandwidthUsage: Hashable, Sendable {
  case normal
  /// Queues grow.
  case overusing
  /// Queues drain.
  case underusing
}

/// The limit of an estimated delay gradient, which follows the gradient so that the flow neither starves beside TCP nor is
/// deaf to a queue.
///
/// - SeeAlso: draft-ietf-rmcat-gcc-02 §5.4
struct AdaptiveThreshold: Hashable, Sendable {
  private(set) var milliseconds = 12.5
  /// How fast it follows an estimate above it and below it, per millisecond.
  let rise: Double
  let fall: Double

  /// The gains of the Kalman filter: draft-ietf-rmcat-gcc-02 Table 1, K_u and K_d.
  static var kalman: AdaptiveThreshold { AdaptiveThreshold(rise: 0.01, fall: 0.00018) }
  /// The gains of the trend line: libwebrtc trendline_estimator.cc, k_up and k_down.
  static var trendline: AdaptiveThreshold { AdaptiveThreshold(rise: 0.0087, fall: 0.039) }

  /// draft §5.4; libwebrtc trendline_estimator.cc
  private static let range = 6.0...600.0
  /// A spike further above than this is a change of the path, not a gradient (draft §5.4; kMaxAdaptOffsetMs).
  private static let spike = 15.0
  /// kMaxTimeDeltaMs
  private static let longestStep = 100.0

  init(rise: Double, fall: Double) {
    self.rise = rise
    self.fall = fall
  }

  /// - Parameter elapsed: milliseconds since the last update.
  mutating func update(_ estimate: Double, after elapsed: Double) {
    let size = abs(estimate)
    guard size.isFinite, size <= milliseconds + Self.spike else { return }
    let gain = size < milliseconds ? fall : rise
    let step = max(0, min(elapsed, Self.longestStep))
    milliseconds += gain * (size - milliseconds) * step
    milliseconds = max(Self.range.lowerBound, min(milliseconds, Self.range.upperBound))
  }
}
