import RTCPrimitives
import RTCWire

/// What a connection sends: new data as far as the windows allow, the same data again, acknowledgments.
extension TCPConnection {
  /// The end of all that is to be sent, the FIN included.
  private var endOfStream: Int64 { sendBuffer.end + (isFinishing ? 1 : 0) }

  private var maySendData: Bool {
    switch state {
    case .established, .finWait1, .closeWait, .closing, .lastAck: true
    case .closed, .listen, .synSent, .synReceived, .finWait2, .timeWait: false
    }
  }

  /// Sends new data and, when all is sent, the FIN; then an acknowledgment if one is owed and nothing carried it.
  mutating func transmitPending(at now: Instant, into output: inout Output<Event>) {
    if maySendData {
      if nextSent == unacknowledged, nextSent < endOfStream, now - lastSent > timeout.duration {
        congestion.restartAfterIdleTime()
      }
      if usesSelectiveAcknowledgment, congestion.recoveryEnd != nil { transmitInRecovery(at: now, into: &output) }
      while congestion.recoveryEnd == nil || !usesSelectiveAcknowledgment, nextSent < endOfStream {
        let available = Int(sendBuffer.end - nextSent)
        // A window of zero is probed with one byte (RFC 9293 §3.8.6.1).
        let limit = unacknowledged + Int64(min(congestion.window, max(peerWindow, 1)))
        let size = min(segmentSize, available, Int(limit - nextSent))
        guard size > 0 || available == 0 else { break }
        // Silly windows are avoided: a segment is only cut short when nothing is on its way (RFC 9293 §3.8.6.2.1).
        guard size == min(segmentSize, available) || nextSent == unacknowledged else { break }
        transmit(upTo: size, at: now, into: &output)
      }
    }
    if owesAcknowledgment { acknowledge(into: &output) }
  }

  /// Sends up to `size` bytes from `nextSent` on, with the FIN if it follows them.
  mutating func transmit(upTo size: Int, at now: Instant, into output: inout Output<Event>) {
    let place = nextSent
    let finishes = isFinishing && place + Int64(size) == sendBuffer.end
    let isLast = place + Int64(size) == sendBuffer.end
    sendSegment(
      at: place, size: size,
      flags: [.acknowledge, isLast && size > 0 ? .push : [], finishes ? .finish : []], into: &output)
    nextSent = place + Int64(size) + (finishes ? 1 : 0)
    if place < sentEnd {
      retransmissions += 1
      timed = nil
    } else if timed == nil {
      timed = (nextSent, now)
    }
    sentEnd = max(sentEnd, nextSent)
    lastSent = now
    if stalledSince == nil { stalledSince = now }
    if retransmissionDue == nil { retransmissionDue = now + timeout.duration }
  }

  /// Sends the first segment that is not acknowledged again.
  mutating func retransmitFirst(into output: inout Output<Event>) {
    let size = Int(min(Int64(segmentSize), max(0, sendBuffer.end - unacknowledged)))
    let finishes = isFinishing && unacknowledged + Int64(size) == sendBuffer.end && sentEnd > sendBuffer.end
    guard size > 0 || finishes else { return }
    retransmissions += 1
    timed = nil
    sendSegment(
      at: unacknowledged, size: size, flags: [.acknowledge, finishes ? .finish : []], into: &output)
  }

  mutating func handleRetransmissionTimeout(at now: Instant, into output: inout Output<Event>) {
    let isHandshake = state == .synSent || state == .synReceived
    if let since = stalledSince,
      now - since >= (isHandshake ? configuration.handshakePatience : configuration.patience)
    {
      return end(.timeout, into: &output)
    }
    timeout.backOff()
    timed = nil
    guard !isHandshake else {
      lostHandshake = true
      retransmissions += 1
      return sendSynchronize(at: now, into: &output)
    }
    congestion.timedOut(
      sent: sentEnd, flight: Int(sentEnd - unacknowledged), isRepeated: isRepeatedTimeout)
    isRepeatedTimeout = true
    nextSent = unacknowledged
    // A receiver may take back what it acknowledged selectively (RFC 2018 §8).
    scoreboard = TCPScoreboard()
    retransmissionDue = nil
    transmitPending(at: now, into: &output)
  }

  /// Sends SYN, or SYN and ACK, and sets the timer.
  mutating func sendSynchronize(at now: Instant, into output: inout Output<Event>) {
    let isAnswer = state == .synReceived
    var segment = TCPSegment(
      sequenceNumber: initialSent, acknowledgmentNumber: isAnswer ? numberToExpect : 0,
      flags: isAnswer ? [.synchronize, .acknowledge] : .synchronize,
      window: UInt16(clamping: configuration.receiveWindow.bytes),
      maximumSegmentSize: UInt16(clamping: configuration.maximumSegmentSize))
    if scalesWindow { segment.windowScale = Self.windowScale }
    segment.permitsSelectiveAcknowledgment =
      isAnswer ? usesSelectiveAcknowledgment : configuration.offersSelectiveAcknowledgment
    write(segment, [UInt8]().span, into: &output)
    if stalledSince == nil {
      stalledSince = now
      timed = (1, now)
    }
    lastSent = now
    retransmissionDue = now + timeout.duration
  }

  /// Sends an acknowledgment without data, behind all that was ever sent: SND.NXT of RFC 9293, which a timeout does not
  /// take back as it does `nextSent`. Further back the peer would find it old and not look at what it acknowledges.
  mutating func acknowledge(into output: inout Output<Event>) {
    emit(flags: .acknowledge, at: sentEnd, into: &output)
  }

  /// Sends a segment without data.
  mutating func emit(flags: TCPSegment.Flags, at place: Int64, into output: inout Output<Event>) {
    sendSegment(at: place, size: 0, flags: flags, into: &output)
  }

  static var windowScale: UInt8 { 7 }

  private var numberToExpect: UInt32 { receivedNumber(of: nextReceived) }

  private func receivedNumber(of place: Int64) -> UInt32 { initialReceived &+ UInt32(truncatingIfNeeded: place) }

  mutating func sendSegment(
    at place: Int64, size: Int, flags: TCPSegment.Flags, into output: inout Output<Event>
  ) {
    let scale = scalesWindow ? Self.windowScale : 0
    var segment = TCPSegment(
      sequenceNumber: initialSent &+ UInt32(truncatingIfNeeded: place), acknowledgmentNumber: numberToExpect,
      flags: flags, window: UInt16(clamping: configuration.receiveWindow.bytes >> Int(scale)))
    // Data segments are as large as the peer takes, without room for options.
    if size == 0, usesSelectiveAcknowledgment, !reassembly.isEmpty {
      segment.selectiveAcknowledgments = reassembly.runs(atMost: 3).map {
        TCPSegment.Block(begin: receivedNumber(of: $0.lowerBound), end: receivedNumber(of: $0.upperBound))
      }
    }
    if size > 0 {
      sendBuffer.withBytes(at: place, count: size) { write(segment, $0, into: &output) }
    } else {
      write(segment, [UInt8]().span, into: &output)
    }
    acknowledgmentDue = nil
    segmentsToAcknowledge = 0
    owesAcknowledgment = false
  }

  private func write(_ segment: TCPSegment, _ data: Span<UInt8>, into output: inout Output<Event>) {
    output.datagrams.append(over: .tcp, from: local, to: remote) { segment.write(data, into: &$0) }
  }
}
