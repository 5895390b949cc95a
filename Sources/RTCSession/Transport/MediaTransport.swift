import RTCPrimitives
import RTCTransport
import RTCWire

/// The transport of one BUNDLE group: ICE finds the path, DTLS agrees on keys, SRTP protects the packets.
///
/// In `model` fidelity only the SRTP transforms are left out: packets stay readable and their authentication tags are
/// counted without being stored, so that times and sizes are those of `wire`.
/// - SeeAlso: RFC 8843 (BUNDLE), RFC 5764 (DTLS-SRTP), RFC 7983 (demultiplexing)
public struct MediaTransport: ~Copyable {
  /// What a transport needs to begin.
  public struct Configuration {
    public var ice: ICEConfiguration
    public var dtls: DTLSTransport.Configuration
    public var handshake = HandshakeKind.dtls12
    public var fidelity: Fidelity
    /// Names the dice of this transport; unique in its simulation.
    public var name: String
    public var provider: CryptoProvider
    public var identity: DTLSIdentity
    /// The SCTP of this host, for data channels; `nil` where there are to be none.
    public var sctp: SCTPStack?
    /// Which end begins the SCTP association: both, as RFC 8831's ends do, unless the application arranged it otherwise.
    public var sctpStart = SCTPConfiguration.Start.active
    /// Whether the plain bytes of what is sent as application data are kept for `takeDisclosedRecords`.
    public var disclosesData = false

    public init(
      ice: ICEConfiguration, dtls: DTLSTransport.Configuration = .init(), fidelity: Fidelity = .wire, name: String,
      provider: CryptoProvider, identity: DTLSIdentity, sctp: SCTPStack? = nil
    ) {
      self.ice = ice
      self.dtls = dtls
      self.fidelity = fidelity
      self.name = name
      self.provider = provider
      self.identity = identity
      self.sctp = sctp
    }
  }

  public enum Event: Sendable {
    case ice(ICEAgent.Event)
    case dtls(DTLSTransport.Event)
    /// Keys are there: media may flow.
    case ready(SRTPProfile)
  }

  /// A media packet that arrived: its bytes are those of `inbox`.
  public enum Received: Hashable, Sendable {
    /// An RTP packet; `elided` bytes of its payload are not stored.
    case rtp(elided: Int)
    /// A compound RTCP packet.
    case rtcp
  }

  /// Packets that were dropped, by reason.
  public struct DropCounts: Hashable, Sendable {
    /// Neither STUN, DTLS nor RTP.
    public var unknownProtocol = 0
    /// Media before the keys were there or after the session was closed.
    public var beforeKeys = 0
    /// SRTP authentication failed, or a replay.
    public var unauthenticated = 0
    /// Media that was to be sent while no path or key was there.
    public var unsendable = 0
    /// SCTP packets that were to be sent while no path or key was there.
    public var unsendablePackets = 0
    /// DTLS beyond what is kept until there is a path to answer on.
    public var beforePath = 0
  }

  public internal(set) var ice: ICEAgent
  public internal(set) var drops = DropCounts()
  /// The keys of this side and the peer, once they are agreed.
  public private(set) var keys: SRTPKeys?
  /// The plain bytes of the packet that `receive` returned last.
  public private(set) var inbox = ByteWriter(reserving: 2048)
  public private(set) var hasSentRTCP = false
  public private(set) var hasReceivedRTCP = false
  /// The handshake messages that went out and came in last.
  public private(set) var lastFlightSent: DTLSFlight?
  public private(set) var lastFlightReceived: DTLSFlight?

  let configuration: Configuration
  /// That of `keys`, for which every packet asks; `nil` again when either side has closed the session.
  var profile: SRTPProfile?
  var dtls: Handshake?
  private var srtp: SRTPSession?
  /// What the remote description announced.
  public private(set) var remoteFingerprints: [DTLSFingerprint]?
  /// DTLS that came before there was a path to answer on: a peer whose check has succeeded may begin.
  private var early: [[UInt8]] = []
  private static let earlyLimit = 8
  /// What was known of the path when it was last looked at.
  private var hadPath = false
  private var outbox = ByteWriter(reserving: 2048)
  private var iceOutput = Output<ICEAgent.Event>()
  private var dtlsOutput = DTLSTransport.Output()
  var data = ApplicationData()

