import RTCPrimitives
import Testing

@testable import RTCMedia

struct ForwardedPacketsTests {
  private func numbers(_ number: SequenceNumber) -> ForwardedNumbers { ForwardedNumbers(number: number, timestamp: 0) }

  private func bytes(of packet: ForwardedPackets.Packet, in packets: ForwardedPackets) -> [UInt8] {
    var result: [UInt8] = []
    packets.withSource(of: packet) { span in for index in 0..<span.count { result.append(span[index]) } }
    return result
  }

  @Test func `what is forwarded under another number has the bytes that its source sent, whichever encoding it was`()
    throws
  {
    let (small, large) = (SharedPackets(), SharedPackets())
    var packets = ForwardedPackets()
    for index in 0..<200 {
      let now = Instant.start + .milliseconds(10 * index)
      let source = index / 30 % 2 == 0 ? small : large
      let original = SequenceNumber(UInt16(truncatingIfNeeded: 65_500 + index))
      source.buffer.store(original, bytes: [UInt8(index), source === small ? 1 : 2].span, elided: 7, at: now)
      let number = SequenceNumber(UInt16(3 * index))
      let packet = packets.store(numbers(number), of: source, original, size: 9, elided: 7, at: now)
      #expect(packets.packet(number) == packet)
    }
    for index in [0, 29, 30, 59, 60, 199] {
      let packet = try #require(packets.packet(SequenceNumber(UInt16(3 * index))))
      #expect(bytes(of: packet, in: packets) == [UInt8(index), index / 30 % 2 == 0 ? 1 : 2])
      #expect((packet.size, packet.elided) == (9, 7))
    }
    #expect(packets.packet(1) == nil)
  }

  @Test func `a packet is gone when its receiver's three seconds or its source's five are over`() {
    let source = SharedPackets()
    var packets = ForwardedPackets()
    let bytes: [UInt8] = [1]
    func store(_ number: SequenceNumber, at time: Int, forwarded: Bool) {
      let now = Instant.start + .milliseconds(time)
      source.buffer.store(number, bytes: bytes.span, at: now)
      if forwarded { _ = packets.store(numbers(number), of: source, number, size: 1, elided: 0, at: now) }
    }
    store(1, at: 0, forwarded: true)
    store(2, at: 3000, forwarded: true)
    #expect(packets.packet(1) != nil)
    store(3, at: 3001, forwarded: true)
    #expect(packets.packet(1) == nil && packets.packet(2) != nil)
    // The source goes on, but not to this receiver.
    store(4, at: 8000, forwarded: false)
    #expect(packets.packet(2) != nil)
    store(5, at: 8001, forwarded: false)
    #expect(packets.packet(2) == nil && packets.packet(3) != nil)
  }

  @Test func `a packet is not sent again twice in one round trip`() {
    let source = SharedPackets()
    var packets = ForwardedPackets()
    let bytes: [UInt8] = [1]
    source.buffer.store(7, bytes: bytes.span, at: .start)
    _ = packets.store(numbers(9), of: source, 7, size: 1, elided: 0, at: .start)
    let repeated = [10, 40, 59, 60].map { time in
      packets.retransmit(9, at: .start + .milliseconds(time), roundTripTime: .milliseconds(50)) != nil
    }
    #expect(repeated == [true, false, false, true])
  }

  @Test func `a source that begins anew a thousand times is followed, and only its last ones are kept`() {
    var packets = ForwardedPackets()
    let bytes: [UInt8] = [1]
    weak var first: SharedPackets?
    for index in 0..<1000 {
      let source = SharedPackets()
      if index == 0 { first = source }
      let number = SequenceNumber(UInt16(index))
      source.buffer.store(number, bytes: bytes.span, at: .start)
      let packet = packets.store(numbers(number), of: source, number, size: 1, elided: 0, at: .start)
      #expect(packets.packet(number) == packet)
    }
    #expect(first == nil && packets.packet(0) == nil)
  }
}
