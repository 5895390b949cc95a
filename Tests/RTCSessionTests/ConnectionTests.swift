import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

@testable import RTCSession

/// Two whole connections, seen on the wire and at both ends.
@Suite struct ConnectionTests {
  private func videoPair(_ fidelity: Fidelity = .model, both: Bool = false) throws -> ConnectedPair {
    let pair = try ConnectedPair(fidelity)
    pair.a.core.addTransceiver(.video, direction: both ? .sendrecv : .sendonly)
    try pair.connect(answer: both ? [.sendrecv] : [])
    pair.startVideo(0, on: 0)
    if both { pair.startVideo(1, on: 0) }
    return pair
  }

  /// Stops sending and lets everything arrive and be played.
  private func settle(_ pair: ConnectedPair) {
    pair.stopVideo()
    pair.run(for: .seconds(3))
  }

  @Test(arguments: [Fidelity.wire, .model])
  func `every frame arrives once and in order, in both directions`(fidelity: Fidelity) throws {
    let pair = try videoPair(fidelity, both: true)
    pair.run(for: .seconds(2))
    settle(pair)
    for (sender, receiver) in [(pair.a, pair.b), (pair.b, pair.a)] {
      let frames = try #require(sender.sentFrames[0])
      #expect(frames.count == 50)
      #expect(receiver.played[0] == frames)
      let outbound = try #require(sender.core.transceivers[0].sender).statistics
      let inbound = try #require(receiver.core.transceivers[0].receiver).statistics(at: pair.now)
      #expect(outbound.packetsSent == inbound.packetsReceived)
      #expect(outbound.bytesSent == inbound.bytesReceived)
      #expect(inbound.packetsLost == 0 && inbound.nackCount == 0 && inbound.framesDecoded == 50)
    }
  }

  @Test(arguments: [0, 1, 3]) func `a lost packet is asked for until it comes, and every frame is played`(
    lostNACKs: Int
  )
    throws
  {
    let pair = try videoPair()
    var lost: SequenceNumber?
    var droppedNACKs = 0
    pair.fate = { datagram in
      if let packet = datagram.rtp, datagram.side == 0, datagram.time > .start + .seconds(1), lost == nil {
        lost = packet.header.sequenceNumber
        return (.zero, true)
      }
      if datagram.side == 1, droppedNACKs < lostNACKs,
        datagram.rtcp.contains(where: { if case .genericNACK = $0 { true } else { false } })
      {
        droppedNACKs += 1
        return (.zero, true)
      }
      return (.zero, false)
    }
    pair.run(for: .seconds(2))
    settle(pair)
    let number = try #require(lost)
    let requests = pair.rtcp(1).compactMap { entry -> GenericNACK? in
      if case .genericNACK(let request) = entry.packet { request } else { nil }
    }
    #expect(requests.count == lostNACKs + 1)
    #expect(requests.allSatisfy { $0.lost == [number] })
    #expect(pair.sent(0, .rtp).count { $0.rtp?.header.sequenceNumber == number } == 2)
    #expect(pair.b.played[0] == pair.a.sentFrames[0])
    let inbound = try #require(pair.b.core.transceivers[0].receiver).statistics(at: pair.now)
    #expect(inbound.packetsLost == 0)
    #expect(inbound.retransmittedPacketsReceived == 1)
    #expect(inbound.packetsLostBeforeRepair == 1)
    let outbound = try #require(pair.a.core.transceivers[0].sender).statistics
    #expect(outbound.retransmittedPacketsSent == 1)
    #expect(outbound.packetsSent == pair.sent(0, .rtp).count)
  }

