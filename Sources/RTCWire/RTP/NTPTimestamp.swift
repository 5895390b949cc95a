import RTCPrimitives

/// Seconds since 1900 as a 32.32 fixed-point number.
///
/// - SeeAlso: RFC 3550 §4, RFC 5905 §6
public struct NTPTimestamp: Hashable, Sendable, CustomStringConvertible {
  public var rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// - Parameter fraction: in 2⁻³² s.
  public init(seconds: UInt32, fraction: UInt32 = 0) {
    rawValue = UInt64(seconds) << 32 | UInt64(fraction)
  }

  public var seconds: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }

  /// The part of a second, in 2⁻³² s.
  public var fraction: UInt32 { UInt32(truncatingIfNeeded: rawValue) }

  /// The middle 32 bits, as reports carry them.
  public var compact: CompactNTP { CompactNTP(rawValue: UInt32(truncatingIfNeeded: rawValue >> 16)) }

  /// Seconds and fraction in hexadecimal.
  public var description: String {
    "\(String(seconds, radix: 16)).\(String(fraction, radix: 16))"
  }
}

/// Seconds as a 16.16 fixed-point number: the middle of an NTP timestamp, or a delay.
///
/// - SeeAlso: RFC 3550 §6.4.1 (LSR, DLSR)
public struct CompactNTP: Hashable, Sendable, CustomStringConvertible {
  /// In 2⁻¹⁶ s.
  public var rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// A delay, rounded to the nearest step and limited to 0 s ..< 65536 s.
  public init(_ delay: Duration) {
    let nanoseconds = min(max(0, delay.nanoseconds), 65_536_000_000_000)
    let steps = ((nanoseconds << 16) + 500_000_000) / 1_000_000_000
    rawValue = UInt32(clamping: steps)
  }

  /// The time that this stands for when it is a delay, rounded to nanoseconds.
  public var duration: Duration { .nanoseconds((Int64(rawValue) * 1_000_000_000 + (1 << 15)) >> 16) }

  /// Zero: "no sender report was received".
  public static let zero = CompactNTP(rawValue: 0)

  public var description: String { "\(rawValue)/65536 s" }
}

/// Relates `Instant` to NTP time.
public struct NTPClock: Hashable, Sendable {
  /// The NTP time of `Instant.start`.
  public let origin: NTPTimestamp

  public init(origin: NTPTimestamp) { self.origin = origin }

  /// A clock that shows 2024-01-01 00:00:00 UTC at `Instant.start`.
  public static let simulation = NTPClock(origin: NTPTimestamp(seconds: 3_913_056_000))

  /// The NTP time of `instant`, rounded to the nearest 2⁻³² s; it wraps every 136 years.
  public func timestamp(at instant: Instant) -> NTPTimestamp {
    var seconds = instant.nanoseconds / 1_000_000_000
    var rest = instant.nanoseconds % 1_000_000_000
    if rest < 0 {
      rest += 1_000_000_000
      seconds -= 1
    }
    let fraction = ((UInt64(rest) << 32) + 500_000_000) / 1_000_000_000
    return NTPTimestamp(rawValue: origin.rawValue &+ (UInt64(bitPattern: seconds) << 32) &+ fraction)
  }

  /// The instant of an NTP time, the one within 68 years of `origin`, rounded to nanoseconds.
  public func instant(of time: NTPTimestamp) -> Instant {
    let difference = Int64(bitPattern: time.rawValue &- origin.rawValue)
    let rest = (difference & 0xFFFF_FFFF) * 1_000_000_000 + (1 << 31)
    return Instant(nanoseconds: (difference >> 32) * 1_000_000_000 + (rest >> 32))
  }
}
