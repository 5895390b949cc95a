public import RTCPrimitives
import RTCWire

/// What arrives: the steps of RFC 9293 §3.10.7.
extension TCPConnection {
  /// Takes a segment, with its header, of the peer; one that cannot be parsed is dropped.
  public mutating func handle(_ bytes: Span<UInt8>, at now: Instant, into output: inout Output<Event>) {
    guard let segment = try? TCPSegment(parsing: bytes) else { return }
    let data = bytes.extracting(segment.dataRange)
    switch state {
    case .closed: break
    case .listen: handleFirst(segment, at: now, into: &output)
    case .synSent: handleAnswer(segment, at: now, into: &output)
    case .synReceived, .established, .finWait1, .finWait2, .closeWait, .closing, .lastAck, .timeWait:
      handleNext(segment, data, at: now, into: &output)
    }
  }

  /// Hands over what has arrived in order.
  public mutating func takeReceived() -> [UInt8] {
    let bytes = received.bytes
    received.removeAll()
    return bytes
  }

  /// Throws away what has arrived in order, for whoever only counts; gives how much it was.
  public mutating func discardReceived() -> DataSize {
    defer { received.removeAll() }
    return .bytes(received.count)
  }

  private mutating func handleFirst(_ segment: TCPSegment, at now: Instant, into output: inout Output<Event>) {
    guard segment.flags.isDisjoint(with: [.acknowledge, .reset]), segment.flags.contains(.synchronize) else { return }
    learn(synchronize: segment)
    state = .synReceived
    nextSent = 1
    sentEnd = 1
    sendSynchronize(at: now, into: &output)
  }

  private mutating func handleAnswer(_ segment: TCPSegment, at now: Instant, into output: inout Output<Event>) {
    let acknowledges = segment.flags.contains(.acknowledge)
    if acknowledges, segment.acknowledgmentNumber != initialSent &+ 1 {
      guard !segment.flags.contains(.reset) else { return }
      let place = Int64(segment.acknowledgmentNumber &- initialSent)
      return emit(flags: .reset, at: place, into: &output)
    }
    if segment.flags.contains(.reset) {
      if acknowledges { end(.refused, into: &output) }
      return
    }
    guard segment.flags.contains(.synchronize) else { return }
    learn(synchronize: segment)
    guard acknowledges else {
      state = .synReceived
      return sendSynchronize(at: now, into: &output)
    }
    noteAcknowledged(upTo: 1, at: now)
    owesAcknowledgment = true
    establish(at: now, into: &output)
  }

  private mutating func learn(synchronize segment: TCPSegment) {
    initialReceived = segment.sequenceNumber
    nextReceived = 1
    segmentSize = min(segmentSize, Int(segment.maximumSegmentSize ?? Self.defaultSegmentSize))
    usesSelectiveAcknowledgment =
      configuration.offersSelectiveAcknowledgment && segment.permitsSelectiveAcknowledgment
    congestion = TCPCongestion(
      configuration.congestionControl, segmentSize: max(1, segmentSize), isSelective: usesSelectiveAcknowledgment)
    segmentSize = max(1, segmentSize)
    scalesWindow = segment.windowScale != nil
    peerWindowScale = segment.windowScale ?? 0
    // The window of a SYN is never scaled (RFC 7323 §2.2).
    peerWindow = Int(segment.window)
  }

  /// What a peer takes that does not say (RFC 9293 §3.7.1).
  private static var defaultSegmentSize: UInt16 { 536 }

  private mutating func establish(at now: Instant, into output: inout Output<Event>) {
    state = isFinishing ? .finWait1 : .established
    if lostHandshake {
      timeout.handshakeWasLost()
      congestion.handshakeWasLost()
    }
    output.emit(.connected)
    transmitPending(at: now, into: &output)
  }

  private mutating func handleNext(
    _ segment: TCPSegment, _ data: Span<UInt8>, at now: Instant, into output: inout Output<Event>
  ) {
    let expected = initialReceived &+ UInt32(truncatingIfNeeded: nextReceived)
    let place = nextReceived + Int64(Int32(bitPattern: segment.sequenceNumber &- expected))
    if state == .synReceived, segment.flags.contains(.synchronize), place == 0 {
      return handleRepeated(segment, at: now, into: &output)
    }
    let windowEnd = nextReceived + Int64(configuration.receiveWindow.bytes)
    let segmentEnd = place + Int64(segment.length)
    guard
      segment.length == 0 ? place >= nextReceived && place < windowEnd : segmentEnd > nextReceived && place < windowEnd
    else {
      if !segment.flags.contains(.reset) { acknowledge(into: &output) }
      return
    }
    if segment.flags.contains(.reset) {
      // Only a reset at the expected place is believed at once (RFC 5961 §3.2).
      if place == nextReceived { end(.reset, into: &output) } else { acknowledge(into: &output) }
      return
    }
    guard !segment.flags.contains(.synchronize) else { return acknowledge(into: &output) }
    guard segment.flags.contains(.acknowledge) else { return }
    guard handleAcknowledgment(segment, at: now, into: &output) else { return }
    accept(segment, data, at: place, now, into: &output)
    if state != .closed { transmitPending(at: now, into: &output) }
  }

  /// The peer's SYN comes again before it has acknowledged ours, or both ends opened at once and this is the answer.
  private mutating func handleRepeated(
    _ synchronize: TCPSegment, at now: Instant, into output: inout Output<Event>
  ) {
    // Answered by another SYN, an acknowledgment would be answered alike by the other end, for ever.
    guard synchronize.flags.contains(.acknowledge) else { return sendSynchronize(at: now, into: &output) }
    guard handleAcknowledgment(synchronize, at: now, into: &output) else { return }
    acknowledge(into: &output)
  }

