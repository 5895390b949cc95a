import RTCPrimitives
import RTCWire
import TestSupport
import Testing

/// Random mutations of valid input: nothing traps, and what parses is written to an equal value.
@Suite struct RTCPFuzzTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `mutated packets parse to what can be written again, or are refused`(seed: UInt64) throws {
    var mutator = Mutator(
      seed: seed, stream: "rtcp",
      inputs: try RTCPVectorFile.all().map { bytes(hex: $0.hex) } + [RTCPExtendedReportTests.whole])
    var parsed = 0
    for _ in 0..<4000 {
      let data = mutator.next()
      guard let packets = try? rtcp(data) else { continue }
      parsed += 1
      guard let again = try? rtcp(written(packets)), again == packets else {
        Issue.record("seed \(seed): \(hex(data)) was written as \(hex(written(packets)))")
        return
      }
    }
    #expect(parsed > 400)
  }
}
