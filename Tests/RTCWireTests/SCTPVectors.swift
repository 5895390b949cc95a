import TestSupport
import Testing

/// The files `sctp/*.json` with whole packets.
struct SCTPVectors: Decodable, Sendable {
  let vectors: [Vector]

  struct Vector: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let hex: String
    let verdict: String
    let expected: Expected?

    var testDescription: String { id }
    var bytes: [UInt8] { TestSupport.bytes(hex: hex) }
  }

  struct Expected: Decodable, Sendable {
    let source_port: UInt16
    let destination_port: UInt16
    let verification_tag: UInt32
    let checksum_ok: Bool
    let chunks: [Chunk]
  }

  struct Chunk: Decodable, Sendable {
    let type: UInt8
    let name: String
    let flags: UInt8
    let length: Int
    let initiate_tag: UInt32?
    let a_rwnd: UInt32?
    let outbound_streams: UInt16?
    let inbound_streams: UInt16?
    let initial_tsn: UInt32?
    let params_hex: String?
    let tsn: UInt32?
    let stream_id: UInt16?
    let stream_seq: UInt16?
    let ppid: UInt32?
    let data_hex: String?
    let U: Int?
    let B: Int?
    let E: Int?
    let cumulative_tsn: UInt32?
    let gaps: [[UInt16]]?
    let duplicates: [UInt32]?
    let streams: [[UInt16]]?
    let value_hex: String?
  }

  private static let ownPath = "sctp/generated.json"
  private static let publicPath = "sctp/aiortc_packets.json"

  /// Our own packets, and those of aiortc's tests where they are.
  static func packets() throws -> [Vector] {
    let own = try Vectors.decode(SCTPVectors.self, from: ownPath).vectors
    guard let data = Vectors.publicData(publicPath) else { return own }
    return try own + Vectors.decode(SCTPVectors.self, from: data).vectors
  }

  /// Notes that a packet's case has run.
  static func ran(_ vector: Vector) throws {
    let isOwn = try Vectors.decode(SCTPVectors.self, from: ownPath).vectors.contains { $0.id == vector.id }
    Vectors.ran(vector.id, of: isOwn ? ownPath : "public \(publicPath)")
  }
}
