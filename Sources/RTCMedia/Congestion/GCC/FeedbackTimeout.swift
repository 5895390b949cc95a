import RTCPrimitives

/// Whether packets leave and nothing is heard of them, or only after seconds.
///
/// - SeeAlso: libwebrtc send_side_bandwidth_estimation.cc, RttBasedBackoff, whose constants these are
struct FeedbackTimeout: Hashable, Sendable {
  private var heardAt: Instant?
  private var sentAt: Instant?
  private var roundTrip = Duration.zero
  private var decreasedAt: Instant?

  private static let limit = Duration.seconds(3)
  private static let dropInterval = Duration.seconds(1)
  private static let dropFraction = 0.8
  private static let floor = DataRate.kilobitsPerSecond(5)

  mutating func sent(at now: Instant) {
    heardAt = heardAt ?? now
    sentAt = now
  }

  /// - Parameter roundTrip: of the last packet, without the time that the receiver kept it.
  mutating func heard(roundTrip: Duration, at now: Instant) {
    heardAt = now
    self.roundTrip = roundTrip
  }

  /// A sender that is silent expects nothing.
  var isAboveLimit: Bool {
    guard let heardAt, let sentAt else { return false }
    return max(.zero, sentAt - heardAt) + roundTrip > Self.limit
  }

  /// The rate to go down to from `rate`, once a second.
  mutating func decrease(_ rate: DataRate, at now: Instant) -> DataRate? {
    guard isAboveLimit, rate > Self.floor else { return nil }
    if let decreasedAt, now - decreasedAt < Self.dropInterval { return nil }
    decreasedAt = now
    return max(rate * Self.dropFraction, Self.floor)
  }
}