  public init(_ configuration: Configuration, role: ICERole, entropy: EntropySource) {
    self.configuration = configuration
    ice = ICEAgent(configuration.ice, role: role, entropy: entropy)
  }

  /// Whether media can be sent.
  public var isReady: Bool { profile != nil }

  /// Bytes that SRTP adds to an RTP packet; 0 before the keys are there.
  var packetTag: Int { profile?.rtpOverhead ?? 0 }

  /// The state of the DTLS transport; `new` before its role is known.
  public var dtlsState: DTLSTransport.State {
    switch dtls {
    case .some(let transport): transport.state
    case .none: .new
    }
  }

  /// Our role in the handshake; `nil` before it is known.
  public private(set) var localDTLSRole: DTLSTransport.Role?

  /// The IANA name of the cipher suite, once connected.
  public var cipherSuite: String? {
    switch dtls {
    case .some(let transport): transport.cipherSuite
    case .none: nil
    }
  }

  /// Flights of the handshake that were sent again.
  public var flightsRepeated: Int {
    switch dtls {
    case .some(let transport): transport.retransmissions
    case .none: 0
    }
  }

  /// When `handleTimeout` wants to be called.
  public var nextTimeout: Instant? {
    // `handleTimeout` leaves DTLS alone until there is a path; to ask for its time would be to be called without end.
    let handshake = isWaitingForPath ? nil : handshakeTimeout
    guard let iceTimeout = ice.nextTimeout else { return handshake }
    return handshake.map { min(iceTimeout, $0) } ?? iceTimeout
  }

  private var handshakeTimeout: Instant? {
    switch dtls {
    case .some(let transport): transport.nextTimeout
    case .none: nil
    }
  }

  /// Whether the handshake has begun before there is a path: checks carry and repeat it in place of DTLS's own timer, or
  /// it waits, because the peer cannot read it there.
  private var isWaitingForPath: Bool { configuration.ice.embedsHandshake && !ice.hasPath }

  /// Begins to gather candidates.
  public mutating func start(at now: Instant, into output: inout Output<Event>) {
    ice.start(at: now, into: &iceOutput)
    flush(at: now, into: &output)
  }

  /// Takes back a restart that the peer has not agreed to.
  public mutating func cancelRestart(at now: Instant, into output: inout Output<Event>) {
    ice.cancelRestart(at: now, into: &iceOutput)
    flush(at: now, into: &output)
  }

  /// Learns the peer's credentials, fingerprints and DTLS role (ours is the opposite).
  public mutating func setRemote(
    _ credentials: ICECredentials, fingerprints: [DTLSFingerprint], role: DTLSTransport.Role, at now: Instant,
    into output: inout Output<Event>
  ) {
    remoteFingerprints = fingerprints
    if localDTLSRole == nil { localDTLSRole = role }
    dtls?.setRemoteFingerprints(fingerprints, at: now, into: &dtlsOutput)
    if ice.isEmbedding { startHandshake(at: now) }
    carryHandshake(at: now)
    ice.setRemote(ufrag: credentials.ufrag, password: credentials.password, at: now, into: &iceOutput)
    flush(at: now, into: &output)
  }

  /// Learns a candidate of the peer.
  public mutating func addRemote(_ candidate: Candidate, at now: Instant, into output: inout Output<Event>) {
    ice.addRemote(candidate, at: now, into: &iceOutput)
    flush(at: now, into: &output)
  }

  /// The connection to a TURN server over TCP or TLS has ended, or could not be made.
  public mutating func relayConnectionEnded(
    from base: Endpoint, to server: Endpoint, at now: Instant, into output: inout Output<Event>
  ) {
    ice.relayConnectionEnded(from: base, to: server, at: now, into: &iceOutput)
    flush(at: now, into: &output)
  }

  /// The host has other sockets from now on; a restart looks for the ways that they open.
  public mutating func changeHosts(to hosts: [Endpoint], at now: Instant, into output: inout Output<Event>) {
    for host in hosts { ice.addHost(host, at: now, into: &iceOutput) }
    for host in ice.configuration.hosts where !hosts.contains(host) {
      ice.removeHost(host, at: now, into: &iceOutput)
    }
    flush(at: now, into: &output)
  }

