/// Estimates the delay gradient from the differences between groups, by a scalar Kalman filter.
///
/// - SeeAlso: draft-ietf-rmcat-gcc-02 §5.3, Table 1
struct ArrivalTimeFilter: Hashable, Sendable {
  /// m(i), in milliseconds per group.
  private(set) var gradient = 0.0

  /// e(i): how uncertain that is.
  private var error = 0.1
  /// var_v(i): of the noise of the measurement.
  private var noise = 1.0
  /// The last K send intervals.
  private var intervals: [Double] = []
  private var next = 0

  /// q
  private static let stateNoise = 0.001
  /// chi, between 0.1 and 0.001
  private static let chi = 0.01
  /// K is not given; ours.
  private static let window = 20
  private static let leastNoise = 1.0
  /// An innovation beyond so many deviations counts as that many.
  private static let outlier = 3.0

  init() {}

  mutating func update(_ delta: InterArrival.Delta) {
    note(delta.send)
    let innovation = delta.arrival - delta.send - gradient
    let limit = Self.outlier * noise.squareRoot()
    let bounded = max(-limit, min(innovation, limit))
    // f_max is the highest rate of groups; alpha = (1 - chi) ^ (30 / (1000 f_max)), with f_max per millisecond.
    let shortest = max(intervals.min() ?? delta.send, 1)
    let alpha = exponential(naturalLogarithm(1 - Self.chi) * 30 * shortest / 1000)
    noise = max(alpha * noise + (1 - alpha) * bounded * bounded, Self.leastNoise)
    let predicted = error + Self.stateNoise
    let gain = predicted / (noise + predicted)
    gradient += gain * bounded
    error = (1 - gain) * predicted
  }

  private mutating func note(_ interval: Double) {
    guard intervals.count == Self.window else { return intervals.append(interval) }
    intervals[next] = interval
    next = (next + 1) % Self.window
  }
}

/// Signals overuse when the gradient stays above its threshold and does not fall.
///
/// - SeeAlso: draft-ietf-rmcat-gcc-02 §5.4
struct OveruseDetector: Hashable, Sendable {
  private(set) var usage = BandwidthUsage.normal
  private var threshold = AdaptiveThreshold.kalman
  private var previous = 0.0
  /// How long it has been above, in milliseconds.
  private var time = 0.0
  private var lastArrival: Double?

  /// overuse_time_th
  private static let overuseTime = 10.0

  init() {}

  /// - Parameter arrival: of the later group, in milliseconds.
  mutating func update(_ gradient: Double, after sendDelta: Double, at arrival: Double) {
    if gradient > threshold.milliseconds {
      time += sendDelta
      if time >= Self.overuseTime && gradient >= previous { usage = .overusing }
    } else {
      time = 0
      usage = gradient < -threshold.milliseconds ? .underusing : .normal
    }
    previous = gradient
    threshold.update(gradient, after: lastArrival.map { arrival - $0 } ?? 0)
    lastArrival = arrival
  }
}
