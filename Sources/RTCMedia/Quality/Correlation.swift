/// How alike two signals are when one is shifted against the other.
public struct Correlation: Hashable, Sendable {
  /// The normalised correlation at the best lag, −1 ... 1; 0 when one signal is silent.
  public let coefficient: Double
  /// By how many samples the second signal is later than the first.
  public let lag: Int

  /// Searches `lags` for the shift of `second` that correlates best with `first`.
  ///
  /// - Precondition: `lags` is not empty.
  public init(_ first: [Int16], _ second: [Int16], lags: ClosedRange<Int>) {
    var best = (coefficient: -Double.infinity, lag: lags.lowerBound)
    for lag in lags {
      let coefficient = Self.coefficient(first.span, second.span, lag: lag)
      if coefficient > best.coefficient { best = (coefficient, lag) }
    }
    self.coefficient = best.coefficient
    self.lag = best.lag
  }

  private static func coefficient(_ first: Span<Int16>, _ second: Span<Int16>, lag: Int) -> Double {
    let begin = max(0, -lag)
    let end = min(first.count, second.count - lag)
    guard begin < end else { return 0 }
    var (product, firstEnergy, secondEnergy) = (0, 0, 0)
    for index in begin..<end {
      let (a, b) = (Int(first[index]), Int(second[index + lag]))
      product += a * b
      firstEnergy += a * a
      secondEnergy += b * b
    }
    guard firstEnergy > 0, secondEnergy > 0 else { return 0 }
    return Double(product) / (Double(firstEnergy).squareRoot() * Double(secondEnergy).squareRoot())
  }
}
