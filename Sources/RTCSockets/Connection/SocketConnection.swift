public import RTCPrimitives
public import RTCSession
public import RTCTransport

/// A `PeerConnection` that talks to real peers: over this machine's sockets, with its clock and its randomness.
///
/// Everything that the core tells is handed on; everything that it offers is called through `perform`, which sends what
/// is to be sent and tells what is to be told.
/// ```swift
/// let connection = try SocketConnection(SocketConnection.Configuration(), on: loop)
/// connection.eventHandler = { event, now in … }
/// let offer = try connection.perform { core, now, output throws(PeerConnectionError) in
///   core.addTransceiver(.video, direction: .sendrecv)
///   let offer = try core.createOffer()
///   try core.setLocal(.offer(offer), at: now, into: &output)
///   return offer
/// }
/// ```
public final class SocketConnection: TimedParticipant {
  public struct Configuration: Sendable {
    /// The addresses that host candidates are gathered from, the preferred one first.
    public var addresses: [IPAddress]
    public var servers: [ICEServer]
    public var transportPolicy: ICEConfiguration.TransportPolicy
    /// Whose word is taken for servers that are reached over TLS, in PEM; `nil` for whom this machine trusts.
    public var certificateAuthorities: [UInt8]?
    /// What is done with received packets.
    public var purpose: RTPStreamReceiver.Purpose
    /// The encoding names of the codecs that this endpoint has; `nil` for all that there are.
    public var codecs: [String]?
    public var bundlePolicy: BundlePolicy
    /// Whether simulcast that a peer offers is received, each encoding as a stream of its own; `nil` if packets are forwarded.
    public var receivesSimulcast: Bool?
    /// Congestion control of what is sent; `nil` for none, and then transport-wide feedback is neither asked for nor given.
    public var congestion: CongestionSettings?

    /// - Parameter addresses: this machine alone unless others are named (`LocalAddresses`).
    public init(
      addresses: [IPAddress] = [IPAddress(127, 0, 0, 1)], servers: [ICEServer] = [],
      transportPolicy: ICEConfiguration.TransportPolicy = .all, purpose: RTPStreamReceiver.Purpose = .playout,
      codecs: [String]? = nil, bundlePolicy: BundlePolicy = .maxCompat, congestion: CongestionSettings? = nil
    ) {
      self.addresses = addresses
      self.servers = servers
      self.transportPolicy = transportPolicy
      self.purpose = purpose
      self.codecs = codecs
      self.bundlePolicy = bundlePolicy
      self.congestion = congestion
    }
  }

  /// The connection's state, to be looked at; `perform` changes it.
  public private(set) var core: PeerConnection
  /// Is told what the connection tells, in order.
  public var eventHandler: (PeerConnection.Event, Instant) -> Void = { _, _ in }
  /// Is told each RTP packet; its plain bytes are in `core.received` for the length of the call.
  public var packetHandler: (PeerConnection.IncomingPacket, Instant) -> Void = { _, _ in }

  /// Is told each UDP datagram that is given to a socket, as it is on the wire; it must not call the connection.
  public var sendHandler: (Datagram, Instant) -> Void = { _, _ in }

  private let loop: SocketLoop
  private var sockets: [DatagramSocket] = []
  private var relays: RelayStreams?
  private var output = Output<PeerConnection.Event>()
  /// Datagrams that are being sent.
  private var outgoing = Transmissions()
  /// Events that wait until the handler is done with those before them.
  private var untold: [PeerConnection.Event] = []
  private var isTelling = false
  public private(set) var isClosed = false

