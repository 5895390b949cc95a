/// A number of bits per second.
public struct DataRate: Hashable, Comparable, Sendable {
  public var bitsPerSecond: Int64

  @inlinable public init(bitsPerSecond: Int64) { self.bitsPerSecond = bitsPerSecond }

  @inlinable public static func bitsPerSecond(_ count: Int64) -> DataRate { DataRate(bitsPerSecond: count) }
  @inlinable public static func kilobitsPerSecond(_ count: Int64) -> DataRate { .bitsPerSecond(count * 1000) }
  @inlinable public static func megabitsPerSecond(_ count: Int64) -> DataRate { .bitsPerSecond(count * 1_000_000) }
  public static let zero = DataRate(bitsPerSecond: 0)

  /// Megabits (10^6) per second, for output only.
  @inlinable public var megabitsPerSecond: Double { Double(bitsPerSecond) / 1e6 }

  /// This rate times a factor, rounded.
  @inlinable public func scaled(by factor: Double) -> DataRate {
    .bitsPerSecond(Int64((Double(bitsPerSecond) * factor).rounded()))
  }

  @inlinable public static func < (left: DataRate, right: DataRate) -> Bool { left.bitsPerSecond < right.bitsPerSecond }
  @inlinable public static func + (left: DataRate, right: DataRate) -> DataRate {
    .bitsPerSecond(left.bitsPerSecond + right.bitsPerSecond)
  }

  /// Nanoseconds needed to serialise `size` at this rate, rounded up.
  ///
  /// - Precondition: the rate is positive.
  @inlinable public func nanoseconds(for size: DataSize) -> Int64 {
    let work = Int64(size.bits) * 1_000_000_000
    return (work + bitsPerSecond - 1) / bitsPerSecond
  }

  /// Time needed to serialise `size` at this rate, rounded up to nanoseconds.
  @inlinable public func time(for size: DataSize) -> Duration { .nanoseconds(nanoseconds(for: size)) }

  /// What is carried in `duration` at this rate, rounded down to bytes.
  @inlinable public func size(in duration: Duration) -> DataSize {
    .bytes(Int((Double(bitsPerSecond) * duration.inSeconds / 8).rounded(.down)))
  }
}
