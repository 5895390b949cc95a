import COpenSSL
public import RTCPrimitives

/// One end of a TLS 1.3 connection inside OpenSSL, over memory: bytes of the wire in and out, plain bytes out and in.
///
/// It costs one round trip before the client may write; a client that verifies its server takes TLS 1.2 as well. The raw pointers of TLS live here.
/// - SeeAlso: RFC 8446
/// - Note: Sessions are not resumed, and the server sends no tickets.
public final class TLSConnection {
  public enum State: Hashable, Sendable {
    case handshaking
    case connected
    /// The peer has sent close_notify, or we have.
    case closed
    case failed(reason: String)
  }

  public enum Role {
    /// Takes any certificate: in a simulation there is no store to check it with.
    case client
    /// Takes the certificate of this server only.
    case verifyingClient(Verification)
    /// Shows the certificate of this identity.
    case server(DTLSIdentity)
  }

  /// What a server's certificate must say, and whose word is taken for it.
  public struct Verification: Hashable, Sendable {
    /// A DNS name or an IP address.
    public var host: String
    /// Certificates in PEM.
    public var authorities: [UInt8]

    public init(host: String, authorities: [UInt8]) {
      self.host = host
      self.authorities = authorities
    }
  }

  public private(set) var state = State.handshaking
  /// Bytes for the peer, which the owner takes after every call.
  public private(set) var outgoing = ByteWriter()
  /// What the peer wrote, which the owner takes after every call.
  public private(set) var received = ByteWriter()

  private let provider: CryptoProvider
  private let ssl: OpaquePointer
  /// OpenSSL's ends of the two directions; `ssl` frees them.
  private let incomingBIO: OpaquePointer
  private let outgoingBIO: OpaquePointer
  private var dice: UInt64
  private var scratch = [UInt8](repeating: 0, count: largestRecord)

  /// The plain bytes of a record (RFC 8446 §5.1).
  private static let largestRecord = 16_384

  /// - Parameter name: the name of the stream of dice; two connections of one provider have different names.
  /// - Throws: `DTLSError.library`.
  public init(provider: CryptoProvider, role: Role, name: String) throws(DTLSError) {
    self.provider = provider
    var dice = provider.dice(named: "crypto/tls/\(name)")
    let context = try provider.tlsContext()
    (ssl, incomingBIO, outgoingBIO) = try provider.perform(at: .start, &dice) { () throws(DTLSError) in
      try Self.makeConnection(context, role)
    }
    self.dice = dice
  }

  deinit { SSL_free(ssl) }

  /// Sends the ClientHello; a server waits.
  public func start(at now: Instant) { perform(at: now) { handshake() } }

  /// Takes bytes of the peer, cut anywhere.
  public func receive(_ bytes: Span<UInt8>, at now: Instant) {
    perform(at: now) {
      bytes.withUnsafeBufferPointer { buffer in
        // A memory BIO takes everything.
        if let address = buffer.baseAddress { BIO_write(incomingBIO, address, Int32(buffer.count)) }
      }
      if state == .handshaking { handshake() }
      if state == .connected { read() }
    }
  }

  /// Encrypts bytes.
  ///
  /// - Precondition: the connection is connected.
  public func write(_ bytes: Span<UInt8>, at now: Instant) {
    precondition(state == .connected, "TLS carries data once it is connected")
    perform(at: now) {
      bytes.withUnsafeBufferPointer { buffer in
        guard let address = buffer.baseAddress else { return }
        // A memory BIO never has to wait, so a write is whole or an error.
        let result = SSL_write(ssl, address, Int32(buffer.count))
        if result != Int32(buffer.count) { fail(result) }
      }
    }
  }

  /// Sends close_notify.
  public func close(at now: Instant) {
    guard state == .connected else { return }
    perform(at: now) {
      SSL_shutdown(ssl)
      state = .closed
    }
  }

  /// Hands over what is for the peer.
  public func takeOutgoing(_ body: (Span<UInt8>) -> Void) {
    if outgoing.count > 0 { body(outgoing.bytes.span) }
    outgoing.removeAll()
  }

  /// Hands over what the peer wrote.
  public func takeReceived(_ body: (Span<UInt8>) -> Void) {
    if received.count > 0 { body(received.bytes.span) }
    received.removeAll()
  }

  /// The IANA name of the cipher suite, once connected.
  public var cipherSuite: String? {
    guard let cipher = SSL_get_current_cipher(ssl), let name = SSL_CIPHER_standard_name(cipher) else { return nil }
    return String(cString: name)
  }

  private static func makeConnection(
    _ context: OpaquePointer, _ role: Role
  ) throws(DTLSError) -> (ssl: OpaquePointer, incoming: OpaquePointer, outgoing: OpaquePointer) {
    let ssl = try OpenSSL.require(SSL_new(context), "SSL_new")
    do throws(DTLSError) {
      let incoming = try OpenSSL.require(BIO_new(BIO_s_mem()), "BIO_new")
      guard let outgoing = BIO_new(BIO_s_mem()) else {
        BIO_free(incoming)
        throw DTLSError.library(operation: "BIO_new", reason: OpenSSL.takeFailure()?.text ?? "no reason given")
      }
      SSL_set_bio(ssl, incoming, outgoing)
      switch role {
      case .client: SSL_set_connect_state(ssl)
      case .verifyingClient(let verification):
        try verification.apply(to: ssl)
        SSL_set_connect_state(ssl)
      case .server(let identity):
        try OpenSSL.require(SSL_use_certificate(ssl, identity.certificate) == 1, "SSL_use_certificate")
        try OpenSSL.require(SSL_use_PrivateKey(ssl, identity.key) == 1, "SSL_use_PrivateKey")
        SSL_set_accept_state(ssl)
      }
      return (ssl, incoming, outgoing)
    } catch {
      SSL_free(ssl)
      throw error
    }
  }

  private func perform(at now: Instant, _ body: () -> Void) {
    provider.perform(at: now, &dice) {
      body()
      drain()
    }
  }

  private func handshake() {
    let result = SSL_do_handshake(ssl)
    if result == 1 { state = .connected } else { fail(result) }
  }

  private func read() {
    while state == .connected {
      let result = scratch.withUnsafeMutableBytes { SSL_read(ssl, $0.baseAddress, Int32($0.count)) }
      guard result > 0 else { return fail(result) }
      received.append(scratch[..<Int(result)])
    }
  }

  /// Moves what OpenSSL has written out of its buffer.
  private func drain() {
    while BIO_ctrl_pending(outgoingBIO) > 0 {
      let count = scratch.withUnsafeMutableBytes { BIO_read(outgoingBIO, $0.baseAddress, Int32($0.count)) }
      guard count > 0 else { return }
      outgoing.append(scratch[..<Int(count)])
    }
  }

  private func fail(_ result: Int32) {
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: break
    case SSL_ERROR_ZERO_RETURN: state = .closed
    default: state = .failed(reason: OpenSSL.takeFailure()?.text ?? "the connection ended")
    }
  }
}
