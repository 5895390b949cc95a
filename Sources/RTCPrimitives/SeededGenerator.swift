/// A seeded generator of random numbers (xoshiro256**), one per node and purpose.
///
/// A stream is named, so that adding a node never shifts another node's dice:
/// ```swift
/// var loss = SeededGenerator(seed: 1, stream: "alice/uplink/loss")
/// ```
/// - SeeAlso: Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators" (2021)
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// The stream called `stream` of the simulation with `seed`.
  public init(seed: UInt64, stream: String) {
    var name: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in stream.utf8 { name = (name ^ UInt64(byte)) &* 0x100_0000_01B3 }
    var mixer = seed
    let mixedSeed = Self.splitMix(&mixer)
    mixer = mixedSeed ^ name
    state = (
      Self.splitMix(&mixer), Self.splitMix(&mixer), Self.splitMix(&mixer), Self.splitMix(&mixer)
    )
  }

  @inline(__always) private static func splitMix(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  @inline(__always) private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
    (value << count) | (value >> (64 - count))
  }

  public mutating func next() -> UInt64 {
    let result = Self.rotate(state.1 &* 5, 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = Self.rotate(state.3, 45)
    return result
  }

  /// A number that is uniform in 0 ..< 1, with 53 random bits.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Whether an event of the given probability happens; draws one number even for 0 and 1.
  public mutating func happens(withProbability probability: Double) -> Bool { unit() < probability }

  /// A standard normal deviate (sum of twelve uniforms, so that no platform's `log` or `cos` takes part).
  public mutating func normal() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += unit() }
    return sum
  }

  /// An exponential deviate of mean 1, by comparing uniforms (von Neumann 1951), so that no platform's `log` takes part.
  public mutating func exponential() -> Double {
    var whole = 0.0
    while true {
      let first = unit()
      var last = first
      var isOdd = true
      while true {
        let next = unit()
        guard next < last else { break }
        last = next
        isOdd.toggle()
      }
      guard !isOdd else { return whole + first }
      whole += 1
    }
  }
}
