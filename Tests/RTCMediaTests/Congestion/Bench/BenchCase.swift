import RTCMedia
import RTCPrimitives

/// A call over one bottleneck, as data.
struct BenchCase: Sendable {
  /// From `at` on the bottleneck carries `rate` (`nil`: any), and one direction takes `delay`.
  struct Step: Sendable {
    var at: Duration
    var rate: DataRate?
    var delay: Duration
  }

  var steps: [Step]
  var duration: Duration
  /// The drop-tail queue holds what the bottleneck carries in this time.
  var queue = Duration.milliseconds(300)
  /// Bernoulli loss before the bottleneck.
  var loss = 0.0
  var limits = RateLimits(
    minimum: .kilobitsPerSecond(30), start: .kilobitsPerSecond(300), maximum: .megabitsPerSecond(1000))
  /// The encoder uses no more.
  var encoderMaximum = DataRate.megabitsPerSecond(5)
  /// Whether the encoder follows the target; otherwise it stays at `encoderMaximum`.
  var seed: UInt64 = 1

  init(_ steps: [Step], for duration: Duration) {
    self.steps = steps
    self.duration = duration
  }
}

/// What happened in it.
struct BenchResult: Sendable {
  /// One every 100 ms.
  struct Sample: Sendable {
    var at: Duration
    var target: DataRate
    /// What the encoder was told: without headers.
    var media: DataRate
    /// Of the last 100 ms, before the bottleneck and behind it.
    var sent: DataRate
    var carried: DataRate
    /// The longest wait of a packet that left the queue in the last 100 ms.
    var queueDelay: Duration
    var dropped: Int
  }

  var samples: [Sample] = []
  /// Waits of all packets, with the time when they left the queue.
  var waits: [(at: Duration, wait: Duration)] = []

  func mean(_ value: KeyPath<Sample, DataRate>, _ from: Double, _ to: Double) -> DataRate {
    let chosen = samples.filter { $0.at.inSeconds > from && $0.at.inSeconds <= to }
    let sum = chosen.reduce(0.0) { $0 + Double($1[keyPath: value].bitsPerSecond) }
    return .bitsPerSecond(Int64(sum / Double(max(chosen.count, 1))))
  }

  /// The wait that `share` of the packets do not exceed.
  func queueDelay(_ share: Double, _ from: Double, _ to: Double) -> Duration {
    let chosen = waits.filter { $0.at.inSeconds > from && $0.at.inSeconds <= to }.map(\.wait).sorted()
    return chosen.isEmpty ? .zero : chosen[min(chosen.count - 1, Int(share * Double(chosen.count)))]
  }

  /// Seconds from `from` until `value`, over a second, first reaches `rate`.
  func time(until value: KeyPath<Sample, DataRate>, reaches rate: DataRate, _ from: Double, _ to: Double) -> Double? {
    samples.first {
      let at = $0.at.inSeconds
      return at > from + 0.5 && at <= to && mean(value, max(from, at - 1), at) >= rate
    }.map { $0.at.inSeconds - from }
  }
}