  @Test func `what never comes is given up for a key frame, and playout goes on from there`() throws {
    let pair = try videoPair()
    var lost: SequenceNumber?
    pair.fate = { datagram in
      guard let packet = datagram.rtp, datagram.side == 0, datagram.time > .start + .seconds(1) else {
        return (.zero, false)
      }
      if lost == nil { lost = packet.header.sequenceNumber }
      return (.zero, packet.header.sequenceNumber == lost)
    }
    pair.run(for: .seconds(6))
    settle(pair)
    let requested = pair.a.events.count {
      if case .keyFrameRequested(transceiver: 0, encoding: 0) = $0 { true } else { false }
    }
    let asked = pair.rtcp(1).count { if case .pictureLossIndication = $0.packet { true } else { false } }
    // The first request belongs to the beginning, before any key frame had come.
    #expect(requested >= 1 && requested == asked)
    let sent = try #require(pair.a.sentFrames[0])
    let played = try #require(pair.b.played[0])
    #expect(played.last == sent.last)
    #expect(played == played.sorted() && Set(played).isSubset(of: sent))
    let gap = sent.count - played.count
    #expect(gap > 0 && gap < 80)
    let statistics = try #require(pair.b.core.transceivers[0].receiver).statistics(at: pair.now)
    #expect(statistics.packetsLost == 1)
    #expect(statistics.keyFramesDecoded >= 2)
  }

  @Test func `reports say what was sent, what was lost and how long the way is`() throws {
    let pair = try videoPair()
    var count = 0
    // Every twentieth packet, and its repetitions: what was dropped stays lost.
    var dropped: Set<SequenceNumber> = []
    pair.fate = { datagram in
      guard let packet = datagram.rtp, datagram.side == 0 else { return (.zero, false) }
      count += 1
      if count.isMultiple(of: 20) { dropped.insert(packet.header.sequenceNumber) }
      return (.zero, dropped.contains(packet.header.sequenceNumber))
    }
    pair.run(for: .seconds(8))
    var senderReports = 0
    for (time, packet) in pair.rtcp(0) {
      guard case .senderReport(let report) = packet else { continue }
      senderReports += 1
      let before = pair.sent(0, .rtp).filter { $0.time <= time }
      #expect(Int(report.packetCount) == before.count)
      let overhead = SRTPProfile.aeadAES128GCM.rtpOverhead
      let octets = before.reduce(0) { $0 + $1.size - overhead - ($1.rtp?.payloadRange.lowerBound ?? 0) }
      #expect(Int(report.octetCount) == octets)
      #expect(report.ntpTimestamp == NTPClock.simulation.timestamp(at: time))
    }
    #expect(senderReports >= 5)
    let blocks = pair.rtcp(1).compactMap { entry -> (Instant, ReportBlock)? in
      if case .receiverReport(let report) = entry.packet, let block = report.reports.first {
        (entry.time, block)
      } else {
        nil
      }
    }
    #expect(blocks.count >= 5)
    for (time, block) in blocks {
      let numbers = pair.sent(0, .rtp).filter { $0.time + pair.delay <= time }
      let arrived = numbers.count { !$0.isDropped }
      let highest = numbers.filter { !$0.isDropped }.compactMap { $0.rtp?.header.sequenceNumber.rawValue }.max() ?? 0
      let lowest = numbers.compactMap { $0.rtp?.header.sequenceNumber.rawValue }.min() ?? 0
      #expect(Int(block.highestSequenceNumber) == Int(highest))
      #expect(Int(block.cumulativeLost) == Int(highest) - Int(lowest) + 1 - arrived)
    }
    let roundTrip = try #require(pair.a.core.transceivers[0].sender?.statistics.roundTripTime)
    #expect(abs((roundTrip - pair.delay * 2).milliseconds) < 0.1)
    #expect(pair.a.core.transceivers[0].sender?.statistics.remotePacketsLost == Int(blocks.last!.1.cumulativeLost))
  }

