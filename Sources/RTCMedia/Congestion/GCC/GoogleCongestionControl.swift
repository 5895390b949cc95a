public import RTCPrimitives

/// Google congestion control as shipped in libwebrtc: the lower of an estimate from the trend of the delay and one from
/// losses, with probes that find out how much more there is.
///
/// ```
///   feedback ─► ThroughputEstimator ─┬─► DelayBasedEstimator ─► LossBasedEstimator ─► target ─► × 2.5: pacer
///          └──► ProbeBitrateEstimator ┘                                              └──► ProbeController ─► probes
/// ```
/// A limit of a gigabit per second or more counts as none: then probes go up to 5 Mbit/s, as in libwebrtc.
///
/// - SeeAlso: libwebrtc goog_cc_network_control.cc, send_side_bandwidth_estimation.cc
public struct GoogleCongestionControl: CongestionController {
  public private(set) var decision: CongestionDecision

  private var limits: RateLimits
  /// Before the receiver's own limit.
  private var target: DataRate
  private var delayBased: DelayBasedEstimator
  /// The delay-based estimate once there was one.
  private var delayLimit: DataRate?
  private var receiverLimit: DataRate?
  private var lossBased: LossBasedEstimator
  private var lossReports = LossReportControl()
  private var throughput = ThroughputEstimator()
  private var probeResults = ProbeBitrateEstimator()
  private var probes: ProbeController
  private var region: ApplicationLimitedRegion
  private var timeout = FeedbackTimeout()
  private var window = CongestionWindow()
  private var inFlight = DataSize.zero
  private var changedInFlightAt: Instant?
  private var roundTripTime: Duration?
  private var arrivals: [DelayBasedEstimator.Arrival] = []

  /// kDefaultPaceMultiplier
  private static let pacingFactor = 2.5
  /// kCongestionControllerMinBitrate
  private static let floor = DataRate.kilobitsPerSecond(5)
  /// kStartPhase
  private static let startPhase = Duration.seconds(2)
  /// Ours: longer than the queue that the window allows.
  private static let inFlightTimeout = Duration.milliseconds(500)

  public init(_ limits: RateLimits, at now: Instant) {
    let limits = Self.usable(limits)
    self.limits = limits
    target = limits.start
    delayBased = DelayBasedEstimator(limits)
    lossBased = LossBasedEstimator(limits)
    probes = ProbeController(limits, at: now)
    region = ApplicationLimitedRegion(estimate: limits.start)
    decision = CongestionDecision(target: limits.start, pacingRate: limits.start * Self.pacingFactor)
  }

  private static func usable(_ limits: RateLimits) -> RateLimits {
    let minimum = max(limits.minimum, floor)
    let maximum = max(limits.maximum, minimum)
    return RateLimits(minimum: minimum, start: limits.start.clamped(from: minimum, to: maximum), maximum: maximum)
  }

  /// Whether it probes every 5 s while the sender uses less than it might: for a source whose rate jumps, such as a shared
  /// screen.
  public var probesWhenApplicationLimited: Bool {
    get { probes.probesWhenApplicationLimited }
    set { probes.probesWhenApplicationLimited = newValue }
  }

  public var nextTimeout: Instant? { [probes.nextTimeout, forgetsInFlightAt].compactMap { $0 }.min() }

  public mutating func handleTimeout(at now: Instant) {
    probes.handleTimeout(at: now)
    guard let time = forgetsInFlightAt, time <= now else { return }
    inFlight = .zero
    decide(at: now)
  }

  /// Of packets that were lost last nothing is ever heard when the encoder pauses because of them. libwebrtc counts on repairs
  /// and requests of key frames to get on; this does without.
  private var forgetsInFlightAt: Instant? {
    guard decision.frameReduction > 0, inFlight > .zero, let changedInFlightAt else { return nil }
    return changedInFlightAt + Self.inFlightTimeout
  }

  public mutating func takeProbes() -> [ProbeCluster] {
    let clusters = probes.takeProbes()
    for cluster in clusters { probeResults.announce(cluster) }
    return clusters
  }

  public mutating func setAllocated(_ total: DataRate, at now: Instant) { probes.setAllocated(total, at: now) }

  public mutating func setLimits(_ limits: RateLimits, at now: Instant) {
    self.limits = Self.usable(limits)
    delayBased.setMinimum(self.limits.minimum)
    lossBased.setLimits(self.limits)
    probes.setMaximum(self.limits.maximum, at: now)
    setTarget(target)
    decide(at: now)
  }

  public mutating func sent(_ packet: SentPacket) {
    inFlight += packet.size
    changedInFlightAt = packet.sentAt
    region.sent(packet.size, at: packet.sentAt)
    timeout.sent(at: packet.sentAt)
    if timeout.isAboveLimit { updateTarget(at: packet.sentAt) }
    window.update(inFlight: inFlight, target: decision.target)
    decision.frameReduction = window.reduction
  }

