import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

@Suite struct SCTPFuzzTests {
  /// What an authenticated peer could send: packets of the association, turned and cut, with a right checksum.
  @Test func `packets that a peer has mangled never trap`() throws {
    var dice = SeededGenerator(seed: 5, stream: "mangle")
    var survived = 0
    for round in 0..<60 {
      let pair = SCTPPair(seed: UInt64(round))
      pair.keepsPackets = true
      pair.connect()
      for number in 0..<6 { try pair.send(number % 2, [UInt8](repeating: UInt8(number), count: 2500), stream: 1) }
      pair.reset(0, [1])
      pair.run(for: .milliseconds(300))
      for _ in 0..<100 {
        var (side, bytes) = pair.sent[Int.random(in: pair.sent.indices, using: &dice)]
        for _ in 0..<Int.random(in: 1...6, using: &dice) {
          let place = Int.random(in: 12..<bytes.count, using: &dice)
          bytes[place] = Bool.random(using: &dice) ? [0, 1, 127, 128, 255].randomElement(using: &dice)! : dice.byte()
        }
        if Bool.random(using: &dice) { bytes.removeLast(Int.random(in: 0...(bytes.count - 12), using: &dice)) }
        if dice.happens(withProbability: 0.1) { bytes += (0..<4).map { _ in dice.byte() } }
        SCTPPacket.writeChecksum(into: &bytes)
        pair.deliver(bytes, to: 1 - side)
      }
      pair.run(for: .seconds(2))
      if pair.a.association.state == .connected, pair.b.association.state == .connected { survived += 1 }
    }
    #expect(survived > 0)
  }

  /// usrsctp 0.9.5 goes round in circles in `sctp_are_there_new_addresses` when a parameter of INIT says it has no bytes.
  @Test func `an INIT with a parameter of no length never gets to the library`() throws {
    let pair = SCTPPair()
    pair.keepsPackets = true
    pair.connect()
    var (side, bytes) = try #require(pair.sent.first { $0.bytes[12] == SCTPChunk.Kind.initiation.rawValue })
    let wasWellFormed = SCTPPacket.isWellFormed(bytes.span)
    bytes.replaceSubrange(34..<36, with: [0, 0])
    SCTPPacket.writeChecksum(into: &bytes)
    let isWellFormed = SCTPPacket.isWellFormed(bytes.span)
    #expect(wasWellFormed && !isWellFormed)
    pair.deliver(bytes, to: 1 - side)
    #expect(pair.a.association.state == .connected)
  }

  @Test func `what is no packet of the association is dropped`() {
    let pair = SCTPPair()
    pair.connect()
    var dice = SeededGenerator(seed: 6, stream: "garbage")
    for _ in 0..<5000 { pair.deliver((0..<Int.random(in: 0...200, using: &dice)).map { _ in dice.byte() }, to: 0) }
    pair.run(for: .seconds(1))
    #expect(pair.a.association.state == .connected)
    #expect(pair.a.messages.isEmpty)
  }
}

extension SeededGenerator {
  fileprivate mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next()) }
}
