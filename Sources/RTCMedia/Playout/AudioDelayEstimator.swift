import RTCPrimitives

/// How long sound must wait so that nearly all packets are there when they are needed.
///
/// Every half second the longest delay in it goes into a histogram that forgets; the target is the step that holds the
/// 95th percentile. Delays are measured against the fastest packet of the last one to two seconds.
///
/// - Note: The constants are those of libwebrtc's `DelayManager` and `PacketArrivalHistory`. A packet that was overtaken
///   is a late one; libwebrtc weighs those against loss in a histogram of their own.
struct AudioDelayEstimator: Sendable {
  /// In nanoseconds.
  private(set) var target: Int64 = 80_000_000
  private var arrivals = ArrivalTimeline(clockRate: AudioFrame.sampleRate, window: .seconds(1))
  private var longest: Int64 = 0
  private var intervalBegin: Instant?
  private var histogram = DelayHistogram()

  private static let interval: Int64 = 500_000_000
  private static let quantile: Float = 0.95

  /// When sound of this capture time arrives at the earliest.
  func earliestArrival(of timestamp: UInt32) -> Instant { arrivals.earliestArrival(of: timestamp) }

  /// By how much the slowest packet was later than the fastest one.
  var spread: Int64 { arrivals.spread }

  mutating func insert(_ timestamp: UInt32, at now: Instant) {
    let delay = arrivals.insert(timestamp, at: now)
    guard let begin = intervalBegin else {
      intervalBegin = now
      return
    }
    if now.nanoseconds - begin.nanoseconds > Self.interval {
      histogram.insert(longest)
      target = histogram.quantile(Self.quantile)
      longest = 0
      intervalBegin = now
    }
    longest = max(longest, delay)
  }
}

/// Shares of delays in steps of 20 ms, of which the older ones lose weight.
struct DelayHistogram: Sendable {
  private var shares = [Float](repeating: 0, count: count)
  private var insertions = 0

  static let step: Int64 = 20_000_000
  static let count = 100
  /// What is left of a share after another delay was inserted. Among the first ones, the n-th has n times the weight
  /// of the first.
  private static let memory: Float = 0.983

  mutating func insert(_ delay: Int64) {
    insertions += 1
    let kept = min(Self.memory, 1 - 2 / Float(insertions + 1))
    for index in shares.indices { shares[index] *= kept }
    shares[min(Self.count - 1, Int(max(0, delay) / Self.step))] += 1 - kept
  }

  /// The upper end of the first step up to which `part` of all delays lie.
  func quantile(_ part: Float) -> Int64 {
    var rest = part
    for index in shares.indices {
      rest -= shares[index]
      if rest <= 0 { return Int64(index + 1) * Self.step }
    }
    return Int64(Self.count) * Self.step
  }
}
