import RTCMedia
import RTCPrimitives
import Testing

/// What was sent, joined with what is said of it.
struct SentPacketHistoryTests {
  @Test func `feedback names what was sent, and what it tells of is not in flight any more`() throws {
    var history = SentPacketHistory()
    for index in 0..<5 { _ = history.sent(.bytes(100 + index), at: .start + .milliseconds(index)) }
    #expect(history.bytesInFlight == .bytes(510))
    let told = history.handle(base: 0, referenceTime: 2, deltas: [4, nil, 8], at: .start + .milliseconds(50))
    let feedback = try #require(told)
    #expect(feedback.results.map(\.packet.number) == [0, 1, 2])
    // 128 ms and 1 ms, then 2 ms more.
    #expect(feedback.results.map(\.receivedAt) == [.milliseconds(129), nil, .milliseconds(131)])
    #expect(feedback.bytesInFlight == .bytes(103 + 104))
  }

  @Test func `a packet is told of as received once, also when it was told of as lost before`() {
    var history = SentPacketHistory()
    for _ in 0..<3 { _ = history.sent(.bytes(1000), at: .start) }
    _ = history.handle(base: 0, referenceTime: 0, deltas: [1, nil], at: .start)
    let late = history.handle(base: 1, referenceTime: 0, deltas: [2], at: .start)
    #expect(late?.results.map(\.packet.number) == [1])
    #expect(history.handle(base: 0, referenceTime: 0, deltas: [1, 1], at: .start) == nil)
    #expect(history.bytesInFlight == .bytes(1000))
  }

  @Test func `what was sent on a path that is lost is not in flight, and what is told of it later changes no count`() {
    var history = SentPacketHistory()
    for _ in 0..<3 { _ = history.sent(.bytes(1000), at: .start) }
    history.forgetFlight()
    #expect(history.bytesInFlight == .zero)
    _ = history.sent(.bytes(500), at: .start)
    let late = history.handle(base: 1, referenceTime: 0, deltas: [2], at: .start)
    #expect(late?.results.map(\.packet.number) == [1] && late?.bytesInFlight == .bytes(500))
  }

  @Test func `numbers and reference times wrap`() throws {
    var history = SentPacketHistory()
    for _ in 0..<70_000 {
      _ = history.sent(.bytes(10), at: .start)
      if history.next.isMultiple(of: 1000) {
        let base = SequenceNumber(UInt16(truncatingIfNeeded: history.next - 1000))
        _ = history.handle(
          base: base, referenceTime: 0x7F_FFFF, deltas: [Int16?](repeating: 0, count: 1000), at: .start)
      }
    }
    #expect(history.bytesInFlight == .zero)
    let sent = history.sent(.bytes(10), at: .start)
    let number = SequenceNumber(UInt16(truncatingIfNeeded: sent.number))
    // One unit after the largest of 24 bits.
    let told = history.handle(base: number, referenceTime: -0x80_0000, deltas: [0], at: .start)
    let feedback = try #require(told)
    #expect(feedback.results.map(\.receivedAt) == [.milliseconds(64) * 0x80_0000])
  }

  @Test func `a peer whose clock jumps for ever makes no time overflow`() throws {
    var history = SentPacketHistory()
    for step in 1...40_000 {
      let sent = history.sent(.bytes(1), at: .start)
      let told = history.handle(
        base: SequenceNumber(UInt16(truncatingIfNeeded: sent.number)),
        referenceTime: (Int32(truncatingIfNeeded: step * 0x7F_FFFF) << 8) >> 8, deltas: [.max], at: .start)
      let received = try #require(told?.results.first?.receivedAt)
      #expect(received > .seconds(-5_000_000_000) && received < .seconds(5_000_000_000))
    }
  }

  @Test func `feedback without sense changes no count and never traps`() {
    var dice = SeededGenerator(seed: 1, stream: "history")
    var history = SentPacketHistory()
    var sent = 0
    for _ in 0..<5000 {
      for _ in 0..<Int(dice.next() % 4) {
        _ = history.sent(.bytes(1), at: .start)
        sent += 1
      }
      let deltas = (0..<Int(dice.next() % 40)).map { _ in
        dice.next() % 3 == 0 ? nil : Int16(truncatingIfNeeded: dice.next())
      }
      _ = history.handle(
        base: SequenceNumber(UInt16(truncatingIfNeeded: dice.next())),
        referenceTime: Int32(truncatingIfNeeded: dice.next()) >> 8, deltas: deltas, at: .start)
      #expect(history.bytesInFlight.bytes >= 0 && history.bytesInFlight.bytes <= sent)
    }
  }
}

extension SentPacketHistory {
  fileprivate mutating func handle(
    base: SequenceNumber, referenceTime: Int32, deltas: [Int16?], at now: Instant
  ) -> PacketFeedback? {
    handle(base: base, referenceTime: referenceTime, count: deltas.count, delta: { deltas[$0] }, at: now)
  }
}
