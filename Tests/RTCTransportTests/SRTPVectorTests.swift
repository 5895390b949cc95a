import RTCPrimitives
import RTCTransport
import TestSupport
import Testing

/// What is in the vectors of RFC 3711 and RFC 7714 begins at session keys, which libsrtp2 does not take. So those prove
/// the oracle, and the oracle, which derives session keys from master keys, proves libsrtp2. AES-f8, tag-only GCM,
/// 32-bit tags and 256-bit keys are not used here.
@Suite struct SRTPVectorTests {
  @Test func `the keystream of RFC 3711 B.2 is the oracle's`() throws {
    let file = try Vectors.decode(VectorFile<KeystreamVector>.self, from: "srtp/rfc3711_b.json")
    let vector = try #require(file.vectors.first { $0.id == "rfc3711-B.2" })
    let blocks = try #require(vector.blocks)
    #expect(blocks.count == 6)
    for block in blocks {
      let stream = SRTPOracle.counterMode(
        key: bytes(hex: try #require(vector.sessionKey)), initial: bytes(hex: block.counter),
        [UInt8](repeating: 0, count: 16))
      #expect(hex(stream) == block.keystream)
    }
  }

  @Test(arguments: ["rfc3711-B.3", "rfc3711-B.3-srtcp-labels"])
  func `the key derivation of RFC 3711 B.3 is the oracle's`(id: String) throws {
    let file = try Vectors.decode(VectorFile<KeystreamVector>.self, from: "srtp/rfc3711_b.json")
    let vector = try #require(file.vectors.first { $0.id == id })
    let master = SRTPMasterKey(
      key: bytes(hex: try #require(vector.masterKey)), salt: bytes(hex: try #require(vector.masterSalt)))
    let derived = SRTPOracle(master, id.hasSuffix("srtcp-labels") ? .rtcp : .rtp)
    #expect(hex(derived.cipherKey) == vector.cipherKey)
    #expect(hex(derived.salt) == vector.cipherSalt)
    let authentication = try #require(vector.authKey94 ?? vector.authKey20)
    #expect(authentication.hasPrefix(hex(derived.authenticationKey)))
  }

  @Test func `the packets of RFC 7714 are the oracle's`() throws {
    let file = try Vectors.decode(VectorFile<AEADVector>.self, from: "srtp/rfc7714_aes128.json")
    var checked = 0
    for vector in file.vectors where vector.mode == "encrypt" {
      let oracle = SRTPOracle(cipherKey: bytes(hex: vector.sessionKey), salt: bytes(hex: vector.sessionSalt))
      if let rtp = vector.rtp, let roc = vector.roc {
        #expect(hex(oracle.protectRTP_GCM(bytes(hex: rtp), rolloverCounter: roc)) == vector.srtp)
        checked += 1
      }
      if let rtcp = vector.rtcp, let index = vector.srtcpIndex {
        #expect(hex(oracle.protectRTCP_GCM(bytes(hex: rtcp), index: index)) == vector.srtcp)
        checked += 1
      }
    }
    #expect(checked == 2)
  }

  @Test(arguments: SRTPProfile.allCases)
  func `a stream whose sequence numbers wrap is protected and opened as by another program`(
    profile: SRTPProfile
  ) throws {
    let stream = try StreamVector.of(profile)
    var sender = try stream.session()
    var receiver = try stream.session()
    for packet in stream.rtpPackets {
      var writer = ByteWriter()
      writer.append(bytes(hex: packet.rtp))
      try sender.protectRTP(&writer, from: 0)
      #expect(hex(writer.bytes) == packet.srtp)
      try receiver.unprotectRTP(&writer, from: 0)
      #expect(hex(writer.bytes) == packet.rtp)
    }
    for packet in stream.rtcpPackets {
      var writer = ByteWriter()
      writer.append(bytes(hex: packet.rtcp))
      try sender.protectRTCP(&writer, from: 0)
      #expect(hex(writer.bytes) == packet.srtcp)
      try receiver.unprotectRTCP(&writer, from: 0)
      #expect(hex(writer.bytes) == packet.rtcp)
    }
  }

  @Test(arguments: SRTPProfile.allCases)
  func `replays, changed and cut packets are refused for the right reason`(profile: SRTPProfile) throws {
    let stream = try StreamVector.of(profile)
    for negative in stream.negative {
      var receiver = try stream.session()
      let isReplay = negative.case == "replay-last"
      for packet in isReplay ? stream.rtpPackets[...] : stream.rtpPackets.prefix(1) {
        var writer = ByteWriter()
        writer.append(bytes(hex: packet.srtp))
        try receiver.unprotectRTP(&writer, from: 0)
      }
      var writer = ByteWriter()
      writer.append(bytes(hex: try #require(negative.srtp ?? negative.srtcp)))
      let expected: SRTPError = isReplay ? .replayed : .authenticationFailed
      let outcome = Result { () throws(SRTPError) in
        if negative.srtp != nil {
          try receiver.unprotectRTP(&writer, from: 0)
        } else {
          try receiver.unprotectRTCP(&writer, from: 0)
        }
      }
      #expect(throws: expected, "\(negative.case)") { try outcome.get() }
    }
    #expect(stream.negative.count >= 4)
  }

  @Test func `lengths are those of the registry`() throws {
    let file = try Vectors.decode(VectorFile<ProfileVector>.self, from: "srtp/dtls_srtp_keying.json")
    for profile in SRTPProfile.allCases {
      let vector = try #require(file.vectors.first { $0.profile == profile.description })
      #expect(UInt16(vector.value, radix: 16) == profile.rawValue)
      #expect(vector.masterKeyBits == profile.keyLength * 8)
      #expect(vector.masterSaltBits == profile.saltLength * 8)
      #expect(vector.tagRTP == profile.rtpOverhead && vector.tagRTCP + 4 == profile.rtcpOverhead)
      #expect(vector.exporterBytes == profile.keyingMaterialLength)
    }
  }

  @Test func `keying material is cut in the order of RFC 5764`() throws {
    let gcm =
      [UInt8](repeating: 1, count: 16) + [UInt8](repeating: 2, count: 16)
      + [UInt8](repeating: 3, count: 12) + [UInt8](repeating: 4, count: 12)
    let client = try SRTPKeys(profile: .aeadAES128GCM, keyingMaterial: gcm, isClient: true)
    #expect(client.local.key == Array(repeating: 1, count: 16) && client.local.salt == Array(repeating: 3, count: 12))
    #expect(client.remote.key == Array(repeating: 2, count: 16) && client.remote.salt == Array(repeating: 4, count: 12))
    let server = try SRTPKeys(profile: .aeadAES128GCM, keyingMaterial: gcm, isClient: false)
    #expect(server.local == client.remote && server.remote == client.local)
    #expect(throws: SRTPError.wrongMaterialLength(profile: .aes128CMHMACSHA1_80, actual: 56)) {
      try SRTPKeys(profile: .aes128CMHMACSHA1_80, keyingMaterial: gcm, isClient: true)
    }
  }
}

private struct VectorFile<Vector: Decodable>: Decodable { var vectors: [Vector] }

private struct KeystreamVector: Decodable {
  struct Block: Decodable {
    var counter: String
    var keystream: String
  }
  var id: String
  var sessionKey: String?
  var blocks: [Block]?
  var masterKey: String?
  var masterSalt: String?
  var cipherKey: String?
  var cipherSalt: String?
  var authKey94: String?
  var authKey20: String?

  enum CodingKeys: String, CodingKey {
    case id, blocks
    case sessionKey = "session_key"
    case masterKey = "master_key"
    case masterSalt = "master_salt"
    case cipherKey = "cipher_key"
    case cipherSalt = "cipher_salt"
    case authKey94 = "auth_key_94_octets"
    case authKey20 = "auth_key_20_octets"
  }
}

private struct AEADVector: Decodable {
  var mode: String
  var sessionKey: String
  var sessionSalt: String
  var roc: UInt32?
  var srtcpIndex: UInt32?
  var rtp: String?
  var srtp: String?
  var rtcp: String?
  var srtcp: String?

  enum CodingKeys: String, CodingKey {
    case mode, roc, rtp, srtp, rtcp, srtcp
    case sessionKey = "session_key"
    case sessionSalt = "session_salt"
    case srtcpIndex = "srtcp_index"
  }
}

private struct ProfileVector: Decodable {
  var profile: String
  var value: String
  var masterKeyBits: Int
  var masterSaltBits: Int
  var tagRTP: Int
  var tagRTCP: Int
  var exporterBytes: Int

  enum CodingKeys: String, CodingKey {
    case profile
    case value = "value_hex"
    case masterKeyBits = "master_key_bits"
    case masterSaltBits = "master_salt_bits"
    case tagRTP = "auth_tag_bytes_rtp"
    case tagRTCP = "auth_tag_bytes_rtcp"
    case exporterBytes = "exporter_bytes"
  }
}

private struct StreamVector: Decodable {
  struct RTP: Decodable {
    var rtp: String
    var srtp: String
  }
  struct RTCP: Decodable {
    var rtcp: String
    var srtcp: String
  }
  struct Negative: Decodable {
    var `case`: String
    var srtp: String?
    var srtcp: String?
  }
  var profile: String
  var masterKey: String
  var masterSalt: String
  var rtpPackets: [RTP]
  var rtcpPackets: [RTCP]
  var negative: [Negative]

  enum CodingKeys: String, CodingKey {
    case profile, negative
    case masterKey = "master_key"
    case masterSalt = "master_salt"
    case rtpPackets = "rtp_packets"
    case rtcpPackets = "rtcp_packets"
  }

  static func of(_ profile: SRTPProfile) throws -> StreamVector {
    let file = try Vectors.decode(VectorFile<StreamVector>.self, from: "srtp/streams.json")
    return try #require(file.vectors.first { $0.profile == profile.description })
  }

  /// A session that sends and receives with the key of the stream.
  func session() throws -> SRTPSession {
    let master = SRTPMasterKey(key: bytes(hex: masterKey), salt: bytes(hex: masterSalt))
    let profile = try #require(SRTPProfile.allCases.first { $0.description == self.profile })
    return try SRTPSession(SRTPKeys(profile: profile, local: master, remote: master))
  }
}
