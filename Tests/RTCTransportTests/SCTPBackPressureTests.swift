import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

/// What a receiver does to a sender by not reading.
///
/// - SeeAlso: RFC 9260 §6.2 (`a_rwnd`)
@Suite struct SCTPBackPressureTests {
  /// What the library takes before its window is closed.
  private let window = 2 << 20

  private func message(_ number: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number) }
  }

  @Test func `who does not read is sent no more than a window, and gets all in order once he reads`() throws {
    let pair = SCTPPair()
    pair.connect()
    pair.setReading(1, false)
    let messages = (0..<300).map { message($0, 16_384) }
    for message in messages { try pair.send(0, message) }
    pair.run(for: .seconds(20))
    #expect(pair.b.messages.isEmpty)
    let sent = messages.count * 16_384 - pair.a.association.bufferedAmount
    #expect(sent > window / 2 && sent <= window + 65_536, "\(sent)")
    // Nothing moves, however long it takes.
    pair.run(for: .seconds(60))
    #expect(messages.count * 16_384 - pair.a.association.bufferedAmount <= window + 65_536)
    pair.setReading(1, true)
    pair.run(for: .seconds(20))
    #expect(pair.b.messages.map(\.bytes) == messages)
    #expect(pair.a.association.bufferedAmount == 0)
    #expect(pair.a.association.bufferedAmount(of: 0) == 0)
  }

  @Test func `who does not read goes on sending`() throws {
    let pair = SCTPPair()
    pair.connect()
    pair.setReading(1, false)
    for number in 0..<300 { try pair.send(0, message(number, 16_384)) }
    pair.run(for: .seconds(5))
    let answer = message(0, 100_000)
    try pair.send(1, answer, stream: 1)
    pair.run(for: .seconds(5))
    #expect(pair.a.messages.map(\.bytes) == [answer])
    #expect(pair.b.association.bufferedAmount == 0)
  }

  @Test func `what waits in all streams is the sum of what waits in each`() throws {
    let pair = SCTPPair()
    pair.connect()
    pair.setReading(1, false)
    for number in 0..<300 { try pair.send(0, message(number, 16_384), stream: UInt16(number % 3)) }
    pair.run(for: .seconds(5))
    let each = (0..<3).map { pair.a.association.bufferedAmount(of: $0) }
    #expect(pair.a.association.bufferedAmount == each.reduce(0, +))
    #expect(pair.a.association.bufferedAmount > 0)
  }
}
