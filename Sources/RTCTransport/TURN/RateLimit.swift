import RTCPrimitives

/// A token bucket that holds a second's worth: what comes when it is empty is too much.
struct RateLimit: Sendable {
  private let rate: DataRate?
  /// Bits that may pass now; the fraction that the clock would add is lost.
  private var credit: Int64
  private var updated = Instant.start

  /// - Parameter rate: `nil` sets no limit.
  init(_ rate: DataRate?) {
    self.rate = rate
    credit = rate?.bitsPerSecond ?? 0
  }

  /// Whether a packet may pass; it then counts.
  mutating func admits(_ size: DataSize, at now: Instant) -> Bool {
    guard let rate else { return true }
    let passed = min(max(now - updated, .zero), .seconds(1))
    let earned = Int64(rate.size(in: passed).bits)
    if earned > 0 || passed == .seconds(1) {
      credit = min(rate.bitsPerSecond, credit + earned)
      updated = now
    }
    guard credit >= Int64(size.bits) else { return false }
    credit -= Int64(size.bits)
    return true
  }
}
