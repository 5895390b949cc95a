import RTCPrimitives

/// The loss-based estimate: how much a channel carries that loses a constant share (radio) and what exceeds its capacity.
///
/// Of a few candidates the likeliest for the last observations wins.
///
/// - SeeAlso: libwebrtc loss_based_bwe_v2.cc as of 2025, whose defaults these constants are. The defaults of 2024 (window
///   of 20, balance of 75 kbit/s) hold 1.5 Mbit/s at 10 % loss where Chromium 156 was recorded at 1.85 Mbit/s.
struct LossBasedEstimator: Sendable {
  enum Phase: Hashable, Sendable {
    /// Loss does not matter.
    case delayBased
    /// Loss was the limit; padding shows whether it still is.
    case increasing
    case decreasing
  }

  /// A hypothesis of the channel.
  struct Channel: Hashable, Sendable {
    /// In bit/s.
    var bandwidth: Double
    var inherentLoss: Double
  }

  private(set) var phase = Phase.delayBased
  /// Rates are bit/s, times milliseconds of send times.
  private(set) var estimate: Double?

  private(set) var observations = LossObservations()
  private(set) var best = Channel(bandwidth: 0, inherentLoss: Self.initialInherentLoss)
  private(set) var acknowledged: Double?
  private(set) var delayBased = Double.infinity
  private(set) var minimum: Double
  private(set) var maximum: Double
  /// No candidate exceeds this until the window ends.
  private var window: (began: Double, limit: Double)?
  /// After a drop the rate may not rise above `rate` until `until`.
  private var hold = (until: -Double.infinity, duration: Self.firstHold, rate: Double.infinity)
  private(set) var padding = (began: -Double.infinity, rate: 0.0)

  /// InitialInherentLossEstimate
  private static let initialInherentLoss = 0.01
  /// kInitHoldDuration, kMaxHoldDuration, HoldDurationFactor
  private static let firstHold = 300.0
  private static let longestHold = 60_000.0
  private static let holdGrowth = 2.0
  /// DelayedIncreaseWindow, MaxIncreaseFactor
  private static let increaseWindow = 300.0
  private static let increaseLimit = 1.3
  /// BwRampupUpperBoundFactor, BwRampupUpperBoundInHoldFactor, BwRampupUpperBoundHoldThreshold
  private static let rampUp = 1.5
  private static let rampUpInHold = 1.2
  private static let rampUpHoldThreshold = 1.3
  /// PaddingDuration
  static let paddingDuration = 2000.0
  /// InstantUpperBoundBwBalance, InstantUpperBoundLossOffset
  private static let instantBalance = 100_000.0
  private static let instantOffset = 0.05
  /// kCongestionControllerMinBitrate
  private static let floor = 5000.0

  init(_ limits: RateLimits) {
    minimum = Double(limits.minimum.bitsPerSecond)
    maximum = Double(limits.maximum.bitsPerSecond)
  }

  /// Whether enough was heard to have an estimate.
  var isReady: Bool { observations.isReady && estimate != nil }
  var averageLoss: Double { observations.averageLoss }

  mutating func setLimits(_ limits: RateLimits) {
    minimum = Double(limits.minimum.bitsPerSecond)
    maximum = Double(limits.maximum.bitsPerSecond)
  }

  mutating func setAcknowledged(_ rate: DataRate) { acknowledged = Double(rate.bitsPerSecond) }

  /// - Parameter delayBased: the other estimate; `nil` for none yet.
  mutating func update(_ results: [PacketResult], delayBased rate: DataRate?, applicationLimited: Bool) {
    delayBased = rate.map { Double($0.bitsPerSecond) } ?? .infinity
    guard observations.insert(results), let now = observations.newestSent else { return }
    if best.bandwidth == 0 {
      guard delayBased.isFinite else { return }
      best.bandwidth = delayBased
      estimate = delayBased
    }
    var winner = likeliest(applicationLimited: applicationLimited, at: now)
    limitIncrease(of: &winner, at: now)

    let bounded = max(lowerBound, min(winner.bandwidth, min(upperBound, delayBased)))
    if bounded < winner.bandwidth {
      best = Channel(bandwidth: bounded, inherentLoss: 0)
    } else {
      best = Channel(bandwidth: max(winner.bandwidth, lowerBound), inherentLoss: winner.inherentLoss)
    }
    decide(bounded, at: now)
  }

