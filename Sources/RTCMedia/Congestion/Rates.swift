import RTCPrimitives

// Arithmetic of estimators: factors come from measurements, so it saturates where integers would trap.

extension DataRate {
  /// More than any path here carries; stands for "no limit", as in libwebrtc (send_side_bandwidth_estimation.cc, 1 Gbit/s).
  static let unlimited = DataRate.megabitsPerSecond(1000)

  /// The nearest rate; zero for what is not a positive number, and no more than a terabit per second.
  init(saturating bitsPerSecond: Double) {
    self.init(bitsPerSecond: bitsPerSecond > 0 ? Int64(min(bitsPerSecond, 1e12).rounded()) : 0)
  }

  static func * (rate: DataRate, factor: Double) -> DataRate {
    DataRate(saturating: Double(rate.bitsPerSecond) * factor)
  }

  static func - (left: DataRate, right: DataRate) -> DataRate {
    .bitsPerSecond(left.bitsPerSecond - right.bitsPerSecond)
  }

  var kilobitsPerSecond: Double { Double(bitsPerSecond) / 1000 }

  func clamped(from minimum: DataRate, to maximum: DataRate) -> DataRate { max(minimum, min(self, maximum)) }
}

extension Instant {
  /// The earlier of two times of which either may not be.
  static func earlier(_ left: Instant?, _ right: Instant?) -> Instant? {
    guard let left, let right else { return left ?? right }
    return min(left, right)
  }
}

extension Duration {
  /// Milliseconds of any duration: unlike `nanoseconds`, times of a peer cannot make it overflow.
  var safeMilliseconds: Double {
    guard attoseconds.magnitude < 1 << 92 else {
      return Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15
    }
    let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return Double(seconds) * 1e3 + Double(rest * 1_000_000_000) / 1e15
  }
}
