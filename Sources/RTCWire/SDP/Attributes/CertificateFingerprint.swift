import RTCPrimitives

/// `a=fingerprint`: the hash of a certificate.
///
/// - SeeAlso: RFC 8122 §5
public struct CertificateFingerprint: Hashable, Sendable {
  /// The hash functions that may be used; RFC 8122 §5 forbids MD2 and MD5.
  public enum HashFunction: String, Hashable, Sendable {
    case sha1 = "sha-1"
    case sha224 = "sha-224"
    case sha256 = "sha-256"
    case sha384 = "sha-384"
    case sha512 = "sha-512"

    /// The length of a hash in bytes.
    public var length: Int {
      switch self {
      case .sha1: 20
      case .sha224: 28
      case .sha256: 32
      case .sha384: 48
      case .sha512: 64
      }
    }
  }

  public let hashFunction: HashFunction
  public let bytes: [UInt8]

  /// - Precondition: there are as many bytes as the hash function makes.
  public init(_ hashFunction: HashFunction, bytes: [UInt8]) {
    precondition(bytes.count == hashFunction.length, "a \(hashFunction.rawValue) hash has \(hashFunction.length) bytes")
    self.hashFunction = hashFunction
    self.bytes = bytes
  }

  init(_ scanner: inout SDPScanner) throws(SDPError) {
    let start = scanner.offset
    let name = try scanner.token("a hash function").lowercased()
    guard let function = HashFunction(rawValue: name) else {
      throw scanner.error(expected: "sha-1, sha-224, sha-256, sha-384 or sha-512", at: start)
    }
    try scanner.expectSpace()
    var bytes: [UInt8] = []
    for index in 0..<function.length {
      if index > 0 { try scanner.expect(.colon, "a colon and as many bytes as the hash function makes") }
      let high = try scanner.hexDigit()
      try bytes.append(high << 4 | scanner.hexDigit())
    }
    self.init(function, bytes: bytes)
  }

  func write(into writer: inout ByteWriter) { writer.append(":\(description)") }
}

extension CertificateFingerprint: CustomStringConvertible {
  /// `sha-256 12:AB:…`
  public var description: String {
    var writer = ByteWriter(reserving: 16 + 3 * bytes.count)
    writer.append("\(hashFunction.rawValue) ")
    let digits = Array("0123456789ABCDEF".utf8)
    for (index, byte) in bytes.enumerated() {
      if index > 0 { writer.append(UInt8.colon) }
      writer.append(digits[Int(byte >> 4)])
      writer.append(digits[Int(byte & 15)])
    }
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}

extension SDPScanner {
  fileprivate mutating func hexDigit() throws(SDPError) -> UInt8 {
    guard let byte = next, let value = Character(Unicode.Scalar(byte)).hexDigitValue else {
      throw error(expected: "a hexadecimal digit")
    }
    _ = skip(byte)
    return UInt8(value)
  }
}
