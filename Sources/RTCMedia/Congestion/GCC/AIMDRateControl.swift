import RTCPrimitives

/// The delay-based estimate: additive or multiplicative increase while queues are short, a drop below the throughput when
/// they grow.
///
/// ```
///   increase ── overusing ──► (drop once) ──► hold ── normal ──► increase
///   increase ── underusing ─────────────────► hold
/// ```
/// - SeeAlso: draft-ietf-rmcat-gcc-02 §5.5; libwebrtc aimd_rate_control.cc, whose constants these are
struct AIMDRateControl: Hashable, Sendable {
  private enum Phase { case hold, increase }

  private(set) var estimate: DataRate
  var minimum: DataRate { didSet { estimate = max(estimate, minimum) } }
  var roundTripTime = Self.defaultRoundTripTime

  private var phase = Phase.hold
  private var capacity = LinkCapacityEstimator()
  /// The last that was measured; the start rate before that.
  private var throughput: DataRate
  private var changedAt: Instant?

  private static let backoff = 0.85
  /// Taken off the backed-off rate, so that a queue drains at low rates, too.
  private static let backoffOffset = DataRate.kilobitsPerSecond(5)
  private static let growthPerSecond = 1.08
  private static let leastGrowth = 1000.0
  /// In bit/s per second.
  private static let leastAdditiveGrowth = 4000.0
  private static let defaultRoundTripTime = Duration.milliseconds(200)
  /// Until a change of rate shows in the delay.
  private static let detectionTime = Duration.milliseconds(100)
  private static let framesPerSecond = 30.0
  private static let packetBits = 1200.0 * 8
  /// Without a measured throughput.
  private static let blindBackoff = 0.5

  init(start: DataRate, minimum: DataRate) {
    estimate = start
    throughput = start
    self.minimum = minimum
  }

  /// Whether a further drop may follow the last change.
  func mayDecrease(at now: Instant, throughput: DataRate) -> Bool {
    guard let changedAt else { return true }
    let interval = max(.milliseconds(10), min(roundTripTime, .milliseconds(200)))
    return now - changedAt >= interval || throughput < estimate * 0.5
  }

  /// Overuse before anything was measured: half the rate, and again after a round trip.
  ///
  /// - Returns: whether the estimate changed.
  mutating func decreaseBlindly(at now: Instant) -> Bool {
    let half = estimate * Self.blindBackoff
    guard mayDecrease(at: now, throughput: half) else { return false }
    set(half, at: now)
    return true
  }

  /// A probe or a new start replaces the estimate.
  mutating func set(_ rate: DataRate, at now: Instant) {
    estimate = max(rate, minimum)
    changedAt = now
  }

  /// One verdict of the detector.
  mutating func update(_ usage: BandwidthUsage, throughput measured: DataRate?, at now: Instant) {
    if let measured { throughput = measured }
    switch usage {
    case .underusing:
      phase = .hold
    case .normal:
      if phase == .hold {
        phase = .increase
        changedAt = now
      }
      increase(at: now)
    case .overusing:
      decrease(at: now)
    }
  }

  private mutating func increase(at now: Instant) {
    if capacity.isAboveRange(throughput) { capacity.reset() }
    let elapsed = changedAt.map { (now - $0).inSeconds } ?? 0
    changedAt = now
    let limit = throughput * 1.5 + .kilobitsPerSecond(10)
    guard estimate < limit else { return }
    let growth = capacity.estimate == nil ? multiplicativeGrowth(elapsed) : additiveGrowthPerSecond * elapsed
    estimate = max(minimum, min(estimate + DataRate(saturating: growth), limit))
  }

  private mutating func decrease(at now: Instant) {
    var lower = throughput * Self.backoff
    if lower > Self.backoffOffset { lower = lower - Self.backoffOffset }
    if lower > estimate, let full = capacity.estimate { lower = full * Self.backoff }
    if capacity.isBelowRange(throughput) { capacity.reset() }
    capacity.insert(throughput)
    // Hold until queues are empty.
    phase = .hold
    changedAt = now
    // A throughput above the estimate is no reason to raise it now.
    estimate = max(minimum, min(estimate, lower))
  }

  private func multiplicativeGrowth(_ elapsed: Double) -> Double {
    let factor = exponential(naturalLogarithm(Self.growthPerSecond) * min(max(elapsed, 0), 1))
    return max(Double(estimate.bitsPerSecond) * (factor - 1), Self.leastGrowth)
  }

  /// About one packet in two response times.
  private var additiveGrowthPerSecond: Double {
    let frameBits = Double(estimate.bitsPerSecond) / Self.framesPerSecond
    let packets = max(1, (frameBits / Self.packetBits).rounded(.up))
    let responseTime = (roundTripTime + Self.detectionTime).inSeconds * 2
    return max(frameBits / packets / responseTime, Self.leastAdditiveGrowth)
  }
}
