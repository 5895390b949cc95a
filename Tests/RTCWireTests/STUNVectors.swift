import RTCPrimitives
import TestSupport
import Testing

/// The files `stun/*.json` with whole messages.
struct STUNVectors: Decodable, Sendable {
  let vectors: [Vector]

  struct Vector: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let hex: String
    let verdict: String
    let expected: Expected?
    let verify: Verify?
    let effective_attributes: [String]?
    let unknown: [UInt16]?

    var testDescription: String { id }
    var bytes: [UInt8] { TestSupport.bytes(hex: hex) }
  }

  struct Expected: Decodable, Sendable {
    let type: UInt16
    let method: String
    let `class`: String
    let length: Int
    let transaction_id: String
    let attributes: [Attribute]
  }

  struct Attribute: Decodable, Sendable {
    let type: UInt16
    let name: String?
    let length: Int
    let value_hex: String
    let text: String?
    let uint: UInt32?
    let uint64: String?
    let address: Address?
    let code: UInt16?
    let reason: String?
    let types: [UInt16]?
    let `protocol`: UInt8?
    let channel: UInt16?
  }

  struct Address: Decodable, Sendable {
    let family: UInt8
    let ip: String
    let port: UInt16

    var endpoint: Endpoint? { IPAddress(ip).map { Endpoint($0, port) } }
  }

  struct Verify: Decodable, Sendable {
    let message_integrity: Bool?
    let message_integrity_sha256: Bool?
    let fingerprint: Bool?
  }

  /// The file of a vector.
  static func path(of vector: Vector) -> String {
    vector.id.hasPrefix("rfc5769") ? "stun/rfc5769.json" : "stun/generated.json"
  }

  /// `stun/rfc5769.json` and `stun/generated.json`.
  static func messages() throws -> [Vector] {
    try ["stun/rfc5769.json", "stun/generated.json"].flatMap {
      try Vectors.decode(STUNVectors.self, from: $0).vectors
    }
  }
}
