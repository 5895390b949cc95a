import COpenSSL
import RTCPrimitives
import RTCWire

/// One DTLS connection inside OpenSSL (`SSL`), without sockets: the raw pointers of DTLS live here.
///
/// OpenSSL calls back into it while one of its methods runs, hence a class with a stable address.
final class OpenSSLConnection {
  /// What became of a step.
  enum Progress: Hashable {
    case pending
    case finished
    case closed
    case failed(DTLSFailure)
  }

  let mtu: Int
  /// The fingerprints of which the peer's certificate must have one; `nil` while they are not known.
  var remoteFingerprints: [DTLSFingerprint]?
  /// When `handleTimeout` is due.
  private(set) var nextTimeout: Instant?

  private let provider: CryptoProvider
  private let ssl: OpaquePointer
  private let isClient: Bool
  /// In microseconds.
  private var firstTimeout: UInt32 = 0
  private var dice: UInt64
  private var incoming: UnsafeRawBufferPointer?
  private var outgoing = ByteWriter()
  private var outgoingRanges: [Range<Int>] = []
  private var rejected: DTLSFingerprint?
  private var isFinished = false
  /// Application data that was read.
  private var received = ByteWriter()
  private var receivedRanges: [Range<Int>] = []
  /// Messages that are kept until somebody takes them.
  private static let receivedLimit = 64
  /// The most that a record holds (RFC 6347 §4.1).
  private static let largestPlaintext = 1 << 14

  init(
    provider: CryptoProvider, identity: DTLSIdentity, isClient: Bool, name: String,
    configuration: DTLSTransport.Configuration
  ) throws(DTLSError) {
    guard configuration.mtu >= DTLSTransport.Configuration.minimumMTU else {
      throw .mtuTooSmall(configuration.mtu, minimum: DTLSTransport.Configuration.minimumMTU)
    }
    guard !configuration.srtpProfiles.isEmpty else { throw .noSRTPProfile }
    self.provider = provider
    self.isClient = isClient
    mtu = configuration.mtu
    var dice = provider.dice(named: "crypto/transport/\(name)")
    ssl = try provider.perform(at: .start, &dice) { () throws(DTLSError) in
      try OpenSSL.require(SSL_new(provider.context), "SSL_new")
    }
    self.dice = dice
    // From here on `deinit` frees `ssl`.
    setFirstTimeout(configuration.initialRetransmissionTimeout)
    try setUp(identity, configuration.srtpProfiles)
  }

  deinit { SSL_free(ssl) }

  /// How long each flight that begins from now on waits for its answer at first.
  func setFirstTimeout(_ time: Duration) { firstTimeout = UInt32(clamping: max(1, time.nanoseconds / 1000)) }

  /// Sends the first flight of a client; a server waits.
  func start(at now: Instant) -> Progress { perform(at: now) { handshake() } }

  /// Takes a datagram of the peer.
  func receive(_ datagram: Span<UInt8>, at now: Instant) -> Progress {
    datagram.withUnsafeBytes { bytes in
      incoming = bytes
      defer { incoming = nil }
      return perform(at: now) { isFinished ? read() : handshake() }
    }
  }

  /// Reads what followed the last handshake message in its datagram.
  func readRest(at now: Instant) -> Progress { perform(at: now) { read() } }

  /// Sends the last flight again if its time has come; returns whether it did.
  func handleTimeout(at now: Instant) -> (isRetransmission: Bool, Progress) {
    var retransmitted = false
    let progress = perform(at: now) {
      let result = SSL_ctrl(ssl, DTLS_CTRL_HANDLE_TIMEOUT, 0, nil)
      retransmitted = result > 0
      return result < 0 ? failure() : .pending
    }
    return (retransmitted, progress)
  }

  /// Sends close_notify.
  func close(at now: Instant) {
    guard isFinished else { return }
    _ = perform(at: now) {
      SSL_shutdown(ssl)
      return .closed
    }
  }

  /// Writes a message of application data; says whether that was possible.
  func send(_ message: Span<UInt8>, at now: Instant) -> Bool {
    guard isFinished, message.count > 0, message.count <= Self.largestPlaintext else { return false }
    return provider.perform(at: now, &dice) {
      message.withUnsafeBytes { SSL_write(ssl, $0.baseAddress, Int32($0.count)) } == message.count
    }
  }

