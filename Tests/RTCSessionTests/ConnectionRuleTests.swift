import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

@testable import RTCSession

/// What RFCs ask of a connection, seen on the wire.
@Suite struct ConnectionRuleTests {
  private func videoPair(_ fidelity: Fidelity = .model, editing edit: (String) -> String = { $0 }) throws
    -> ConnectedPair
  {
    let pair = try ConnectedPair(fidelity)
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    try pair.connect(answer: [.sendrecv], editing: edit)
    pair.startVideo(0, on: 0)
    pair.startVideo(1, on: 0)
    return pair
  }

  private static func withoutReducedSize(_ text: String) -> String { text.replacing("a=rtcp-rsize\r\n", with: "") }

  private func ssrc(_ side: ConnectedPair.Side, _ index: Int) throws -> UInt32 {
    try #require(side.core.transceivers[index].sender).parameters.ssrc
  }

  /// What a side sends for one source from `begin` on: media, repetitions and sender reports.
  private func traffic(of ssrc: UInt32, from side: Int, since begin: Instant, in pair: ConnectedPair) -> Int {
    let media = pair.sent(side, .rtp).count { $0.time > begin && $0.rtp?.header.ssrc == ssrc }
    let reports = pair.rtcp(side).count { time, packet in
      if case .senderReport(let report) = packet { time > begin && report.ssrc == ssrc } else { false }
    }
    return media + reports
  }

  @Test(arguments: [true, false])
  func `feedback stands alone only where that was negotiated`(isReducedSize: Bool) throws {
    let pair = try videoPair(editing: isReducedSize ? { $0 } : Self.withoutReducedSize)
    var count = 0
    pair.fate = { datagram in
      count += datagram.kind == .rtp ? 1 : 0
      return (.zero, datagram.kind == .rtp && count.isMultiple(of: 20))
    }
    pair.run(for: .seconds(3))
    for side in 0..<2 {
      let compounds = pair.sent(side, .rtcp).map(\.rtcp)
      let feedback = compounds.filter { packets in
        packets.contains { if case .genericNACK = $0 { true } else { false } }
      }
      #expect(feedback.count > 2)
      for packets in feedback {
        let beginsWithReport =
          switch packets[0] {
          case .senderReport, .receiverReport: true
          default: false
          }
        #expect(beginsWithReport != isReducedSize)
        guard !isReducedSize, packets.count > 1 else { continue }
        guard case .sourceDescription(let description) = packets[1] else {
          Issue.record("no SDES follows the report: \(packets)")
          continue
        }
        #expect(description.chunks.flatMap(\.items).map(\.text) == ["side-\(side)"])
      }
    }
  }

  @Test(arguments: [1, 31, 32, 70]) func `goodbye names its CNAME and every source`(count: Int) throws {
    let pair = try ConnectedPair()
    for _ in 0..<count { pair.a.core.addTransceiver(.video, direction: .sendonly) }
    try pair.connect()
    let sources = try (0..<count).map { try ssrc(pair.a, $0) }
    pair.close(0)
    let packets = try #require(pair.sent(0, .rtcp).last?.rtcp)
    guard case .receiverReport = packets[0], case .sourceDescription(let description) = packets[1] else {
      Issue.record("a compound begins with a report and SDES: \(packets)")
      return
    }
    #expect(description.chunks.flatMap(\.items).map(\.text) == ["side-0"])
    let goodbyes = packets.compactMap { if case .goodbye(let goodbye) = $0 { goodbye.sources } else { nil } }
    #expect(goodbyes.allSatisfy { $0.count <= 31 })
    #expect(goodbyes.flatMap { $0 } == sources)
  }

