import RTCPrimitives

/// The retransmission timeout out of measured round-trip times.
///
/// - SeeAlso: RFC 6298 §2, §5; the clock's granularity is a nanosecond
/// - Note: A back-off ends when new data is acknowledged, as in Linux, and not with the next measurement: with many losses
///   there may be none for minutes.
struct RetransmissionTimeout: Hashable, Sendable {
  static let initial: Duration = .seconds(1)
  static let maximum: Duration = .seconds(60)
  /// After a SYN that timed out (RFC 6298 §5.7).
  static let afterLostHandshake: Duration = .seconds(3)

  private(set) var duration = Self.initial
  /// Without back-off.
  private var base = Self.initial
  private(set) var smoothed: Duration?
  private var variation: Duration = .zero
  private let minimum: Duration

  init(minimum: Duration) { self.minimum = minimum }

  /// Takes a round-trip time of a segment that was sent once (Karn's algorithm).
  mutating func measured(_ time: Duration) {
    if let smoothed {
      let difference = smoothed > time ? smoothed - time : time - smoothed
      variation = .nanoseconds((3 * variation.nanoseconds + difference.nanoseconds) / 4)
      self.smoothed = .nanoseconds((7 * smoothed.nanoseconds + time.nanoseconds) / 8)
    } else {
      smoothed = time
      variation = .nanoseconds(time.nanoseconds / 2)
    }
    base = min(Self.maximum, max(minimum, (smoothed ?? time) + variation * 4))
    duration = base
  }

  mutating func backOff() { duration = min(Self.maximum, duration + duration) }

  /// New data was acknowledged.
  mutating func progressed() { duration = base }

  mutating func handshakeWasLost() {
    base = max(base, Self.afterLostHandshake)
    duration = base
  }
}