  /// Learns that the peer has no more candidates.
  public mutating func remoteCandidatesEnded(at now: Instant, into output: inout Output<Event>) {
    ice.remoteCandidatesEnded(at: now, into: &iceOutput)
    flush(at: now, into: &output)
  }

  public mutating func setRole(_ role: ICERole) { ice.setRole(role) }

  /// Learns that the peer's ICE agent is lite.
  public mutating func setRemoteLite() { ice.setRemoteLite() }

  /// Fresh ICE credentials for a restart that is to be offered first.
  public mutating func makeCredentials() -> ICECredentials { ice.makeCredentials() }

  /// Looks for a new path; keys and streams stay, and data keeps to the old path meanwhile.
  public mutating func restart(
    with credentials: ICECredentials? = nil, at now: Instant, into output: inout Output<Event>
  ) {
    ice.restart(with: credentials, at: now, into: &iceOutput)
    flush(at: now, into: &output)
  }

  /// Takes a datagram; a media packet is returned with its plain bytes in `inbox`.
  public mutating func receive(_ datagram: Datagram, at now: Instant, into output: inout Output<Event>) -> Received? {
    guard let range = ice.receive(datagram, at: now, into: &iceOutput) else {
      flush(at: now, into: &output)
      return nil
    }
    let bytes = datagram.bytes.extracting(range)
    let kind = Demultiplexer.classify(bytes)
    switch kind {
    case .rtp, .rtcp: return receiveMedia(bytes, elided: datagram.elided, isRTCP: kind == .rtcp)
    case .dtls:
      if bytes[0] != DTLSRecord.ContentType.applicationData.rawValue { noteFlight(bytes) }
      if dtls == nil { keep(bytes) }
      dtls?.handle(bytes, at: now, into: &dtlsOutput)
      flush(at: now, into: &output)
    default: drops.unknownProtocol += 1
    }
    return nil
  }

  /// Does everything that is due.
  public mutating func handleTimeout(at now: Instant, into output: inout Output<Event>) {
    ice.handleTimeout(at: now, into: &iceOutput)
    if !isWaitingForPath { dtls?.handleTimeout(at: now, into: &dtlsOutput) }
    flush(at: now, into: &output)
  }

  /// Protects and sends the RTP packet that `write` appends; gives its size (UDP payload before any TURN framing), or
  /// 0 when it could not be sent.
  @discardableResult
  public mutating func sendRTP(
    elided: Int = 0, at now: Instant, into datagrams: inout Transmissions, _ write: (inout ByteWriter) -> Void
  ) -> Int {
    send(isRTCP: false, elided: elided, at: now, into: &datagrams, write)
  }

  /// Protects and sends the compound RTCP packet that `write` appends; gives its size as `sendRTP` does.
  @discardableResult
  public mutating func sendRTCP(
    at now: Instant, into datagrams: inout Transmissions, _ write: (inout ByteWriter) -> Void
  ) -> Int {
    send(isRTCP: true, elided: 0, at: now, into: &datagrams, write)
  }

  /// Ends the session: close_notify, then silence.
  public mutating func close(at now: Instant, into output: inout Output<Event>) {
    dtls?.close(at: now, into: &dtlsOutput)
    profile = nil
    flush(at: now, into: &output)
    ice.close(at: now, into: &iceOutput)
    flush(at: now, into: &output)
  }

  private mutating func send(
    isRTCP: Bool, elided: Int, at now: Instant, into datagrams: inout Transmissions,
    _ write: (inout ByteWriter) -> Void
  ) -> Int {
    guard let profile else {
      drops.unsendable += 1
      return 0
    }
    // A local variable, because the compiler cannot tell the buffer from the agent inside `self`.
    var packet = ByteWriter()
    swap(&packet, &outbox)
    defer { swap(&packet, &outbox) }
    packet.removeAll()
    write(&packet)
    var elided = elided
    switch configuration.fidelity {
    case .model: elided += isRTCP ? profile.rtcpOverhead : profile.rtpOverhead
    case .wire:
      precondition(elided == 0, "in wire fidelity every byte exists")
      do {
        if isRTCP {
          try srtp?.protectRTCP(&packet, from: 0)
        } else {
          try srtp?.protectRTP(&packet, from: 0)
        }
      } catch {
        drops.unsendable += 1
        return 0
      }
    }
    guard ice.send(packet.bytes.span, elided: elided, at: now, into: &datagrams) else {
      drops.unsendable += 1
      return 0
    }
    if isRTCP { hasSentRTCP = true }
    return packet.count + elided
  }

