import RTCPrimitives

/// The delay-based half of Google congestion control: groups, trend line and AIMD.
///
/// - SeeAlso: libwebrtc delay_based_bwe.cc
struct DelayBasedEstimator: Sendable {
  /// A packet that came, with times in milliseconds of the sender's and the receiver's clocks.
  struct Arrival: Hashable, Sendable {
    var packet: SentPacket
    var sent: Double
    var received: Double
  }

  enum Change: Hashable, Sendable {
    case none
    case updated
    /// A probe's result replaced the estimate.
    case probed
  }

  private(set) var usage = BandwidthUsage.normal
  /// Queues were draining and now are empty, since the last feedback.
  private(set) var hasRecovered = false
  private(set) var rates: AIMDRateControl

  private var groups = InterArrival()
  private var trend = TrendlineEstimator()
  private var heardAt: Instant?

  /// kStreamTimeOut: after such a silence the trend begins anew.
  private static let timeout = Duration.seconds(2)

  init(_ limits: RateLimits) { rates = AIMDRateControl(start: limits.start, minimum: limits.minimum) }

  var estimate: DataRate { rates.estimate }

  mutating func setMinimum(_ rate: DataRate) { rates.minimum = rate }
  mutating func setRoundTripTime(_ time: Duration) { rates.roundTripTime = time }

  /// - Parameter arrivals: of one feedback, by arrival.
  mutating func update(_ arrivals: [Arrival], throughput: DataRate?, probe: DataRate?, at now: Instant) -> Change {
    hasRecovered = false
    guard !arrivals.isEmpty else { return .none }
    if heardAt.map({ now - $0 > Self.timeout }) ?? true {
      groups = InterArrival()
      trend = TrendlineEstimator()
    }
    heardAt = now
    for arrival in arrivals {
      let delta = groups.insert(
        send: arrival.sent, arrival: arrival.received, bytes: arrival.packet.size.bytes, heardAt: now)
      if let delta { trend.update(delta, arrival: arrival.received) }
      if usage == .underusing && trend.usage == .normal { hasRecovered = true }
      usage = trend.usage
    }
    return changeRate(throughput: throughput, probe: probe, at: now)
  }

  private mutating func changeRate(throughput: DataRate?, probe: DataRate?, at now: Instant) -> Change {
    guard usage == .overusing else {
      if let probe {
        rates.set(probe, at: now)
        return .probed
      }
      rates.update(usage, throughput: throughput, at: now)
      return .updated
    }
    guard let throughput else { return rates.decreaseBlindly(at: now) ? .updated : .none }
    guard rates.mayDecrease(at: now, throughput: throughput) else { return .none }
    rates.update(.overusing, throughput: throughput, at: now)
    return .updated
  }
}