  /// Opens the sockets; nothing is sent before a local description is set.
  ///
  /// - Throws: `SocketConnectionError`
  public init(_ configuration: Configuration, on loop: SocketLoop) throws(SocketConnectionError) {
    self.loop = loop
    let crypto: SystemCrypto
    var received: (Datagram, Instant?, Instant) -> Void = { _, _, _ in }
    var arrival: (Int) -> Instant? = { _ in nil }
    var relayEnded: (Endpoint, Endpoint, Instant) -> Void = { _, _, _ in }
    do {
      crypto = try SystemCrypto()
      for (number, address) in configuration.addresses.enumerated() {
        sockets.append(try DatagramSocket(Endpoint(address, 0), on: loop) { received($0, arrival(number), $1) })
      }
    } catch {
      throw .socket(error)
    }
    var ice = ICEConfiguration(hosts: sockets.map(\.local), transportPolicy: configuration.transportPolicy)
    var verifications: [Endpoint: TLSConnection.Verification] = [:]
    do {
      for server in configuration.servers { try ice.add(server) }
      for server in configuration.servers where server.usesTLS {
        let authorities = configuration.certificateAuthorities ?? CertificateAuthorities.ofSystem()
        let verification = TLSConnection.Verification(host: server.host, authorities: authorities)
        for endpoint in try server.resolve() { verifications[endpoint] = verification }
      }
    } catch {
      throw .server(error)
    }
    var entropy = EntropySource.system
    // Unlinkable across connections, as RFC 7022 §4.2 wants it: 96 bits.
    let cname = entropy.iceCharacters(16)
    var settings = PeerConnection.Configuration(
      transport: MediaTransport.Configuration(
        ice: ice, name: "connection", provider: crypto.provider, identity: crypto.identity,
        sctp: SCTPStack(name: "connection")),
      cname: cname, ntp: loop.clock.ntp, purpose: configuration.purpose)
    settings.codecs = configuration.codecs
    settings.bundlePolicy = configuration.bundlePolicy
    settings.receivesSimulcast = configuration.receivesSimulcast
    settings.congestion = configuration.congestion
    core = PeerConnection(settings, entropy: entropy)
    relays = RelayStreams(
      on: loop, provider: crypto.provider, tls: verifications, messageHandler: { received($0, nil, $1) },
      endHandler: { relayEnded($0, $1, $2) })
    received = { [weak self] in self?.receive($0, arrivedAt: $1, at: $2) }
    arrival = { [weak self] number in
      // A socket goes on with what it has read when the connection was closed meanwhile.
      guard let self, self.sockets.indices.contains(number) else { return nil }
      return self.sockets[number].arrivedAt
    }
    relayEnded = { [weak self] in self?.relayConnectionEnded(from: $0, to: $1, at: $2) }
    loop.add(self)
  }

  /// When the connection wants to be called again.
  public var nextTimeout: Instant? { core.nextTimeout }

  public func handleTimeout(at now: Instant) {
    core.handleTimeout(at: now, into: &output)
    finish(at: now)
  }

  /// Calls methods of the core, then sends and tells what they want sent and told.
  ///
  /// - Parameter body: is given the core, the time and the output that the core's methods ask for.
  @discardableResult
  public func perform<Result, Failure: Error>(
    _ body: (inout PeerConnection, Instant, inout Output<PeerConnection.Event>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let now = loop.clock.now
    defer { finish(at: now) }
    return try body(&core, now, &output)
  }

  /// Says goodbye and gives the sockets back; nothing is told any more, but for what follows from the goodbye.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    perform { core, now, output in core.close(at: now, into: &output) }
    relays?.closeAll()
    sockets.removeAll()
  }

  /// What passed the sockets so far, one entry for each address.
  public var socketStatistics: [DatagramSocket.Statistics] { sockets.map(\.statistics) }

  private func receive(_ datagram: Datagram, arrivedAt arrival: Instant?, at now: Instant) {
    guard !isClosed else { return }
    if let packet = core.receive(datagram, arrivedAt: arrival, at: now, into: &output) { packetHandler(packet, now) }
    finish(at: now)
  }

  private func relayConnectionEnded(from base: Endpoint, to server: Endpoint, at now: Instant) {
    core.relayConnectionEnded(from: base, to: server, at: now, into: &output)
    finish(at: now)
  }

  private func finish(at now: Instant) {
    // What cannot be sent may lead to more that is to be sent.
    while !output.datagrams.isEmpty {
      var batch = Transmissions()
      swap(&batch, &outgoing)
      swap(&batch, &output.datagrams)
      for index in 0..<batch.count { send(batch[index], at: now) }
      batch.removeAll()
      swap(&batch, &outgoing)
    }
    guard !output.events.isEmpty else { return }
    untold += output.takeEvents()
    // A handler that calls the core has its events told after those that are being told.
    guard !isTelling else { return }
    isTelling = true
    defer { isTelling = false }
    while !untold.isEmpty {
      let events = untold
      untold.removeAll()
      for event in events { eventHandler(event, now) }
    }
  }

  private func send(_ datagram: Datagram, at now: Instant) {
    precondition(datagram.elided == 0, "real peers want every byte")
    switch datagram.transport {
    case .udp:
      sendHandler(datagram, now)
      sockets.first { $0.local == datagram.source }?.send(datagram.bytes, to: datagram.destination)
    case .tcp:
      do throws(SocketError) {
        try relays?.send(datagram)
      } catch {
        core.relayConnectionEnded(from: datagram.source, to: datagram.destination, at: now, into: &output)
      }
    }
  }
}

/// Why there is no connection.
public enum SocketConnectionError: Error, Hashable, Sendable, CustomStringConvertible {
  case socket(SocketError)
  case server(ICEServerError)

  public var description: String {
    switch self {
    case .socket(let error): error.description
    case .server(let error): error.description
    }
  }
}

extension ICEConfiguration {
  /// Adds a server at every address that its name has.
  fileprivate mutating func add(_ server: ICEServer) throws(ICEServerError) {
    let endpoints = try server.resolve()
    switch server.kind {
    case .stun: stunServers += endpoints
    case .turn(let relayProtocol, let username, let password):
      turnServers += endpoints.map { TURNServer($0, over: relayProtocol, username: username, password: password) }
    }
  }
}
