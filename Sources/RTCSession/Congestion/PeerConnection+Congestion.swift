import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire

/// Transport-wide congestion control: the feedback that is given, and the pace of what is sent.
extension PeerConnection {
  /// Sends what the pacer lets go.
  mutating func pace(at now: Instant, into datagrams: inout Transmissions) {
    guard let control else { return }
    while let departure = control.pacer.next(at: now) {
      switch departure {
      case .packet(let packet, let probe):
        let place = StreamPlace(number: packet.stream)
        guard transceivers.indices.contains(place.transceiver),
          let sender = transceivers[place.transceiver].sender(of: place.encoding)
        else {
          control.noteExpired()
          continue
        }
        sender.release(packet, probe: probe, at: now, through: &transport, control, into: &datagrams)
      case .padding(let size, let probe):
        let sent = sendPadding(size, probe: probe, at: now, control, into: &datagrams)
        control.pacer.sentPadding(sent, probe: probe, at: now)
        if sent == .zero { control.pacer.mayPad = false }
      }
    }
    control.nextDeparture = control.pacer.nextTimeout(at: now)
  }

  /// Sends the packets of a transceiver that were made last once more, behind those that wait: a stand-in for FEC.
  public mutating func repeatLast(
    _ count: Int, on index: Int, at now: Instant, into datagrams: inout Transmissions
  ) {
    guard let control, control.decision != nil, canSend(on: index), let sender = transceivers[index].sender else {
      return
    }
    sender.repeatLast(count, control)
    pace(at: now, into: &datagrams)
  }

  /// Sends packets again that the peer may have missed, or empty ones, until they are about as much as `size`.
  private mutating func sendPadding(
    _ size: DataSize, probe: ProbeCluster.ID?, at now: Instant, _ control: SendControl,
    into datagrams: inout Transmissions
  ) -> DataSize {
    var sent = DataSize.zero
    while sent < size {
      var more = DataSize.zero
      for sender in senders where sender.canPad {
        more = sender.pad(size - sent, probe: probe, at: now, through: &transport, control, into: &datagrams)
        if more > .zero { break }
      }
      guard more > .zero else { break }
      sent += more
    }
    control.notePadding(sent)
    return sent
  }

  /// Learns from an agreement whether transport-wide feedback is spoken, and under which number.
  mutating func adoptCongestionControl(_ negotiation: Negotiation, at now: Instant) {
    for media in negotiation.media where !media.isRejected {
      let speaks = (media.sendCodecs + media.receiveCodecs).contains { codec in
        codec.feedback.contains(RTPCodec.Feedback("transport-cc"))
      }
      guard speaks, let id = media.extensionID(of: TransportSequenceNumber.uri) else { continue }
      transportSequenceID = UInt8(truncatingIfNeeded: id)
      if media.kind == .video, media.direction.receives { arrivals.hasVideo = true }
    }
    startCongestionControl(at: now)
  }

  /// Begins when media may flow and feedback was agreed on; media may come to a connection that has carried data alone.
  mutating func startCongestionControl(at now: Instant) {
    guard transport.isReady, transportSequenceID != 0 else { return }
    control?.start(tag: transport.packetTag, at: now)
  }

  /// Notes the arrival of a packet that bears a transport-wide number.
  mutating func noteArrival(_ packet: RTPPacket, _ bytes: Span<UInt8>, at now: Instant) {
    guard transportSequenceID != 0, packet.header.hasExtension,
      let number = try? packet.headerExtension(TransportSequenceNumber.self, id: transportSequenceID, in: bytes)
    else { return }
    arrivals.received(number.value, at: now)
    lastMediaSource = packet.header.ssrc
  }

  /// Tells the peer what arrived.
  mutating func sendArrivals(at now: Instant, into output: inout Output<Event>) {
    for report in arrivals.handleTimeout(at: now) {
      guard let message = feedback(report) else { continue }
      let packets = (mayReduceSize ? [] : emptyReport) + [.transportFeedback(message)]
      transport.sendRTCP(at: now, into: &output.datagrams) { RTCPCompound.write(packets, into: &$0) }
    }
  }

  private mutating func feedback(_ report: TransportFeedbackGenerator.Report) -> TransportFeedback? {
    guard let first = report.arrivals.lazy.compactMap(\.self).first else { return nil }
    var builder = TransportFeedbackBuilder(
      senderSSRC: feedbackSSRC, mediaSSRC: lastMediaSource, feedbackPacketCount: feedbackCount, base: report.base,
      firstArrival: first, expecting: report.arrivals.count)
    for (offset, arrival) in report.arrivals.enumerated() {
      // A packet that is out of step with its neighbours by 8 s counts as lost.
      if let arrival { _ = builder.append(report.base + offset, arrivedAt: arrival) }
    }
    feedbackCount &+= 1
    return builder.feedback
  }
}
