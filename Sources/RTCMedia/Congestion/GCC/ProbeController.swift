import RTCPrimitives

/// Decides when to probe for a higher rate, and how high.
///
/// ```
///   initial ── 3× and 6× the start ──► waiting ── result > 0.7 × probe: 2× the result ──► waiting
///                                         └── a second without ──► complete
/// ```
/// - SeeAlso: libwebrtc probe_controller.cc, whose constants these are
struct ProbeController: Sendable {
  /// ALR probes every 5 s: only for a source whose rate jumps, such as a shared screen; Chromium leaves it off for cameras,
  /// and in its recordings no estimate jumps that way.
  var probesWhenApplicationLimited = false

  private enum Phase: Hashable { case waiting(threshold: DataRate), complete }

  private var phase = Phase.complete
  private var clusters: [ProbeCluster] = []
  private var nextID: Int32 = 1
  private var estimate: DataRate
  private var maximum: DataRate
  private var allocated = DataRate.zero
  private var isCongested = false
  private var probedAt: Instant?
  private var applicationLimitedSince: Instant?
  private var applicationLimitEnded: Instant?
  private var drop: (at: Instant, from: DataRate)?
  private var probedAfterDropAt: Instant?

  /// first_exponential_probe_scale, second_exponential_probe_scale
  private static let initialScales = [3.0, 6.0]
  /// further_exponential_probe_scale
  private static let furtherScale = 2.0
  private static let furtherThreshold = 0.7
  private static let resultTimeout = Duration.seconds(1)
  private static let leastPackets = 5
  private static let leastDuration = Duration.milliseconds(15)
  /// Where the application names no maximum.
  private static let defaultMaximum = DataRate.megabitsPerSecond(5)
  /// max_probe_bitrate: no more than this times what the encoders can use.
  private static let allocationScale = 2.0
  private static let allocationEstimateScale = 2.0
  private static let applicationLimitedScale = 2.0
  private static let applicationLimitedInterval = Duration.seconds(5)
  private static let dropThreshold = 0.66
  private static let dropTimeout = Duration.seconds(5)
  private static let dropFraction = 0.85
  private static let dropInterval = Duration.seconds(5)
  private static let applicationLimitEndedTimeout = Duration.seconds(3)
  /// kProbeUncertainty
  private static let uncertainty = 0.05

  init(_ limits: RateLimits, at now: Instant) {
    estimate = limits.start
    maximum = Self.probingMaximum(limits.maximum)
    probe(Self.initialScales.map { limits.start * $0 }, further: true, at: now)
  }

  private static func probingMaximum(_ maximum: DataRate) -> DataRate {
    maximum < .unlimited ? maximum : defaultMaximum
  }

  mutating func takeProbes() -> [ProbeCluster] {
    defer { clusters.removeAll() }
    return clusters
  }

  var nextTimeout: Instant? {
    let timeout: Instant? =
      switch phase {
      case .waiting: probedAt.map { $0 + Self.resultTimeout + .nanoseconds(1) }
      case .complete: nil
      }
    return [timeout, nextApplicationLimitedProbe].compactMap { $0 }.min()
  }

  private var nextApplicationLimitedProbe: Instant? {
    guard probesWhenApplicationLimited, phase == .complete, let applicationLimitedSince else { return nil }
    return max(applicationLimitedSince, probedAt ?? applicationLimitedSince) + Self.applicationLimitedInterval
  }

  mutating func handleTimeout(at now: Instant) {
    if case .waiting = phase, let probedAt, now - probedAt > Self.resultTimeout { phase = .complete }
    guard let next = nextApplicationLimitedProbe, next <= now else { return }
    probe([estimate * Self.applicationLimitedScale], further: true, at: now)
  }

  /// A higher maximum than before, and than the estimate, is tried at once.
  mutating func setMaximum(_ limit: DataRate, at now: Instant) {
    let old = maximum
    maximum = Self.probingMaximum(limit)
    if phase == .complete, old < maximum, estimate < maximum { probe([maximum], further: false, at: now) }
  }

  /// What the encoders can use; more than before is tried at once when so far they have limited the rate.
  mutating func setAllocated(_ total: DataRate, at now: Instant) {
    let old = allocated
    allocated = total
    guard phase == .complete, total != old, estimate < maximum, estimate < total, applicationLimitedSince != nil else {
      return
    }
    let limit = estimate * Self.allocationEstimateScale
    var rates = [min(total, limit)]
    let second = min(total * Self.allocationScale, limit)
    if total <= limit && second > total { rates.append(second) }
    probe(rates, further: total * Self.allocationScale > limit, at: now)
  }

  mutating func setApplicationLimited(since began: Instant?, at now: Instant) {
    if applicationLimitedSince != nil && began == nil { applicationLimitEnded = now }
    applicationLimitedSince = began
  }

  /// The estimate after a feedback; one that confirms a probe is followed by a higher probe.
  ///
  /// - Parameter congested: queues grow or drain, feedback is missing, or loss limits the rate: a probe would add to it.
  mutating func setEstimate(_ rate: DataRate, congested: Bool, at now: Instant) {
    isCongested = congested
    if rate < estimate * Self.dropThreshold { drop = (now, estimate) }
    estimate = rate
    if case .waiting(let threshold) = phase, rate > threshold {
      probe([rate * Self.furtherScale], further: true, at: now)
    }
  }

  /// Queues are empty again after overuse: a large drop may have been a mistake.
  mutating func recoveredFromOveruse(at now: Instant) {
    let endedRecently = applicationLimitEnded.map { now - $0 < Self.applicationLimitEndedTimeout } ?? false
    guard phase == .complete, applicationLimitedSince != nil || endedRecently, let drop else { return }
    let rate = drop.from * Self.dropFraction
    let probedRecently = probedAfterDropAt.map { now - $0 <= Self.dropInterval } ?? false
    guard rate * (1 - Self.uncertainty) > estimate, now - drop.at < Self.dropTimeout, !probedRecently else { return }
    probedAfterDropAt = now
    probe([rate], further: false, at: now)
  }

  private mutating func probe(_ rates: [DataRate], further wantsFurther: Bool, at now: Instant) {
    guard !isCongested else { return }
    var limit = maximum
    if allocated > .zero { limit = min(limit, allocated * Self.allocationScale) }
    var further = wantsFurther
    var highest = DataRate.zero
    for rate in rates where rate > .zero {
      if rate >= limit { further = false }
      highest = min(rate, limit)
      guard highest > .zero else { continue }
      clusters.append(
        ProbeCluster(
          id: .init(rawValue: nextID), rate: highest, duration: Self.leastDuration, packets: Self.leastPackets))
      nextID &+= 1
    }
    // Nobody takes probes of a transport that sends nothing.
    if clusters.count > 8 { clusters.removeFirst(clusters.count - 8) }
    probedAt = now
    phase = further ? .waiting(threshold: highest * Self.furtherThreshold) : .complete
  }
}
