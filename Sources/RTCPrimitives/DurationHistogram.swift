/// Durations counted in buckets that are at most 1/16 of their value wide: enough for percentiles, small enough to have
/// thousands of.
///
/// Below 16 µs a bucket is 1 µs wide; everything above 19 hours is counted in the last one.
public struct DurationHistogram: Hashable, Sendable {
  private static let octaves = 33
  /// Of whole octaves, up to that of the longest duration.
  private var counts: [UInt32] = []
  public private(set) var count = 0
  /// The longest that was inserted, exactly.
  public private(set) var maximum: Duration = .zero
  private var maximumNanoseconds: Int64 = 0

  public init() {}

  /// - Precondition: `nanoseconds` is not negative.
  public mutating func insert(nanoseconds: Int64) {
    let bucket = Self.bucket(of: nanoseconds)
    reserve((bucket / 16 + 1) * 16)
    counts[bucket] += 1
    count += 1
    guard nanoseconds > maximumNanoseconds else { return }
    maximumNanoseconds = nanoseconds
    maximum = .nanoseconds(nanoseconds)
  }

  /// Adds what another histogram counted.
  public mutating func merge(_ other: DurationHistogram) {
    reserve(other.counts.count)
    for index in other.counts.indices { counts[index] += other.counts[index] }
    count += other.count
    maximum = max(maximum, other.maximum)
    maximumNanoseconds = max(maximumNanoseconds, other.maximumNanoseconds)
  }

  private mutating func reserve(_ size: Int) {
    guard counts.count < size else { return }
    counts.append(contentsOf: repeatElement(0, count: size - counts.count))
  }

  /// The shortest duration, rounded up to its bucket's end, that `fraction` of all do not exceed; `nil` of none.
  ///
  /// - Parameter fraction: 0 ... 1; 0.95 for the 95th percentile.
  public func percentile(_ fraction: Double) -> Duration? {
    guard count > 0 else { return nil }
    let rank = max(1, Int((fraction * Double(count)).rounded(.up)))
    var seen = 0
    for (index, inBucket) in counts.enumerated() {
      seen += Int(inBucket)
      if seen >= rank { return min(.nanoseconds(Self.end(of: index)), maximum) }
    }
    return maximum
  }

  /// 16 buckets of 1 µs, then 16 of each octave.
  private static func bucket(of nanoseconds: Int64) -> Int {
    let microseconds = nanoseconds / 1000
    guard microseconds >= 16 else { return Int(microseconds) }
    let octave = 60 - microseconds.leadingZeroBitCount
    return min(16 * octaves - 1, 16 * octave - 16 + Int(microseconds >> (octave - 1)))
  }

  /// The largest number of nanoseconds that a bucket counts.
  private static func end(of bucket: Int) -> Int64 {
    guard bucket >= 16 else { return Int64(bucket) * 1000 + 999 }
    let octave = bucket / 16
    return (Int64(bucket % 16 + 17) << (octave - 1)) * 1000 - 1
  }
}