  @Test(arguments: [MediaDirection.inactive, .recvonly])
  func `a transceiver that no longer sends is silent`(direction: MediaDirection) throws {
    let pair = try videoPair()
    pair.run(for: .seconds(1))
    pair.a.core.setDirection(direction, of: 0)
    try pair.negotiate()
    let begin = pair.now
    let before = pair.sent(0, .rtp).count
    // What was sent before may still be asked for; its repetition is media, too.
    let source = try ssrc(pair.a, 0)
    let number = try #require(pair.sent(0, .rtp).last?.rtp?.header.sequenceNumber)
    pair.b.core.transport.sendRTCP(at: begin, into: &pair.b.output.datagrams) { writer in
      RTCPCompound.write(
        [.genericNACK(GenericNACK(senderSSRC: 1, mediaSSRC: source, lost: [number]))], into: &writer)
    }
    var encoder = ModelledVP8(seed: 1, stream: "direct", payload: .elided)
    var buffer = ByteWriter()
    let frame = encoder.encode(rtpTimestamp: 0, captureTime: begin, into: &buffer)
    pair.a.core.send(frame, in: buffer.bytes.span, on: 0, at: begin, into: &pair.a.output.datagrams)
    let bytes = try #require(pair.sent(0, .rtp).last?.bytes)
    try pair.a.core.forward(
      RTPPacket(parsing: bytes.span), bytes.span, with: #require(pair.a.core.transceivers[0].sender),
      number: number.next,
      at: begin, into: &pair.a.output.datagrams)
    pair.run(for: .seconds(2))
    #expect(pair.sent(0, .rtp).count == before)
    let isAnswered = pair.sent(1, .rtp).contains { $0.time > begin + .seconds(1) }
    #expect(isAnswered == direction.receives)
  }

  @Test func `a section that is rejected later is silent, and the other goes on`() throws {
    let pair = try ConnectedPair()
    for _ in 0..<2 { pair.a.core.addTransceiver(.video, direction: .sendonly) }
    try pair.connect()
    for index in 0..<2 { pair.startVideo(0, on: index) }
    pair.run(for: .seconds(1))
    pair.b.core.transceivers[0].media.isStopped = true
    try pair.negotiate()
    let begin = pair.now
    pair.run(for: .seconds(3))
    #expect(!pair.a.core.canSend(on: 0) && pair.a.core.canSend(on: 1))
    #expect(pair.a.core.transceivers[0].direction == .inactive)
    #expect(pair.b.core.transceivers[0].direction == .inactive)
    #expect(try traffic(of: ssrc(pair.a, 0), from: 0, since: begin, in: pair) == 0)
    #expect(try traffic(of: ssrc(pair.a, 1), from: 0, since: begin, in: pair) > 75)
  }

  /// RFC 3550 §A.3: of the packets expected since the last report, the share that is lost, in 1/256, rounded down.
  @Test func `each report names the share that was lost since the one before`() throws {
    let pair = try videoPair()
    var count = 0
    var dropped: Set<SequenceNumber> = []
    pair.fate = { datagram in
      guard let packet = datagram.rtp, datagram.side == 0 else { return (.zero, false) }
      count += 1
      if count % 97 < 20 { dropped.insert(packet.header.sequenceNumber) }
      return (.zero, dropped.contains(packet.header.sequenceNumber))
    }
    pair.run(for: .seconds(8))
    let blocks = pair.rtcp(1).compactMap { entry -> ReportBlock? in
      switch entry.packet {
      case .senderReport(let report): report.reports.first
      case .receiverReport(let report): report.reports.first
      default: nil
      }
    }
    #expect(blocks.count >= 5)
    #expect(Set(blocks.map(\.fractionLost)).count >= 3)
    for (before, after) in zip(blocks, blocks.dropFirst()) {
      let expected = Int(after.highestSequenceNumber) - Int(before.highestSequenceNumber)
      let lost = max(0, Int(after.cumulativeLost) - Int(before.cumulativeLost))
      #expect(Int(after.fractionLost) == (expected == 0 ? 0 : 256 * lost / expected))
    }
  }

