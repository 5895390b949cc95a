// Additions, multiplications and divisions only, so that every machine computes the same bits (a C library does not promise
// that of its exp and log).

/// The natural logarithm of a positive finite number, to about 1e-14.
func naturalLogarithm(_ x: Double) -> Double {
  guard x > 0, x.isFinite else { return x > 0 ? x : -.infinity }
  let ln2 = 0.693_147_180_559_945_3
  var (mantissa, exponent) = (x.significand, Double(x.exponent))
  if mantissa > 1.414_213_562_373_095 {
    mantissa /= 2
    exponent += 1
  }
  // ln m = 2 artanh((m - 1)/(m + 1)), where the argument is below 0.172.
  let t = (mantissa - 1) / (mantissa + 1)
  let square = t * t
  var sum = 0.0
  for divisor in stride(from: 19.0, through: 1, by: -2) { sum = sum * square + 1 / divisor }
  return exponent * ln2 + 2 * t * sum
}

/// The exponential of a number, to about 1e-14 relative; saturates.
func exponential(_ x: Double) -> Double {
  guard x > -700 else { return 0 }
  guard x < 700 else { return .infinity }
  let ln2 = 0.693_147_180_559_945_3
  let halvings = (x / ln2).rounded()
  let rest = x - halvings * ln2
  var sum = 1.0
  for divisor in stride(from: 14.0, through: 1, by: -1) { sum = 1 + sum * rest / divisor }
  return sum * Double(sign: .plus, exponent: Int(halvings), significand: 1)
}
