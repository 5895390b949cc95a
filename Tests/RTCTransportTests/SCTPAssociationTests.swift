import Foundation
import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

@Suite struct SCTPAssociationTests {
  private static func pattern(_ count: Int, _ seed: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 31) ^ ($0 >> 8) ^ seed) }
  }

  /// Loses packets at random.
  private static func loss(_ probability: Double, seed: UInt64 = 1) -> (Int, [UInt8]) -> Bool {
    var dice = SeededGenerator(seed: seed, stream: "loss")
    return { _, _ in dice.happens(withProbability: probability) }
  }

  @Test func `two ends that begin together are connected after two round trips`() {
    let pair = SCTPPair()
    pair.connect()
    for side in pair.sides {
      #expect(side.events == [.connected(outboundStreams: 1024, inboundStreams: 1024)])
      #expect(side.association.state == .connected)
    }
  }

  @Test func `a connected association at rest asks for no wake`() throws {
    let pair = SCTPPair()
    pair.connect()
    try pair.send(0, [1])
    pair.run(for: .seconds(2))
    let before = pair.sides.map(\.wakes)
    #expect(pair.a.association.nextTimeout == nil)
    #expect(pair.b.association.nextTimeout == nil)
    pair.run(for: .seconds(3600))
    #expect(pair.sides.map(\.wakes) == before)
    try pair.send(1, [2])
    pair.run(for: .seconds(1))
    #expect(pair.a.messages.map(\.bytes) == [[2]])
  }

  @Test func `messages of a reliable stream arrive whole and in order under loss`() throws {
    let pair = SCTPPair()
    pair.connect()
    pair.loses = Self.loss(0.1)
    let messages = (0..<200).map { Self.pattern(1 + $0 * 37, $0) }
    for message in messages { try pair.send(0, message, stream: 3) }
    pair.run(for: .seconds(60))
    #expect(pair.b.messages.map(\.bytes) == messages)
    #expect(pair.a.association.bufferedAmount(of: 3) == 0)
  }

  @Test func `the largest message crosses in fragments and one byte more is refused`() throws {
    let pair = SCTPPair()
    pair.connect()
    pair.loses = Self.loss(0.02)
    let message = Self.pattern(262_144)
    try pair.send(0, message)
    #expect(throws: SCTPError.messageTooLarge(262_145, limit: 262_144)) { try pair.send(0, message + [0]) }
    pair.run(for: .seconds(30))
    #expect(pair.b.messages.map(\.bytes) == [message])
  }

  @Test func `what the peer takes limits a message`() throws {
    let pair = SCTPPair(remoteMaxMessageSize: 1000)
    pair.connect()
    #expect(throws: SCTPError.messageTooLarge(1001, limit: 1000)) { try pair.send(0, Self.pattern(1001)) }
  }

  @Test func `without retransmissions what is lost stays lost and the rest arrives`() throws {
    let pair = SCTPPair()
    pair.connect()
    var lost = 0
    var dice = SeededGenerator(seed: 3, stream: "loss")
    pair.loses = { side, bytes in
      guard side == 0, let data = try? SCTPPacket.dataChunks(of: bytes.span), !data.isEmpty else { return false }
      let isLost = dice.happens(withProbability: 0.2)
      if isLost { lost += data.count }
      return isLost
    }
    for number in 0..<500 {
      try pair.send(0, Self.pattern(200, number), stream: 1, isOrdered: false, reliability: .maxRetransmits(0))
      pair.run(for: .milliseconds(20))
    }
    pair.run(for: .seconds(10))
    #expect(lost > 50)
    #expect(pair.b.messages.count == 500 - lost)
  }

  @Test func `a message whose time is over is given up`() throws {
    let pair = SCTPPair()
    pair.connect()
    pair.loses = { side, _ in side == 0 }
    for number in 0..<10 {
      try pair.send(0, [UInt8(number)], stream: 1, reliability: .maxPacketLifeTime(.milliseconds(200)))
    }
    pair.run(for: .seconds(1))
    pair.loses = { _, _ in false }
    pair.run(for: .seconds(5))
    try pair.send(0, [99], stream: 1, reliability: .maxPacketLifeTime(.milliseconds(200)))
    pair.run(for: .seconds(5))
    #expect(pair.b.messages.map(\.bytes) == [[99]])
  }

  /// The window of ten packets doubles with each turn, in which all that was sent in the last one is acknowledged: seven
  /// turns for the 900 packets of a megabyte, and none of them is sent twice.
  @Test func `a process that runs only every two seconds takes nothing for lost that is acknowledged`() throws {
    let pair = SCTPPair()
    pair.connect()
    pair.run(for: .milliseconds(1_500))
    pair.turns[0] = .seconds(2)
    pair.keepsPackets = true
    for number in 0..<64 { try pair.send(0, Self.pattern(16_384, number)) }
    pair.run(for: .seconds(16))
    #expect(pair.b.messages.count == 64)
    let chunks = try pair.sent.filter { $0.side == 0 }.flatMap { try SCTPPacket.dataChunks(of: $0.bytes.span) }
    #expect(Set(chunks.map(\.tsn)).count == chunks.count)
  }

  @Test func `a stream is reset after what was sent on it`() throws {
    let pair = SCTPPair()
    pair.connect()
    pair.loses = Self.loss(0.1)
    for number in 0..<20 { try pair.send(0, Self.pattern(5000, number), stream: 7) }
    pair.reset(0, [7])
    pair.run(for: .seconds(20))
    #expect(pair.b.messages.count == 20)
    #expect(pair.b.events.last == .incomingStreamsReset([7]))
    #expect(pair.a.events.last == .outgoingStreamsReset([7]))
    try pair.send(0, [1], stream: 7)
    pair.run(for: .seconds(5))
    #expect(pair.b.messages.last?.bytes == [1])
    #expect(pair.a.association.nextTimeout == nil)
  }

  @Test func `a stream that there is not is not reset, and keeps no other from it`() throws {
    let pair = SCTPPair()
    pair.connect()
    try pair.send(0, [1], stream: 7)
    pair.reset(0, [1024, 7, 65_535])
    pair.run(for: .seconds(5))
    #expect(pair.a.events.last == .outgoingStreamsReset([7]) && pair.b.events.last == .incomingStreamsReset([7]))
    #expect(pair.a.association.nextTimeout == nil)
  }

  /// A large message is cut into packets that leave nothing of it unused.
  @Test(arguments: [576, 1160, 1188]) func `a packet has its header, and no more than the configuration says`(mtu: Int)
    throws
  {
    let pair = SCTPPair(mtu: mtu)
    pair.keepsPackets = true
    pair.connect()
    for side in 0..<2 { try pair.send(side, Self.pattern(100_000)) }
    pair.run(for: .seconds(5))
    for side in 0..<2 {
      #expect(pair.sent.filter { $0.side == side }.map(\.bytes.count).max() == mtu + SCTPPacket.headerSize)
    }
    #expect(pair.a.messages.count == 1 && pair.b.messages.count == 1)
  }

  @Test func `closing aborts and the peer learns of it`() {
    let pair = SCTPPair()
    pair.connect()
    pair.close(0)
    pair.run(for: .seconds(1))
    #expect(pair.a.events.last == .closed(.local))
    #expect(pair.b.events.last == .closed(.remote))
  }

  @Test func `a stream that the peer has not is refused, and so is more than may wait`() throws {
    let pair = SCTPPair()
    #expect(throws: SCTPError.notConnected) { try pair.send(0, [1]) }
    pair.connect()
    #expect(throws: SCTPError.noSuchStream(1024, count: 1024)) { try pair.send(0, [1], stream: 1024) }
    pair.loses = { _, _ in true }
    let message = Self.pattern(262_144)
    var accepted = 0
    while (try? pair.send(0, message)) != nil { accepted += 1 }
    #expect(accepted >= 64 && accepted < 80)
    #expect(pair.a.association.bufferedAmount(of: 0) > 15 << 20)
  }

  @Test func `two megabytes of small messages drain in order with nothing left behind`() throws {
    let pair = SCTPPair()
    pair.capacity = .megabitsPerSecond(50)
    pair.connect()
    for number in 0..<2000 { try pair.send(0, Self.pattern(1000, number)) }
    pair.run(for: .seconds(5))
    #expect(pair.b.messages.count == 2000)
    #expect(pair.a.association.bufferedAmount(of: 0) == 0)
    #expect(pair.a.association.nextTimeout == nil)
  }
}
