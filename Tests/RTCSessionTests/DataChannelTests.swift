import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

@testable import RTCSession

@Suite struct DataChannelTests {
  private static func pattern(_ count: Int, _ seed: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 31) ^ ($0 >> 8) ^ seed) }
  }

  private static func loss(_ probability: Double, seed: UInt64 = 1) -> (ConnectedPair.Sent) -> (Duration, Bool) {
    var dice = SeededGenerator(seed: seed, stream: "loss")
    return { datagram in (.zero, datagram.kind == .dtls && dice.happens(withProbability: probability)) }
  }

  @Test func `a channel opens at both ends with the properties that its maker gave it`() throws {
    let (pair, a, b) = try ConnectedPair.withChannel {
      $0.subprotocol = "chat.v1"
      $0.isOrdered = false
      $0.maxRetransmits = 3
      $0.priority = 512
    }
    #expect(pair.a.dataEvents == [.opened(a)])
    #expect(pair.b.dataEvents == [.announced(b), .opened(b)])
    let (made, seen) = (try #require(pair.a.channel(a)), try #require(pair.b.channel(b)))
    for channel in [made, seen] {
      #expect(channel.state == .open)
      #expect(channel.label == "data" && channel.subprotocol == "chat.v1" && channel.priority == 512)
      #expect(!channel.isOrdered && channel.reliability == .maxRetransmits(3))
    }
    // The answerer is the DTLS client and has the even streams, so that the offerer's first is 1 (RFC 8832 §6).
    #expect(pair.a.core.transport.localDTLSRole == .server)
    #expect(made.stream == 1 && seen.stream == 1)
    #expect(!made.isUnacknowledged)
  }

  @Test(arguments: [0, 1])
  func `one end may leave it to the other to begin SCTP`(_ passive: Int) throws {
    let pair = try ConnectedPair { configuration, side in
      configuration.transport.sctpStart = side == passive ? .passive : .active
    }
    let id = try pair.makeChannel(0)
    try pair.connect()
    pair.run(for: .milliseconds(500))
    try pair.send(0, .text("over"), on: id)
    let other = try #require(pair.b.announced.first)
    try pair.send(1, .text("out"), on: other)
    pair.run(for: .seconds(1))
    #expect(pair.b.messages(on: other) == [.text("over")] && pair.a.messages(on: id) == [.text("out")])
  }

  @Test func `where both ends wait for the other no channel opens`() throws {
    let pair = try ConnectedPair { configuration, _ in configuration.transport.sctpStart = .passive }
    let id = try pair.makeChannel(0)
    try pair.connect()
    pair.run(for: .seconds(10))
    #expect(pair.a.channel(id)?.state == .connecting && pair.b.dataEvents.isEmpty)
  }

  @Test func `a snapshot shows the association and what its channels did`() throws {
    let pair = try ConnectedPair()
    let id = try pair.makeChannel(0, "moves") {
      $0.isOrdered = false
      $0.maxRetransmits = 0
    }
    var snapshot = pair.a.core.snapshot(of: "b", at: pair.now)
    #expect(snapshot.sctp == nil && snapshot.dataChannels.map(\.state) == ["connecting"])
    #expect(snapshot.dataChannels[0].id == nil)
    try pair.connect()
    pair.run(for: .milliseconds(500))
    try pair.send(0, .text("seven"), on: id)
    pair.run(for: .seconds(1))
    snapshot = pair.a.core.snapshot(of: "b", at: pair.now)
    let sctp = try #require(snapshot.sctp)
    #expect(sctp.state == "connected" && sctp.maxChannels == 1024 && sctp.maxMessageSize == 262_144)
    #expect(sctp.localPort == 5000 && sctp.remotePort == 5000)
    let channel = try #require(snapshot.dataChannels.first)
    #expect(channel.label == "moves" && channel.id == 1 && channel.state == "open" && !channel.isOrdered)
    #expect(channel.maxRetransmits == 0 && channel.maxPacketLifeTimeMs == nil && !channel.isNegotiated)
    #expect((channel.messagesSent, channel.bytesSent, channel.bufferedAmount) == (1, 5, 0))
    let other = try #require(pair.b.core.snapshot(of: "a", at: pair.now).dataChannels.first)
    #expect((other.messagesReceived, other.bytesReceived, other.id) == (1, 5, 1))
    pair.a.core.close(at: pair.now, into: &pair.a.output)
    #expect(pair.a.core.sctpState == .closed)
  }

  @Test func `what is encrypted is disclosed where that was asked for, and nowhere else`() throws {
    let pair = try ConnectedPair { configuration, side in configuration.transport.disclosesData = side == 0 }
    let id = try pair.makeChannel(0)
    try pair.connect()
    pair.run(for: .milliseconds(500))
    try pair.send(0, .text("said in secret"), on: id)
    pair.run(for: .seconds(1))
    let records = pair.a.core.takeDisclosedRecords()
    #expect(pair.a.core.takeDisclosedRecords().isEmpty && pair.b.core.takeDisclosedRecords().isEmpty)
    let wire = pair.sent.filter { $0.side == 0 && $0.bytes.first == 23 }.map(\.bytes)
    #expect(!records.isEmpty && records.map(\.record) == wire)
    for one in records {
      #expect(one.record.count == one.content.count + DTLSTransport.Configuration.recordOverhead)
      let packet = try SCTPPacket(parsing: one.content.span)
      #expect(packet.hasValidChecksum)
    }
    let content = records[0].content
    let first = try SCTPPacket(parsing: content.span)
    #expect(first.chunks.map(\.kind) == [.initiation])
    let text = Array("said in secret".utf8)
    func holds(_ bytes: [UInt8]) -> Bool { bytes.indices.contains { bytes[$0...].starts(with: text) } }
    #expect(records.contains { holds($0.content) } && !records.contains { holds($0.record) })
  }

  @Test func `texts and bytes cross as they are, empty ones too`() throws {
    let (pair, a, b) = try ConnectedPair.withChannel()
    let messages: [DataChannelMessage] = [
      .text("hello"), .text(""), .binary([]), .binary([0, 1, 2]), .text("数据 🌍"), .binary(Self.pattern(100_000)),
    ]
    for message in messages { try pair.send(0, message, on: a) }
    for message in messages.reversed() { try pair.send(1, message, on: b) }
    pair.run(for: .seconds(5))
    #expect(pair.b.messages(on: b) == messages)
    #expect(pair.a.messages(on: a) == messages.reversed())
    let statistics = try #require(pair.a.channel(a)?.statistics)
    let bytes = messages.reduce(0) { $0 + $1.byteCount }
    #expect(statistics.messagesSent == 6 && statistics.bytesSent == bytes)
    #expect(statistics.messagesReceived == 6 && statistics.bytesReceived == bytes)
  }

  @Test func `a message may follow the opening at once, before the peer has answered`() throws {
    let pair = try ConnectedPair()
    let id = try pair.makeChannel(0) { $0.isOrdered = false }
    try pair.negotiate()
    var sentAt: Instant?
    while sentAt == nil, pair.now < .start + .seconds(5) {
      pair.run(for: .milliseconds(1))
      if pair.a.channel(id)?.state == .open {
        #expect(pair.a.channel(id)?.isUnacknowledged == true)
        try pair.send(0, .text("early"), on: id)
        sentAt = pair.now
      }
    }
    pair.run(for: .seconds(1))
    let other = try #require(pair.b.announced.first)
    #expect(pair.b.messages(on: other) == [.text("early")])
    #expect(pair.a.channel(id)?.isUnacknowledged == false)
  }

  @Test func `a megabyte arrives in order under loss`() throws {
    let (pair, a, b) = try ConnectedPair.withChannel()
    pair.fate = Self.loss(0.01)
    let chunks = (0..<64).map { DataChannelMessage.binary(Self.pattern(16_384, $0)) }
    for chunk in chunks { try pair.send(0, chunk, on: a) }
    #expect(pair.a.buffered(a) > 900_000)
    pair.run(for: .seconds(20))
    #expect(pair.b.messages(on: b) == chunks)
    #expect(pair.a.buffered(a) == 0)
  }

  @Test func `without retransmissions exactly what the network lost is missing`() throws {
    let (pair, a, b) = try ConnectedPair.withChannel {
      $0.isOrdered = false
      $0.maxRetransmits = 0
    }
    var dice = SeededGenerator(seed: 9, stream: "loss")
    var lost = 0
    pair.fate = { datagram in
      // A message of 600 bytes is a datagram of its own.
      let isMessage = datagram.side == 0 && datagram.kind == .dtls && datagram.size > 600
      let isLost = isMessage && dice.happens(withProbability: 0.05)
      if isLost { lost += 1 }
      return (.zero, isLost)
    }
    for number in 0..<400 {
      try pair.send(0, .binary(Self.pattern(600, number)), on: a)
      pair.run(for: .milliseconds(20))
    }
    pair.run(for: .seconds(5))
    #expect(lost > 8)
    #expect(pair.b.messages(on: b).count == 400 - lost)
  }

  @Test func `an ordered channel never delivers out of order, whatever is given up`() throws {
    let (pair, a, b) = try ConnectedPair.withChannel { $0.maxPacketLifeTime = .milliseconds(100) }
    pair.fate = Self.loss(0.2)
    for number in 0..<200 {
      try pair.send(0, .text("\(number)"), on: a)
      pair.run(for: .milliseconds(20))
    }
    pair.run(for: .seconds(5))
    let numbers = pair.b.messages(on: b).compactMap { if case .text(let text) = $0 { Int(text) } else { nil } }
    #expect(numbers == numbers.sorted())
    #expect(numbers.count > 100 && numbers.count < 200)
  }

  @Test func `closing delivers what was sent and closes the other end`() throws {
    let (pair, a, b) = try ConnectedPair.withChannel()
    pair.fate = Self.loss(0.1)
    for number in 0..<20 { try pair.send(0, .binary(Self.pattern(5000, number)), on: a) }
    pair.closeChannel(0, a)
    #expect(pair.a.channel(a)?.state == .closing)
    #expect(throws: DataChannelError.notOpen(.closing)) { try pair.send(0, .text("late"), on: a) }
    pair.run(for: .seconds(10))
    #expect(pair.b.messages(on: b).count == 20)
    #expect(pair.b.dataEvents.suffix(2) == [.closing(b), .closed(b)])
    #expect(pair.a.dataEvents.last == .closed(a))
    #expect(pair.a.channel(a) == nil)
    #expect(pair.a.core.dataChannelCounts == (1, 1))
    #expect(throws: DataChannelError.unknownChannel(a)) { try pair.send(0, .text("late"), on: a) }
    // The stream is free again (RFC 8831 §6.7).
    let next = try pair.makeChannel(0, "next")
    #expect(pair.a.channel(next)?.stream == 1)
    try pair.send(0, .text("again"), on: next)
    pair.run(for: .seconds(5))
    #expect(pair.b.announced.count == 2)
    #expect(pair.b.messages(on: pair.b.announced[1]) == [.text("again")])
  }

  @Test func `channels that both ends make at once get streams of different parity`() throws {
    let (pair, a, b) = try ConnectedPair.withChannel()
    var ids = [[a], [b]]
    for number in 0..<50 {
      for side in 0..<2 { ids[side].append(try pair.makeChannel(side, "\(side)/\(number)")) }
    }
    pair.run(for: .seconds(2))
    let streams = pair.a.core.openDataChannels.compactMap(\.stream)
    #expect(streams.count == 101 && Set(streams).count == 101)
    for channel in pair.a.core.openDataChannels {
      let isOurs = ids[0].contains(channel.id)
      #expect((channel.stream ?? 0) & 1 == (isOurs ? 1 : 0), "\(channel.label)")
    }
    #expect(Set(pair.b.core.openDataChannels.compactMap(\.stream)) == Set(streams))
  }

  @Test func `negotiated channels open without a word`() throws {
    let pair = try ConnectedPair()
    let ids = try (0..<2).map { side throws(DataChannelError) in
      try pair.makeChannel(side, "known") {
        $0.isNegotiated = true
        $0.id = 17
      }
    }
    try pair.connect()
    pair.run(for: .seconds(1))
    #expect(pair.a.dataEvents == [.opened(ids[0])] && pair.b.dataEvents == [.opened(ids[1])])
    try pair.send(0, .text("x"), on: ids[0])
    pair.run(for: .seconds(1))
    #expect(pair.b.messages(on: ids[1]) == [.text("x")])
  }

  @Test func `the amount that waits is told when it has fallen to the threshold`() throws {
    let (pair, a, _) = try ConnectedPair.withChannel()
    pair.a.core.setBufferedAmountLowThreshold(100_000, ofDataChannel: a)
    for _ in 0..<40 { try pair.send(0, .binary(Self.pattern(10_000)), on: a) }
    var amounts: [Int] = []
    for _ in 0..<500 {
      pair.run(for: .milliseconds(10))
      if pair.a.dataEvents.contains(.bufferedAmountLow(a)) { break }
      amounts.append(pair.a.buffered(a))
    }
    #expect(amounts.allSatisfy { $0 > 100_000 } && !amounts.isEmpty)
    #expect(amounts == amounts.sorted(by: >))
    #expect(pair.a.buffered(a) <= 100_000)
    pair.run(for: .seconds(10))
    #expect(pair.a.dataEvents.count { $0 == .bufferedAmountLow(a) } == 1)
  }

  /// libwebrtc's packets of SCTP have at most 1191 bytes, to which DTLS adds 37.
  @Test func `no datagram of a large message is larger than libwebrtc's`() throws {
    let (pair, a, b) = try ConnectedPair.withChannel()
    try pair.send(0, .binary(Self.pattern(100_000)), on: a)
    pair.run(for: .seconds(2))
    #expect(pair.b.messages(on: b).count == 1)
    let largest = try #require(pair.sent(0, .dtls).map(\.bytes.count).max())
    #expect((1180...1191 + DTLSTransport.Configuration.recordOverhead).contains(largest), "\(largest)")
  }

  @Test func `hanging up closes every channel at both ends`() throws {
    let (pair, a, b) = try ConnectedPair.withChannel()
    pair.close(0)
    pair.run(for: .seconds(1))
    #expect(pair.a.dataEvents.last == .closed(a))
    #expect(pair.b.dataEvents.last == .closed(b))
    #expect(throws: DataChannelError.connectionClosed) { try pair.makeChannel(0) }
    #expect(throws: DataChannelError.connectionClosed) { try pair.makeChannel(1) }
  }

  @Test func `two runs of one seed send the same bytes at the same times, also beside another run`() async throws {
    @Sendable func hash(_ seed: UInt64) throws -> Int {
      let (pair, a, b) = try ConnectedPair.withChannel(seed: seed)
      pair.fate = Self.loss(0.05)
      for number in 0..<30 {
        try pair.send(0, .binary(Self.pattern(4000, number)), on: a)
        try pair.send(1, .text("\(number)"), on: b)
        pair.run(for: .milliseconds(30))
      }
      pair.closeChannel(1, b)
      pair.run(for: .seconds(2))
      var hasher = FNV()
      for datagram in pair.sent {
        hasher.add(datagram.time.nanoseconds)
        hasher.add(Int64(datagram.side))
        for byte in datagram.bytes { hasher.add(Int64(byte)) }
      }
      return hasher.value
    }
    let alone = try hash(1)
    async let beside = hash(1)
    async let other = hash(2)
    #expect(try await beside == alone)
    #expect(try await other != alone)
  }
}

/// A hash that is the same in every process.
private struct FNV {
  private(set) var state: UInt64 = 0xCBF2_9CE4_8422_2325
  var value: Int { Int(truncatingIfNeeded: state) }

  mutating func add(_ number: Int64) { state = (state ^ UInt64(bitPattern: number)) &* 0x100_0000_01B3 }
}
