import RTCPrimitives
import RTCWire
import TestSupport
import Testing

/// Random mutations of valid input: nothing traps, and what parses is written to an equal value.
@Suite struct RTPFuzzTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `mutated packets parse to what can be written again, or are refused`(seed: UInt64) throws {
    var mutator = Mutator(
      seed: seed, stream: "rtp", inputs: try RTPVectorFile.all().map { bytes(hex: $0.hex) })
    var parsed = 0
    for _ in 0..<4000 {
      let data = mutator.next()
      guard let packet = try? RTPPacket(data) else { continue }
      parsed += 1
      let written = try packet.rewritten(from: data)
      let again = try RTPPacket(written)
      guard again.header == packet.header, again.elementList(of: written) == packet.elementList(of: data),
        written[again.payloadRange] == data[packet.payloadRange]
      else {
        Issue.record("seed \(seed): \(hex(data)) was written as \(hex(written))")
        return
      }
    }
    #expect(parsed > 400)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `mutated VP8 payloads parse to what can be written again, or are refused`(seed: UInt64) throws {
    var mutator = Mutator(
      seed: seed, stream: "vp8",
      inputs: ["97f0fffcff50123456", "10009d012a4001b400", "90809267"].map { bytes(hex: $0) })
    for _ in 0..<4000 {
      let data = mutator.next()
      _ = try? VP8PayloadHeader(parsing: data.span)
      guard let (descriptor, _) = try? parsedVP8(data) else { continue }
      var writer = ByteWriter()
      descriptor.write(into: &writer)
      #expect(try parsedVP8(writer.bytes).descriptor == descriptor, "seed \(seed): \(hex(data))")
    }
  }
}
