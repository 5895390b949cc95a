public import RTCPrimitives

/// Network-assisted dynamic adaptation: one congestion signal of delay and loss, accelerated ramp-up while there is none and
/// gradual updates from then on.
///
/// Without ECN, which the packets here do not carry, and without the shaping buffer of §5.2.2, of which a controller is not
/// told: the pacer sends at what that section gives for a buffer of one frame, packet by packet. Feedback that comes every
/// 62.5 ms makes an update every 125 ms, and delta is that, not DELTA.
///
/// Ours, each with its reason where it stands: what counts as a loss interval, and when losses are forgotten.
///
/// - SeeAlso: RFC 8698 §4.3, Figure 3
public struct NADA: CongestionController {
  public private(set) var decision: CongestionDecision

  private var limits: RateLimits
  private var allocated = DataRate.zero
  private var receiverLimit: DataRate?
  private var observer = NADAObserver()
  /// r_ref
  private var rate: DataRate
  /// x_prev
  private var previousSignal = 0.0
  private var updatedAt: Instant?
  private var roundTripTime: Duration?

  /// PRIO
  private static let priority = 1.0
  /// XREF, TAU, QBOUND, DFILT: milliseconds
  private static let referenceSignal = 10.0
  private static let horizon = 500.0
  private static let queueBound = 50.0
  private static let filterDelay = 120.0
  /// KAPPA, ETA
  private static let scaling = 0.5
  private static let derivativeScaling = 2.0
  /// DELTA
  private static let interval = Duration.milliseconds(100)
  /// GAMMA_MAX
  private static let fastestRampUp = 0.5
  /// BETA_S: r_send = r_ref + BETA_S × 8 × buffer_len × FPS, where a buffer of one frame makes the product r_ref.
  private static let sendShaping = 0.1
  /// Before a round trip is measured; ours.
  private static let defaultRoundTripTime = Duration.milliseconds(200)

  public init(_ limits: RateLimits, at now: Instant) {
    self.limits = limits
    rate = limits.start
    decision = CongestionDecision(target: limits.start, pacingRate: limits.start * (1 + Self.sendShaping))
    // What leaves back to back would show as a queue in the delay of its last packet.
    decision.pacingBurst = .zero
  }

  public var nextTimeout: Instant? { nil }
  public mutating func handleTimeout(at now: Instant) {}
  public mutating func takeProbes() -> [ProbeCluster] { [] }
  public mutating func sent(_ packet: SentPacket) {}

  public mutating func setAllocated(_ total: DataRate, at now: Instant) {
    allocated = total
    decide()
  }

  public mutating func setLimits(_ limits: RateLimits, at now: Instant) {
    self.limits = limits
    decide()
  }

  public mutating func handle(lossReport fraction: Double, of packets: Int, at now: Instant) {}

  public mutating func handle(roundTripTime time: Duration, at now: Instant) {
    guard time > .zero else { return }
    roundTripTime = time
    decision.roundTripTime = time
  }

  public mutating func handle(remoteEstimate rate: DataRate, at now: Instant) {
    receiverLimit = rate > .zero ? rate : nil
    decide()
  }

  public mutating func handle(_ feedback: PacketFeedback) {
    let now = feedback.arrivedAt
    let roundTripTime = roundTripTime ?? Self.defaultRoundTripTime
    for result in feedback.results { observer.insert(result, roundTripTime: roundTripTime, at: now) }
    guard let last = updatedAt else {
      updatedAt = now
      return
    }
    let elapsed = now - last
    guard elapsed >= Self.interval else { return }
    updatedAt = now
    let signal = observer.signal(at: now)
    decision.loss = signal.loss
    if signal.isUncongested {
      rampUp(signal)
    } else {
      updateGradually(signal, after: min(elapsed.safeMilliseconds, Self.horizon))
    }
    previousSignal = signal.congestion
    decide()
  }

  /// §4.3, equations 3 and 4
  ///
  /// - Note: An encoder that follows a raised target with a lag makes this slow: the rate is bound to what arrived.
  private mutating func rampUp(_ signal: NADAObserver.Signal) {
    guard let receiveRate = signal.receiveRate else { return }
    let time = (roundTripTime ?? Self.defaultRoundTripTime).safeMilliseconds + Self.interval.safeMilliseconds
    let gamma = min(Self.fastestRampUp, Self.queueBound / (time + Self.filterDelay))
    rate = max(rate, receiveRate * (1 + gamma))
  }

  /// §4.3, equations 5 to 7
  private mutating func updateGradually(_ signal: NADAObserver.Signal, after elapsed: Double) {
    let reference = Self.priority * Self.referenceSignal * Double(maximum.bitsPerSecond)
    let offset = signal.congestion - reference / max(Double(rate.bitsPerSecond), 1)
    let change = signal.congestion - previousSignal
    let byOffset = Self.scaling * (elapsed / Self.horizon) * (offset / Self.horizon)
    let byChange = Self.scaling * Self.derivativeScaling * (change / Self.horizon)
    rate = rate * (1 - byOffset - byChange)
  }

  /// RMAX is what can be used: the reference of the signal scales with it.
  private var maximum: DataRate { allocated > .zero ? min(limits.maximum, allocated) : limits.maximum }

  private mutating func decide() {
    rate = rate.clamped(from: limits.minimum, to: max(limits.minimum, maximum))
    decision.target = max(limits.minimum, min(rate, receiverLimit ?? rate))
    decision.pacingRate = decision.target * (1 + Self.sendShaping)
  }
}
