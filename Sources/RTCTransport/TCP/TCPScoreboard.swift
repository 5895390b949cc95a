import RTCPrimitives
import RTCWire

/// What of the bytes on their way has arrived, as selective acknowledgments say: ranges without overlap, in order.
///
/// - SeeAlso: RFC 6675 §3, §4
struct TCPScoreboard: Sendable {
  private var ranges: [Range<Int64>] = []
  /// The end of what was sent again in this recovery (HighRxt).
  var retransmittedEnd: Int64 = 0

  /// More is not remembered, so that a peer that acknowledges every other byte costs no more.
  private static let limit = 4096

  var isEmpty: Bool { ranges.isEmpty }

  /// Bytes that have arrived behind a gap.
  var count: Int64 { ranges.reduce(0) { $0 + Int64($1.count) } }

  mutating func insert(_ new: Range<Int64>) {
    let first = ranges.firstIndex { $0.upperBound >= new.lowerBound } ?? ranges.count
    var merged = new
    var end = first
    while end < ranges.count, ranges[end].lowerBound <= new.upperBound {
      merged = min(merged.lowerBound, ranges[end].lowerBound)..<max(merged.upperBound, ranges[end].upperBound)
      end += 1
    }
    guard end > first || ranges.count < Self.limit else { return }
    ranges.replaceSubrange(first..<end, with: CollectionOfOne(merged))
  }

  /// Forgets what lies before `edge`.
  mutating func drop(upTo edge: Int64) {
    let gone = ranges.firstIndex { $0.upperBound > edge } ?? ranges.count
    ranges.removeFirst(gone)
    if let first = ranges.first, first.lowerBound < edge { ranges[0] = edge..<first.upperBound }
  }

  /// What lies before this and has not arrived is lost: more than two segments behind it have (IsLost).
  func lostEnd(segmentSize: Int) -> Int64 {
    var behind: Int64 = 0
    for range in ranges.reversed() {
      behind += Int64(range.count)
      if behind > Int64((TCPCongestion.duplicateThreshold - 1) * segmentSize) { return range.lowerBound }
    }
    return 0
  }

  /// Calls `body` with the gaps from `begin` to `end`.
  private func gaps(from begin: Int64, to end: Int64, _ body: (Range<Int64>) -> Void) {
    var place = begin
    for range in ranges {
      guard place < end else { return }
      if range.lowerBound > place { body(place..<min(range.lowerBound, end)) }
      place = max(place, range.upperBound)
    }
    if place < end { body(place..<end) }
  }

  /// How much is on its way: what is neither acknowledged nor lost, and what was sent again (SetPipe).
  func pipe(from begin: Int64, to end: Int64, segmentSize: Int) -> Int {
    let lostEnd = lostEnd(segmentSize: segmentSize)
    var pipe: Int64 = 0
    gaps(from: begin, to: end) { gap in
      pipe += max(0, gap.upperBound - max(gap.lowerBound, lostEnd))
      pipe += max(0, min(gap.upperBound, retransmittedEnd) - gap.lowerBound)
    }
    return Int(pipe)
  }

  /// What is to be sent again next: the first gap, or the rest of one, that is lost and was not sent again (NextSeg (1)).
  func nextGap(from begin: Int64, segmentSize: Int) -> Range<Int64>? {
    let lostEnd = lostEnd(segmentSize: segmentSize)
    var next: Range<Int64>?
    gaps(from: max(begin, retransmittedEnd), to: lostEnd) { gap in
      let rest = max(gap.lowerBound, retransmittedEnd)..<max(gap.upperBound, retransmittedEnd)
      if next == nil, !rest.isEmpty { next = rest }
    }
    return next
  }
}

