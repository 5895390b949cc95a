import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct SCTPVectorTests {
  @Test(arguments: try SCTPVectors.packets().filter { $0.verdict != "malformed" })
  func `a packet parses to what the vector says`(vector: SCTPVectors.Vector) throws {
    try SCTPVectors.ran(vector)
    let bytes = vector.bytes
    let expected = try #require(vector.expected)
    let packet = try SCTPPacket(parsing: bytes.span)
    #expect(packet.sourcePort == expected.source_port)
    #expect(packet.destinationPort == expected.destination_port)
    #expect(packet.verificationTag == expected.verification_tag)
    #expect(packet.hasValidChecksum == expected.checksum_ok)
    #expect(packet.hasValidChecksum == (vector.verdict == "valid"))
    #expect(packet.chunks.map(\.name) == expected.chunks.map(\.name))
    for (chunk, wanted) in zip(packet.chunks, expected.chunks) {
      #expect(chunk.type == wanted.type)
      #expect(chunk.flags == wanted.flags)
      #expect(chunk.range.count == wanted.length)
      check(chunk, wanted, bytes)
    }
  }

  private func check(_ chunk: SCTPChunk, _ wanted: SCTPVectors.Chunk, _ bytes: [UInt8]) {
    if let value = wanted.value_hex { #expect(hex(Array(bytes[chunk.body])) == value) }
    switch chunk.content {
    case .data(let data):
      #expect(data.tsn == wanted.tsn)
      #expect(data.stream == wanted.stream_id)
      #expect(data.streamSequenceNumber == wanted.stream_seq)
      #expect(data.ppid == wanted.ppid)
      #expect(hex(Array(bytes[data.payload])) == wanted.data_hex)
      #expect([data.isUnordered, data.isBeginning, data.isEnd] == [wanted.U, wanted.B, wanted.E].map { $0 == 1 })
    case .initiation(let initiation):
      #expect(initiation.initiateTag == wanted.initiate_tag)
      #expect(initiation.advertisedWindow == wanted.a_rwnd)
      #expect(initiation.outboundStreams == wanted.outbound_streams)
      #expect(initiation.inboundStreams == wanted.inbound_streams)
      #expect(initiation.initialTSN == wanted.initial_tsn)
      #expect(hex(Array(bytes[initiation.parameters])) == wanted.params_hex)
    case .selectiveAcknowledgement(let report):
      #expect(report.cumulativeTSN == wanted.cumulative_tsn)
      #expect(report.advertisedWindow == wanted.a_rwnd)
      #expect(report.gaps.map { [$0.first, $0.last] } == wanted.gaps)
      #expect(report.duplicates == wanted.duplicates)
    case .shutdown(let cumulativeTSN): #expect(cumulativeTSN == wanted.cumulative_tsn)
    case .forwardTSN(let forward):
      #expect(forward.cumulativeTSN == wanted.cumulative_tsn)
      #expect(forward.skips.map { [$0.stream, $0.streamSequenceNumber] } == wanted.streams)
    case .reconfiguration: #expect(wanted.type == 130)
    case .opaque: #expect(wanted.value_hex != nil)
    }
  }

  @Test(arguments: try SCTPVectors.packets().filter { $0.verdict == "malformed" })
  func `a malformed packet is refused`(vector: SCTPVectors.Vector) throws {
    try SCTPVectors.ran(vector)
    #expect(throws: SCTPPacketError.self) { try SCTPPacket(parsing: vector.bytes.span) }
  }

  @Test func `a packet is well-formed when it can be parsed`() throws {
    for vector in try SCTPVectors.packets() {
      let bytes = vector.bytes
      let isWellFormed = SCTPPacket.isWellFormed(bytes.span)
      #expect(isWellFormed == (vector.verdict != "malformed"), "\(vector.id)")
    }
  }

  @Test func `the parameters by which a data channel is closed are read`() throws {
    func parameters(_ id: String) throws -> [SCTPReconfiguration] {
      let vector = try #require(try SCTPVectors.packets().first { $0.id == id })
      guard case .reconfiguration(let found) = try SCTPPacket(parsing: vector.bytes.span).chunks[0].content else {
        return []
      }
      return found
    }
    #expect(
      try parameters("dev/reconfig-out-reset")
        == [.outgoingReset(request: 0x4DA9_8F1D, response: 0x48BE_AB13, lastTSN: 0x966B_AEA1, streams: [3, 5])])
    #expect(try parameters("dev/reconfig-response-ok") == [.response(to: 0xE1EA_24C4, result: 1)])
  }

  /// The check value that catalogues of checksums give for "123456789".
  @Test func `the checksum is that of Castagnoli`() {
    #expect(CRC32c.checksum(of: Array("123456789".utf8).span) == 0xE306_9283)
  }

  @Test func `a checksum that is written is the one that stood there`() throws {
    for vector in try SCTPVectors.packets() where vector.verdict == "valid" {
      var bytes = vector.bytes
      bytes.replaceSubrange(8..<12, with: [1, 2, 3, 4])
      SCTPPacket.writeChecksum(into: &bytes)
      #expect(bytes == vector.bytes, "\(vector.id)")
    }
  }

  @Test func `bytes that were cut or turned never trap`() throws {
    var dice = SeededGenerator(seed: 1, stream: "sctp fuzz")
    let packets = try SCTPVectors.packets().map(\.bytes)
    var refused = 0
    for round in 0..<20_000 {
      var bytes = packets[round % packets.count]
      for _ in 0..<Int.random(in: 1...4, using: &dice) {
        bytes[Int.random(in: bytes.indices, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      bytes.removeLast(Int.random(in: 0...bytes.count / 2, using: &dice))
      do {
        _ = try SCTPPacket(parsing: bytes.span)
      } catch { refused += 1 }
    }
    #expect(refused > 1000)
  }
}
