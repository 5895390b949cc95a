/// Durations that were measured, for exact percentiles.
public struct Distribution: Hashable, Sendable {
  private var sorted: [Int64]

  /// - Parameter nanoseconds: in any order.
  public init(nanoseconds: [Int64]) { sorted = nanoseconds.sorted() }

  public var count: Int { sorted.count }
  /// `nil` when nothing was measured.
  public var minimum: Duration? { sorted.first.map { .nanoseconds($0) } }
  /// `nil` when nothing was measured.
  public var maximum: Duration? { sorted.last.map { .nanoseconds($0) } }

  /// The smallest value that `fraction` of all do not exceed (nearest rank); `nil` when nothing was measured.
  ///
  /// - Parameter fraction: 0 ... 1; 0.95 for the 95th percentile.
  public func percentile(_ fraction: Double) -> Duration? {
    guard !sorted.isEmpty else { return nil }
    let rank = Int((fraction * Double(sorted.count)).rounded(.up))
    return .nanoseconds(sorted[min(max(rank, 1), sorted.count) - 1])
  }
}