  /// Hands over the messages of application data that were read since the last call.
  func takeReceived(into output: inout DTLSTransport.Output) {
    for range in receivedRanges { output.append(message: received.bytes.span.extracting(range)) }
    dropReceived()
  }

  /// Forgets what was read.
  func dropReceived() {
    received.removeAll()
    receivedRanges.removeAll(keepingCapacity: true)
  }

  /// Hands over the datagrams that OpenSSL has written since the last call.
  func takeDatagrams(into output: inout DTLSTransport.Output) {
    for range in outgoingRanges { output.append(outgoing.bytes.span.extracting(range)) }
    outgoing.removeAll()
    outgoingRanges.removeAll(keepingCapacity: true)
  }

  /// The negotiated profile; `nil` when the sides have none in common.
  var profile: SRTPProfile? {
    guard let selected = SSL_get_selected_srtp_profile(ssl) else { return nil }
    return SRTPProfile(rawValue: UInt16(truncatingIfNeeded: selected.pointee.id))
  }

  /// The IANA name of the negotiated cipher suite.
  var cipherSuite: String? {
    guard let cipher = SSL_get_current_cipher(ssl), let name = SSL_CIPHER_standard_name(cipher) else { return nil }
    return String(cString: name)
  }

  /// What the cipher adds to a record: nonce and tag of AES-GCM (RFC 5288 §3), or the tag of ChaCha20-Poly1305 (RFC 7905).
  ///
  /// OpenSSL 3.0 ends the connection with the alert internal_error over an encrypted record that is shorter, though it cannot
  /// be the peer's; RFC 6347 §4.1.2.7 wants such records discarded.
  var smallestRecord: Int {
    guard let cipher = SSL_get_current_cipher(ssl) else { return 24 }
    return SSL_CIPHER_get_cipher_nid(cipher) == NID_chacha20_poly1305 ? 16 : 24
  }

  /// Whether the master secret covers the handshake (RFC 7627).
  var hasExtendedMasterSecret: Bool { SSL_ctrl(ssl, SSL_CTRL_GET_EXTMS_SUPPORT, 0, nil) == 1 }

  /// Exports the keys of SRTP.
  func exportKeys(_ profile: SRTPProfile) -> SRTPKeys? {
    var material = [UInt8](repeating: 0, count: profile.keyingMaterialLength)
    let label = "EXTRACTOR-dtls_srtp"
    let status = SSL_export_keying_material(ssl, &material, material.count, label, label.utf8.count, nil, 0, 0)
    guard status == 1 else { return nil }
    return try? SRTPKeys(profile: profile, keyingMaterial: material, isClient: isClient)
  }

  /// Checks the peer's certificate after the handshake; returns the fingerprint when it is a wrong one.
  func mismatch() -> DTLSFingerprint? {
    guard let certificate = SSL_get1_peer_certificate(ssl) else {
      preconditionFailure("no handshake finishes without the peer's certificate")
    }
    defer { X509_free(certificate) }
    return mismatch(of: certificate)
  }

  // MARK: Called by OpenSSL

  /// Replaces OpenSSL's check of certificate chains: a WebRTC certificate is as good as its fingerprint.
  static let verifyPeerCertificate: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { store, _ in
    guard let store, let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
      let connection = connection(of: OpaquePointer(ssl)), let certificate = X509_STORE_CTX_get0_cert(store)
    else { return 0 }
    connection.rejected = connection.mismatch(of: certificate)
    let isAccepted = connection.rejected == nil
    // A rejected certificate makes OpenSSL send the alert bad_certificate.
    X509_STORE_CTX_set_error(store, isAccepted ? X509_V_OK : X509_V_ERR_CERT_REJECTED)
    return isAccepted ? 1 : 0
  }

  /// Queues a datagram.
  func send(_ datagram: UnsafeRawBufferPointer) {
    let begin = outgoing.count
    outgoing.bytes.append(contentsOf: datagram)
    outgoingRanges.append(begin..<outgoing.count)
  }

  /// Moves the incoming datagram, cut to the room there is; returns its size, or `nil` when there is none.
  func takeIncoming(into room: UnsafeMutableRawBufferPointer) -> Int? {
    guard let datagram = incoming else { return nil }
    incoming = nil
    let count = min(datagram.count, room.count)
    room.copyMemory(from: UnsafeRawBufferPointer(rebasing: datagram.prefix(count)))
    return count
  }

  // MARK: Private

