import RTCPrimitives

/// Limited Slow-Start: above a threshold the congestion window grows by half of it per round trip, and no longer doubles.
///
/// Doubling ends with as many packets too many as the path holds. usrsctp repairs such a loss badly: of reliable
/// messages it sends much again that is on its way, and messages that are given up cost it a round trip each.
/// Congestion avoidance, by one packet per round trip, never meets the limit.
/// - SeeAlso: RFC 3742
struct LimitedSlowStart {
  /// The `max_ssthresh` of RFC 3742 in packets. §2 recommends 100; 200 is fitted: an
  /// unreliable channel over 20 Mbit/s at 100 ms takes as long to fill its path as Chromium was recorded to take.
  static let threshold = 200

  private let packetSize: Int
  /// What the window may be, in bytes.
  private(set) var limit: Int
  private var roundEnd = Instant.start

  /// - Parameter packetSize: the largest packet, in bytes.
  init(packetSize: Int) {
    self.packetSize = packetSize
    limit = Self.threshold * packetSize
  }

  /// Raises the limit when the window has grown up to it and a round trip has gone by; says whether it did.
  mutating func raise(window: Int, roundTrip: Duration, at now: Instant) -> Bool {
    guard now >= roundEnd, window + packetSize >= limit else { return false }
    limit += Self.threshold / 2 * packetSize
    roundEnd = now + roundTrip
    return true
  }
}