  @Test func `a source's clock may say anything`() throws {
    let pair = try videoPair()
    let sender = try #require(pair.a.core.transceivers[0].sender)
    pair.run(for: .milliseconds(100))
    for time: UInt64 in [0, 1, .max, 1 << 63, (1 << 63) - 1, 0x83AA_7E80 << 32] {
      let clock = NTPTimestamp(rawValue: time)
      sender.adoptClock(
        of: SenderReport(ssrc: 1, ntpTimestamp: clock, rtpTimestamp: 0xFFFF_FFFF, packetCount: 0, octetCount: 0))
      for now in [Instant.start, pair.now, .start + .seconds(1_000_000_000)] {
        #expect(sender.report(at: now) != nil)
      }
    }
    // Half a second after timestamp 1000, 45,000 ticks are over.
    let then = pair.now
    sender.adoptClock(
      of: SenderReport(
        ssrc: 1, ntpTimestamp: NTPClock.simulation.timestamp(at: then), rtpTimestamp: 1000, packetCount: 0,
        octetCount: 0))
    #expect(sender.report(at: then + .milliseconds(500))?.rtpTimestamp == 46_000)
  }

  @Test func `only extensions whose identifiers fit a one-byte header are agreed on`() throws {
    let pair = try ConnectedPair()
    pair.a.core.addTransceiver(.audio, direction: .sendrecv)
    let text = try pair.a.core.createOffer().description
    #expect(text.contains("a=extmap:2 "))
    for (id, isAnswered) in [(1, true), (14, true), (15, false), (16, false), (20, false), (255, false)] {
      let answerer = try ConnectedPair().b
      let offer = try SessionDescription(parsing: text.replacing("a=extmap:2 ", with: "a=extmap:\(id) "))
      try answerer.core.setRemote(.offer(offer), at: .start, into: &answerer.output)
      answerer.core.setDirection(.sendrecv, of: 0)
      #expect(try answerer.core.createAnswer().description.contains("a=extmap:\(id) ") == isAnswered)
    }
  }

  @Test func `an answer is made to an offer only`() throws {
    let pair = try videoPair()
    #expect(throws: PeerConnectionError.self) { try pair.b.core.createAnswer() }
    #expect(throws: PeerConnectionError.self) { try pair.a.core.createAnswer() }
  }

  /// The client's check succeeds first, and its ClientHello is there before the server has a path to answer on.
  @Test func `a handshake that begins early costs no repetition`() throws {
    let pair = try ConnectedPair()
    pair.a.core.addTransceiver(.video, direction: .sendonly)
    // What side 1, the client, answers to checks is held up, so that those of side 0 succeed late.
    pair.fate = { datagram in
      (datagram.kind == .stun && datagram.side == 1 && datagram.bytes[0] == 1 ? .milliseconds(30) : .zero, false)
    }
    try pair.connect()
    #expect(pair.a.core.transport.isReady && pair.b.core.transport.isReady)
    #expect(pair.now < .start + .milliseconds(600))
    let hellos = pair.sent.filter { $0.kind == .dtls && $0.bytes.count > 13 && $0.bytes[0] == 22 && $0.bytes[13] == 1 }
    #expect(hellos.map(\.side) == [1])
    let answer = try #require(pair.sent(0, .dtls).first)
    #expect(answer.time > hellos[0].time + pair.delay)
  }

  @Test func `a second offer adds a stream on the same transport, and takes one away`() throws {
    let pair = try videoPair()
    pair.run(for: .seconds(1))
    let handshakes = pair.sent.count { $0.kind == .dtls }
    #expect(handshakes > 0)
    pair.a.core.addTransceiver(.video, direction: .sendonly)
    pair.a.core.setDirection(.inactive, of: 0)
    try pair.negotiate()
    pair.startVideo(0, on: 1)
    let before = pair.a.sentFrames[0]?.count
    pair.run(for: .seconds(1))
    settle(pair)
    #expect(pair.sent.count { $0.kind == .dtls } == handshakes)
    #expect(pair.a.sentFrames[0]?.count == before)
    #expect(pair.b.played[0] == pair.a.sentFrames[0])
    let frames = try #require(pair.a.sentFrames[1])
    #expect(frames.count == 25)
    #expect(pair.b.played[1] == frames)
  }

