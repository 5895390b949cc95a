import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire

/// What arrives: media and what the peer says of ours.
extension PeerConnection {
  /// The plain bytes of the packet that `receive` returned last.
  public var received: ByteWriter { transport.inbox }

  /// Takes a datagram. An RTP packet is counted, handed to its receiver and returned.
  public mutating func receive(_ datagram: Datagram, at now: Instant, into output: inout Output<Event>)
    -> IncomingPacket?
  {
    guard let received = transport.receive(datagram, at: now, into: &transportOutput) else {
      flush(at: now, into: &output)
      return nil
    }
    switch received {
    case .rtp(let elided): return receiveRTP(elided: elided, at: now, into: &output)
    case .rtcp:
      receiveRTCP(at: now, into: &output)
      return nil
    }
  }

  mutating func receiveRTP(elided: Int, at now: Instant, into output: inout Output<Event>) -> IncomingPacket? {
    let inbox = transport.inbox
    let bytes = inbox.bytes.span
    guard let packet = try? RTPPacket(parsing: bytes, elided: elided) else {
      drops.malformedRTP += 1
      return nil
    }
    guard let (index, receiver) = remoteSources.find(packet.header.ssrc) ?? adopt(packet, bytes) else {
      drops.unknownSource += 1
      earlySources.note(packet.header.sequenceNumber, of: packet.header.ssrc)
      return nil
    }
    prefetch(receiver, bytes: 1024)
    guard earlySources.accept(packet.header.sequenceNumber, of: packet.header.ssrc),
      receiver.insert(packet, bytes, at: now, feedback: &feedback, from: feedbackSSRC)
    else {
      drops.replayed += 1
      return nil
    }
    noteRepair(receiver.nextTimeout, of: index)
    if !feedback.isEmpty { sendFeedback(at: now, into: &output) }
    if !receiver.hasBegun {
      receiver.hasBegun = true
      output.emit(.firstPacketReceived(transceiver: index))
    }
    return IncomingPacket(transceiver: index, packet: packet, nextPlayout: receiver.nextPlayout)
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
          output.emit(.senderReport(transceiver: index, report))
        }
        report.reports.forEach { handle($0, at: now) }
      case .receiverReport(let report): report.reports.forEach { handle($0, at: now) }
      case .genericNACK(let request):
        // A repetition is media, too.
        guard let (index, sender) = ownSources.find(request.mediaSSRC), transceivers[index].direction.sends else {
          continue
        }
        switch configuration.purpose {
        case .playout: sender.retransmit(request.lost, at: now, through: &transport, into: &output.datagrams)
        case .forwarding: output.emit(.packetsRequested(transceiver: index, request.lost))
        }
      case .pictureLossIndication(let request):
        noteKeyFrameRequest(request.mediaSSRC, isFullIntra: false, into: &output)
      case .fullIntraRequest(let request):
        for entry in request.entries { noteKeyFrameRequest(entry.ssrc, isFullIntra: true, into: &output) }
      case .sourceDescription, .goodbye, .applicationDefined, .transportFeedback, .receiverEstimatedMaximumBitrate,
        .unknown:
        break
      }
    }
  }

  mutating func handle(_ block: ReportBlock, at now: Instant) {
    guard let (_, sender) = ownSources.find(block.ssrc) else { return }
    sender.handle(block, at: now)
    if let time = sender.statistics.roundTripTime { roundTripTime = time }
  }

  mutating func noteKeyFrameRequest(_ ssrc: UInt32, isFullIntra: Bool, into output: inout Output<Event>) {
    guard let (index, sender) = ownSources.find(ssrc) else { return }
    sender.noteKeyFrameRequest(isFullIntra: isFullIntra)
    output.emit(.keyFrameRequested(transceiver: index))
  }
}
