import RTCPrimitives

/// A random delay that a link adds to each packet.
public enum Jitter: Hashable, Sendable {
  case none
  /// Uniform in 0 ... `maximum`; packets may overtake each other when `reorders`.
  case uniform(maximum: Duration, reorders: Bool)
  /// Normal around `mean` with `deviation`, cut at zero; packets may overtake each other when `reorders`.
  case normal(mean: Duration, deviation: Duration, reorders: Bool)

  var reorders: Bool {
    switch self {
    case .none: false
    case .uniform(_, let reorders), .normal(_, _, let reorders): reorders
    }
  }

  /// Nanoseconds for one packet.
  func draw(using dice: inout SeededGenerator) -> Int64 {
    switch self {
    case .none: 0
    case .uniform(let maximum, _): Int64(dice.unit() * Double(maximum.nanoseconds))
    case .normal(let mean, let deviation, _):
      max(0, mean.nanoseconds + Int64(dice.normal() * Double(deviation.nanoseconds)))
    }
  }
}