  public mutating func handle(lossReport fraction: Double, of packets: Int, at now: Instant) {
    guard lossReports.insert(fraction, of: packets, at: now) else { return }
    if lossBased.isReady || isInStartPhase(at: now) && lossReports.loss == 0 || timeout.isAboveLimit {
      updateTarget(at: now)
    } else {
      setTarget(lossReports.next(after: target, roundTripTime: roundTripTime ?? .zero, at: now))
      decide(at: now)
    }
  }

  public mutating func handle(roundTripTime time: Duration, at now: Instant) {
    guard time > .zero else { return }
    roundTripTime = time
    delayBased.setRoundTripTime(time)
    decide(at: now)
  }

  public mutating func handle(remoteEstimate rate: DataRate, at now: Instant) {
    receiverLimit = rate > .zero ? rate : nil
    updateTarget(at: now)
  }

  public mutating func handle(_ feedback: PacketFeedback) {
    guard !feedback.results.isEmpty else { return }
    let now = feedback.arrivedAt
    inFlight = feedback.bytesInFlight
    changedInFlightAt = now
    takeArrivals(of: feedback)
    measureRoundTrip(at: now)
    probes.setApplicationLimited(since: region.began, at: now)

    var probe: DataRate?
    for arrival in arrivals {
      let bytes = arrival.packet.size.bytes
      throughput.insert(sent: arrival.sent, received: arrival.received, bytes: bytes)
      guard let id = arrival.packet.probe else { continue }
      probe = probeResults.insert(id, sent: arrival.sent, received: arrival.received, bytes: bytes) ?? probe
    }
    let acknowledged = throughput.rate
    if let acknowledged { lossBased.setAcknowledged(acknowledged) }

    let change = delayBased.update(arrivals, throughput: acknowledged, probe: probe, at: now)
    switch change {
    case .none: break
    case .updated, .probed:
      delayLimit = delayBased.estimate
      setTarget(change == .probed ? delayBased.estimate : target)
    }
    lossBased.update(
      feedback.results, delayBased: delayLimit, applicationLimited: region.began != nil)
    updateTarget(at: now)
    if delayBased.hasRecovered { probes.recoveredFromOveruse(at: now) }
  }

  private mutating func takeArrivals(of feedback: PacketFeedback) {
    arrivals.removeAll(keepingCapacity: true)
    var isSorted = true
    for result in feedback.results {
      guard let receivedAt = result.receivedAt else { continue }
      let received = receivedAt.safeMilliseconds
      if let last = arrivals.last, received < last.received { isSorted = false }
      arrivals.append(
        .init(packet: result.packet, sent: Double(result.packet.sentAt.nanoseconds) / 1e6, received: received))
    }
    guard !isSorted else { return }
    arrivals.sort { ($0.received, $0.packet.number) < ($1.received, $1.packet.number) }
  }

  private mutating func measureRoundTrip(at now: Instant) {
    guard let last = arrivals.last else { return }
    let heard = Double(now.nanoseconds) / 1e6
    var (longest, shortest) = (0.0, Double.infinity)
    for arrival in arrivals {
      let roundTrip = heard - arrival.sent
      longest = max(longest, roundTrip)
      shortest = min(shortest, roundTrip - (last.received - arrival.received))
    }
    timeout.heard(roundTrip: Self.duration(shortest), at: now)
    window.heard(roundTrip: Self.duration(longest), target: decision.target)
  }

  private static func duration(_ milliseconds: Double) -> Duration {
    .nanoseconds(Int64(max(0, min(milliseconds, 1e9)) * 1e6))
  }

  /// Joins what the parts say.
  private mutating func updateTarget(at now: Instant) {
    defer { decide(at: now) }
    guard !timeout.isAboveLimit else { return setTarget(timeout.decrease(target, at: now) ?? target) }
    if lossReports.loss == 0, isInStartPhase(at: now), !lossBased.isReady {
      // Before anything is known of losses, probes are trusted.
      return setTarget(max(target, max(receiverLimit ?? .zero, delayLimit ?? .zero)))
    }
    let estimate = lossBased.isReady ? lossBased.estimate.map(DataRate.init(saturating:)) : nil
    setTarget(estimate ?? target)
  }

  private func isInStartPhase(at now: Instant) -> Bool {
    lossReports.firstReportAt.map { now - $0 < Self.startPhase } ?? true
  }

  private mutating func setTarget(_ rate: DataRate) {
    target = min(rate, delayLimit ?? rate).clamped(from: limits.minimum, to: limits.maximum)
  }

  private mutating func decide(at now: Instant) {
    let rate = max(limits.minimum, min(target, receiverLimit ?? target))
    region.setEstimate(rate)
    window.update(inFlight: inFlight, target: rate)
    decision.target = rate
    decision.pacingRate = rate * Self.pacingFactor
    // Where loss was the limit only full use shows whether it still is.
    decision.paddingRate = lossBased.phase == .increasing ? rate : .zero
    decision.frameReduction = window.reduction
    decision.loss = lossReports.loss
    decision.roundTripTime = roundTripTime
    probes.setEstimate(rate, congested: isCongested, at: now)
  }

  private var isCongested: Bool {
    delayBased.usage != .normal || timeout.isAboveLimit || lossBased.phase != .delayBased
  }
}
