public import RTCPrimitives

/// Notices that an encoder takes too much of the time between two pictures, and that it could do more again.
///
/// Each check takes the mean of what the pictures since the last one took, waiting for a core included.
/// - Note: Limits and times are libwebrtc's (`CpuOveruseOptions`, `OveruseFrameDetector`): a check every 5 s, too much above
///   85 % in two checks, more again below 42 % when 40 s have passed since. Its filter, and its quicker and slower ways back,
///   are left out.
public struct CPUOveruseDetector: Sendable {
  public enum Change: Hashable, Sendable { case less, more }

  private static let interval = Duration.seconds(5)
  private static let (high, low) = (0.85, 0.42)
  private static let checksAbove = 2
  private static let rest = Duration.seconds(40)

  private var usage = 0.0
  private var pictures = 0
  private var above = 0
  private var nextCheck: Instant?
  private var lastOveruse = Instant.start

  public init() {}

  /// Notes that a picture took `time` of the `interval` until the next.
  ///
  /// - Returns: what the encoder is to do now; `nil` for going on as it does.
  public mutating func note(_ time: Duration, of interval: Duration, at now: Instant) -> Change? {
    usage += time.inSeconds / interval.inSeconds
    pictures += 1
    guard let due = nextCheck else {
      nextCheck = now + Self.interval
      return nil
    }
    guard now >= due else { return nil }
    let mean = usage / Double(pictures)
    (usage, pictures, nextCheck) = (0, 0, now + Self.interval)
    above = mean > Self.high ? above + 1 : 0
    if above >= Self.checksAbove {
      (above, lastOveruse) = (0, now)
      return .less
    }
    return mean < Self.low && now - lastOveruse >= Self.rest ? .more : nil
  }
}