/// How much may leave in a recovery: a share of what arrives while more is on its way than the window will be, and not more
/// than arrives when it is less, so that what is sent again finds room in the queue that has just overflowed.
///
/// - SeeAlso: RFC 6937 §3, with the conservative reduction bound (PRR-CRB)
struct ProportionalRateReduction: Sendable {
  private let flight: Int
  private let deliveredBefore: Int64
  /// prr_out
  var sent = 0

  /// - Parameters:
  ///   - flight: what was on its way, lost or not, when the recovery began (RecoverFS).
  ///   - deliveredBefore: what had arrived by then.
  init(flight: Int, deliveredBefore: Int64) {
    self.flight = max(1, flight)
    self.deliveredBefore = deliveredBefore
  }

  /// - Parameter target: the window after the recovery.
  func allowance(pipe: Int, target: Int, delivered: Int64) -> Int {
    let arrived = Int(delivered - deliveredBefore)
    guard pipe > target else { return min(target - pipe, arrived - sent) }
    return (arrived * target + flight - 1) / flight - sent
  }
}

/// Recovery with selective acknowledgments.
///
/// - SeeAlso: RFC 6675 §5, RFC 6937
/// - Note: Left out: the rules (3) and (4) of NextSeg, by which more is sent again than is known to be lost.
extension TCPConnection {
  /// Takes the selective acknowledgments of a segment that acknowledges everything up to `edge`.
  mutating func noteSelective(
    _ segment: TCPSegment, from edge: Int64, at now: Instant, into output: inout Output<Event>
  ) {
    guard usesSelectiveAcknowledgment else { return }
    for block in segment.selectiveAcknowledgments {
      let begin = edge + Int64(Int32(bitPattern: block.begin &- initialSent &- UInt32(truncatingIfNeeded: edge)))
      let end = begin + Int64(Int32(bitPattern: block.end &- block.begin))
      // Duplicates that the receiver reports (RFC 2883), and nonsense.
      guard begin >= edge, begin < end, end <= sentEnd else { continue }
      scoreboard.insert(begin..<end)
    }
    guard !scoreboard.isEmpty, scoreboard.lostEnd(segmentSize: segmentSize) > unacknowledged else { return }
    let flight = Int(sentEnd - unacknowledged)
    guard congestion.noteLoss(of: unacknowledged, sent: sentEnd, flight: flight) else { return }
    scoreboard.retransmittedEnd = unacknowledged
    reduction = ProportionalRateReduction(flight: flight, deliveredBefore: unacknowledged + scoreboard.count)
    retransmissionDue = now + timeout.duration
    // The first is sent again at once, whatever is on its way.
    retransmitGap(into: &output)
  }

  /// Sends what proportional rate reduction lets go: first what is lost, then new data.
  mutating func transmitInRecovery(at now: Instant, into output: inout Output<Event>) {
    while reduction.allowance(
      pipe: scoreboard.pipe(from: unacknowledged, to: sentEnd, segmentSize: segmentSize), target: congestion.window,
      delivered: unacknowledged + scoreboard.count) >= segmentSize
    {
      if retransmitGap(into: &output) { continue }
      let available = Int(sendBuffer.end - nextSent)
      let size = min(segmentSize, available, Int(unacknowledged + Int64(peerWindow) - nextSent))
      guard size > 0, size == min(segmentSize, available) else { return }
      transmit(upTo: size, at: now, into: &output)
      reduction.sent += size
    }
  }

  /// - Returns: whether something was to be sent again.
  @discardableResult
  private mutating func retransmitGap(into output: inout Output<Event>) -> Bool {
    guard let gap = scoreboard.nextGap(from: unacknowledged, segmentSize: segmentSize) else { return false }
    let size = min(segmentSize, gap.count, Int(sendBuffer.end - gap.lowerBound))
    guard size > 0 else { return false }
    retransmissions += 1
    timed = nil
    sendSegment(at: gap.lowerBound, size: size, flags: .acknowledge, into: &output)
    scoreboard.retransmittedEnd = gap.lowerBound + Int64(size)
    reduction.sent += size
    return true
  }
}