  private static func connection(of ssl: OpaquePointer?) -> OpenSSLConnection? {
    guard let ssl, let data = SSL_get_ex_data(ssl, 0) else { return nil }
    return Unmanaged<OpenSSLConnection>.fromOpaque(data).takeUnretainedValue()
  }

  private func setUp(_ identity: DTLSIdentity, _ profiles: [SRTPProfile]) throws(DTLSError) {
    SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
    let bio = try DatagramBIO.make(for: self)
    SSL_set_bio(ssl, bio, bio)
    try OpenSSL.require(SSL_use_certificate(ssl, identity.certificate) == 1, "SSL_use_certificate")
    try OpenSSL.require(SSL_use_PrivateKey(ssl, identity.key) == 1, "SSL_use_PrivateKey")
    let names = profiles.map(\.nameInOpenSSL).joined(separator: ":")
    // The function returns 0 on success.
    try OpenSSL.require(SSL_set_tlsext_use_srtp(ssl, names) == 0, "SSL_set_tlsext_use_srtp")
    try OpenSSL.require(SSL_ctrl(ssl, SSL_CTRL_SET_MTU, mtu, nil) == mtu, "SSL_set_mtu")
    // Zero asks for the first timeout, anything else for the one after it (RFC 6347 §4.2.4.1).
    DTLS_set_timer_cb(ssl) { ssl, last in
      guard last > 0 else { return OpenSSLConnection.connection(of: ssl)?.firstTimeout ?? 1_000_000 }
      return min(60_000_000, 2 * last)
    }
    if isClient { SSL_set_connect_state(ssl) } else { SSL_set_accept_state(ssl) }
  }

  private func perform(at now: Instant, _ body: () -> Progress) -> Progress {
    provider.perform(at: now, &dice) {
      let progress = body()
      var remaining = timeval()
      let isRunning = SSL_ctrl(ssl, DTLS_CTRL_GET_TIMEOUT, 0, &remaining) == 1
      nextTimeout = isRunning ? now + .seconds(remaining.tv_sec) + .microseconds(remaining.tv_usec) : nil
      return progress
    }
  }

  private func handshake() -> Progress {
    let result = SSL_do_handshake(ssl)
    guard result != 1 else {
      isFinished = true
      return .finished
    }
    return failure(result)
  }

  /// Reads on: application data, a repeated flight (which OpenSSL answers with its own last one), close_notify.
  private func read() -> Progress {
    withUnsafeTemporaryAllocation(byteCount: Self.largestPlaintext, alignment: 1) { room in
      while true {
        let result = SSL_read(ssl, room.baseAddress, Int32(room.count))
        guard result > 0 else { return failure(result) }
        guard receivedRanges.count < Self.receivedLimit else { continue }
        let begin = received.count
        received.bytes.append(contentsOf: room.prefix(Int(result)))
        receivedRanges.append(begin..<received.count)
      }
    }
  }

  private func failure(_ result: Int32 = -1) -> Progress {
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .pending
    case SSL_ERROR_ZERO_RETURN: return .closed
    default: break
    }
    if let rejected { return .failed(.fingerprintMismatch(presented: rejected)) }
    guard let failure = OpenSSL.takeFailure() else { return .pending }
    if failure.library == ERR_LIB_SSL {
      if let code = UInt8(exactly: failure.reason - SSL_AD_REASON_OFFSET) {
        return .failed(.alertReceived(DTLSAlert(level: .fatal, code: code)))
      }
      if failure.reason == SSL_R_READ_TIMEOUT_EXPIRED { return .failed(.timedOut) }
    }
    return .failed(.openSSL(reason: failure.text))
  }

  /// Only the strongest hash function that was offered counts (RFC 8122 §5).
  private func mismatch(of certificate: OpaquePointer) -> DTLSFingerprint? {
    guard let remoteFingerprints else { return nil }
    let algorithm = remoteFingerprints.map(\.algorithm).max() ?? .sha256
    let presented = DTLSIdentity.fingerprint(of: certificate, algorithm)
    return remoteFingerprints.contains(presented) ? nil : presented
  }
}

extension SRTPProfile {
  fileprivate var nameInOpenSSL: String {
    switch self {
    case .aes128CMHMACSHA1_80: "SRTP_AES128_CM_SHA1_80"
    case .aeadAES128GCM: "SRTP_AEAD_AES_128_GCM"
    }
  }
}
