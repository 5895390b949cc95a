import COpenSSL
import RTCTransport

/// SRTP over OpenSSL's primitives, written from RFC 3711 and RFC 7714: the second implementation, for tests only.
struct SRTPOracle {
  var cipherKey: [UInt8]
  var salt: [UInt8]
  var authenticationKey: [UInt8] = []

  /// The three labels of RTP are 0, 1, 2; those of RTCP 3, 4, 5 (RFC 3711 §4.3.2).
  enum Kind: UInt8 { case rtp = 0, rtcp = 3 }

  init(cipherKey: [UInt8], salt: [UInt8]) {
    self.cipherKey = cipherKey
    self.salt = salt
  }

  /// Derives the session keys of RFC 3711 §4.3.1 with a key derivation rate of 0.
  init(_ master: SRTPMasterKey, _ kind: Kind) {
    cipherKey = Self.derive(master, label: kind.rawValue, master.key.count)
    authenticationKey = Self.derive(master, label: kind.rawValue + 1, 20)
    salt = Self.derive(master, label: kind.rawValue + 2, master.salt.count)
  }

  static func derive(_ master: SRTPMasterKey, label: UInt8, _ count: Int) -> [UInt8] {
    var block = master.salt + [UInt8](repeating: 0, count: 16 - master.salt.count)
    block[7] ^= label
    return counterMode(key: master.key, initial: block, [UInt8](repeating: 0, count: count))
  }

  /// AES-128 in counter mode.
  static func counterMode(key: [UInt8], initial: [UInt8], _ input: [UInt8]) -> [UInt8] {
    let context = EVP_CIPHER_CTX_new()
    defer { EVP_CIPHER_CTX_free(context) }
    var output = [UInt8](repeating: 0, count: input.count)
    var count: Int32 = 0
    precondition(EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), nil, key, initial) == 1)
    precondition(EVP_EncryptUpdate(context, &output, &count, input, Int32(input.count)) == 1)
    return output
  }

  /// AES-128-GCM: ciphertext and tag.
  static func gcm(key: [UInt8], iv: [UInt8], associated: [UInt8], _ input: [UInt8]) -> [UInt8] {
    let context = EVP_CIPHER_CTX_new()
    defer { EVP_CIPHER_CTX_free(context) }
    var output = [UInt8](repeating: 0, count: input.count)
    var tag = [UInt8](repeating: 0, count: 16)
    var count: Int32 = 0
    precondition(EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nil, key, iv) == 1)
    precondition(EVP_EncryptUpdate(context, nil, &count, associated, Int32(associated.count)) == 1)
    if !input.isEmpty { precondition(EVP_EncryptUpdate(context, &output, &count, input, Int32(input.count)) == 1) }
    var rest = [UInt8](repeating: 0, count: 16)
    precondition(EVP_EncryptFinal_ex(context, &rest, &count) == 1)
    precondition(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag) == 1)
    return output + tag
  }

  static func hmacSHA1(key: [UInt8], _ input: [UInt8]) -> [UInt8] {
    var mac = [UInt8](repeating: 0, count: 20)
    var count: UInt32 = 0
    precondition(HMAC(EVP_sha1(), key, Int32(key.count), input, input.count, &mac, &count) != nil)
    return mac
  }

  /// RFC 3711 §3.1, §4.1.1, §4.2.1.
  func protectRTP_CM(_ packet: [UInt8], rolloverCounter: UInt32) -> [UInt8] {
    let header = Self.headerLength(packet)
    let index = UInt64(rolloverCounter) << 16 | UInt64(packet[2]) << 8 | UInt64(packet[3])
    let body = counterMode(Array(packet[header...]), ssrc: Array(packet[8..<12]), index: index)
    let authenticated = Array(packet[..<header]) + body
    return authenticated
      + Self.hmacSHA1(key: authenticationKey, authenticated + Self.bytes(rolloverCounter)).prefix(10)
  }

  /// RFC 3711 §3.4.
  func protectRTCP_CM(_ packet: [UInt8], index: UInt32) -> [UInt8] {
    let body = counterMode(Array(packet[8...]), ssrc: Array(packet[4..<8]), index: UInt64(index))
    let authenticated = Array(packet[..<8]) + body + Self.bytes(index | 0x8000_0000)
    return authenticated + Self.hmacSHA1(key: authenticationKey, authenticated).prefix(10)
  }

  /// RFC 7714 §8.
  func protectRTP_GCM(_ packet: [UInt8], rolloverCounter: UInt32) -> [UInt8] {
    let header = Self.headerLength(packet)
    let iv = [0, 0] + packet[8..<12] + Self.bytes(rolloverCounter) + packet[2..<4]
    return packet[..<header]
      + Self.gcm(
        key: cipherKey, iv: exclusiveOr(iv), associated: Array(packet[..<header]), Array(packet[header...]))
  }

  /// RFC 7714 §9.
  func protectRTCP_GCM(_ packet: [UInt8], index: UInt32) -> [UInt8] {
    let trailer = Self.bytes(index | 0x8000_0000)
    let iv = [0, 0] + packet[4..<8] + [0, 0] + Self.bytes(index)
    return packet[..<8]
      + Self.gcm(key: cipherKey, iv: exclusiveOr(iv), associated: packet[..<8] + trailer, Array(packet[8...]))
      + trailer
  }

  private func exclusiveOr(_ iv: [UInt8]) -> [UInt8] { zip(iv, salt).map { $0 ^ $1 } }

  private func counterMode(_ input: [UInt8], ssrc: [UInt8], index: UInt64) -> [UInt8] {
    var block = salt + [0, 0]
    for position in 0..<4 { block[4 + position] ^= ssrc[position] }
    for position in 0..<6 { block[8 + position] ^= UInt8(truncatingIfNeeded: index >> (40 - 8 * position)) }
    return Self.counterMode(key: cipherKey, initial: block, input)
  }

  private static func headerLength(_ packet: [UInt8]) -> Int {
    let fixed = 12 + 4 * Int(packet[0] & 15)
    guard packet[0] & 0x10 != 0 else { return fixed }
    return fixed + 4 + 4 * (Int(packet[fixed + 2]) << 8 | Int(packet[fixed + 3]))
  }

  private static func bytes(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }
}
