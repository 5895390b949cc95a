public import RTCPrimitives

/// No congestion control: what is allowed is sent, whatever happens. The floor that the others are held against.
public struct FixedRate: CongestionController {
  public private(set) var decision: CongestionDecision

  public init(_ limits: RateLimits, at now: Instant) { decision = Self.decision(limits) }

  public var nextTimeout: Instant? { nil }

  public mutating func setAllocated(_ total: DataRate, at now: Instant) {}
  public mutating func setLimits(_ limits: RateLimits, at now: Instant) {
    let (loss, time) = (decision.loss, decision.roundTripTime)
    decision = Self.decision(limits)
    (decision.loss, decision.roundTripTime) = (loss, time)
  }
  public mutating func sent(_ packet: SentPacket) {}
  public mutating func handle(_ feedback: PacketFeedback) {}
  public mutating func handle(lossReport fraction: Double, of packets: Int, at now: Instant) {
    decision.loss = fraction > 0 ? min(fraction, 1) : 0
  }
  public mutating func handle(roundTripTime: Duration, at now: Instant) { decision.roundTripTime = roundTripTime }
  public mutating func handle(remoteEstimate: DataRate, at now: Instant) {}
  public mutating func handleTimeout(at now: Instant) {}
  public mutating func takeProbes() -> [ProbeCluster] { [] }

  private static func decision(_ limits: RateLimits) -> CongestionDecision {
    // A frame may leave at once: the factor is that of libwebrtc's pacer (pacing_controller, 2.5).
    CongestionDecision(
      target: limits.maximum, pacingRate: .bitsPerSecond(limits.maximum.bitsPerSecond * 5 / 2))
  }
}