  @Test func `streams for slots that were offered to be received come up where they belong`() throws {
    let pair = try ConnectedPair()
    for _ in 0..<3 { pair.a.core.addTransceiver(.video, direction: .recvonly) }
    try pair.connect(answer: [.sendonly, nil, .sendonly])
    pair.startVideo(1, on: 0)
    pair.startVideo(1, on: 1)
    pair.startVideo(1, on: 2)
    pair.run(for: .seconds(1))
    settle(pair)
    for slot in [0, 2] {
      let frames = try #require(pair.b.sentFrames[slot])
      #expect(frames.count == 25)
      #expect(pair.a.played[slot] == frames)
      #expect(pair.a.core.transceivers[slot].media.mid == pair.b.core.transceivers[slot].media.mid)
    }
    #expect(pair.b.sentFrames[1] == nil)
    #expect(pair.a.core.transceivers[1].direction == .inactive)
    let first = pair.a.events.compactMap { if case .firstPacketReceived(let index, _) = $0 { index } else { nil } }
    #expect(first.sorted() == [0, 2])
  }

  /// Loss and disorder by dice that see only the order of sending.
  private static func rough(_ pair: ConnectedPair, seed: UInt64) {
    var dice = SeededGenerator(seed: seed, stream: "path")
    pair.fate = { datagram in
      guard datagram.isMedia else { return (.zero, false) }
      return (.nanoseconds(Int64(dice.next() % 50_000_000)), dice.happens(withProbability: 0.1))
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `with and without encryption the same datagrams travel at the same times`(seed: UInt64) throws {
    struct Trace: Hashable {
      let side: Int
      let time: Instant
      let size: Int
    }
    let traces = try [Fidelity.wire, .model].map { fidelity in
      let pair = try videoPair(fidelity, both: true)
      Self.rough(pair, seed: seed)
      pair.run(for: .seconds(4))
      return pair.sent.map { Trace(side: $0.side, time: $0.time, size: $0.size) }
    }
    #expect(traces[0].count > 400)
    #expect(traces[0] == traces[1])
  }

  @Test(arguments: [Fidelity.wire, .model], [1, 2, 3] as [UInt64])
  func `packets are sent, dropped or received`(fidelity: Fidelity, seed: UInt64) throws {
    let pair = try videoPair(fidelity, both: true)
    Self.rough(pair, seed: seed)
    pair.run(for: .seconds(5))
    settle(pair)
    for side in 0..<2 {
      let packets = pair.sent(side, .rtp)
      let outbound = try #require(pair.sides[side].core.transceivers[0].sender).statistics
      let receiver = pair.sides[1 - side]
      let drops = receiver.core.drops
      let unauthenticated = receiver.core.transport.drops.unauthenticated
      let inbound = try #require(receiver.core.transceivers[0].receiver).statistics(at: pair.now)
      #expect(outbound.packetsSent == packets.count)
      #expect(inbound.packetsReceived + drops.replayed + unauthenticated == packets.count { !$0.isDropped })
      #expect(drops.unknownSource == 0 && drops.malformedRTP == 0)
      let numbers = Set(packets.compactMap { $0.rtp?.header.sequenceNumber })
      let arrived = Set(packets.filter { !$0.isDropped }.compactMap { $0.rtp?.header.sequenceNumber })
      #expect(inbound.packetsReceived == arrived.count)
      #expect(inbound.packetsExpected - inbound.packetsLost == arrived.count)
      #expect(inbound.packetsExpected <= numbers.count)
      #expect(inbound.nackCount > 0 && inbound.retransmittedPacketsReceived > 0)
    }
  }

  @Test func `after goodbye nothing is sent, no timer runs, and the other side knows`() throws {
    let pair = try videoPair(both: true)
    pair.run(for: .seconds(1))
    pair.close(0)
    let end = pair.now
    pair.run(for: .seconds(5))
    #expect(pair.a.core.nextTimeout == nil)
    #expect(pair.sent.allSatisfy { $0.side == 1 || $0.time <= end })
    // Side 1 stops when close_notify is there.
    #expect(pair.sent.allSatisfy { $0.side == 0 || !$0.isMedia || $0.time <= end + pair.delay })
    let goodbyes = pair.rtcp(0).count { if case .goodbye = $0.packet { true } else { false } }
    #expect(goodbyes == 1)
    #expect(pair.b.core.transport.dtlsState == .closed)
  }
}
