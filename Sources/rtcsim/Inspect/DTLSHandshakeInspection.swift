import RTCPrimitives
import RTCTransport
import RTCWire

/// What handshake messages say.
///
/// - SeeAlso: RFC 5246 §7.4, RFC 8422 §5, RFC 5764 §4.1.1
extension Inspector {
  /// The fields within a message; none for a part of one, and for a message without any.
  static func contents(of fragment: DTLSHandshakeFragment, in bytes: [UInt8]) -> [Inspection.Field] {
    guard fragment.isWhole else { return [] }
    do throws(TruncatedInput) {
      if let hello = try DTLSHello(fragment, of: bytes.span) { return fields(of: hello, in: bytes) }
      var reader = ByteReader(bytes.span, in: fragment.body)
      switch fragment.type {
      case .certificate: return try certificates(&reader)
      case .serverKeyExchange: return try keyExchange(&reader)
      default: return []
      }
    } catch {
      return [.init(fragment.body, "malformed", "\(error)")]
    }
  }

  private static func fields(of hello: DTLSHello, in bytes: [UInt8]) -> [Inspection.Field] {
    let version = hello.random.lowerBound - 2..<hello.random.lowerBound
    var fields: [Inspection.Field] = [
      .init(
        version, "  version", DTLSRecord.name(ofVersion: hello.version), "the highest that is known, or the chosen one"),
      .init(hello.random, "  random", "32 bytes", "makes the keys of every handshake new"),
      .init(hello.sessionID, "  session ID", "\(hello.sessionID.count) bytes", "empty: nothing is resumed"),
    ]
    if let cookie = hello.cookie {
      fields.append(.init(cookie, "  cookie", "\(cookie.count) bytes", "of a HelloVerifyRequest, RFC 6347 §4.2.1"))
    }
    for suite in words(in: hello.cipherSuites) {
      let number = word(at: suite, in: bytes)
      fields.append(.init(suite, "  cipher suite", TLSNames.suites[number] ?? number.hexadecimalNumber))
    }
    for item in hello.extensions {
      let name = TLSNames.extensions[item.type] ?? "extension \(item.type)"
      fields.append(.init(item.body, "  \(name)", value(of: item, in: bytes), TLSNames.meanings[item.type] ?? ""))
    }
    return fields
  }

  /// What an extension says: a list of numbers with names, or its length.
  private static func value(of item: DTLSHello.Extension, in bytes: [UInt8]) -> String {
    func list(_ names: [UInt16: String], from begin: Int, to end: Int) -> String {
      words(in: begin..<max(begin, end)).map { range in
        let number = word(at: range, in: bytes)
        return names[number] ?? number.hexadecimalNumber
      }.joined(separator: ", ")
    }
    let (begin, end) = (item.body.lowerBound, item.body.upperBound)
    switch item.type {
    case 10 where item.body.count > 2: return list(TLSNames.groups, from: begin + 2, to: end)
    case 13 where item.body.count > 2: return "\((item.body.count - 2) / 2) algorithms"
    case 14 where item.body.count > 2:
      let profiles = Dictionary(uniqueKeysWithValues: SRTPProfile.allCases.map { ($0.rawValue, "\($0)") })
      // The list's length in bytes, the profiles, and an empty MKI.
      return list(profiles, from: begin + 2, to: end - 1)
    default: return "\(item.body.count) bytes"
    }
  }

  private static func certificates(_ reader: inout ByteReader) throws(TruncatedInput) -> [Inspection.Field] {
    try reader.skip(3)
    var fields: [Inspection.Field] = []
    while !reader.isAtEnd {
      let length = Int(try reader.readUInt24())
      let begin = reader.offset
      try reader.skip(length)
      fields.append(
        .init(begin..<reader.offset, "  certificate", "\(length) bytes", "X.509; its hash is what a=fingerprint tells"))
    }
    return fields
  }

  private static func keyExchange(_ reader: inout ByteReader) throws(TruncatedInput) -> [Inspection.Field] {
    let begin = reader.offset
    let type = try reader.readUInt8()
    guard type == 3 else { return [.init(begin..<begin + 1, "  curve type", "\(type)", "not a named curve")] }
    let group = try reader.readUInt16()
    let length = Int(try reader.readUInt8())
    let key = reader.offset
    try reader.skip(length)
    let algorithm = try reader.readUInt16()
    let size = Int(try reader.readUInt16())
    let signature = reader.offset
    try reader.skip(size)
    return [
      .init(begin + 1..<begin + 3, "  named curve", TLSNames.groups[group] ?? group.hexadecimalNumber, "RFC 8422 §5.4"),
      .init(
        key..<key + length, "  public key", "\(length) bytes", "for this handshake only, so that old calls stay secret"),
      .init(
        signature..<signature + size, "  signature",
        "\(size) bytes, \(TLSNames.signatures[algorithm] ?? algorithm.hexadecimalNumber)",
        "by the key of the certificate"),
    ]
  }

  private static func words(in range: Range<Int>) -> [Range<Int>] {
    stride(from: range.lowerBound, to: range.upperBound - 1, by: 2).map { $0..<$0 + 2 }
  }

  private static func word(at range: Range<Int>, in bytes: [UInt8]) -> UInt16 {
    bytes.span.bigEndianUInt16(at: range.lowerBound)
  }
}

/// Names of IANA's TLS registries, those that WebRTC meets.
private enum TLSNames {
  static let suites: [UInt16: String] = [
    0x00FF: "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", 0xC009: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    0xC00A: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", 0xC013: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    0xC014: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", 0xC02B: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    0xC02C: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", 0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    0xC030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 0xCCA8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCA9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", 0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384", 0x1303: "TLS_CHACHA20_POLY1305_SHA256",
  ]
  static let extensions: [UInt16: String] = [
    10: "supported_groups", 11: "ec_point_formats", 13: "signature_algorithms", 14: "use_srtp", 22: "encrypt_then_mac",
    23: "extended_master_secret", 35: "session_ticket", 43: "supported_versions", 51: "key_share",
    0xFF01: "renegotiation_info",
  ]
  static let meanings: [UInt16: String] = [
    10: "curves for the key exchange, RFC 8422 §5.1.1", 13: "for the proof that a certificate is one's own",
    14: "DTLS keys SRTP, with one of these, RFC 5764 §4.1.1", 22: "RFC 7366",
    23: "binds the keys to this handshake, RFC 7627",
    0xFF01: "RFC 5746",
  ]
  static let groups: [UInt16: String] = [23: "secp256r1", 24: "secp384r1", 25: "secp521r1", 29: "x25519", 30: "x448"]
  static let signatures: [UInt16: String] = [
    0x0403: "ecdsa_secp256r1_sha256", 0x0503: "ecdsa_secp384r1_sha384", 0x0804: "rsa_pss_rsae_sha256",
    0x0401: "rsa_pkcs1_sha256", 0x0807: "ed25519",
  ]
}
