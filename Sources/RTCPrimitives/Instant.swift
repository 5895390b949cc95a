/// A point in time: whole nanoseconds since the start of the simulation, or since the epoch of a real clock.
///
/// Time is always an argument of a protocol core, never read from a clock.
public struct Instant: Hashable, Comparable, Sendable {
  /// Nanoseconds since `start`.
  public var nanoseconds: Int64

  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Time zero.
  public static let start = Instant(nanoseconds: 0)
  /// Later than every event.
  public static let distantFuture = Instant(nanoseconds: .max)

  @inlinable public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

  /// The instant that lies `duration` (rounded down to nanoseconds) later.
  @inlinable public static func + (instant: Instant, duration: Duration) -> Instant {
    Instant(nanoseconds: instant.nanoseconds + duration.nanoseconds)
  }

  @inlinable public static func - (instant: Instant, duration: Duration) -> Instant {
    Instant(nanoseconds: instant.nanoseconds - duration.nanoseconds)
  }

  /// The time from `right` to `left`.
  @inlinable public static func - (left: Instant, right: Instant) -> Duration {
    .nanoseconds(left.nanoseconds - right.nanoseconds)
  }

  @inlinable public static func += (instant: inout Instant, duration: Duration) { instant = instant + duration }
}

extension Instant: CustomStringConvertible {
  /// Seconds with nine decimals.
  public var description: String { "\(Duration.nanoseconds(nanoseconds).decimalSeconds) s" }
}

extension Duration {
  /// Whole nanoseconds, rounded towards zero; at most 292 years.
  ///
  /// One division of 128 bits by 64, because every packet asks for this often; `components` takes several.
  @inlinable public var nanoseconds: Int64 {
    let magnitude = attoseconds.magnitude
    let words = (high: UInt64(truncatingIfNeeded: magnitude >> 64), low: UInt64(truncatingIfNeeded: magnitude))
    let quotient = UInt64(1_000_000_000).dividingFullWidth(words).quotient
    return attoseconds < 0 ? Int64(-Int128(quotient)) : Int64(quotient)
  }

  /// The one of the standard library for any whole number, made for the one that is used here.
  @inlinable public static func nanoseconds(_ count: Int64) -> Duration {
    Duration(attoseconds: Int128(count) * 1_000_000_000)
  }

  /// Milliseconds as a floating-point number, for output only.
  @inlinable public var milliseconds: Double { Double(nanoseconds) / 1e6 }

  /// Seconds as a floating-point number, for output and rates only.
  @inlinable public var inSeconds: Double { Double(nanoseconds) / 1e9 }

  /// The nearest whole number of nanoseconds to `seconds`.
  @inlinable public init(inSeconds seconds: Double) {
    self = .nanoseconds(Int64((seconds * 1e9).rounded()))
  }

  var decimalSeconds: String {
    let magnitude = nanoseconds.magnitude
    let fraction = String(magnitude % 1_000_000_000)
    let zeros = String(repeating: "0", count: 9 - fraction.count)
    return "\(nanoseconds < 0 ? "-" : "")\(magnitude / 1_000_000_000).\(zeros)\(fraction)"
  }
}

extension Instant {
  /// Milliseconds since `start` with three decimals, for output only.
  public var milliseconds: Double { (Double(nanoseconds) / 1e3).rounded() / 1e3 }
}
