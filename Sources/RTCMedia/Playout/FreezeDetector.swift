public import RTCPrimitives

/// Finds freezes in the times at which frames are rendered.
///
/// A gap is a freeze when it is at least max(3δ, δ + 150 ms), where δ is the mean gap of the last 30 frames. Its whole
/// length is frozen.
///
/// - SeeAlso: W3C webrtc-stats, `RTCInboundRtpStreamStats.freezeCount`
public struct FreezeDetector: Sendable {
  public private(set) var freezeCount = 0
  public private(set) var totalFreezesDuration = Duration.zero
  /// The sum of all gaps.
  public private(set) var totalInterFrameDelay = Duration.zero
  /// The sum of the squares of all gaps, in square seconds.
  public private(set) var totalSquaredInterFrameDelay = 0.0
  private var lastRender: Instant?
  private var gaps: [Duration] = []
  private var next = 0
  private var sum = Duration.zero

  private static let memory = 30

  public init() {}

  /// Takes note of a frame that is shown at `now`.
  public mutating func rendered(at now: Instant) {
    defer { lastRender = now }
    guard let lastRender else { return }
    let gap = now - lastRender
    if let threshold, gap >= threshold {
      freezeCount += 1
      totalFreezesDuration += gap
    }
    totalInterFrameDelay += gap
    totalSquaredInterFrameDelay += gap.inSeconds * gap.inSeconds
    remember(gap)
  }

  /// `totalFreezesDuration` and, when the picture stands still by now, the freeze that has not ended.
  public func frozenDuration(at now: Instant) -> Duration {
    guard let lastRender, let threshold, now - lastRender >= threshold else { return totalFreezesDuration }
    return totalFreezesDuration + (now - lastRender)
  }

  /// The shortest gap that is a freeze; `nil` before the second frame.
  private var threshold: Duration? {
    guard !gaps.isEmpty else { return nil }
    let mean = sum / gaps.count
    return max(mean * 3, mean + .milliseconds(150))
  }

  private mutating func remember(_ gap: Duration) {
    sum += gap
    if gaps.count < Self.memory {
      gaps.append(gap)
    } else {
      sum -= gaps[next]
      gaps[next] = gap
      next = (next + 1) % Self.memory
    }
  }
}
