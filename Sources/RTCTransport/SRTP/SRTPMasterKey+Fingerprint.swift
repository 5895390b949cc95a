import COpenSSL

extension SRTPMasterKey {
  /// The first eight bytes of the SHA-256 of key and salt, in hexadecimal: tells keys apart without giving them away.
  public var fingerprint: String {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    let secret = key + salt
    _ = SHA256(secret, secret.count, &digest)
    return digest.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
