import COpenSSL
import RTCPrimitives
import RTCWire

/// The key of MESSAGE-INTEGRITY.
///
/// SASLprep and OpaqueString are applied as far as ASCII goes, where both change nothing; a name or password outside
/// ASCII must be handed in already prepared (RFC 8265).
public struct MessageIntegrityKey: Hashable, Sendable {
  public let bytes: [UInt8]

  /// A key that was computed elsewhere.
  public init(bytes: [UInt8]) { self.bytes = bytes }

  /// The password itself, as ICE uses it (RFC 8489 §9.1.1).
  public init(shortTerm password: String) { bytes = Array(password.utf8) }

  /// MD5 of `username:realm:password`, as TURN uses it (RFC 8489 §9.2.2).
  public init(longTermUsername username: String, realm: String, password: String) {
    let text = Array("\(username):\(realm):\(password)".utf8)
    var digest = [UInt8](repeating: 0, count: 16)
    var count: UInt32 = 0
    let done = EVP_Digest(text, text.count, &digest, &count, EVP_md5(), nil)
    precondition(done == 1 && count == 16, "OpenSSL computes MD5")
    bytes = digest
  }
}

/// MESSAGE-INTEGRITY over OpenSSL: HMAC-SHA1, and HMAC-SHA256 for MESSAGE-INTEGRITY-SHA256.
///
/// - SeeAlso: RFC 8489 §14.5, §14.6
public enum MessageIntegrity {
  /// The outcome of comparing a message with its code.
  public enum Status: Hashable, Sendable {
    case valid
    case invalid
    case absent
  }

  /// The 20 bytes of an HMAC-SHA1.
  public static func code(over bytes: Span<UInt8>, key: MessageIntegrityKey) -> [UInt8] {
    hmac(EVP_sha1(), size: 20, over: bytes, key: key)
  }

  /// Checks the first MESSAGE-INTEGRITY of a message, in constant time.
  public static func status(of message: Span<UInt8>, key: MessageIntegrityKey) -> Status {
    guard let input = STUNMessage.integrityInput(of: message) else { return .absent }
    return areEqual(code(over: input.bytes.span, key: key)[...], input.code[...]) ? .valid : .invalid
  }

  /// Checks the first MESSAGE-INTEGRITY-SHA256 of a message, which may be cut to 16 bytes or more, in constant time.
  public static func statusSHA256(of message: Span<UInt8>, key: MessageIntegrityKey) -> Status {
    guard let input = STUNMessage.integrityInput(of: message, attribute: .messageIntegritySHA256) else {
      return .absent
    }
    guard (16...32).contains(input.code.count) else { return .invalid }
    let full = hmac(EVP_sha256(), size: 32, over: input.bytes.span, key: key)
    return areEqual(full.prefix(input.code.count), input.code[...]) ? .valid : .invalid
  }

  private static func hmac(
    _ digest: OpaquePointer?, size: Int, over bytes: Span<UInt8>, key: MessageIntegrityKey
  ) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: size) { output, count in
      var length: UInt32 = 0
      let result = bytes.withUnsafeBufferPointer { input in
        HMAC(digest, key.bytes, Int32(key.bytes.count), input.baseAddress, input.count, output.baseAddress, &length)
      }
      precondition(result != nil && Int(length) == size, "OpenSSL computes the HMAC")
      count = size
    }
  }

  private static func areEqual(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}

extension STUNMessage {
  /// Appends the message with MESSAGE-INTEGRITY under `key` and, unless told otherwise, FINGERPRINT.
  public func write(into writer: inout ByteWriter, key: MessageIntegrityKey, fingerprint: Bool = true) {
    write(into: &writer, fingerprint: fingerprint) { MessageIntegrity.code(over: $0, key: key) }
  }
}
