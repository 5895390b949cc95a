public import RTCPrimitives

/// Google congestion control as draft-ietf-rmcat-gcc-02 has it, at the sender: no probes, no congestion window, a Kalman
/// filter for the delay and the 2 %/10 % rule for losses.
///
/// - Note: The draft compares the filtered gradient itself, in milliseconds per group, with the threshold. A queue must grow
///   by a third of the rate until that is exceeded, so on a link with a short queue losses decide. (libwebrtc of its time
///   scaled the gradient by up to 60, but filtered it with two states, of which the draft has one.)
public struct GCCDraft: CongestionController {
  public private(set) var decision: CongestionDecision

  private var limits: RateLimits
  private var delayBased: DelayBasedRate
  private var lossBased: DataRate
  private var receiverLimit: DataRate?
  private var groups = InterArrival()
  private var filter = ArrivalTimeFilter()
  private var detector = OveruseDetector()
  private var received = ReceiveRate()
  private var roundTripTime: Duration?
  private var heardAt: Instant?
  private var packetSize = 1200.0

  /// Before a round trip is measured; libwebrtc's kDefaultRtt.
  private static let defaultRoundTripTime = Duration.milliseconds(200)
  /// After such a silence the filter begins anew; libwebrtc's kStreamTimeOut.
  private static let silence = Duration.seconds(2)

  public init(_ limits: RateLimits, at now: Instant) {
    self.limits = limits
    delayBased = DelayBasedRate(start: limits.start)
    lossBased = limits.start
    decision = CongestionDecision(target: limits.start, pacingRate: limits.start)
  }

  public var nextTimeout: Instant? { nil }
  public mutating func handleTimeout(at now: Instant) {}
  public mutating func takeProbes() -> [ProbeCluster] { [] }
  public mutating func setAllocated(_ total: DataRate, at now: Instant) {}
  public mutating func sent(_ packet: SentPacket) {}

  public mutating func setLimits(_ limits: RateLimits, at now: Instant) {
    self.limits = limits
    decide()
  }

  public mutating func handle(roundTripTime time: Duration, at now: Instant) {
    guard time > .zero else { return }
    roundTripTime = time
    decision.roundTripTime = time
  }

  public mutating func handle(remoteEstimate rate: DataRate, at now: Instant) {
    receiverLimit = rate > .zero ? rate : nil
    decide()
  }

  /// Loss is judged per report.
  public mutating func handle(lossReport fraction: Double, of packets: Int, at now: Instant) {
    let loss = fraction > 0 ? min(fraction, 1) : 0
    decision.loss = loss
    let floor = LossBasedRate.tcpFriendly(
      loss: loss, roundTripTime: roundTripTime ?? Self.defaultRoundTripTime, packet: .bytes(Int(packetSize)))
    lossBased = max(LossBasedRate.next(after: lossBased, loss: loss), min(floor, lossBased))
    decide()
  }

  public mutating func handle(_ feedback: PacketFeedback) {
    let now = feedback.arrivedAt
    if heardAt.map({ now - $0 > Self.silence }) ?? true {
      groups = InterArrival()
      filter = ArrivalTimeFilter()
      detector = OveruseDetector()
    }
    heardAt = now
    for result in feedback.results {
      guard let receivedAt = result.receivedAt else { continue }
      let arrival = receivedAt.safeMilliseconds
      let size = result.packet.size
      packetSize += (Double(size.bytes) - packetSize) / 16
      received.insert(size, at: arrival)
      let send = Double(result.packet.sentAt.nanoseconds) / 1e6
      guard let delta = groups.insert(send: send, arrival: arrival, bytes: size.bytes, heardAt: now) else { continue }
      filter.update(delta)
      detector.update(filter.gradient, after: delta.send, at: arrival)
    }
    delayBased.update(
      detector.usage, receiveRate: received.rate, roundTripTime: roundTripTime ?? Self.defaultRoundTripTime, at: now)
    decide()
  }

  /// The lower of both, where the loss-based rate never is above the delay-based one.
  private mutating func decide() {
    delayBased.clamp(from: limits.minimum, to: limits.maximum)
    lossBased = min(lossBased, delayBased.rate)
    decision.target = min(lossBased, receiverLimit ?? lossBased).clamped(from: limits.minimum, to: limits.maximum)
    // §4: groups of target × burst_time leave every burst_time.
    decision.pacingRate = decision.target
  }
}
