/// Where a protocol core's identifiers, tie-breakers and nonces come from.
///
/// Inside a simulation it wraps a `SeededGenerator`; over real sockets it must wrap the system's generator.
public struct EntropySource: RandomNumberGenerator, Sendable {
  private var generator: any RandomNumberGenerator & Sendable

  public init(_ generator: any RandomNumberGenerator & Sendable) { self.generator = generator }

  public mutating func next() -> UInt64 { generator.next() }

  /// A source for a part of the whole: of a seeded generator another stream. The system's generator is shared.
  public mutating func split() -> EntropySource {
    guard generator is SeededGenerator else { return self }
    return EntropySource(SeededGenerator(seed: next(), stream: "split"))
  }

  /// `count` random bytes.
  public mutating func bytes(_ count: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count + 7)
    while result.count < count {
      var word = next()
      for _ in 0..<8 {
        result.append(UInt8(truncatingIfNeeded: word))
        word >>= 8
      }
    }
    result.removeLast(result.count - count)
    return result
  }

  /// `count` characters of the ICE alphabet (RFC 8839 §5.4 `ice-char`): letters, digits, `+` and `/`.
  public mutating func iceCharacters(_ count: Int) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    return String(decoding: bytes(count).map { alphabet[Int($0 & 63)] }, as: UTF8.self)
  }
}
