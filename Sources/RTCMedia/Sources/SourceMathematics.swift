/// A 64-bit hash of a seed and up to two numbers: the dice of sources that are pure functions of their index.
@inline(__always) func dice(_ seed: UInt64, _ first: Int, _ second: Int = 0) -> UInt64 {
  var z = seed &+ 0x9E37_79B9_7F4A_7C15
  z = (z ^ UInt64(bitPattern: Int64(first))) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 29) ^ UInt64(bitPattern: Int64(second)) &* 0xD6E8_FEB8_6659_FD93) &* 0x94D0_49BB_1331_11EB
  z = (z ^ (z >> 32)) &* 0xBF58_476D_1CE4_E5B9
  return z ^ (z >> 31)
}

/// `dice` as a number in 0 ..< 1.
@inline(__always) func unitDice(_ seed: UInt64, _ first: Int, _ second: Int = 0) -> Double {
  Double(dice(seed, first, second) >> 11) * 0x1p-53
}

/// The sine of an angle in turns, to about 1e-8.
///
/// Only additions and multiplications take part, so every machine computes the same bits (`sin` of a C library does
/// not promise that).
func sine(turns: Double) -> Double {
  var t = turns - turns.rounded(.down)
  if t > 0.75 { t -= 1 } else if t > 0.25 { t = 0.5 - t }
  let x = t * (2 * Double.pi)
  let s = x * x
  let tail = s * (1.0 / 362_880 - s * (1.0 / 39_916_800 - s / 6_227_020_800))
  return x * (1 - s * (1.0 / 6 - s * (1.0 / 120 - s * (1.0 / 5040 - tail))))
}

/// A position that moves back and forth between 0 and `limit`, one step per count.
@inline(__always) func pendulum(_ count: Int, limit: Int) -> Int {
  guard limit > 0 else { return 0 }
  let place = ((count % (2 * limit)) + 2 * limit) % (2 * limit)
  return place <= limit ? place : 2 * limit - place
}
