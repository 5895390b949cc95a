/// The slope of a straight line through points, by least squares.
enum LinearFit {
  /// `nil` when all points have one abscissa.
  static func slope(count: Int, _ point: (Int) -> (x: Double, y: Double)) -> Double? {
    guard count > 0 else { return nil }
    var (sumX, sumY) = (0.0, 0.0)
    for index in 0..<count {
      sumX += point(index).x
      sumY += point(index).y
    }
    let (meanX, meanY) = (sumX / Double(count), sumY / Double(count))
    var (numerator, denominator) = (0.0, 0.0)
    for index in 0..<count {
      let (x, y) = point(index)
      numerator += (x - meanX) * (y - meanY)
      denominator += (x - meanX) * (x - meanX)
    }
    return denominator == 0 ? nil : numerator / denominator
  }
}

/// Sees queues grow in the trend of the delay: a line through the last groups' smoothed delays.
///
/// - SeeAlso: libwebrtc trendline_estimator.cc, whose constants these are
struct TrendlineEstimator: Sendable {
  private(set) var usage = BandwidthUsage.normal

  private var points: [(x: Double, y: Double)] = []
  private var oldest = 0
  private var firstArrival: Double?
  private var lastArrival: Double?
  private var delay = 0.0
  private var smoothedDelay = 0.0
  private var deltas = 0
  private var trend = 0.0
  private var threshold = AdaptiveThreshold.trendline
  private var overuseTime: Double?
  private var overuseCount = 0

  /// kDefaultTrendlineWindowSize
  private static let window = 20
  /// kDefaultTrendlineSmoothingCoeff
  private static let smoothing = 0.9
  /// kDefaultTrendlineThresholdGain
  private static let gain = 4.0
  /// kMinNumDeltas: the gain grows with the number of deltas up to this.
  private static let fullConfidence = 60
  /// kOverUsingTimeThreshold, milliseconds
  private static let overuseTimeLimit = 10.0

  init() { points.reserveCapacity(Self.window) }

  /// - Parameter arrival: of the later group, on the receiver's clock in milliseconds.
  mutating func update(_ delta: InterArrival.Delta, arrival: Double) {
    deltas = min(deltas + 1, Self.fullConfidence)
    let start = firstArrival ?? arrival
    firstArrival = start
    delay += delta.arrival - delta.send
    smoothedDelay = Self.smoothing * smoothedDelay + (1 - Self.smoothing) * delay
    append((arrival - start, smoothedDelay))
    var trend = self.trend
    if points.count == Self.window {
      trend = LinearFit.slope(count: Self.window) { points[(oldest + $0) % Self.window] } ?? trend
    }
    detect(trend, after: delta.send, at: arrival)
  }

  private mutating func append(_ point: (x: Double, y: Double)) {
    guard points.count == Self.window else { return points.append(point) }
    points[oldest] = point
    oldest = (oldest + 1) % Self.window
  }

  private mutating func detect(_ trend: Double, after sendDelta: Double, at arrival: Double) {
    guard deltas >= 2 else { return }
    let estimate = Double(deltas) * trend * Self.gain
    if estimate > threshold.milliseconds {
      // At first half of the time since the last group counts as overuse.
      let time = overuseTime.map { $0 + sendDelta } ?? sendDelta / 2
      overuseTime = time
      overuseCount += 1
      if time > Self.overuseTimeLimit && overuseCount > 1 && trend >= self.trend {
        overuseTime = 0
        overuseCount = 0
        usage = .overusing
      }
    } else {
      overuseTime = nil
      overuseCount = 0
      usage = estimate < -threshold.milliseconds ? .underusing : .normal
    }
    self.trend = trend
    threshold.update(estimate, after: lastArrival.map { arrival - $0 } ?? 0)
    lastArrival = arrival
  }
}
