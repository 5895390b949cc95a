import COpenSSL

/// A P-256 key with its self-signed certificate, made by a `CryptoProvider`.
///
/// - SeeAlso: RFC 8827 §6.5
public final class DTLSIdentity {
  /// The SHA-256 fingerprint of the certificate, for SDP.
  public let fingerprint: DTLSFingerprint
  let key: OpaquePointer
  let certificate: OpaquePointer

  deinit {
    X509_free(certificate)
    EVP_PKEY_free(key)
  }

  /// Makes key and certificate from the dice of the moment, valid from a day ago for 30 days from then on.
  init(libraryContext: OpaquePointer?) throws(DTLSError) {
    let key = try Self.makeKey(libraryContext)
    do {
      certificate = try Self.makeCertificate(for: key, libraryContext)
    } catch {
      EVP_PKEY_free(key)
      throw error
    }
    self.key = key
    fingerprint = Self.fingerprint(of: certificate, .sha256)
  }

  /// The digest of an X.509 certificate.
  static func fingerprint(
    of certificate: OpaquePointer, _ algorithm: DTLSFingerprint.Algorithm
  ) -> DTLSFingerprint {
    let function =
      switch algorithm {
      case .sha256: EVP_sha256()
      case .sha384: EVP_sha384()
      case .sha512: EVP_sha512()
      }
    var digest = [UInt8](repeating: 0, count: algorithm.digestLength)
    var length: UInt32 = 0
    let status = X509_digest(certificate, function, &digest, &length)
    guard status == 1, let fingerprint = DTLSFingerprint(algorithm, digest: digest) else {
      preconditionFailure("SHA-2 digests exist in every OpenSSL")
    }
    return fingerprint
  }

  private static func makeKey(_ libraryContext: OpaquePointer?) throws(DTLSError) -> OpaquePointer {
    let context = try OpenSSL.require(
      EVP_PKEY_CTX_new_from_name(libraryContext, "EC", nil), "EVP_PKEY_CTX_new_from_name")
    defer { EVP_PKEY_CTX_free(context) }
    try OpenSSL.require(EVP_PKEY_keygen_init(context) == 1, "EVP_PKEY_keygen_init")
    try OpenSSL.require(
      EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1,
      "EVP_PKEY_CTX_set_ec_paramgen_curve_nid"
    )
    var key: OpaquePointer?
    try OpenSSL.require(EVP_PKEY_keygen(context, &key) == 1, "EVP_PKEY_keygen")
    return try OpenSSL.require(key, "EVP_PKEY_keygen")
  }

  private static func makeCertificate(
    for key: OpaquePointer, _ libraryContext: OpaquePointer?
  ) throws(DTLSError) -> OpaquePointer {
    let certificate = try OpenSSL.require(X509_new_ex(libraryContext, nil), "X509_new_ex")
    do {
      var serial: UInt64 = 0
      let drawn = withUnsafeMutableBytes(of: &serial) {
        RAND_bytes_ex(libraryContext, $0.baseAddress, $0.count, 0)
      }
      try OpenSSL.require(drawn == 1, "RAND_bytes_ex")
      let day = 86_400
      try OpenSSL.require(X509_set_version(certificate, 2) == 1, "X509_set_version")
      try OpenSSL.require(
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial | 1) == 1, "ASN1_INTEGER_set_uint64")
      try OpenSSL.require(X509_gmtime_adj(X509_getm_notBefore(certificate), -day) != nil, "X509_gmtime_adj")
      try OpenSSL.require(X509_gmtime_adj(X509_getm_notAfter(certificate), 30 * day) != nil, "X509_gmtime_adj")
      let name = X509_get_subject_name(certificate)
      try OpenSSL.require(
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, "WebRTC", -1, -1, 0) == 1, "X509_NAME_add_entry_by_txt")
      try OpenSSL.require(X509_set_issuer_name(certificate, name) == 1, "X509_set_issuer_name")
      try OpenSSL.require(X509_set_pubkey(certificate, key) == 1, "X509_set_pubkey")
      try OpenSSL.require(X509_sign(certificate, key, EVP_sha256()) > 0, "X509_sign")
    } catch {
      X509_free(certificate)
      throw error
    }
    return certificate
  }
}