  private mutating func receiveMedia(_ bytes: Span<UInt8>, elided: Int, isRTCP: Bool) -> Received? {
    guard let profile else {
      drops.beforeKeys += 1
      return nil
    }
    if isRTCP { hasReceivedRTCP = true }
    inbox.replaceAll(with: bytes)
    switch configuration.fidelity {
    case .model:
      let tag = isRTCP ? profile.rtcpOverhead : profile.rtpOverhead
      guard elided >= tag else {
        drops.unauthenticated += 1
        return nil
      }
      // Replays of RTP are the connection's to refuse. The index of SRTCP does not exist here; only a network that
      // doubles datagrams could replay it, and ours does not.
      return isRTCP ? .rtcp : .rtp(elided: elided - tag)
    case .wire:
      do {
        if isRTCP {
          try srtp?.unprotectRTCP(&inbox, from: 0)
        } else {
          try srtp?.unprotectRTP(&inbox, from: 0)
        }
        return isRTCP ? .rtcp : .rtp(elided: 0)
      } catch {
        drops.unauthenticated += 1
        return nil
      }
    }
  }

  /// Forgets a source of the peer's that nobody hears, so that one who invents sources takes no room.
  mutating func forgetSource(_ ssrc: UInt32) { srtp?.forgetInbound(ssrc) }

  /// Makes the packet in `inbox`, a retransmission, the one that it repeats: its number stands in front of its payload.
  mutating func restoreOriginal(_ packet: RTPPacket, payloadType: UInt8, ssrc: UInt32) {
    let header = packet.payloadRange.lowerBound
    var original = inbox.bytes.span.extracting(0..<header).array()
    let payload = inbox.bytes.span.extracting(header..<inbox.count).array()
    original += payload.dropFirst(2)
    var span = original.mutableSpan
    RTPHeader.rewrite(
      &span, payloadType: payloadType, sequenceNumber: SequenceNumber(UInt16(payload[0]) << 8 | UInt16(payload[1])),
      ssrc: ssrc)
    inbox.replaceAll(with: original.span)
  }

  private mutating func noteFlight(_ datagram: Span<UInt8>) {
    var flight = DTLSFlight()
    guard (try? flight.append(datagram)) != nil, !flight.isEmpty else { return }
    lastFlightReceived = flight
  }

  private mutating func keep(_ datagram: Span<UInt8>) {
    guard early.count < Self.earlyLimit else {
      drops.beforePath += 1
      return
    }
    early.append(datagram.array())
  }

  private mutating func makeDTLS(_ role: DTLSTransport.Role) {
    var settings = configuration.dtls
    if let time = ice.roundTripTime {
      settings.initialRetransmissionTimeout = DTLSTransport.Configuration.retransmissionTimeout(forRoundTripTime: time)
    }
    if ice.isEmbedding { settings.mtu -= ICEAgent.embeddingOverhead }
    if case .modelledDTLS13(let sizes) = configuration.handshake {
      let dice = configuration.provider.dice(named: "modelled/\(configuration.name)")
      dtls = Handshake(ModelledDTLS(role: role, sizes: sizes, configuration: settings, dice: dice))
      return
    }
    do {
      dtls = Handshake(
        try DTLSTransport(
          provider: configuration.provider, identity: configuration.identity, role: role, name: configuration.name,
          remoteFingerprints: remoteFingerprints, configuration: settings))
    } catch {
      preconditionFailure("OpenSSL could not make a connection: \(error)")
    }
  }

