import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

/// Who sends INIT: one end or both (RFC 9260 §5.1, §5.2.1).
struct SCTPStartTests {
  private static let connected = [SCTPEvent.connected(outboundStreams: 1024, inboundStreams: 1024)]

  private func kinds(_ bytes: [UInt8]) -> [SCTPChunk.Kind] {
    ((try? SCTPPacket(parsing: bytes.span))?.chunks ?? []).compactMap(\.kind)
  }

  private func makePair(_ starts: [SCTPConfiguration.Start] = [.active, .passive]) -> SCTPPair {
    let pair = SCTPPair(starts: starts)
    pair.keepsPackets = true
    return pair
  }

  @Test func `where one end waits, four packets connect both`() {
    let pair = makePair()
    pair.connect()
    for side in pair.sides { #expect(side.events == Self.connected) }
    #expect(pair.sent.map(\.side) == [0, 1, 0, 1])
    #expect(
      pair.sent.map { kinds($0.bytes) } == [
        [.initiation], [.initiationAcknowledgement], [.cookieEcho], [.cookieAcknowledgement],
      ])
  }

  @Test func `the end that waits is connected after three ways, the other after four`() {
    let pair = makePair()
    pair.begin()
    pair.run(for: pair.delay * 3 - .nanoseconds(1))
    #expect(pair.sides.map { $0.association.state } == [.connecting, .connecting])
    pair.run(for: .nanoseconds(1))
    #expect(pair.sides.map { $0.association.state } == [.connecting, .connected])
    pair.run(for: pair.delay)
    #expect(pair.sides.map { $0.association.state } == [.connected, .connected])
  }

  @Test func `where both begin each sends INIT`() {
    let pair = makePair([.active, .active])
    pair.connect()
    #expect(pair.sent.filter { kinds($0.bytes) == [.initiation] }.map(\.side) == [0, 1])
  }

  @Test func `two ends that wait say nothing and ask for no wake`() {
    let pair = makePair([.passive, .passive])
    pair.connect()
    pair.run(for: .seconds(3600))
    #expect(pair.sent.isEmpty && pair.sides.allSatisfy { $0.events.isEmpty && $0.wakes == 0 })
    #expect(pair.sides.allSatisfy { $0.association.nextTimeout == nil })
    pair.close(0)
    #expect(pair.a.events == [.closed(.local)])
  }

  @Test(arguments: [
    SCTPChunk.Kind.initiation, .initiationAcknowledgement, .cookieEcho, .cookieAcknowledgement,
  ])
  func `any packet of the handshake may be lost`(_ lost: SCTPChunk.Kind) throws {
    let pair = makePair()
    var isLost = false
    pair.loses = { _, bytes in
      guard !isLost, kinds(bytes).contains(lost) else { return false }
      isLost = true
      return true
    }
    pair.connect()
    pair.run(for: .seconds(5))
    #expect(isLost)
    for side in pair.sides { #expect(side.events == Self.connected) }
    try pair.send(0, [1])
    try pair.send(1, [2])
    pair.run(for: .seconds(1))
    #expect(pair.b.messages.map(\.bytes) == [[1]] && pair.a.messages.map(\.bytes) == [[2]])
  }

  @Test func `INIT a thousand times leaves nothing behind at an end that waits`() throws {
    let pair = makePair()
    var initiation: [UInt8] = []
    pair.loses = { side, bytes in
      if side == 0, initiation.isEmpty { initiation = bytes }
      return side == 0
    }
    pair.connect()
    for _ in 0..<1000 { pair.deliver(initiation, to: 1) }
    #expect(pair.b.association.state == .connecting && pair.b.events.isEmpty)
    #expect(pair.b.association.nextTimeout == nil)
    pair.loses = { _, _ in false }
    pair.run(for: .seconds(5))
    for side in pair.sides { #expect(side.events == Self.connected) }
  }

  @Test(arguments: [[SCTPConfiguration.Start.active, .passive], [.active, .active]])
  func `an association that was waited for sends, resets and ends like any other`(
    _ starts: [SCTPConfiguration.Start]
  ) throws {
    let pair = makePair(starts)
    pair.connect()
    var dice = SeededGenerator(seed: 5, stream: "loss")
    pair.loses = { _, _ in dice.happens(withProbability: 0.05) }
    let large = (0..<262_144).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for side in 0..<2 {
      try pair.send(side, large, stream: 7)
      for number in 0..<100 { try pair.send(side, [UInt8(number)], stream: 3) }
      pair.reset(side, [7])
    }
    pair.run(for: .seconds(60))
    for side in pair.sides {
      #expect(side.messages.filter { $0.stream == 7 }.map(\.bytes) == [large])
      #expect(side.messages.filter { $0.stream == 3 }.map(\.bytes) == (0..<100).map { [UInt8($0)] })
      #expect(side.events.contains(.incomingStreamsReset([7])) && side.events.contains(.outgoingStreamsReset([7])))
      #expect(side.association.nextTimeout == nil)
    }
    // Neither end finds another path MTU than the other.
    let largest = (0..<2).map { side in pair.sent.filter { $0.side == side }.map(\.bytes.count).max() }
    #expect(largest[0] == largest[1])
    #expect(!pair.sent.contains { kinds($0.bytes).contains(.heartbeat) })
    // More than the library has room for waits, and does not block.
    pair.loses = { _, _ in true }
    var accepted = 0
    while (try? pair.send(1, large)) != nil { accepted += 1 }
    #expect(accepted >= 64 && accepted < 80)
    pair.loses = { _, _ in false }
    pair.close(1)
    pair.run(for: .seconds(1))
    #expect(pair.b.events.last == .closed(.local) && pair.a.events.last == .closed(.remote))
  }

  @Test func `one seed gives one association, waited for or not`() {
    func hash(_ seed: UInt64) -> UInt64 {
      let pair = SCTPPair(seed: seed, starts: [.active, .passive])
      pair.connect()
      try? pair.send(1, [1, 2, 3])
      pair.run(for: .seconds(1))
      return pair.hash
    }
    #expect(hash(1) == hash(1) && hash(1) != hash(2))
  }
}
