import RTCPrimitives

/// What stands for the bytes that a modelled codec does not compute.
public enum ModelledPayload: Hashable, Sendable {
  /// Seeded filler of the frame's size (`wire` fidelity).
  case filler
  /// Nothing: the size is only counted (`model` fidelity).
  case elided
}

/// Draws from a distribution that was measured: values at equally spaced quantiles, straight lines between them.
struct QuantileTable: Sendable {
  let values: [Double]

  func value(at quantile: Double) -> Double {
    let place = quantile * Double(values.count - 1)
    let index = min(Int(place), values.count - 2)
    return values[index] + (values[index + 1] - values[index]) * (place - Double(index))
  }
}

/// A curve through measured points, straight between them and level outside.
struct MeasuredCurve: Sendable {
  /// Pairs with growing `x`.
  let points: [(x: Double, y: Double)]

  func value(at x: Double) -> Double {
    guard let upper = points.firstIndex(where: { $0.x > x }) else { return points[points.count - 1].y }
    guard upper > 0 else { return points[0].y }
    let (a, b) = (points[upper - 1], points[upper])
    return a.y + (b.y - a.y) * (x - a.x) / (b.x - a.x)
  }
}

/// A page of random bytes from which filler of any length is cut.
struct Filler: Sendable {
  private let page: [UInt8]
  private var offset = 0

  init(seed: UInt64, stream: String) {
    var generator = SeededGenerator(seed: seed, stream: stream)
    page = (0..<1024).map { _ in UInt8(truncatingIfNeeded: generator.next() >> 32) }
  }

  mutating func append(_ count: Int, to output: inout ByteWriter) {
    var left = count
    while left > 0 {
      let part = min(left, page.count - offset)
      output.append(page[offset..<offset + part])
      left -= part
      offset = part == page.count - offset ? 0 : offset + part
    }
  }
}
