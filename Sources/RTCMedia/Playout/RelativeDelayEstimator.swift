import RTCPrimitives

/// Learns how much later than the fastest ones frames arrive, and so how long playout must wait.
///
/// How much later each one is than the fastest of the last 5 to 10 s goes into a histogram of 10 ms steps that forgets.
struct RelativeDelayEstimator: Sendable {
  private static let stepCount = 100
  private static let stepNanoseconds: Int64 = 10_000_000

  private let quantile: Double
  /// By how much an arrival counts more than the one before; the older ones so lose weight.
  private let growth: Double

  private var arrivals: ArrivalTimeline
  private var weights = [Double](repeating: 0, count: stepCount)
  private var totalWeight = 0.0
  private var weight = 1.0
  /// The step that holds the quantile, and the weight of all steps up to and with it.
  private var targetStep = 0
  private var weightToTarget = 0.0

  /// - Parameters:
  ///   - quantile: the part of arrivals that playout shall wait for.
  ///   - memory: after about so many arrivals one has lost two thirds of its weight.
  ///   - initialDelay: the target before anything was learned.
  init(clockRate: Int, quantile: Double, memory: Double, initialDelay: Duration) {
    arrivals = ArrivalTimeline(clockRate: clockRate, window: .seconds(5))
    self.quantile = quantile
    growth = 1 + 1 / memory
    add(initialDelay.nanoseconds - 1)
  }

  /// When media of this capture time arrives at the earliest.
  func earliestArrival(of timestamp: UInt32) -> Instant { arrivals.earliestArrival(of: timestamp) }

  /// How long playout shall wait after the earliest arrival.
  var target: Duration { .nanoseconds(targetNanoseconds) }

  /// The same in nanoseconds.
  var targetNanoseconds: Int64 { Self.stepNanoseconds * Int64(targetStep + 1) }

  /// Learns from an arrival.
  mutating func insert(_ timestamp: UInt32, at now: Instant) { add(arrivals.insert(timestamp, at: now)) }

  private mutating func add(_ nanoseconds: Int64) {
    let index = max(0, min(Self.stepCount - 1, Int(nanoseconds / Self.stepNanoseconds)))
    weights[index] += weight
    totalWeight += weight
    if index <= targetStep { weightToTarget += weight }
    weight *= growth
    if weight > 1e12 { normalize() }
    moveTarget()
  }

  /// Moves the target by the few steps that one arrival can move it.
  private mutating func moveTarget() {
    let limit = quantile * totalWeight
    while weightToTarget < limit, targetStep < Self.stepCount - 1 {
      targetStep += 1
      weightToTarget += weights[targetStep]
    }
    while targetStep > 0, weightToTarget - weights[targetStep] >= limit {
      weightToTarget -= weights[targetStep]
      targetStep -= 1
    }
  }

  private mutating func normalize() {
    for index in weights.indices { weights[index] /= weight }
    totalWeight /= weight
    weight = 1
    weightToTarget = weights[...targetStep].reduce(0, +)
  }
}
