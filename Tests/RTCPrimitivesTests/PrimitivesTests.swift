import RTCPrimitives
import Testing

@Suite struct PrimitivesTests {
  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("::", "::"), ("::1", "::1"), ("2001:db8::1", "2001:db8::1"),
    ("2001:0DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
    ("::ffff:192.0.2.1", "::ffff:c000:201"), ("fe80::1", "fe80::1"),
  ])
  func `an address is written in the canonical form of RFC 5952`(text: String, canonical: String) throws {
    #expect(try #require(IPAddress(text)).description == canonical)
  }

  @Test(arguments: [
    "", "1.2.3", "1.2.3.256", "01.2.3.4", "1:2:3", ":::", "1::2::3", "12345::", "g::", "1:2:3:4:5:6:7::8",
  ])
  func `what is no address is refused`(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test func `a wrapping number extends to one that grows`() {
    var extender = SequenceExtender()
    #expect(
      [65534, 65535, 0, 65533, 2].map { extender.extend(SequenceNumber($0)) } == [65534, 65535, 65536, 65533, 65538])
  }

  @Test func `streams of one seed differ by name and repeat by name`() {
    var a = SeededGenerator(seed: 1, stream: "a")
    var again = SeededGenerator(seed: 1, stream: "a")
    var b = SeededGenerator(seed: 1, stream: "b")
    let first = (0..<8).map { _ in a.next() }
    #expect(first == (0..<8).map { _ in again.next() })
    #expect(first != (0..<8).map { _ in b.next() })
  }

  @Test func `serialisation time rounds up to nanoseconds`() {
    #expect(DataRate.megabitsPerSecond(3).time(for: .bytes(1)) == .nanoseconds(2667))
  }

  @Test func `datagrams keep their bytes and order in one buffer`() {
    let a = Endpoint(IPAddress(10, 0, 0, 1), 1)
    let b = Endpoint(IPAddress(10, 0, 0, 2), 2)
    var first = Transmissions()
    first.append([1, 2, 3].span, from: a, to: b)
    var second = Transmissions()
    second.append([4].span, elided: 9, from: b, to: a)
    first.take(&second)
    #expect(second.isEmpty)
    #expect(first.count == 2)
    #expect(first[0].bytes.array() == [1, 2, 3])
    #expect(first[1].bytes.array() == [4])
    #expect(first[1].size == .bytes(10))
    #expect(first[1].source == b)
  }
}
