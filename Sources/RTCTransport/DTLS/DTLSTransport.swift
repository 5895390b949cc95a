public import RTCPrimitives
import RTCWire

/// DTLS 1.2 over datagrams as WebRTC uses it: mutual self-signed certificates, checked by fingerprint, keys for SRTP, and
/// application data, which is SCTP (RFC 8261).
///
/// A state machine without sockets. It does not know where its peer is: the datagrams of an `Output` go through ICE.
/// ```
/// new ── start ──► connecting ── handshake done, fingerprint known and right ──► connected ── close_notify ──► closed
///                      └────── wrong fingerprint, alert, no answer ──► failed ◄──────┘
/// ```
/// Deliver every DTLS datagram for the whole life of the transport: a peer that lost the last flight of the handshake
/// repeats its own, and only reading it makes this side repeat the last one too.
/// - SeeAlso: RFC 6347, RFC 5764, RFC 8842, RFC 8827 §6.5
/// - Note: There is no DTLS 1.3. The peer must have an SRTP profile, as all browsers do, also where only data is sent.
public struct DTLSTransport: ~Copyable {
  /// Which side sends the first message; `a=setup:active` makes a client.
  public enum Role: Hashable, Sendable { case client, server }

  /// The states of `RTCDtlsTransportState`.
  public enum State: Hashable, Sendable { case new, connecting, connected, closed, failed }

  public struct Configuration: Hashable, Sendable {
    /// The most wanted first; the server's order decides.
    public var srtpProfiles: [SRTPProfile] = [.aeadAES128GCM, .aes128CMHMACSHA1_80]
    /// The largest datagram in bytes.
    public var mtu = 1200
    /// How long the first flight waits for its answer; doubles with each repetition up to 60 s.
    public var initialRetransmissionTimeout: Duration = .seconds(1)

    public init() {}

    /// The most that a record of the cipher suites in use adds: header, nonce and tag of AES-GCM (RFC 5288 §3).
    public static let recordOverhead = 13 + 8 + 16

    /// The largest message of application data that fits into a datagram.
    public var maxMessageSize: Int { mtu - Self.recordOverhead }

    /// The smallest MTU: OpenSSL's limit for DTLS.
    public static let minimumMTU = 256

    /// The first timeout that libwebrtc takes when ICE has measured a round trip: twice that, within 50 ms ... 3 s.
    public static func retransmissionTimeout(forRoundTripTime time: Duration) -> Duration {
      min(max(time * 2, .milliseconds(50)), .seconds(3))
    }
  }

  public let role: Role
  public private(set) var state = State.new
  /// Datagrams that were no DTLS, or came before the start or after the end.
  public private(set) var droppedDatagrams = 0
  /// Flights that were sent again.
  public private(set) var retransmissions = 0
  private let connection: OpenSSLConnection
  /// The keys of a finished handshake that still waits for the fingerprint.
  private var unverifiedKeys: SRTPKeys?

  /// - Parameters:
  ///   - name: names the dice of this transport; unique in the simulation.
  ///   - remoteFingerprints: those of the remote description; `nil` when it is not known yet.
  /// - Throws: `DTLSError`.
  public init(
    provider: CryptoProvider, identity: DTLSIdentity, role: Role, name: String,
    remoteFingerprints: [DTLSFingerprint]? = nil, configuration: Configuration = Configuration()
  ) throws(DTLSError) {
    self.role = role
    connection = try OpenSSLConnection(
      provider: provider, identity: identity, isClient: role == .client, name: name, configuration: configuration)
    connection.remoteFingerprints = remoteFingerprints
  }

  /// When `handleTimeout` wants to be called; `nil` when nothing is pending.
  public var nextTimeout: Instant? { state == .connecting ? connection.nextTimeout : nil }

  /// The IANA name of the cipher suite, once connected.
  public var cipherSuite: String? { state == .connected ? connection.cipherSuite : nil }

  /// Whether the keys are bound to the handshake (RFC 7627), once connected.
  public var hasExtendedMasterSecret: Bool { state == .connected && connection.hasExtendedMasterSecret }

  /// Begins the handshake: a client sends its ClientHello, a server listens from now on.
  public mutating func start(at now: Instant, into output: inout Output) {
    guard state == .new else { return }
    state = .connecting
    follow(connection.start(at: now), isRetransmission: false, at: now, into: &output)
  }

