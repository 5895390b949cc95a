/// The 96 bits that tie a STUN response to its request (RFC 8489 §5).
public struct TransactionID: Hashable, Sendable {
  /// The first 32 bits.
  public let high: UInt32
  /// The last 64 bits.
  public let low: UInt64

  public init(high: UInt32, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// A random identifier; it must be cryptographically random over real sockets.
  public init(using generator: inout some RandomNumberGenerator) {
    high = UInt32(truncatingIfNeeded: generator.next())
    low = generator.next()
  }
}

extension TransactionID: CustomStringConvertible {
  /// 24 hexadecimal digits.
  public var description: String {
    func padded(_ text: String, _ count: Int) -> String { String(repeating: "0", count: count - text.count) + text }
    return padded(String(high, radix: 16), 8) + padded(String(low, radix: 16), 16)
  }
}
