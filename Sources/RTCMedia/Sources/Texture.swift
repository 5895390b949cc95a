/// A luma picture that `SyntheticCamera` draws parts of.
struct Texture: Sendable {
  let width: Int
  let height: Int
  var luma: [UInt8]

  private init(width: Int, height: Int, luma value: (_ x: Int, _ y: Int) -> Int) {
    self.width = width
    self.height = height
    luma = []
    luma.reserveCapacity(width * height)
    for y in 0..<height { for x in 0..<width { luma.append(UInt8(max(16, min(235, value(x, y))))) } }
  }

  /// Three octaves of value noise over a slope.
  static func background(seed: UInt64, width: Int, height: Int) -> Texture {
    let coarse = ValueNoise(seed: seed, width: width, height: height, cell: 48, amplitude: 60)
    let medium = ValueNoise(seed: seed &+ 1, width: width, height: height, cell: 9, amplitude: 36)
    let fine = ValueNoise(seed: seed &+ 4, width: width, height: height, cell: 3, amplitude: 26)
    return Texture(width: width, height: height) { x, y in
      80 + x * 50 / width + coarse.value(x, y) + medium.value(x, y) + fine.value(x, y)
    }
  }

  /// `count` realisations of this picture with a sensor's noise of ±2.
  func withGrain(seed: UInt64, count: Int) -> [Texture] {
    var state = dice(seed, 31)
    return (0..<count).map { _ in
      var noisy = self
      for index in luma.indices {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        noisy.luma[index] = luma[index] &+ UInt8(truncatingIfNeeded: (state >> 40) % 5) &- 2
      }
      return noisy
    }
  }

  static func face(seed: UInt64, width: Int, height: Int) -> Texture {
    let (width, height) = (height / 6 * 2 + 2, height / 4 * 2 + 2)
    let coarse = ValueNoise(seed: seed &+ 2, width: width, height: height, cell: 20, amplitude: 30)
    let fine = ValueNoise(seed: seed &+ 3, width: width, height: height, cell: 4, amplitude: 14)
    return Texture(width: width, height: height) { x, y in 165 + coarse.value(x, y) + fine.value(x, y) }
  }

  static func lineHeight(for height: Int) -> Int { 8 * max(1, height / 180) }

  /// Lines of dark glyph-like marks of 3×5 dots on white paper.
  static func text(seed: UInt64, width: Int, height: Int) -> Texture {
    let dot = max(1, height / 180)
    return Texture(width: width, height: lineHeight(for: height) * 24) { x, y in
      let (column, line) = (x / dot, y / dot)
      guard column % 4 < 3, line % 8 < 5, dice(seed, column / 4, line / 8) % 6 != 0 else { return 220 }
      return dice(seed &+ 7, column, line) & 1 == 0 ? 220 : 30
    }
  }

  /// The decimal number in white on black, in a 3×5 font.
  static func number(_ number: Int, scale: Int) -> Texture {
    let digits = String(number).utf8.map { Int($0) - 48 }.filter { (0...9).contains($0) }
    return Texture(width: (digits.count * 4 + 1) * scale, height: 7 * scale) { x, y in
      let (column, row) = (x / scale - 1, y / scale - 1)
      guard column >= 0, x >= scale, column % 4 < 3, y >= scale, row < 5 else { return 16 }
      return font[digits[column / 4]] >> (14 - row * 3 - column % 4) & 1 == 1 ? 235 : 16
    }
  }

  /// Ten digits, five rows of three dots each, the first row in the highest bits.
  private static let font: [Int] = [
    0b111_101_101_101_111, 0b010_110_010_010_111, 0b111_001_111_100_111, 0b111_001_111_001_111, 0b101_101_111_001_001,
    0b111_100_111_001_111, 0b111_100_111_101_111, 0b111_001_010_010_010, 0b111_101_111_101_111, 0b111_101_111_001_111,
  ]
}

/// Smooth noise: dice on a lattice, interpolated linearly in both directions; about ±`amplitude` / 2.
private struct ValueNoise {
  private let cell: Int
  private let amplitude: Int
  private let columns: Int
  private let corners: [Int]

  init(seed: UInt64, width: Int, height: Int, cell: Int, amplitude: Int) {
    self.cell = cell
    self.amplitude = amplitude
    let columns = width / cell + 2
    self.columns = columns
    corners = (0..<columns * (height / cell + 2)).map { Int(dice(seed, $0, 40) & 255) - 128 }
  }

  func value(_ x: Int, _ y: Int) -> Int {
    let (fx, fy) = (x % cell, y % cell)
    let corner = y / cell * columns + x / cell
    let top = corners[corner] * (cell - fx) + corners[corner + 1] * fx
    let bottom = corners[corner + columns] * (cell - fx) + corners[corner + columns + 1] * fx
    return (top * (cell - fy) + bottom * fy) / (cell * cell) * amplitude / 256
  }
}
