/// How alike two pictures are, in decibels.
public struct PSNR: Hashable, Sendable {
  /// Over the luma plane alone.
  public let luma: Double
  /// Over all samples of the three planes.
  public let overall: Double

  /// Compares two frames of the same size; equal ones give infinity.
  public init(_ first: VideoFrame, _ second: VideoFrame) {
    precondition(
      first.width == second.width && first.height == second.height, "frames of one size can be compared")
    let lumaError = Self.squaredError(first.y, second.y)
    let chromaError = Self.squaredError(first.u, second.u) + Self.squaredError(first.v, second.v)
    luma = Self.decibels(lumaError, samples: first.yRange.count)
    overall = Self.decibels(lumaError + chromaError, samples: first.bytes.count)
  }

  private static func squaredError(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Int {
    var sum = 0
    for index in 0..<first.count {
      let difference = Int(first[index]) - Int(second[index])
      sum += difference * difference
    }
    return sum
  }

  private static func decibels(_ squaredError: Int, samples: Int) -> Double {
    guard squaredError > 0 else { return .infinity }
    return 10 * decimalLogarithm(255 * 255 * Double(samples) / Double(squaredError))
  }
}

/// The decimal logarithm of a positive number, by halving and a series: the same bits on every machine.
func decimalLogarithm(_ value: Double) -> Double {
  let exponent = Double(value.exponent)
  let ratio = (value.significand - 1) / (value.significand + 1)
  let square = ratio * ratio
  var term = ratio
  var sum = 0.0
  var divisor = 1.0
  while divisor < 60 {
    sum += term / divisor
    term *= square
    divisor += 2
  }
  return (exponent * 0.693_147_180_559_945_3 + 2 * sum) / 2.302_585_092_994_046
}
