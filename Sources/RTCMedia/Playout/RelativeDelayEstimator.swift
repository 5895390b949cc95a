import RTCPrimitives
import RTCWire

/// Learns how much later than the fastest ones media arrives, and so how long playout must wait.
///
/// The clock of capture is mapped to arrival by the least delay of the last 5 to 10 s; how much more each arrival takes
/// goes into a histogram of 10 ms steps that forgets.
struct RelativeDelayEstimator: Sendable {
  private static let step = Duration.milliseconds(10)
  private static let stepCount = 100
  private static let window = Duration.seconds(5)

  private let clock: RTPClock
  private let quantile: Double
  /// By how much an arrival counts more than the one before; the older ones so lose weight.
  private let growth: Double

  private var lastTimestamp: UInt32?
  private var ticks: Int64 = 0
  private var least: Duration?
  private var leastBefore: Duration?
  private var windowBegin = Instant.start
  private var weights = [Double](repeating: 0, count: stepCount)
  private var totalWeight = 0.0
  private var weight = 1.0

  /// - Parameters:
  ///   - quantile: the part of arrivals that playout shall wait for.
  ///   - memory: after about so many arrivals one has lost two thirds of its weight.
  ///   - initialDelay: the target before anything was learned.
  init(clockRate: UInt32, quantile: Double, memory: Double, initialDelay: Duration) {
    clock = RTPClock(rate: clockRate, offset: 0)
    self.quantile = quantile
    growth = 1 + 1 / memory
    add(initialDelay - .nanoseconds(1))
  }

  /// The capture time in nanoseconds since an arbitrary origin, continued over the wraps of RTP timestamps.
  func mediaTime(of timestamp: UInt32) -> Duration {
    guard let lastTimestamp else { return .zero }
    return clock.duration(ofTicks: ticks + Int64(Int32(bitPattern: timestamp &- lastTimestamp)))
  }

  /// When media of this capture time arrives at the earliest.
  func earliestArrival(of timestamp: UInt32) -> Instant {
    Instant.start + mediaTime(of: timestamp) + (leastOffset ?? .zero)
  }

  /// How long playout shall wait after the earliest arrival.
  var target: Duration {
    var sum = 0.0
    for index in weights.indices {
      sum += weights[index]
      if sum >= quantile * totalWeight { return Self.step * (index + 1) }
    }
    return Self.step * Self.stepCount
  }

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
    let offset = now - (.start + mediaTime(of: timestamp))
    if now - windowBegin > Self.window {
      leastBefore = least
      least = nil
      windowBegin = now
    }
    least = min(least ?? offset, offset)
    add(offset - (leastOffset ?? offset))
  }

  private var leastOffset: Duration? {
    guard let least else { return leastBefore }
    return leastBefore.map { min($0, least) } ?? least
  }

  private mutating func add(_ delay: Duration) {
    let index = max(0, min(Self.stepCount - 1, Int(delay.nanoseconds / Self.step.nanoseconds)))
    weights[index] += weight
    totalWeight += weight
    weight *= growth
    guard weight > 1e12 else { return }
    for index in weights.indices { weights[index] /= weight }
    totalWeight /= weight
    weight = 1
  }
}
