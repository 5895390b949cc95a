import COpenSSL
import RTCPrimitives

/// OpenSSL as one simulation, or one process over real sockets, uses it: settings and certificates, for DTLS and TLS.
///
/// Belongs to one isolation domain; runs and threads never share one. With a simulation's `CryptoHost`, the same seed
/// gives the same certificates, handshakes and keys, and each name its own dice: one more transport or identity
/// leaves the others as they are.
public final class CryptoProvider {
  /// The context of all DTLS connections (`SSL_CTX`).
  let context: OpaquePointer
  private let host: CryptoHost
  private var identities: [String: DTLSIdentity] = [:]
  /// The context of all TLS connections, made when there is one.
  private var streamContext: OpaquePointer?

  /// - Throws: `DTLSError.library`.
  public init(host: CryptoHost = .system) throws(DTLSError) {
    self.host = host
    var dice = host.dice(named: "crypto/context")
    context = try Self.perform(host, at: .start, &dice) { () throws(DTLSError) in
      try Self.makeContext(host.libraryContext)
    }
  }

  deinit {
    SSL_CTX_free(context)
    SSL_CTX_free(streamContext)
  }

  /// The identity called `name`, made when it is asked for the first time.
  ///
  /// - Throws: `DTLSError.library`.
  public func identity(named name: String) throws(DTLSError) -> DTLSIdentity {
    if let made = identities[name] { return made }
    var dice = dice(named: "crypto/identity/\(name)")
    let made = try perform(at: .start, &dice) { () throws(DTLSError) in
      try DTLSIdentity(libraryContext: host.libraryContext)
    }
    identities[name] = made
    return made
  }

  /// The context of TLS 1.3 connections (`SSL_CTX`).
  ///
  /// - Throws: `DTLSError.library`.
  func tlsContext() throws(DTLSError) -> OpaquePointer {
    if let streamContext { return streamContext }
    var dice = dice(named: "crypto/tls")
    let made = try perform(at: .start, &dice) { () throws(DTLSError) in
      try Self.makeTLSContext(host.libraryContext)
    }
    streamContext = made
    return made
  }

  /// The dice of the stream called `name`.
  public func dice(named name: String) -> UInt64 { host.dice(named: name) }

  /// Runs `body`, which calls OpenSSL, with the clock at `now`; `dice` is the stream it draws from.
  func perform<Result, Failure: Error>(
    at now: Instant, _ dice: inout UInt64, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try Self.perform(host, at: now, &dice, body)
  }

  private static func perform<Result, Failure: Error>(
    _ host: CryptoHost, at now: Instant, _ dice: inout UInt64, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    host.enter(now, dice)
    ERR_clear_error()
    defer {
      ERR_clear_error()
      // OpenSSL keeps a generator per thread and context until the thread ends, which may be after the context's end.
      if let libraryContext = host.libraryContext { OPENSSL_thread_stop_ex(libraryContext) }
      dice = host.leave()
    }
    return try body()
  }

  /// What RFC 8827 §6.5 demands, then what other stacks choose.
  private static let cipherSuites = """
    ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:\
    ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:\
    ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
    """

  private static func makeContext(_ libraryContext: OpaquePointer?) throws(DTLSError) -> OpaquePointer {
    let context = try OpenSSL.require(SSL_CTX_new_ex(libraryContext, nil, DTLS_method()), "SSL_CTX_new_ex")
    do {
      let version = Int(DTLS1_2_VERSION)
      try OpenSSL.require(
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, version, nil) == 1, "SSL_CTX_set_min_proto_version")
      try OpenSSL.require(
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, version, nil) == 1, "SSL_CTX_set_max_proto_version")
      try OpenSSL.require(SSL_CTX_set_cipher_list(context, cipherSuites) == 1, "SSL_CTX_set_cipher_list")
      var groups: [CChar] = Array("X25519:P-256:P-384".utf8CString)
      try OpenSSL.require(
        SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, &groups) == 1, "SSL_CTX_set1_groups_list")
    } catch {
      SSL_CTX_free(context)
      throw error
    }
    SSL_CTX_set_options(context, rtcsim_ssl_options)
    SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    SSL_CTX_set_cert_verify_callback(context, OpenSSLConnection.verifyPeerCertificate, nil)
    return context
  }

  private static func makeTLSContext(_ libraryContext: OpaquePointer?) throws(DTLSError) -> OpaquePointer {
    let context = try OpenSSL.require(SSL_CTX_new_ex(libraryContext, nil, TLS_method()), "SSL_CTX_new_ex")
    do {
      try OpenSSL.require(
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_3_VERSION), nil) == 1,
        "SSL_CTX_set_min_proto_version")
      try OpenSSL.require(SSL_CTX_set_num_tickets(context, 0) == 1, "SSL_CTX_set_num_tickets")
    } catch {
      SSL_CTX_free(context)
      throw error
    }
    SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
    return context
  }
}