  /// - Returns: whether the rest of the segment is looked at.
  private mutating func handleAcknowledgment(
    _ segment: TCPSegment, at now: Instant, into output: inout Output<Event>
  ) -> Bool {
    let oldest = initialSent &+ UInt32(truncatingIfNeeded: unacknowledged)
    let edge = unacknowledged + Int64(Int32(bitPattern: segment.acknowledgmentNumber &- oldest))
    guard edge <= sentEnd else {
      if state == .synReceived {
        emit(flags: .reset, at: edge, into: &output)
      } else {
        acknowledge(into: &output)
      }
      return false
    }
    // The window of a SYN is never scaled (RFC 7323 §2.2).
    let window = Int(segment.window) << (segment.flags.contains(.synchronize) ? 0 : Int(peerWindowScale))
    let changesWindow = window != peerWindow
    if edge >= unacknowledged { peerWindow = window }
    if state == .synReceived {
      guard edge > 0 else { return false }
      noteAcknowledged(upTo: edge, at: now)
      establish(at: now, into: &output)
      return true
    }
    if edge > unacknowledged {
      let flightBefore = Int(sentEnd - unacknowledged)
      let count = Int(edge - unacknowledged)
      noteAcknowledged(upTo: edge, at: now)
      let reaction = congestion.acknowledged(
        count, upTo: edge, flight: Int(sentEnd - edge), wasLimiting: 2 * flightBefore >= congestion.window,
        roundTrip: timeout.smoothed, at: now)
      if reaction == .retransmit { retransmitFirst(into: &output) }
      noteSelective(segment, from: edge, at: now, into: &output)
      return noteFinishAcknowledged(edge, at: now, into: &output)
    }
    guard !usesSelectiveAcknowledgment else {
      if edge == unacknowledged { noteSelective(segment, from: edge, at: now, into: &output) }
      return true
    }
    if edge == unacknowledged, segment.length == 0, !changesWindow, sentEnd > unacknowledged {
      let reaction = congestion.duplicate(of: edge, sent: sentEnd, flight: Int(sentEnd - unacknowledged))
      if reaction == .retransmit {
        retransmitFirst(into: &output)
        retransmissionDue = now + timeout.duration
      }
    }
    return true
  }

  private mutating func noteAcknowledged(upTo edge: Int64, at now: Instant) {
    if let timed, timed.end <= edge {
      timeout.measured(now - timed.sentAt)
      self.timed = nil
    }
    timeout.progressed()
    unacknowledged = edge
    nextSent = max(nextSent, edge)
    sendBuffer.drop(upTo: edge)
    scoreboard.drop(upTo: edge)
    isRepeatedTimeout = false
    let isMoreOnItsWay = sentEnd > edge
    stalledSince = isMoreOnItsWay ? now : nil
    retransmissionDue = isMoreOnItsWay ? now + timeout.duration : nil
  }

  /// The peer has our FIN.
  private mutating func noteFinishAcknowledged(
    _ edge: Int64, at now: Instant, into output: inout Output<Event>
  ) -> Bool {
    guard isFinishing, edge > sendBuffer.end else { return true }
    switch state {
    case .finWait1: state = .finWait2
    case .closing: beginTimeWait(at: now)
    case .lastAck:
      end(nil, into: &output)
      return false
    case .closed, .listen, .synSent, .synReceived, .established, .finWait2, .closeWait, .timeWait: break
    }
    return true
  }

  private mutating func accept(
    _ segment: TCPSegment, _ data: Span<UInt8>, at place: Int64, _ now: Instant, into output: inout Output<Event>
  ) {
    let finishes = segment.flags.contains(.finish)
    guard data.count > 0 || finishes, nextReceived <= peerEnd ?? .max else { return }
    if finishes, peerEnd == nil { peerEnd = place + Int64(data.count) }
    let hadGap = !reassembly.isEmpty
    if place <= nextReceived {
      let known = Int(min(nextReceived - place, Int64(data.count)))
      received.append(data.extracting(known..<data.count))
      nextReceived += Int64(data.count - known)
      nextReceived = reassembly.take(from: nextReceived) { received.append($0) }
    } else {
      reassembly.insert(data, at: place)
    }
    segmentsToAcknowledge += 1
    // What does not follow, and what fills a gap, is acknowledged at once (RFC 5681 §4.2).
    if hadGap || !reassembly.isEmpty || finishes || segmentsToAcknowledge >= 2 {
      owesAcknowledgment = true
    } else if acknowledgmentDue == nil {
      acknowledgmentDue = now + configuration.acknowledgmentDelay
    }
    guard let peerEnd, nextReceived == peerEnd else { return }
    nextReceived += 1
    owesAcknowledgment = true
    noteFinish(at: now, into: &output)
  }

  /// All of the peer's bytes have arrived, and its FIN.
  private mutating func noteFinish(at now: Instant, into output: inout Output<Event>) {
    switch state {
    case .established: state = .closeWait
    case .finWait1: state = .closing
    case .finWait2: beginTimeWait(at: now)
    case .closed, .listen, .synSent, .synReceived, .closeWait, .closing, .lastAck, .timeWait: break
    }
    output.emit(.finished)
  }

  private mutating func beginTimeWait(at now: Instant) {
    state = .timeWait
    retransmissionDue = nil
    endOfTimeWait = now + configuration.timeWait
  }
}
