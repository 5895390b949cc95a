public import RTCPrimitives

/// Why pictures are smaller or fewer than those that are captured, and for how long.
///
/// - SeeAlso: W3C webrtc-stats `qualityLimitationReason`, `qualityLimitationDurations`
/// - Note: Its reason `other` never applies here.
public struct QualityLimitation: Hashable, Sendable {
  public enum Reason: String, Hashable, Sendable, CaseIterable {
    case none, cpu, bandwidth
  }

  public private(set) var reason = Reason.none
  private var since: Instant
  private var past = [Duration](repeating: .zero, count: Reason.allCases.count)

  public init(at now: Instant) { since = now }

  /// From now on this is the reason.
  public mutating func set(_ reason: Reason, at now: Instant) {
    guard reason != self.reason else { return }
    past[self.reason.index] += now - since
    (self.reason, since) = (reason, now)
  }

  /// For how long in all this has been the reason.
  public func duration(of reason: Reason, at now: Instant) -> Duration {
    past[reason.index] + (reason == self.reason ? now - since : .zero)
  }
}

extension QualityLimitation.Reason {
  fileprivate var index: Int {
    switch self {
    case .none: 0
    case .cpu: 1
    case .bandwidth: 2
    }
  }
}
