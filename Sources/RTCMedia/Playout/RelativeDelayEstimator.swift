import RTCPrimitives

/// Learns how much later than the fastest ones media arrives, and so how long playout must wait.
///
/// The clock of capture is mapped to arrival by the least delay of the last 5 to 10 s; how much more each arrival takes
/// goes into a histogram of 10 ms steps that forgets.
struct RelativeDelayEstimator: Sendable {
  private static let stepCount = 100
  private static let stepNanoseconds: Int64 = 10_000_000
  private static let windowNanoseconds: Int64 = 5_000_000_000

  private let clockRate: Int64
  private let quantile: Double
  /// By how much an arrival counts more than the one before; the older ones so lose weight.
  private let growth: Double

  private var lastTimestamp: UInt32?
  private var ticks: Int64 = 0
  /// The least of arrival less capture time, in nanoseconds, in this window and in the one before.
  private var least: Int64?
  private var leastBefore: Int64?
  private var windowBegin = Instant.start
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
    self.clockRate = Int64(clockRate)
    self.quantile = quantile
    growth = 1 + 1 / memory
    add(initialDelay.nanoseconds - 1)
  }

  /// When media of this capture time arrives at the earliest.
  func earliestArrival(of timestamp: UInt32) -> Instant {
    Instant(nanoseconds: mediaTime(of: timestamp) + (leastOffset ?? 0))
  }

  /// How long playout shall wait after the earliest arrival.
  var target: Duration { .nanoseconds(targetNanoseconds) }

  /// The same in nanoseconds.
  var targetNanoseconds: Int64 { Self.stepNanoseconds * Int64(targetStep + 1) }

  /// Learns from an arrival.
  mutating func insert(_ timestamp: UInt32, at now: Instant) {
    if let lastTimestamp {
      let step = Int64(Int32(bitPattern: timestamp &- lastTimestamp))
      // What is late has its place already; only newer media moves the origin.
      if step > 0 {
        ticks += step
        self.lastTimestamp = timestamp
      }
    } else {
      lastTimestamp = timestamp
      windowBegin = now
    }
    let offset = now.nanoseconds - mediaTime(of: timestamp)
    if now.nanoseconds - windowBegin.nanoseconds > Self.windowNanoseconds {
      leastBefore = least
      least = nil
      windowBegin = now
    }
    least = min(least ?? offset, offset)
    add(offset - (leastOffset ?? offset))
  }

  /// The capture time in nanoseconds since that of the first timestamp, continued over the wraps.
  private func mediaTime(of timestamp: UInt32) -> Int64 {
    guard let lastTimestamp else { return 0 }
    let place = ticks + Int64(Int32(bitPattern: timestamp &- lastTimestamp))
    let (seconds, rest) = place.quotientAndRemainder(dividingBy: clockRate)
    return seconds * 1_000_000_000 + rest * 1_000_000_000 / clockRate
  }

  private var leastOffset: Int64? {
    guard let least else { return leastBefore }
    return leastBefore.map { min($0, least) } ?? least
  }

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
