public import RTCPrimitives

/// Lets through what does not exceed a rate in the last second.
///
/// - Note: libwebrtc limits retransmissions in this way to the target rate (`RateLimiter`, window 1 s).
public struct RateLimiter: Sendable {
  private static let bucketCount = 10
  private static let bucketLength = Duration.milliseconds(100).nanoseconds

  private var buckets = [Int](repeating: 0, count: bucketCount)
  /// The bucket of the last call, counted from the beginning of time.
  private var last: Int64 = 0

  public init() {}

  /// Notes `size` if it keeps within `rate`.
  ///
  /// - Returns: whether it does.
  public mutating func admit(_ size: DataSize, within rate: DataRate, at now: Instant) -> Bool {
    let bucket = now.nanoseconds / Self.bucketLength
    for passed in 0..<min(Int64(Self.bucketCount), max(0, bucket - last)) {
      buckets[Int((last + 1 + passed) % Int64(Self.bucketCount))] = 0
    }
    last = max(last, bucket)
    guard (buckets.reduce(0, +) + size.bytes) * 8 <= rate.bitsPerSecond else { return false }
    buckets[Int(last % Int64(Self.bucketCount))] += size.bytes
    return true
  }
}
