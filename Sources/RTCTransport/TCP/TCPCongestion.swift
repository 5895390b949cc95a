import RTCPrimitives

/// Which congestion control a sender of TCP has.
public enum TCPCongestionControl: String, Hashable, Sendable, CaseIterable {
  /// RFC 5681 with the recovery of RFC 6582.
  case reno
  /// RFC 9438, with the same slow start and recovery; without HyStart++ (RFC 9406).
  case cubic
}

/// How much may be on its way: Reno's or CUBIC's congestion window with NewReno's recovery.
///
/// Counts in bytes; `flight` is always what was sent and is not yet acknowledged.
/// - SeeAlso: RFC 5681 (slow start, congestion avoidance, fast retransmit), RFC 6582 (NewReno), RFC 6928 (initial window),
///   RFC 3465 §2.2 (slow start counts bytes, at most two segments per acknowledgment, so that delayed acknowledgments do
///   not slow it down)
struct TCPCongestion: Sendable {
  private(set) var window: Int
  private(set) var slowStartThreshold = Int.max
  /// The end of what was sent when the recovery began; `nil` outside of one.
  private(set) var recoveryEnd: Int64?
  private let segmentSize: Int
  /// With selective acknowledgments the window stays what it is in recovery: what has arrived is known.
  private let isSelective: Bool
  /// `nil` with Reno.
  private var cubic: CubicWindow?
  private var duplicates = 0
  /// Bytes acknowledged since the window last grew, in congestion avoidance.
  private var acknowledged = 0
  /// Duplicates for what was sent before this do not begin another recovery.
  private var recover: Int64 = 0

  /// What an acknowledgment asks the sender to do.
  enum Reaction: Hashable {
    case nothing
    /// Send the first segment that is not acknowledged again.
    case retransmit
  }

  static let duplicateThreshold = 3

  init(_ control: TCPCongestionControl = .reno, segmentSize: Int, isSelective: Bool = false) {
    self.segmentSize = segmentSize
    self.isSelective = isSelective
    cubic = control == .cubic ? CubicWindow() : nil
    window = Self.initialWindow(segmentSize: segmentSize)
  }

  /// RFC 6928 §2
  static func initialWindow(segmentSize: Int) -> Int { min(10 * segmentSize, max(2 * segmentSize, 14_600)) }

  /// The SYN or its answer was lost: the window begins with one segment (RFC 5681 §3.1).
  mutating func handshakeWasLost() { window = segmentSize }

  /// Nothing was sent for longer than a timeout (RFC 5681 §4.1).
  mutating func restartAfterIdleTime() { window = min(window, Self.initialWindow(segmentSize: segmentSize)) }

  /// New data was acknowledged, up to `edge`.
  ///
  /// - Parameters:
  ///   - flight: after the acknowledgment.
  ///   - wasLimiting: whether the window kept the sender back; otherwise it does not grow (RFC 7661 §1).
  ///   - roundTrip: as measured, for CUBIC.
  mutating func acknowledged(
    _ count: Int, upTo edge: Int64, flight: Int, wasLimiting: Bool, roundTrip: Duration?, at now: Instant
  ) -> Reaction {
    duplicates = 0
    if let end = recoveryEnd {
      guard edge < end else {
        recoveryEnd = nil
        window = isSelective ? slowStartThreshold : min(slowStartThreshold, max(flight, segmentSize) + segmentSize)
        return .nothing
      }
      guard !isSelective else { return .nothing }
      // A partial acknowledgment: the next hole is lost, too.
      window = max(window - count, 0) + (count >= segmentSize ? segmentSize : 0)
      window = max(window, segmentSize)
      return .retransmit
    }
    guard wasLimiting else {
      cubic?.pause()
      return .nothing
    }
    if window < slowStartThreshold {
      window += min(count, 2 * segmentSize)
      return .nothing
    }
    if cubic != nil {
      let share = Double(window) / Double(segmentSize)
      let grown = cubic?.grown(from: share, by: Double(count) / Double(segmentSize), roundTrip, at: now) ?? share
      // Parts of a byte stay with the cubic window, which would lose them otherwise.
      window = max(window, Int(grown * Double(segmentSize)))
      return .nothing
    }
    acknowledged += count
    if acknowledged >= window {
      acknowledged -= window
      window += segmentSize
    }
    return .nothing
  }

  /// With selective acknowledgments: the first of `flight` bytes that end at `sent` is lost, as duplicates or what has
  /// arrived behind it say (RFC 6675 §5).
  ///
  /// - Returns: whether a recovery begins.
  mutating func noteLoss(of edge: Int64, sent: Int64, flight: Int) -> Bool {
    guard recoveryEnd == nil, edge > recover else { return false }
    recover = sent
    recoveryEnd = sent
    reduceThreshold(flight: flight)
    window = slowStartThreshold
    acknowledged = 0
    return true
  }

  /// The same acknowledgment came again, while `flight` bytes that end at `sent` are on their way.
  mutating func duplicate(of edge: Int64, sent: Int64, flight: Int) -> Reaction {
    if recoveryEnd != nil {
      window += segmentSize
      return .nothing
    }
    duplicates += 1
    guard duplicates == Self.duplicateThreshold, edge > recover else { return .nothing }
    recover = sent
    recoveryEnd = sent
    reduceThreshold(flight: flight)
    window = slowStartThreshold + Self.duplicateThreshold * segmentSize
    acknowledged = 0
    return .retransmit
  }

  /// The retransmission timer expired, for the first time or again for the same data.
  mutating func timedOut(sent: Int64, flight: Int, isRepeated: Bool) {
    if !isRepeated { reduceThreshold(flight: flight) }
    cubic?.timedOut()
    window = segmentSize
    recover = sent
    recoveryEnd = nil
    duplicates = 0
    acknowledged = 0
  }

  /// What is on its way was too much (RFC 5681 §3.1, RFC 9438 §4.6).
  private mutating func reduceThreshold(flight: Int) {
    cubic?.reduced(from: Double(window) / Double(segmentSize))
    let share = cubic == nil ? 0.5 : CubicWindow.decrease
    slowStartThreshold = max(Int(Double(flight) * share), 2 * segmentSize)
  }
}
