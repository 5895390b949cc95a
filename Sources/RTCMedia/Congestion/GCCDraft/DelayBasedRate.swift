import RTCPrimitives

/// The delay-based rate of the draft.
///
/// - SeeAlso: draft-ietf-rmcat-gcc-02 §5.5
struct DelayBasedRate: Sendable {
  private enum Phase { case hold, increase, decrease }

  private(set) var rate: DataRate
  private var phase = Phase.increase
  private var updatedAt: Instant?
  /// Of the receive rate at decreases, in kbit/s.
  private var convergence: (mean: Double, variance: Double)?

  /// beta
  private static let backoff = 0.85
  /// eta per second
  private static let growthPerSecond = 1.08
  private static let leastGrowth = DataRate.bitsPerSecond(1000)
  private static let detectionTime = 0.1
  private static let framesPerSecond = 30.0
  private static let packetBits = 1200.0 * 8
  /// A_hat < 1.5 R_hat
  private static let headroom = 1.5
  private static let smoothing = 0.95
  private static let deviations = 3.0

  init(start: DataRate) { rate = start }

  mutating func update(_ usage: BandwidthUsage, receiveRate: DataRate?, roundTripTime: Duration, at now: Instant) {
    let elapsed = updatedAt.map { max(0, (now - $0).inSeconds) } ?? 0
    updatedAt = now
    switch (usage, phase) {
    case (.overusing, _): phase = .decrease
    case (.underusing, _): phase = .hold
    case (.normal, .decrease): phase = .hold
    case (.normal, .hold), (.normal, .increase): phase = .increase
    }
    switch phase {
    case .hold: break
    case .increase: increase(receiveRate, roundTripTime, elapsed)
    case .decrease: decrease(receiveRate)
    }
  }

  /// Another limit holds; the rate does not grow away from it.
  mutating func clamp(from minimum: DataRate, to maximum: DataRate) {
    rate = rate.clamped(from: minimum, to: maximum)
  }

  private mutating func increase(_ receiveRate: DataRate?, _ roundTripTime: Duration, _ elapsed: Double) {
    if let receiveRate, let (mean, variance) = convergence,
      receiveRate.kilobitsPerSecond > mean + Self.deviations * variance.squareRoot()
    {
      convergence = nil
    }
    var next = rate
    if convergence == nil {
      next = rate * exponential(naturalLogarithm(Self.growthPerSecond) * min(elapsed, 1))
    } else {
      let frameBits = Double(rate.bitsPerSecond) / Self.framesPerSecond
      let packetBits = frameBits / max(1, (frameBits / Self.packetBits).rounded(.up))
      let alpha = 0.5 * min(elapsed / (Self.detectionTime + roundTripTime.inSeconds), 1)
      next = rate + max(Self.leastGrowth, DataRate(saturating: alpha * packetBits))
    }
    guard let receiveRate else { return rate = next }
    rate = max(rate, min(next, receiveRate * Self.headroom))
  }

  private mutating func decrease(_ receiveRate: DataRate?) {
    guard let receiveRate else { return rate = rate * Self.backoff }
    let sample = receiveRate.kilobitsPerSecond
    if let (mean, variance) = convergence, abs(sample - mean) <= Self.deviations * variance.squareRoot() {
      let error = sample - mean
      convergence = (
        Self.smoothing * mean + (1 - Self.smoothing) * sample,
        Self.smoothing * variance + (1 - Self.smoothing) * error * error
      )
    } else {
      // The spread of a new point of convergence is not given: a twentieth of it, ours.
      convergence = (sample, sample * sample / 400)
    }
    rate = min(rate, receiveRate * Self.backoff)
  }
}
