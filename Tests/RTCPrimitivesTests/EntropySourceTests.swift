import RTCPrimitives
import Testing

@Suite struct EntropySourceTests {
  private func draw(_ count: Int, from source: inout EntropySource) -> [UInt64] {
    (0..<count).map { _ in source.next() }
  }

  @Test func `parts of a seeded source draw from streams of their own`() {
    var whole = EntropySource(SeededGenerator(seed: 1, stream: "connection"))
    var (first, second) = (whole.split(), whole.split())
    // Streams that overlap, however far apart, would show the same 64-bit number twice.
    let drawn = [draw(20_000, from: &whole), draw(20_000, from: &first), draw(20_000, from: &second)].flatMap { $0 }
    #expect(Set(drawn).count == drawn.count)
  }

  @Test func `the same seed gives the same parts`() {
    let parts = (0..<2).map { _ in
      var whole = EntropySource(SeededGenerator(seed: 1, stream: "connection"))
      var part = whole.split()
      return draw(10, from: &part) + draw(10, from: &whole)
    }
    #expect(parts[0] == parts[1])
  }

  @Test func `splitting takes one draw, so that what follows does not depend on the part`() {
    var split = EntropySource(SeededGenerator(seed: 1, stream: "connection"))
    var plain = split
    var part = split.split()
    _ = draw(100, from: &part)
    _ = plain.next()
    #expect(draw(10, from: &split) == draw(10, from: &plain))
  }
}
