import RTCMedia
import RTCPrimitives
import RTCWire

/// Reports of each stream by itself, as libwebrtc sends them, with congestion control.
extension PeerConnection {
  /// A unit that forwards tells of its hundreds of streams together.
  var reportsEach: Bool { configuration.congestion != nil && configuration.purpose == .playout }

  /// Lets all streams report that there are now.
  mutating func scheduleReports(at now: Instant) {
    guard reportsEach, transport.isReady else { return }
    reports.adopt(senders, receivers, at: now)
  }

  /// Sends the reports that are due, each in a datagram of its own.
  mutating func reportEach(at now: Instant, into output: inout Output<Event>) {
    while let (stream, last) = reports.next(at: now, entropy: &entropy) {
      var packets: [RTCPPacket] = []
      switch stream {
      case .sender(let sender):
        guard sender.isActive, let report = sender.report(at: now) else { continue }
        packets = [.senderReport(report), sourceDescription(of: report.ssrc)]
        appendTimes(of: report.ssrc, asksBack: false, since: last, at: now, to: &packets)
      case .receiver(let receiver):
        let blocks = receiver.reportBlocks(at: now)
        guard !blocks.isEmpty else { continue }
        packets = [.receiverReport(ReceiverReport(ssrc: feedbackSSRC, reports: blocks))]
        // RFC 3550 wants one in every compound; libwebrtc's receivers have no name to tell.
        if !mayReduceSize { packets.append(sourceDescription(of: feedbackSSRC)) }
        appendTimes(of: feedbackSSRC, asksBack: true, since: last, at: now, to: &packets)
      }
      transport.sendRTCP(at: now, into: &output.datagrams) { RTCPCompound.write(packets, into: &$0) }
    }
  }

  func sourceDescription(of ssrc: UInt32) -> RTCPPacket {
    .sourceDescription(SourceDescription(ssrc: ssrc, canonicalName: configuration.cname))
  }

  /// Appends the time at which a receiver sends this, and what is to be said of those that arrived since the last report.
  func appendTimes(
    of ssrc: UInt32, asksBack: Bool, since last: Instant, at now: Instant, to packets: inout [RTCPPacket]
  ) {
    guard references.areExchanged else { return }
    var blocks: [ExtendedReport.Block] = []
    if asksBack { blocks.append(.receiverReferenceTime(configuration.ntp.timestamp(at: now))) }
    let delays = references.delays(since: last, at: now)
    if !delays.isEmpty { blocks.append(.delaySinceLastReceiverReport(delays)) }
    if !blocks.isEmpty { packets.append(.extendedReport(ExtendedReport(ssrc: ssrc, blocks: blocks))) }
  }

  /// Learns times of receivers at the peer, and what it says of ours.
  mutating func handle(_ report: ExtendedReport, at now: Instant) {
    for block in report.blocks {
      switch block {
      case .receiverReferenceTime(let time): references.note(time, of: report.ssrc, at: now)
      case .delaySinceLastReceiverReport(let delays):
        guard references.areExchanged, roundTripTime == nil,
          let ours = delays.first(where: { $0.ssrc == feedbackSSRC })
        else { continue }
        roundTripTime = ours.roundTripTime(at: configuration.ntp.timestamp(at: now))
      case .unknown: break
      }
    }
  }
}