  /// Moves what ICE and DTLS want done to the output, and begins the handshake once there is a path.
  private mutating func flush(at now: Instant, into output: inout Output<Event>) {
    let opensPath = ice.hasPath && !hadPath && configuration.ice.embedsHandshake
    hadPath = ice.hasPath
    if opensPath { synchronizeTimer(at: now) }
    while !iceOutput.datagrams.isEmpty || !iceOutput.events.isEmpty {
      if !iceOutput.datagrams.isEmpty { output.datagrams.take(&iceOutput.datagrams) }
      for event in iceOutput.takeEvents() {
        output.emit(.ice(event))
        switch event {
        case .stateChanged(.connected): startHandshake(at: now)
        case .handshakeReceived(let packet):
          if dtls == nil { keep(packet.span) }
          dtls?.handle(packet.span, at: now, into: &dtlsOutput)
        default: break
        }
      }
      if ice.isEmbedding {
        carryHandshake(at: now)
        ice.answerHeldRequests(at: now, into: &iceOutput)
      }
    }
    carryHandshake(at: now)
    if opensPath { sendEmbedded(at: now, into: &output) }
    guard dtlsOutput.datagramCount > 0 || dtlsOutput.messageCount > 0 || !dtlsOutput.events.isEmpty else { return }
    var handshake = DTLSTransport.Output()
    swap(&handshake, &dtlsOutput)
    for index in 0..<handshake.messageCount { data.append(handshake.message(index)) }
    if !isWaitingForPath {
      for index in 0..<handshake.datagramCount {
        ice.send(handshake.datagram(index), at: now, into: &output.datagrams)
      }
    }
    for event in handshake.events {
      output.emit(.dtls(event))
      switch event {
      case .connected(let agreed): adopt(agreed, into: &output)
      case .closed: profile = nil
      case .sent(let flight, _): lastFlightSent = flight
      case .failed: break
      }
    }
    if profile != nil { ice.endEmbeddingIfAcknowledged() }
  }

  /// Lets the next checks and answers carry the packets that DTLS has just written.
  private mutating func carryHandshake(at now: Instant) {
    guard ice.isEmbedding || isWaitingForPath, dtlsOutput.datagramCount > 0 else { return }
    ice.embed((0..<dtlsOutput.datagramCount).map { dtlsOutput.datagram($0).array() })
  }

  /// Gives DTLS, which began without knowing it, the round-trip time of ICE (draft-uberti-tsvwg-warp-00 §5.3).
  private mutating func synchronizeTimer(at now: Instant) {
    guard let time = ice.roundTripTime else { return }
    dtls?.setRetransmissionTimeout(
      DTLSTransport.Configuration.retransmissionTimeout(forRoundTripTime: time), at: now)
  }

  /// Sends at once what has waited for a path (draft-hancke-webrtc-sped-00 §3.3.1), unless DTLS has just written more.
  private mutating func sendEmbedded(at now: Instant, into output: inout Output<Event>) {
    guard dtlsOutput.datagramCount == 0 else { return }
    // A timer that ran out meanwhile writes the flight anew.
    if let due = handshakeTimeout, due <= now { dtls?.handleTimeout(at: now, into: &dtlsOutput) }
    guard dtlsOutput.datagramCount == 0 else { return carryHandshake(at: now) }
    for packet in ice.takeUnacknowledged() { ice.send(packet.span, at: now, into: &output.datagrams) }
  }

  private mutating func startHandshake(at now: Instant) {
    guard dtls == nil, let localDTLSRole else { return }
    makeDTLS(localDTLSRole)
    dtls?.start(at: now, into: &dtlsOutput)
    for datagram in early { dtls?.handle(datagram.span, at: now, into: &dtlsOutput) }
    early = []
  }

  private mutating func adopt(_ agreed: SRTPKeys, into output: inout Output<Event>) {
    guard keys == nil else { return }
    if configuration.fidelity == .wire {
      do {
        srtp = try SRTPSession(agreed)
      } catch {
        preconditionFailure("libsrtp2 refused keys of the right length: \(error)")
      }
    }
    keys = agreed
    profile = agreed.profile
    output.emit(.ready(agreed.profile))
  }
}

/// What of a packet exists as bytes.
public enum Fidelity: String, Hashable, Sendable, CaseIterable {
  /// Every byte is there and SRTP encrypts it.
  case wire
  /// Payload bytes and authentication tags are counted, not stored.
  case model
}
