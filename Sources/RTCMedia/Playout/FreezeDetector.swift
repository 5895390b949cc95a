public import RTCPrimitives

/// Finds freezes in the times at which frames are rendered.
///
/// A gap is a freeze when it is at least max(3δ, δ + 150 ms), where δ is the mean gap of the last 30 frames. Its whole
/// length is frozen.
///
/// - SeeAlso: W3C webrtc-stats, `RTCInboundRtpStreamStats.freezeCount`
public struct FreezeDetector: Sendable {
  public private(set) var freezeCount = 0
  public var totalFreezesDuration: Duration { .nanoseconds(frozen) }
  /// The sum of all gaps.
  public var totalInterFrameDelay: Duration { .nanoseconds(total) }
  /// The sum of the squares of all gaps, in square seconds.
  public private(set) var totalSquaredInterFrameDelay = 0.0
  private var lastRender: Instant?
  /// Whether the picture stands still on purpose; and whether it was resumed and no frame has come since.
  private var isSuspended = false
  private var isResumed = false
  private var wasSuspended = false
  // Nanoseconds, because this is done for every picture of everybody.
  private var frozen: Int64 = 0
  private var total: Int64 = 0
  private var gaps: [Int64] = []
  private var next = 0
  private var sum: Int64 = 0

  private static let memory = 30
  private static let shortestFreeze: Int64 = 150_000_000

  public init() {}

  /// Takes note of a frame that is shown at `now`.
  public mutating func rendered(at now: Instant) {
    guard !isSuspended else { return }
    defer {
      lastRender = now
      isResumed = false
    }
    guard let lastRender else { return }
    let gap = now.nanoseconds - lastRender.nanoseconds
    if let threshold = threshold ?? (wasSuspended ? Self.shortestFreeze : nil), gap >= threshold {
      freezeCount += 1
      frozen += gap
    }
    // The wait for the first frame says nothing of the next ones.
    guard !isResumed else { return }
    total += gap
    let seconds = Double(gap) / 1e9
    totalSquaredInterFrameDelay += seconds * seconds
    remember(gap)
  }

  /// `totalFreezesDuration` and, when the picture stands still by now, the freeze that has not ended.
  public func frozenDuration(at now: Instant) -> Duration {
    guard let lastRender else { return .nanoseconds(frozen) }
    let gap = now.nanoseconds - lastRender.nanoseconds
    return .nanoseconds(gap >= threshold ?? Self.shortestFreeze ? frozen + gap : frozen)
  }

  /// The sender leaves the picture out on purpose: from now on it does not freeze.
  ///
  /// - Note: webrtc-stats knows nothing of this; it counts such a pause as a freeze.
  public mutating func suspend(at now: Instant) {
    guard !isSuspended else { return }
    if let lastRender, now.nanoseconds - lastRender.nanoseconds >= threshold ?? Self.shortestFreeze { freezeCount += 1 }
    frozen = frozenDuration(at: now).nanoseconds
    lastRender = nil
    isSuspended = true
    wasSuspended = true
  }

  /// The sender goes on: what it takes until the next frame is a gap.
  public mutating func resume(at now: Instant) {
    guard isSuspended else { return }
    isSuspended = false
    isResumed = true
    lastRender = now
  }

  /// The shortest gap that is a freeze; `nil` before the second frame.
  private var threshold: Int64? {
    guard !gaps.isEmpty else { return nil }
    let mean = sum / Int64(gaps.count)
    return max(mean * 3, mean + Self.shortestFreeze)
  }

  private mutating func remember(_ gap: Int64) {
    sum += gap
    if gaps.count < Self.memory {
      gaps.append(gap)
    } else {
      sum -= gaps[next]
      gaps[next] = gap
      next = next + 1 == Self.memory ? 0 : next + 1
    }
  }
}
