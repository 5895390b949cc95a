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

extension Duration {
  /// Milliseconds of any duration: unlike `nanoseconds`, times of a peer cannot make it overflow.
  var safeMilliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15 }
}
