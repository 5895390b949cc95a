import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct STUNVectorTests {
  @Test(arguments: try STUNVectors.messages().filter { $0.verdict == "valid" })
  func `a message parses to what the vector says`(vector: STUNVectors.Vector) throws {
    Vectors.ran(vector.id, of: STUNVectors.path(of: vector))
    let expected = try #require(vector.expected)
    let message = try STUNMessage(parsing: vector.bytes.span)
    #expect(message.method.description == expected.method)
    #expect("\(message.messageClass)" == expected.class)
    #expect(message.transactionID.description == expected.transaction_id)
    let header = try STUNHeader(parsing: vector.bytes.span)
    #expect(header.type == expected.type)
    #expect(header.length == expected.length)
    #expect(message.attributes.map(\.name) == expected.attributes.map(\.name))
    let attributes = try expected.attributes.map(attribute)
    #expect(message.attributes == attributes)
    let isSTUN = STUNMessage.isSTUN(vector.bytes.span)
    #expect(isSTUN)
  }

  @Test(arguments: try STUNVectors.messages().filter { $0.verdict == "valid" })
  func `a message written again has the same bytes, its padding zeroed`(vector: STUNVectors.Vector) throws {
    let message = try STUNMessage(parsing: vector.bytes.span)
    #expect(hex(message.bytes()) == hex(zeroingPadding(vector.bytes)))
  }

  @Test(arguments: try STUNVectors.messages().filter { $0.verdict == "valid" })
  func `the fingerprint of a message is judged as the vector says`(vector: STUNVectors.Vector) throws {
    let expected: STUNMessage.FingerprintStatus =
      switch vector.verify?.fingerprint {
      case true?: .valid
      case false?: .invalid
      case nil: .absent
      }
    let status = STUNMessage.fingerprintStatus(of: vector.bytes.span)
    #expect(status == expected)
  }

  @Test(arguments: try STUNVectors.messages().filter { $0.verdict == "malformed" })
  func `a malformed message is refused`(vector: STUNVectors.Vector) {
    Vectors.ran(vector.id, of: STUNVectors.path(of: vector))
    #expect(throws: STUNError.self) { try STUNMessage(parsing: vector.bytes.span) }
  }

  @Test func `of equal attributes the first counts, and what follows the integrity does not`() throws {
    let vectors = try STUNVectors.messages()
    let after = try #require(vectors.first { $0.id == "dev-attr-after-mi" })
    let sealed = try STUNMessage(parsing: after.bytes.span)
    #expect(sealed.effectiveAttributes.compactMap(\.name) == after.effective_attributes)
    #expect(sealed.priority == nil)
    #expect(sealed.fingerprint != nil)

    let twice = try #require(vectors.first { $0.id == "dev-duplicate-attribute" })
    let software = try STUNMessage(parsing: twice.bytes.span).software
    #expect(software == "first")

    let unknown = try #require(vectors.first { $0.id == "dev-unknown-required" })
    let types = try STUNMessage(parsing: unknown.bytes.span).unknownRequiredTypes.map(\.rawValue)
    #expect(types == unknown.unknown)
  }

  @Test func `type bits interleave method and class`() throws {
    struct File: Decodable {
      struct Vector: Decodable {
        let method: String
        let `class`: String
        let type_hex: String
      }
      let vectors: [Vector]
    }
    let vectors = try Vectors.decode(File.self, from: "stun/message_types.json").vectors
    #expect(!vectors.isEmpty)
    for vector in vectors {
      Vectors.ran(vector.type_hex, of: "stun/message_types.json")
      let header = try STUNHeader(parsing: bytes(hex: vector.type_hex + "00002112a442" + zeroes).span)
      #expect(header.method.description == vector.method)
      #expect("\(header.messageClass)" == vector.class)
      #expect(hex([UInt8(header.type >> 8), UInt8(header.type & 0xFF)]) == vector.type_hex)
    }
  }

  @Test func `each of the 16384 types is read and written alike`() throws {
    let tail = bytes(hex: "00002112a442" + zeroes)
    let changed = try (UInt16(0)..<0x4000).filter { type in
      let input = [UInt8(type >> 8), UInt8(type & 0xFF)] + tail
      return try STUNMessage(parsing: input.span).bytes() != input
    }
    #expect(changed == [])
  }

  @Test func `fingerprints are the CRC-32 of the vectors`() throws {
    struct File: Decodable {
      struct Vector: Decodable {
        let crc_input_hex: String
        let crc32: String
        let message_hex: String?
      }
      let vectors: [Vector]
    }
    for vector in try Vectors.decode(File.self, from: "stun/fingerprint.json").vectors {
      Vectors.ran(vector.crc_input_hex, of: "stun/fingerprint.json")
      let crc = CRC32.checksum(of: bytes(hex: vector.crc_input_hex).span)
      #expect(crc == UInt32(vector.crc32, radix: 16))
      guard let whole = vector.message_hex else { continue }
      var message = try STUNMessage(parsing: bytes(hex: whole).span)
      let status = STUNMessage.fingerprintStatus(of: bytes(hex: whole).span)
      #expect(status == .valid)
      message.attributes.removeLast()
      #expect(hex(message.bytes(fingerprint: true)) == whole)
    }
  }

  @Test func `the first byte tells the protocols apart`() throws {
    struct File: Decodable {
      struct Vector: Decodable {
        let first_byte: UInt8
        let expect: String
      }
      let vectors: [Vector]
    }
    let names: [PacketKind: String] = [
      .stun: "STUN", .zrtp: "ZRTP", .dtls: "DTLS", .turnChannel: "TURN Channel", .rtp: "RTP/RTCP", .rtcp: "RTP/RTCP",
      .quic: "drop", .unknown: "drop",
    ]
    for vector in try Vectors.decode(File.self, from: "stun/demux_rfc7983.json").vectors {
      Vectors.ran(vector.first_byte, of: "stun/demux_rfc7983.json")
      #expect(names[kind(of: [vector.first_byte, 0])] == vector.expect)
    }
    for byte in UInt8.min...UInt8.max {
      #expect(kind(of: [0x80, byte]) == ((192...223).contains(byte) ? .rtcp : .rtp))
    }
    #expect(kind(of: []) == .unknown)
    #expect(kind(of: [0x80]) == .unknown)
    #expect(kind(of: [0x50]) == .quic)
  }

  private func kind(of bytes: [UInt8]) -> PacketKind { Demultiplexer.classify(bytes.span) }

  private let zeroes = String(repeating: "00", count: 12)

  private func attribute(_ expected: STUNVectors.Attribute) throws -> STUNAttribute {
    let value = bytes(hex: expected.value_hex)
    let type = STUNAttributeType(rawValue: expected.type)
    #expect(value.count == expected.length)
    switch expected.name {
    case "USERNAME"?: return .username(try #require(expected.text))
    case "REALM"?: return .realm(try #require(expected.text))
    case "NONCE"?: return .nonce(try #require(expected.text))
    case "SOFTWARE"?: return .software(try #require(expected.text))
    case "PRIORITY"?: return .priority(try #require(expected.uint))
    case "LIFETIME"?: return .lifetime(seconds: try #require(expected.uint))
    case "FINGERPRINT"?: return .fingerprint(try #require(UInt32(expected.value_hex, radix: 16)))
    case "ICE-CONTROLLED"?: return .iceControlled(try #require(UInt64(expected.uint64 ?? "")))
    case "ICE-CONTROLLING"?: return .iceControlling(try #require(UInt64(expected.uint64 ?? "")))
    case "USE-CANDIDATE"?: return .useCandidate
    case "MESSAGE-INTEGRITY"?: return .messageIntegrity(value)
    case "MESSAGE-INTEGRITY-SHA256"?: return .messageIntegritySHA256(value)
    case "MAPPED-ADDRESS"?: return .mappedAddress(try #require(expected.address?.endpoint))
    case "XOR-MAPPED-ADDRESS"?: return .xorMappedAddress(try #require(expected.address?.endpoint))
    case "XOR-PEER-ADDRESS"?: return .xorPeerAddress(try #require(expected.address?.endpoint))
    case "XOR-RELAYED-ADDRESS"?: return .xorRelayedAddress(try #require(expected.address?.endpoint))
    case "ERROR-CODE"?:
      return .errorCode(STUNErrorCode(try #require(expected.code), try #require(expected.reason)))
    case "UNKNOWN-ATTRIBUTES"?:
      return .unknownAttributes(try #require(expected.types).map(STUNAttributeType.init(rawValue:)))
    case "REQUESTED-TRANSPORT"?: return .requestedTransport(try #require(expected.protocol))
    case "CHANNEL-NUMBER"?: return .channelNumber(try #require(expected.channel))
    case "DATA"?: return .data(value)
    default: return .unknown(type, value)
    }
  }

  private func zeroingPadding(_ message: [UInt8]) -> [UInt8] {
    var message = message
    var offset = 20
    while offset < message.count {
      let end = offset + 4 + Int(message[offset + 2]) << 8 + Int(message[offset + 3])
      offset = (end + 3) & ~3
      for index in end..<offset { message[index] = 0 }
    }
    return message
  }
}
