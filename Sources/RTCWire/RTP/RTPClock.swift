import RTCPrimitives

/// The sampling clock of an RTP stream.
///
/// - SeeAlso: RFC 3550 §5.1 (timestamp)
public struct RTPClock: Hashable, Sendable {
  /// Ticks per second, for example 48000 for Opus and 90000 for video.
  public let rate: UInt32
  /// The timestamp of `Instant.start`; it should be random.
  public let offset: UInt32

  /// - Precondition: `rate` is positive.
  public init(rate: UInt32, offset: UInt32) {
    precondition(rate > 0, "an RTP clock ticks")
    self.rate = rate
    self.offset = offset
  }

  /// The timestamp of `instant`, rounded down to a tick; it wraps.
  public func timestamp(at instant: Instant) -> UInt32 {
    var seconds = instant.nanoseconds / 1_000_000_000
    var rest = instant.nanoseconds % 1_000_000_000
    if rest < 0 {
      rest += 1_000_000_000
      seconds -= 1
    }
    let ticks = seconds &* Int64(rate) &+ rest * Int64(rate) / 1_000_000_000
    return offset &+ UInt32(truncatingIfNeeded: ticks)
  }

  /// The length of a number of ticks, rounded down to nanoseconds.
  public func duration(ofTicks ticks: Int64) -> Duration { .nanoseconds(nanoseconds(ofTicks: ticks)) }

  /// The same in nanoseconds.
  ///
  /// - Precondition: the length is below 292 years.
  public func nanoseconds(ofTicks ticks: Int64) -> Int64 {
    let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: Int64(rate))
    return seconds * 1_000_000_000 + rest * 1_000_000_000 / Int64(rate)
  }

  /// The time from `earlier` to `later`, two timestamps less than 2³¹ ticks apart.
  public func duration(from earlier: UInt32, to later: UInt32) -> Duration {
    duration(ofTicks: Int64(Int32(bitPattern: later &- earlier)))
  }
}
