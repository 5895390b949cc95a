import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct DCEPVectorTests {
  struct File: Decodable, Sendable { let vectors: [Vector] }

  struct Vector: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let hex: String
    let ppid: UInt32
    let verdict: String
    let expected: Expected?

    var testDescription: String { id }
    var bytes: [UInt8] { TestSupport.bytes(hex: hex) }
  }

  struct Expected: Decodable, Sendable {
    let message: String
    let ordered: Bool?
    let max_retransmits: UInt32?
    let max_packet_life_time: Int?
    let priority: UInt16?
    let label: String?
    let `protocol`: String?
  }

  private static func vectors() throws -> [Vector] { try Vectors.decode(File.self, from: "sctp/dcep.json").vectors }

  @Test(arguments: try vectors().filter { $0.verdict == "valid" })
  func `a message parses to what the vector says`(vector: Vector) throws {
    Vectors.ran(vector.id, of: "sctp/dcep.json")
    let expected = try #require(vector.expected)
    #expect(DataChannelPayload(rawValue: vector.ppid) == .dcep)
    switch try DCEPMessage(parsing: vector.bytes.span) {
    case .acknowledgement: #expect(expected.message == "DATA_CHANNEL_ACK")
    case .open(let open):
      #expect(expected.message == "DATA_CHANNEL_OPEN")
      #expect(open.isOrdered == expected.ordered)
      #expect(open.priority == expected.priority)
      #expect(open.label == expected.label)
      #expect(open.subprotocol == expected.protocol)
      let reliability: DataChannelReliability =
        if let count = expected.max_retransmits {
          .maxRetransmits(count)
        } else if let time = expected.max_packet_life_time {
          .maxPacketLifeTime(.milliseconds(time))
        } else {
          .reliable
        }
      #expect(open.reliability == reliability)
    }
  }

  @Test(arguments: try vectors().filter { $0.verdict == "valid" && $0.id != "dev/reliable-nonzero-param" })
  func `a message written again has the same bytes`(vector: Vector) throws {
    var writer = ByteWriter()
    try DCEPMessage(parsing: vector.bytes.span).write(into: &writer)
    #expect(hex(writer.bytes) == vector.hex)
  }

  @Test(arguments: try vectors().filter { $0.verdict == "malformed" })
  func `a malformed message is refused`(vector: Vector) {
    Vectors.ran(vector.id, of: "sctp/dcep.json")
    #expect(throws: DCEPError.self) { try DCEPMessage(parsing: vector.bytes.span) }
  }
}