  @Test func `a lost ClientHello is repeated after two round trips`() throws {
    for delay in [Duration.milliseconds(30), .milliseconds(100)] {
      let pair = try ConnectedPair()
      pair.delay = delay
      pair.a.core.addTransceiver(.video, direction: .sendonly)
      pair.fate = { datagram in (.zero, datagram.kind == .dtls && pair.sent(1, .dtls).isEmpty) }
      try pair.connect()
      let hellos = pair.sent(1, .dtls).prefix(2).map(\.time)
      try #require(hellos.count == 2)
      #expect(hellos[1] - hellos[0] == delay * 4)
    }
  }

  /// The reports come with valid keys: what a peer says, not what a stranger sends.
  @Test func `a peer's clock may say anything, and media goes on`() throws {
    let pair = try videoPair()
    pair.run(for: .milliseconds(500))
    let source = try ssrc(pair.a, 0)
    let receiver = try #require(pair.b.core.transceivers[0].receiver)
    for time: UInt64 in [0, 1, .max, 1 << 63, (1 << 63) - 1, 0x83AA_7E80 << 32] {
      for timestamp: UInt32 in [0, 1 << 31, .max] {
        let report = SenderReport(
          ssrc: source, ntpTimestamp: NTPTimestamp(rawValue: time), rtpTimestamp: timestamp, packetCount: .max,
          octetCount: .max,
          reports: [
            ReportBlock(
              ssrc: try ssrc(pair.b, 0), fractionLost: 255, cumulativeLost: .min >> 8, highestSequenceNumber: .max,
              jitter: .max, lastSenderReport: CompactNTP(rawValue: 1),
              delaySinceLastSenderReport: CompactNTP(rawValue: .max))
          ])
        pair.a.core.transport.sendRTCP(at: pair.now, into: &pair.a.output.datagrams) { writer in
          RTCPCompound.write([.senderReport(report)], into: &writer)
        }
        pair.run(for: .milliseconds(60))
        _ = receiver.captureTime(of: 0)
        _ = receiver.captureTime(of: 1 << 31)
        let block = try #require(receiver.reportBlock(at: pair.now))
        #expect(block.lastSenderReport == NTPTimestamp(rawValue: time).compact)
      }
    }
    pair.stopVideo()
    pair.run(for: .seconds(3))
    #expect(pair.b.played[0] == pair.a.sentFrames[0])
    #expect(pair.a.played[0] == pair.b.sentFrames[0])
  }

  /// What comes before the answer belongs to nobody yet, and is refused when it is repeated, as SRTP does.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `media that outruns the answer does not tell the fidelities apart`(seed: UInt64) throws {
    struct Trace: Hashable {
      let side: Int
      let time: Duration
      let size: Int
    }
    let traces = try [Fidelity.wire, .model].map { fidelity in
      let pair = try ConnectedPair(fidelity)
      pair.a.core.addTransceiver(.video, direction: .sendonly)
      try pair.connect()
      pair.a.core.addTransceiver(.video, direction: .recvonly)
      let begin = pair.now
      var dice = SeededGenerator(seed: seed, stream: "path")
      pair.fate = { datagram in
        (datagram.isMedia ? .nanoseconds(Int64(dice.next() % 80_000_000)) : .zero, false)
      }
      try pair.negotiate(
        answer: [nil, .sendonly],
        whileAnswerTravels: {
          pair.startVideo(1, on: 1)
          pair.run(for: .milliseconds(150))
        })
      #expect(pair.a.core.drops.unknownSource > 0)
      pair.run(for: .seconds(4))
      return pair.sent.filter(\.isMedia).map { Trace(side: $0.side, time: $0.time - begin, size: $0.size) }
    }
    #expect(traces[0].count > 100)
    #expect(traces[0] == traces[1])
  }

  @Test func `a connection that has ended asks for nothing`() throws {
    let pair = try videoPair()
    pair.run(for: .seconds(1))
    pair.close(0)
    pair.a.core.requestKeyFrame(on: 0, at: pair.now, into: &pair.a.output)
    #expect(pair.a.core.nextTimeout == nil)
    #expect(pair.a.output.datagrams.isEmpty)
  }
}