  /// The acknowledged rate passed through whatever was lost.
  private var lowerBound: Double { max(acknowledged ?? 0, minimum) }

  /// So much loss cannot be inherent at a higher rate.
  private var upperBound: Double {
    guard averageLoss > Self.instantOffset else { return maximum }
    return Self.instantBalance / (averageLoss - Self.instantOffset)
  }

  private var isLossLimited: Bool { phase != .delayBased }

  private func likeliest(applicationLimited: Bool, at now: Double) -> Channel {
    let ceiling = isLossLimited ? window?.limit ?? maximum : maximum
    let useAcknowledged = !applicationLimited || padding.began + Self.paddingDuration >= now
    let bandwidths = Self.candidates(
      around: best.bandwidth, acknowledged: useAcknowledged ? acknowledged : nil, delayBased: delayBased)
    let likelihood = LossLikelihood(observations)
    var (winner, highest) = (best, -Double.infinity)
    for bandwidth in bandwidths {
      var channel = best
      channel.bandwidth = min(bandwidth, max(best.bandwidth, ceiling))
      likelihood.fitInherentLoss(of: &channel)
      let objective = likelihood.objective(of: channel)
      if objective > highest { (winner, highest) = (channel, objective) }
    }
    return winner
  }

  /// CandidateFactors, AckedRateCandidate, DelayBasedCandidate
  private static func candidates(around bandwidth: Double, acknowledged: Double?, delayBased: Double) -> [Double] {
    var all = [1.02 * bandwidth, bandwidth, 0.95 * bandwidth]
    if let acknowledged { all.append(acknowledged) }
    if delayBased.isFinite, delayBased > bandwidth { all.append(delayBased) }
    return all
  }

  private func limitIncrease(of winner: inout Channel, at now: Double) {
    // NotIncreaseIfInherentLossLessThanAverageLoss
    if averageLoss > winner.inherentLoss { winner.bandwidth = min(winner.bandwidth, best.bandwidth) }
    guard isLossLimited else { return }
    if let window, window.began + Self.increaseWindow > now {
      winner.bandwidth = min(winner.bandwidth, window.limit)
    }
    guard isIncrease(from: best.bandwidth, to: winner.bandwidth), let acknowledged else { return }
    let inHold = acknowledged < Self.rampUpHoldThreshold * hold.rate && hold.rate.isFinite
    let factor = inHold ? Self.rampUpInHold : Self.rampUp
    winner.bandwidth = max(best.bandwidth, min(winner.bandwidth, factor * acknowledged))
    // At least a little, so that padding begins.
    if phase == .decreasing && winner.bandwidth == best.bandwidth { winner.bandwidth += 1 }
  }

  private func isIncrease(from old: Double, to new: Double) -> Bool {
    isLossLimited && (old < new || (old == new && phase == .increasing))
  }

  private mutating func decide(_ bounded: Double, at now: Double) {
    if phase == .decreasing, hold.until > now, bounded < delayBased {
      hold.rate = max(lowerBound, hold.rate)
      estimate = min(hold.rate, bounded)
      return
    }
    let limits = bounded < delayBased && bounded < maximum
    if limits, isIncrease(from: estimate ?? bounded, to: bounded), mayStayIncreasing(bounded, at: now) {
      if bounded > padding.rate { padding = (now, bounded) }
      phase = .increasing
    } else if limits {
      if phase != .decreasing {
        hold = (now + hold.duration, min(Self.longestHold, hold.duration * Self.holdGrowth), bounded)
      }
      padding = (-.infinity, 0)
      phase = .decreasing
    } else {
      hold = (-.infinity, Self.firstHold, .infinity)
      padding = (-.infinity, 0)
      phase = .delayBased
    }
    estimate = bounded
    if isLossLimited, window.map({ $0.began + Self.increaseWindow < now }) ?? true {
      window = (now, max(Self.floor, best.bandwidth * Self.increaseLimit))
    }
  }

  private func mayStayIncreasing(_ rate: Double, at now: Double) -> Bool {
    phase != .increasing || padding.began + Self.paddingDuration >= now || padding.rate < rate
  }
}
