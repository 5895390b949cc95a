import COpenSSL
import RTCPrimitives

/// - SeeAlso: RFC 9525 (names in certificates), RFC 6066 §3 (server name indication)
extension TLSConnection.Verification {
  /// Lets a client end the handshake unless the certificate is the server's; servers in use may know TLS 1.2 only.
  ///
  /// - Throws: `DTLSError.library`.
  func apply(to ssl: OpaquePointer) throws(DTLSError) {
    SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
    try OpenSSL.require(
      SSL_ctrl(ssl, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil) == 1, "SSL_set_min_proto_version")
    SSL_set_options(ssl, rtcsim_ssl_options)
    if IPAddress(host) != nil {
      try OpenSSL.require(
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1, "X509_VERIFY_PARAM_set1_ip_asc")
    } else {
      try OpenSSL.require(SSL_set1_host(ssl, host) == 1, "SSL_set1_host")
      var name: [CChar] = Array(host.utf8CString)
      try OpenSSL.require(
        SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), &name) == 1,
        "SSL_set_tlsext_host_name")
    }
    let store = try OpenSSL.require(X509_STORE_new(), "X509_STORE_new")
    // The connection holds it from now on.
    defer { X509_STORE_free(store) }
    try fill(store)
    try OpenSSL.require(
      SSL_ctrl(ssl, SSL_CTRL_SET_VERIFY_CERT_STORE, 1, UnsafeMutableRawPointer(store)) == 1,
      "SSL_set1_verify_cert_store")
  }

  private func fill(_ store: OpaquePointer) throws(DTLSError) {
    try authorities.span.withUnsafeBytes { bytes throws(DTLSError) in
      let source = try OpenSSL.require(BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)), "BIO_new_mem_buf")
      defer { BIO_free(source) }
      while let certificate = PEM_read_bio_X509(source, nil, nil, nil) {
        defer { X509_free(certificate) }
        try OpenSSL.require(X509_STORE_add_cert(store, certificate) == 1, "X509_STORE_add_cert")
      }
    }
    // Reading ends with an error that says that there are no more.
    ERR_clear_error()
  }
}
