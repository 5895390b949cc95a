import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

@Suite struct MessageIntegrityTests {
  struct Vector: Decodable, Sendable, CustomTestStringConvertible {
    struct Verify: Decodable, Sendable {
      let message_integrity: Bool?
      let message_integrity_sha256: Bool?
      let fingerprint: Bool?
    }
    let id: String
    let hex: String
    let verify: Verify?
    let key_hex: String?
    let credential: String?
    let username: String?
    let realm: String?
    let password: String?

    var testDescription: String { id }
    var bytes: [UInt8] { TestSupport.bytes(hex: hex) }
    static func all() throws -> [Vector] {
      struct File: Decodable { let vectors: [Vector] }
      return try ["stun/rfc5769.json", "stun/generated.json"].flatMap {
        try Vectors.decode(File.self, from: $0).vectors
      }
    }
  }

  @Test(arguments: try Vector.all().filter { $0.verify != nil })
  func `integrity is judged as the vector says`(vector: Vector) throws {
    let key = try key(of: vector)
    let sha1 = MessageIntegrity.status(of: vector.bytes.span, key: key)
    let sha256 = MessageIntegrity.statusSHA256(of: vector.bytes.span, key: key)
    #expect(sha1 == status(vector.verify?.message_integrity))
    #expect(sha256 == status(vector.verify?.message_integrity_sha256))
  }

  @Test func `credentials give the keys of RFC 5769`() throws {
    let vectors = try Vector.all().filter { $0.id.hasPrefix("rfc5769") }
    #expect(vectors.count == 4)
    for vector in vectors {
      let password = try #require(vector.password)
      let key =
        if vector.credential == "long-term" {
          MessageIntegrityKey(
            longTermUsername: try #require(vector.username), realm: try #require(vector.realm), password: password)
        } else {
          MessageIntegrityKey(shortTerm: password)
        }
      #expect(hex(key.bytes) == vector.key_hex)
    }
  }

  @Test func `a message is signed to the bytes of the vectors`() throws {
    var signed = 0
    for vector in try Vector.all() where vector.verify?.message_integrity == true && vector.verify?.fingerprint != false
    {
      var message = try STUNMessage(parsing: vector.bytes.span)
      let tail = message.attributes.suffix(2).map(\.type)
      let fingerprint = tail == [.messageIntegrity, .fingerprint]
      guard fingerprint || tail.last == .messageIntegrity, message.bytes() == vector.bytes,
        message.attributes.filter({ $0.type == .fingerprint }).count == (fingerprint ? 1 : 0)
      else { continue }
      message.attributes.removeLast(fingerprint ? 2 : 1)
      var writer = ByteWriter()
      writer.append([1, 2, 3])
      message.write(into: &writer, key: try key(of: vector), fingerprint: fingerprint)
      #expect(hex(writer.bytes.dropFirst(3)) == vector.hex)
      signed += 1
    }
    #expect(signed >= 12, "only \(signed) vectors were canonical enough to be written")
  }

  private func key(of vector: Vector) throws -> MessageIntegrityKey {
    MessageIntegrityKey(bytes: vector.key_hex.map(bytes(hex:)) ?? [])
  }

  private func status(_ expected: Bool?) -> MessageIntegrity.Status {
    switch expected {
    case true?: .valid
    case false?: .invalid
    case nil: .absent
    }
  }
}
