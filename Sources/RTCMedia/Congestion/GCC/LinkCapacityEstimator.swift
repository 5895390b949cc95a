import RTCPrimitives

/// Remembers at which throughput the path was full, and how sure that is.
///
/// - SeeAlso: libwebrtc link_capacity_estimator.cc, whose constants these are
struct LinkCapacityEstimator: Hashable, Sendable {
  private var kilobitsPerSecond: Double?
  /// Relative to the estimate, in kbit/s.
  private var variance = Self.variances.lowerBound

  private static let smoothing = 0.05
  /// 0.4 is about 14 kbit/s at 500 kbit/s, 2.5 about 35.
  private static let variances = 0.4...2.5
  private static let deviations = 3.0

  var estimate: DataRate? { kilobitsPerSecond.map { DataRate(saturating: $0 * 1000) } }

  func isBelowRange(_ rate: DataRate) -> Bool {
    kilobitsPerSecond.map { rate.kilobitsPerSecond < $0 - Self.deviations * deviation } ?? false
  }

  func isAboveRange(_ rate: DataRate) -> Bool {
    kilobitsPerSecond.map { rate.kilobitsPerSecond > $0 + Self.deviations * deviation } ?? false
  }

  /// It has changed; the variance is kept.
  mutating func reset() { kilobitsPerSecond = nil }

  /// The path was full at this throughput.
  mutating func insert(_ throughput: DataRate) {
    let sample = throughput.kilobitsPerSecond
    let estimate = kilobitsPerSecond.map { (1 - Self.smoothing) * $0 + Self.smoothing * sample } ?? sample
    kilobitsPerSecond = estimate
    let error = estimate - sample
    variance = (1 - Self.smoothing) * variance + Self.smoothing * error * error / max(estimate, 1)
    variance = max(Self.variances.lowerBound, min(variance, Self.variances.upperBound))
  }

  private var deviation: Double { (variance * (kilobitsPerSecond ?? 0)).squareRoot() }
}
