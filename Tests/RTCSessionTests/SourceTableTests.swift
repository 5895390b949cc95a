import RTCPrimitives
import Testing

@testable import RTCSession

@Suite struct SourceTableTests {
  private final class Stream {}

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `sources that come and go are found like those of a dictionary`(_ seed: UInt64) {
    var dice = SeededGenerator(seed: seed, stream: "sources")
    var table = SourceTable<Stream>()
    var expected: [UInt32: Stream] = [:]
    // Few distinct places, so that many share one and the end of the table is wrapped around.
    let sources = (0..<40).map { _ in UInt32(truncatingIfNeeded: dice.next()) & 0x0F0F_000F }
    for step in 0..<4000 {
      let ssrc = sources[Int(dice.next() % UInt64(sources.count))]
      if dice.next().isMultiple(of: 2) {
        let stream = Stream()
        table.insert(ssrc, transceiver: step, stream: stream)
        expected[ssrc] = stream
      } else {
        table.remove(ssrc)
        expected[ssrc] = nil
      }
      let isSame = sources.allSatisfy { table.find($0)?.stream === expected[$0] }
      #expect(isSame, "step \(step)")
      guard isSame else { return }
    }
  }
}
