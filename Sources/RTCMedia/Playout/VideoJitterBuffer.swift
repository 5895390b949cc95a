public import RTCPrimitives

/// Holds decodable frames until their playout time, so that uneven arrival becomes even rendering.
///
/// A frame is due at the earliest arrival of its capture time (see `RelativeDelayEstimator`) plus a delay that follows the
/// observed jitter by at most 100 ms per second. A late frame is due at once; when several are due together all are
/// decoded and only the last is rendered.
public struct VideoJitterBuffer: ~Copyable, Sendable {
  /// A frame to decode now.
  public struct Playout: Hashable, Sendable {
    public let frame: AssembledFrame
    /// Whether it is shown; otherwise a newer one is due as well and it is only decoded.
    public let isRendered: Bool
  }

  /// Counters under their W3C webrtc-stats names.
  public struct Statistics: Hashable, Sendable {
    public var framesDecoded = 0
    public var keyFramesDecoded = 0
    public var framesRendered = 0
    public var framesDropped = 0
    /// The sum over decoded frames of the time from first packet to playout.
    public var jitterBufferDelay: Duration { .nanoseconds(waited) }
    /// The sum over decoded frames of the delay aimed at.
    public var jitterBufferTargetDelay: Duration { .nanoseconds(aimedAt) }
    public var jitterBufferEmittedCount = 0
    fileprivate var waited: Int64 = 0
    fileprivate var aimedAt: Int64 = 0
  }

  private struct Waiting {
    let frame: AssembledFrame
    let due: Instant
  }

  public private(set) var statistics = Statistics()
  /// When frames were shown, and what froze.
  public private(set) var freezes = FreezeDetector()
  private var minimum: Int64
  private let maximumDelay: Int64
  private var estimator: RelativeDelayEstimator
  private var waiting: [Waiting] = []
  /// The first of `waiting` that was not given out.
  private var head = 0
  /// In nanoseconds.
  private var delay: Int64?
  private var lastInsertion = Instant.start
  private var lastDue = Instant.start

  /// The delay may change by a tenth of the time that passes.
  private static let slopeDivisor: Int64 = 10
  private static let longestMinimum: Int64 = 3_000_000_000

  public init(
    clockRate: Int = 90_000, minimumDelay: Duration = .milliseconds(10), maximumDelay: Duration = .seconds(1)
  ) {
    minimum = minimumDelay.nanoseconds
    self.maximumDelay = maximumDelay.nanoseconds
    estimator = RelativeDelayEstimator(
      clockRate: clockRate, quantile: 0.95, memory: 300, initialDelay: .milliseconds(20))
  }

  /// How long frames wait beyond the earliest arrival of their capture time.
  public var currentDelay: Duration { .nanoseconds(delay ?? 0) }

  /// When a frame with this timestamp is due, unless it comes too late.
  public func scheduledPlayout(of rtpTimestamp: UInt32) -> Instant {
    Instant(nanoseconds: estimator.earliestArrival(of: rtpTimestamp).nanoseconds &+ (delay ?? 0))
  }

  /// The least delay aimed at, at most 3 s: another stream may have to be waited for.
  public var minimumDelay: Duration {
    get { .nanoseconds(minimum) }
    set { minimum = max(0, min(Self.longestMinimum, newValue.nanoseconds)) }
  }

  /// Takes a frame that can be decoded, in decoding order.
  public mutating func insert(_ frame: AssembledFrame, at now: Instant) {
    estimator.insert(frame.rtpTimestamp, at: now)
    let target = max(minimum, min(maximumDelay, estimator.targetNanoseconds))
    let step = (now.nanoseconds - lastInsertion.nanoseconds) / Self.slopeDivisor
    lastInsertion = now
    delay = delay.map { $0 + max(-step, min(step, target - $0)) } ?? target
    let due = max(scheduledPlayout(of: frame.rtpTimestamp), now, lastDue)
    lastDue = due
    if head >= 32 {
      waiting.removeFirst(head)
      head = 0
    }
    waiting.append(Waiting(frame: frame, due: due))
  }

  /// When the next frame is due; `nil` when none waits.
  public var nextTimeout: Instant? { head < waiting.count ? waiting[head].due : nil }

  /// The next frame that is due by `now`; to be called until it gives `nil`.
  public mutating func next(at now: Instant) -> Playout? {
    guard head < waiting.count, waiting[head].due <= now else { return nil }
    let entry = waiting[head]
    head += 1
    let isRendered = head == waiting.count || waiting[head].due > now
    if head == waiting.count {
      waiting.removeAll(keepingCapacity: true)
      head = 0
    }
    count(entry, isRendered: isRendered, at: now)
    return Playout(frame: entry.frame, isRendered: isRendered)
  }

  private mutating func count(_ entry: Waiting, isRendered: Bool, at now: Instant) {
    statistics.framesDecoded += 1
    if entry.frame.isKeyFrame { statistics.keyFramesDecoded += 1 }
    statistics.waited += now.nanoseconds - entry.frame.firstArrival.nanoseconds
    statistics.aimedAt += delay ?? 0
    statistics.jitterBufferEmittedCount += 1
    if isRendered {
      statistics.framesRendered += 1
      freezes.rendered(at: now)
    } else {
      statistics.framesDropped += 1
    }
  }
}
