import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire

/// What arrives: media and what the peer says of ours.
extension PeerConnection {
  /// The plain bytes of the packet that `receive` returned last.
  public var received: ByteWriter { transport.inbox }

  /// Takes a datagram. An RTP packet is counted, handed to its receiver and returned.
  ///
  /// - Parameter arrival: when it came to this machine, if it had to wait: what transport-wide feedback tells of, for a peer takes
  ///   packets that come in a burst for a fast path.
  public mutating func receive(
    _ datagram: Datagram, arrivedAt arrival: Instant? = nil, at now: Instant, into output: inout Output<Event>
  ) -> IncomingPacket? {
    prefetchReceiver(of: datagram)
    guard let received = transport.receive(datagram, at: now, into: &transportOutput) else {
      flush(at: now, into: &output)
      return nil
    }
    switch received {
    case .rtp(let elided): return receiveRTP(elided: elided, arrivedAt: arrival ?? now, at: now, into: &output)
    case .rtcp:
      receiveRTCP(at: now, into: &output)
      return nil
    }
  }

  /// Fetches into the cache what the stream of an RTP packet, whose header is in the clear, will touch.
  private func prefetchReceiver(of datagram: Datagram) {
    guard datagram.bytes.count >= RTPHeader.fixedSize, datagram.bytes[0] & 0xC0 == 0x80 else { return }
    remoteSources.prefetch(datagram.bytes.bigEndianUInt32(at: 8), bytes: 1024)
  }

  private mutating func receiveRTP(
    elided: Int, arrivedAt arrival: Instant, at now: Instant, into output: inout Output<Event>
  ) -> IncomingPacket? {
    let inbox = transport.inbox
    let bytes = inbox.bytes.span
    guard let packet = try? RTPPacket(parsing: bytes, elided: elided) else {
      drops.malformedRTP += 1
      return nil
    }
    noteArrival(packet, bytes, at: arrival)
    guard let (index, receiver) = remoteSources.find(packet.header.ssrc) ?? adopt(packet, bytes, at: now) else {
      drops.unknownSource += 1
      if !earlySources.note(packet.header.sequenceNumber, of: packet.header.ssrc) {
        transport.forgetSource(packet.header.ssrc)
      }
      return nil
    }
    if packet.header.ssrc == receiver.parameters.retransmission?.ssrc {
      return receiveRetransmission(packet, of: receiver, on: index, at: now, into: &output)
    }
    guard earlySources.accept(packet.header.sequenceNumber, of: packet.header.ssrc),
      receiver.insert(packet, bytes, at: now, feedback: &feedback, from: feedbackSSRC)
    else {
      drops.replayed += 1
      return nil
    }
    return noteReception(of: packet, by: receiver, on: index, at: now, into: &output)
  }

  private mutating func noteReception(
    of packet: RTPPacket, by receiver: RTPStreamReceiver, on index: Int, at now: Instant,
    into output: inout Output<Event>
  ) -> IncomingPacket {
    noteRepair(of: receiver)
    if !feedback.isEmpty { sendFeedback(at: now, into: &output) }
    if !receiver.hasBegun {
      receiver.hasBegun = true
      scheduleReports(at: now)
      output.emit(.firstPacketReceived(transceiver: index, encoding: receiver.place.encoding))
    }
    return IncomingPacket(
      transceiver: index, encoding: receiver.place.encoding, packet: packet, nextPlayout: receiver.nextPlayout)
  }

  /// Takes a packet of a stream of retransmissions as the one that it repeats (RFC 4588 §4); padding, and what has
  /// arrived before, is only counted.
  @inline(never)
  private mutating func receiveRetransmission(
    _ packet: RTPPacket, of receiver: RTPStreamReceiver, on index: Int, at now: Instant,
    into output: inout Output<Event>
  ) -> IncomingPacket? {
    receiver.noteRepeated(packet.header, at: now)
    guard packet.payloadRange.count >= 2, packet.paddingLength == 0 else { return nil }
    transport.restoreOriginal(packet, payloadType: receiver.parameters.payloadType, ssrc: receiver.parameters.ssrc)
    let inbox = transport.inbox
    let bytes = inbox.bytes.span
    guard let original = try? RTPPacket(parsing: bytes, elided: packet.elided),
      earlySources.accept(original.header.sequenceNumber, of: original.header.ssrc),
      receiver.insert(original, bytes, isRepeated: true, at: now, feedback: &feedback, from: feedbackSSRC)
    else { return nil }
    return noteReception(of: original, by: receiver, on: index, at: now, into: &output)
  }

  mutating func receiveRTCP(at now: Instant, into output: inout Output<Event>) {
    guard let packets = try? RTCPCompound.parse(transport.inbox.bytes.span) else {
      drops.malformedRTCP += 1
      return
    }
    roundTripTime = nil
    defer { if let roundTripTime { for receiver in receivers { receiver.setRoundTripTime(roundTripTime) } } }
    for packet in packets {
      switch packet {
      case .senderReport(let report):
        if let (index, receiver) = remoteSources.find(report.ssrc) {
          receiver.handle(report, at: now)
          output.emit(.senderReport(transceiver: index, encoding: receiver.place.encoding, report))
        }
        report.reports.forEach { handle($0, at: now) }
      case .receiverReport(let report): report.reports.forEach { handle($0, at: now) }
      case .genericNACK(let request):
        // A repetition is media, too.
        guard let (index, sender) = ownSources.find(request.mediaSSRC), transceivers[index].direction.sends else {
          continue
        }
        switch configuration.purpose {
        case .playout:
          sender.retransmit(request.lost, at: now, through: &transport, control, into: &output.datagrams)
        case .forwarding: output.emit(.packetsRequested(transceiver: index, request.lost))
        }
      case .pictureLossIndication(let request):
        noteKeyFrameRequest(request.mediaSSRC, isFullIntra: false, into: &output)
      case .fullIntraRequest(let request):
        for entry in request.entries { noteKeyFrameRequest(entry.ssrc, isFullIntra: true, into: &output) }
      case .transportFeedback(let message): control?.handle(message, at: now)
      case .receiverEstimatedMaximumBitrate(let estimate): control?.handle(remoteEstimate: estimate.bitrate, at: now)
      case .extendedReport(let report): handle(report, at: now)
      case .sourceDescription, .goodbye, .applicationDefined, .unknown: break
      }
    }
    if control != nil { pace(at: now, into: &output.datagrams) }
  }

  mutating func handle(_ block: ReportBlock, at now: Instant) {
    guard let (_, sender) = ownSources.find(block.ssrc) else { return }
    sender.handle(block, at: now)
    if let time = sender.statistics.roundTripTime { roundTripTime = time }
    guard let control else { return }
    if let time = roundTripTime { control.handle(roundTripTime: time, at: now) }
    control.handle(
      lossReport: sender.statistics.fractionLost, of: sender.statistics.packetsReported, at: now)
  }

  mutating func noteKeyFrameRequest(_ ssrc: UInt32, isFullIntra: Bool, into output: inout Output<Event>) {
    guard let (index, sender) = ownSources.find(ssrc) else { return }
    sender.noteKeyFrameRequest(isFullIntra: isFullIntra)
    output.emit(.keyFrameRequested(transceiver: index, encoding: sender.place.encoding))
  }
}
