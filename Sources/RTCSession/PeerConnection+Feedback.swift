import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire

/// What is said of the peer's media: requests and reports.
extension PeerConnection {
  /// Notes when a receiver has something to ask for; it may be one of several of its transceiver.
  mutating func noteRepair(of receiver: RTPStreamReceiver) {
    let index = receiver.place.transceiver
    noteRepair(receiver.isAlone ? receiver.nextTimeout : transceivers[index].nextRepair, of: index)
  }

  mutating func noteRepair(_ due: Instant?, of index: Int) {
    guard let due else {
      if index < repairDues.count { repairDues[index] = .distantFuture }
      return
    }
    while repairDues.count <= index { repairDues.append(.distantFuture) }
    repairDues[index] = due
    let allowed = max(due, lastRepair + Self.repairInterval)
    nextRepair = nextRepair.map { min($0, allowed) } ?? allowed
  }

  mutating func repair(at now: Instant, into output: inout Output<Event>) {
    nextRepair = nil
    lastRepair = now
    var earliest = Instant.distantFuture
    for index in repairDues.indices {
      if repairDues[index] <= now {
        for receiver in transceivers[index].receivers {
          receiver?.handleTimeout(at: now, feedback: &feedback, from: feedbackSSRC)
        }
        repairDues[index] = transceivers[index].nextRepair ?? .distantFuture
      }
      earliest = min(earliest, repairDues[index])
    }
    if earliest < .distantFuture { nextRepair = max(earliest, now + Self.repairInterval) }
    sendFeedback(at: now, into: &output)
  }

  mutating func sendFeedback(at now: Instant, into output: inout Output<Event>) {
    guard !feedback.isEmpty else { return }
    let packets = mayReduceSize ? feedback : emptyReport + feedback
    transport.sendRTCP(at: now, into: &output.datagrams) { RTCPCompound.write(packets, into: &$0) }
    feedback.removeAll(keepingCapacity: true)
  }

  /// What every compound begins with that holds no report (RFC 3550 §6.1).
  var emptyReport: [RTCPPacket] {
    [
      .receiverReport(ReceiverReport(ssrc: feedbackSSRC)),
      sourceDescription(of: feedbackSSRC),
    ]
  }

  /// Sends the reports of all streams, in as few datagrams as 31 blocks per packet and the MTU allow.
  mutating func report(at now: Instant, into output: inout Output<Event>) {
    let half = configuration.reportInterval.nanoseconds / 2
    let interval = half + Int64(entropy.next() % UInt64(2 * half))
    nextReport = now + .nanoseconds(interval)
    var blocks = receivers.compactMap { $0.reportBlock(at: now) }
    var reports = senders.compactMap { $0.report(at: now) }
    // Who sends learns the round-trip time from the reports on it.
    var asksBack = reports.isEmpty
    while !blocks.isEmpty || !reports.isEmpty {
      var packets: [RTCPPacket] = []
      let some = Array(blocks.prefix(24))
      blocks.removeFirst(some.count)
      if reports.isEmpty {
        packets.append(.receiverReport(ReceiverReport(ssrc: feedbackSSRC, reports: some)))
      } else {
        reports[0].reports = some
        for report in reports.prefix(12) { packets.append(.senderReport(report)) }
        reports.removeFirst(min(12, reports.count))
      }
      let source: UInt32 = if case .senderReport(let first) = packets[0] { first.ssrc } else { feedbackSSRC }
      packets.append(sourceDescription(of: source))
      appendTimes(of: source, asksBack: asksBack, since: lastReport, at: now, to: &packets)
      (asksBack, lastReport) = (false, now)
      transport.sendRTCP(at: now, into: &output.datagrams) { RTCPCompound.write(packets, into: &$0) }
    }
  }
}