  /// Takes a datagram of the peer. What is no DTLS is dropped and counted.
  public mutating func handle(_ datagram: Span<UInt8>, at now: Instant, into output: inout Output) {
    guard state == .connecting || state == .connected,
      DTLSRecord.areWhole(datagram, smallestEncrypted: connection.smallestRecord)
    else {
      droppedDatagrams += 1
      return
    }
    let isRepeating = state == .connected || unverifiedKeys != nil
    follow(connection.receive(datagram, at: now), isRetransmission: isRepeating, at: now, into: &output)
  }

  /// Sends a message of application data as one record, which is one datagram; says whether that was possible.
  @discardableResult
  public mutating func send(_ message: Span<UInt8>, at now: Instant, into output: inout Output) -> Bool {
    guard state == .connected, connection.send(message, at: now) else { return false }
    connection.takeDatagrams(into: &output)
    return true
  }

  /// Repeats the last flight if it is due at `now`; harmless when called early.
  public mutating func handleTimeout(at now: Instant, into output: inout Output) {
    guard let due = nextTimeout, due <= now else { return }
    let (isRetransmission, progress) = connection.handleTimeout(at: now)
    follow(progress, isRetransmission: isRetransmission, at: now, into: &output)
  }

  /// Takes another first timeout for the flights to come; OpenSSL keeps that of the flight that waits for its answer.
  public mutating func setRetransmissionTimeout(_ time: Duration) { connection.setFirstTimeout(time) }

  /// Says which certificates are acceptable; the handshake ends as connected only after this.
  public mutating func setRemoteFingerprints(
    _ fingerprints: [DTLSFingerprint], at now: Instant, into output: inout Output
  ) {
    connection.remoteFingerprints = fingerprints
    verify(at: now, into: &output)
  }

  /// Sends close_notify and ends.
  public mutating func close(at now: Instant, into output: inout Output) {
    guard state == .connecting || state == .connected else { return }
    connection.close(at: now)
    collect(isRetransmission: false, into: &output)
    unverifiedKeys = nil
    state = .closed
  }

  private mutating func follow(
    _ progress: OpenSSLConnection.Progress, isRetransmission: Bool, at now: Instant, into output: inout Output
  ) {
    collect(isRetransmission: isRetransmission, into: &output)
    // What was encrypted by a peer that is not known yet waits for the fingerprint.
    if state == .connected { connection.takeReceived(into: &output) }
    switch progress {
    case .pending: break
    case .finished: finish(at: now, into: &output)
    case .closed:
      state = .closed
      output.emit(.closed)
    case .failed(let reason): fail(reason, into: &output)
    }
  }

  private mutating func finish(at now: Instant, into output: inout Output) {
    guard let profile = connection.profile else {
      connection.close(at: now)
      collect(isRetransmission: false, into: &output)
      return fail(.noSharedSRTPProfile, into: &output)
    }
    guard let keys = connection.exportKeys(profile) else {
      return fail(.openSSL(reason: "no keying material was exported"), into: &output)
    }
    unverifiedKeys = keys
    verify(at: now, into: &output)
    guard state == .connected || unverifiedKeys != nil else { return }
    follow(connection.readRest(at: now), isRetransmission: true, at: now, into: &output)
  }

  private mutating func verify(at now: Instant, into output: inout Output) {
    guard let keys = unverifiedKeys, connection.remoteFingerprints != nil else { return }
    unverifiedKeys = nil
    if let presented = connection.mismatch() {
      connection.close(at: now)
      collect(isRetransmission: false, into: &output)
      return fail(.fingerprintMismatch(presented: presented), into: &output)
    }
    state = .connected
    output.emit(.connected(keys))
    connection.takeReceived(into: &output)
  }

  private mutating func fail(_ reason: DTLSFailure, into output: inout Output) {
    unverifiedKeys = nil
    connection.dropReceived()
    state = .failed
    output.emit(.failed(reason))
  }

  /// Moves the datagrams that OpenSSL wrote to the output and names their messages.
  private mutating func collect(isRetransmission: Bool, into output: inout Output) {
    let first = output.datagramCount
    connection.takeDatagrams(into: &output)
    guard output.datagramCount > first else { return }
    var flight = DTLSFlight()
    for index in first..<output.datagramCount {
      do {
        try flight.append(output.datagram(index))
      } catch {
        preconditionFailure("OpenSSL writes well-formed records: \(error)")
      }
    }
    if isRetransmission { retransmissions += 1 }
    output.emit(.sent(flight, isRetransmission: isRetransmission))
  }
}
