import RTCPrimitives

/// The older loss-based control, from receiver reports: it serves peers without transport-wide feedback.
///
/// - SeeAlso: libwebrtc send_side_bandwidth_estimation.cc, whose constants these are
struct LossReportControl: Sendable {
  /// The last share that was based on enough packets.
  private(set) var loss = 0.0
  private(set) var firstReportAt: Instant?

  private var pending = (packets: 0, lost: 0.0)
  private var decreasedAt: Instant?
  private var history = MinimumRate()

  /// kLimitNumPackets
  private static let enoughPackets = 20
  /// low_loss_threshold, high_loss_threshold
  private static let low = 0.02
  private static let high = 0.1
  /// kBweDecreaseInterval
  private static let decreaseInterval = Duration.milliseconds(300)
  private static let growth = 1.08

  /// - Returns: whether there is a new share of loss.
  mutating func insert(_ fraction: Double, of packets: Int, at now: Instant) -> Bool {
    firstReportAt = firstReportAt ?? now
    guard packets > 0 else { return false }
    let packets = min(packets, 1 << 24)
    let share = fraction > 0 ? min(fraction, 1) : 0
    pending = (pending.packets + packets, pending.lost + share * Double(packets))
    guard pending.packets >= Self.enoughPackets else { return false }
    loss = pending.lost / Double(pending.packets)
    pending = (0, 0)
    return true
  }

  /// The rate after a new share of loss, from `rate` before.
  mutating func next(after rate: DataRate, roundTripTime: Duration, at now: Instant) -> DataRate {
    history.insert(rate, at: now)
    if loss <= Self.low { return history.minimum * Self.growth + .kilobitsPerSecond(1) }
    guard loss > Self.high else { return rate }
    if let decreasedAt, now - decreasedAt < Self.decreaseInterval + roundTripTime { return rate }
    decreasedAt = now
    return rate * (1 - 0.5 * loss)
  }
}

/// The least rate of the last second.
private struct MinimumRate: Sendable {
  private var rates: [Entry] = []

  private struct Entry: Sendable {
    var at: Instant
    var rate: DataRate
  }

  /// kBweIncreaseInterval
  private static let interval = Duration.seconds(1)

  var minimum: DataRate { rates.first?.rate ?? .zero }

  mutating func insert(_ rate: DataRate, at now: Instant) {
    rates.removeAll { now - $0.at >= Self.interval }
    // A later lower rate outlives what is higher.
    while let last = rates.last, rate <= last.rate { rates.removeLast() }
    rates.append(Entry(at: now, rate: rate))
  }
}
