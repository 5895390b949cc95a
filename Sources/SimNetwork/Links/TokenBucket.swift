public import RTCPrimitives

/// Lets packets pass as long as there are tokens for their bytes, which come in at a rate and are kept up to a burst.
///
/// - SeeAlso: RFC 2697 §3, with one bucket
public struct TokenBucket: Hashable, Sendable {
  /// What happens to packets for which there are no tokens.
  public enum Excess: String, Hashable, Sendable, CaseIterable {
    /// They wait, and all behind them: a shaper.
    case waits
    /// They are dropped: a policer.
    case isDropped = "dropped"
  }

  /// Of tokens.
  public var rate: DataRate
  /// The most tokens that are kept; the bucket is full at first.
  public var burst: DataSize
  public var excess: Excess

  /// - Precondition: rate and burst are positive.
  public init(rate: DataRate, burst: DataSize, excess: Excess = .waits) {
    precondition(rate > .zero && burst > .zero, "a token bucket has a rate and a depth")
    self.rate = rate
    self.burst = burst
    self.excess = excess
  }
}

/// How full a bucket is, counted in the time in which its tokens come in.
struct TokenBucketState: Sendable {
  let bucket: TokenBucket
  /// How long an empty bucket takes to be full.
  private let depth: Int64
  /// When the bucket will be full.
  private var full: Int64 = 0

  init(_ bucket: TokenBucket) {
    self.bucket = bucket
    depth = bucket.rate.nanoseconds(for: bucket.burst)
  }

  private func cost(_ size: DataSize) -> Int64 { bucket.rate.nanoseconds(for: size) }

  /// When there are tokens for a packet, not before `now`; for one that is larger than the bucket when it is full.
  func ready(_ size: DataSize, at now: Int64) -> Int64 { max(now, full + min(cost(size), depth) - depth) }

  /// - Precondition: there are tokens for it.
  mutating func take(_ size: DataSize, at now: Int64) { full = max(full, now) + cost(size) }

  /// Takes the tokens for a packet; false when there are too few.
  mutating func passes(_ size: DataSize, at now: Int64) -> Bool {
    guard cost(size) <= depth, ready(size, at: now) <= now else { return false }
    take(size, at: now)
    return true
  }
}
