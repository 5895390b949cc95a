import RTCPrimitives
import RTCSession
import RTCTransport
import RTCWire
import SimKernel

/// The peer connections of one node, on one processor: a port for each, one identity for all.
///
/// Everything that is sent or received is charged to the processor; packets leave when their work is done.
final class ConnectionSet {
  static let firstPort: UInt16 = 50_000

  let port: NodePort
  @exclusivity(unchecked) var settings: EndpointSettings
  @exclusivity(unchecked) private(set) var all: [Connection] = []
  /// When each connection wants to do something, side by side, because they are looked through at every wake.
  @exclusivity(unchecked) private var dues: [Instant] = []
  @exclusivity(unchecked) var processor: Processor
  @exclusivity(unchecked) var log: MilestoneLog
  /// What carries messages between the connections and TURN servers that are reached over TCP or TLS.
  @exclusivity(unchecked) private var streams: TURNStreams
  /// When the streams want to do something next.
  @exclusivity(unchecked) private var streamsDue = Instant.distantFuture
  private let provider: CryptoProvider
  private let sctp: SCTPStack
  private let identity: DTLSIdentity
  private let purpose: RTPStreamReceiver.Purpose

  init(_ port: NodePort, _ settings: EndpointSettings, purpose: RTPStreamReceiver.Purpose) {
    self.port = port
    self.settings = settings
    self.purpose = purpose
    processor = Processor(cores: settings.cores, costs: settings.costs)
    log = MilestoneLog(isDetailed: settings.isDetailed, observer: settings.observer)
    let environment = HostEnvironment(seed: port.simulation.seed)
    sctp = SCTPStack(host: .lent(by: environment), name: port.name)
    do {
      provider = try CryptoProvider(host: .lent(by: environment))
      identity = try provider.identity(named: port.name)
    } catch {
      preconditionFailure("OpenSSL has P-256 and SHA-256: \(error)")
    }
    let tlsServers = settings.turnServers.filter { $0.relayProtocol == .tls }.map(\.endpoint)
    streams = TURNStreams(
      TURNStreams.Policy(tlsServers: tlsServers), port: port, provider: provider, identity: identity)
  }

  /// Opens a connection to a peer.
  ///
  /// - Parameter isPolite: whether this side gives way when its offers and the peer's meet.
  func open(to peer: String, isPolite: Bool = true) -> Connection {
    let number = all.count
    var ice = ICEConfiguration(
      hosts: hosts(ofConnection: number),
      stunServers: settings.stunServers, turnServers: settings.turnServers, transportPolicy: settings.transportPolicy)
    // Agents that share a network each pace for themselves; faster than 50 ms needs more than one agent's view.
    ice.pacing = .milliseconds(50)
    settings.ice.profile.configure(&ice, nomination: settings.ice.nomination)
    ice.isLite = settings.isICELite
    var dtls = DTLSTransport.Configuration()
    dtls.srtpProfiles = settings.srtpProfiles
    let name = "\(port.name)/to \(peer)"
    var transport = MediaTransport.Configuration(
      ice: ice, dtls: dtls, fidelity: settings.fidelity, name: name, provider: provider, identity: identity, sctp: sctp)
    transport.disclosesData = settings.observer != nil
    var configuration = PeerConnection.Configuration(
      transport: transport, cname: settings.congestion == nil ? port.name : canonicalName, ntp: .simulation,
      purpose: purpose)
    configuration.codecs = settings.codecs
    configuration.trickles = settings.ice.trickle != .none
    configuration.bundlePolicy = settings.bundlePolicy
    configuration.congestion = settings.congestion
    let connection = Connection(
      number: number, peer: peer, isPolite: isPolite,
      core: PeerConnection(
        configuration, entropy: EntropySource(port.simulation.generator("\(name)/entropy"))))
    all.append(connection)
    dues.append(.distantFuture)
    log.note(.connectionCreated, "for \(peer)", from: port)
    return connection
  }

  /// One that tells nothing, 96 bits as RFC 7022 §4.2 wants it, and so as long in reports as Chromium's.
  private var canonicalName: String {
    var entropy = EntropySource(port.simulation.generator("\(port.name)/cname"))
    return entropy.iceCharacters(16)
  }

  /// The sockets of a connection: one port at each address.
  func hosts(ofConnection number: Int) -> [Endpoint] {
    settings.addresses.map { Endpoint($0, Self.firstPort + UInt16(number)) }
  }

  /// Takes a TCP segment; hands over the messages of TURN servers that are whole now, each to be received like a
  /// datagram. `flushStreams` is to follow.
  func receiveSegment(_ segment: Datagram, at now: Instant) -> Transmissions {
    guard !processor.isBehind(by: EndpointSettings.longestBacklog, at: now) else {
      processor.refuse(.network, at: now)
      return Transmissions()
    }
    streams.receive(segment, at: now)
    return streams.takeInbox()
  }

  /// Sends the segments that are due by themselves, tells the connections of streams that ended, and sets the alarm.
  func flushStreams(at now: Instant, _ handle: (Connection) -> Void) {
    for ended in streams.takeEnded() {
      guard let connection = connection(at: ended.local) else { continue }
      connection.core.relayConnectionEnded(
        from: ended.local, to: ended.remote, at: now, into: &connection.output)
      handle(connection)
    }
    for index in 0..<streams.segments.count {
      // Not before the segments that wait for the processor.
      let departure = connection(at: streams.segments.entries[index].source)?.lastDeparture ?? .start
      port.send(streams.segments[index], at: departure)
    }
    streams.segments.removeAll()
    setStreamAlarm()
  }

  /// Hands a datagram to its connection; a media packet comes back, with the time at which it is decrypted. What the
  /// connection wants done waits for `finish`.
  func receive(_ datagram: Datagram, at now: Instant) -> (Connection, PeerConnection.IncomingPacket, done: Instant)? {
    guard let connection = connection(of: datagram) else { return nil }
    guard !processor.isBehind(by: EndpointSettings.longestBacklog, at: now) else {
      processor.refuse(.network, at: now)
      return nil
    }
    let size = datagram.size.bytes
    var slot = processor.reserve(at: now)
    processor.perform(.receivePacket(bytes: size), in: &slot)
    switch Demultiplexer.classify(datagram.bytes) {
    case .stun: processor.perform(.iceCheck, in: &slot)
    case .rtp, .rtcp, .turnChannel: processor.perform(.unprotectPacket(bytes: size), in: &slot)
    // Records of data are enciphered like media.
    case .dtls where connection.carriesData: processor.perform(.unprotectPacket(bytes: size), in: &slot)
    default: break
    }
    guard let packet = connection.core.receive(datagram, at: now, into: &connection.output) else { return nil }
    return (connection, packet, slot.time)
  }

  /// The connection that a datagram belongs to.
  func connection(of datagram: Datagram) -> Connection? { connection(at: datagram.destination) }

  private func connection(at local: Endpoint) -> Connection? {
    let number = Int(local.port) - Int(Self.firstPort)
    return all.indices.contains(number) ? all[number] : nil
  }

  /// Tells the events of a connection to `handle`, notes milestones, sends what is to be sent and sets the alarm.
  func finish(_ connection: Connection, at now: Instant, _ handle: (PeerConnection.Event) -> Void) {
    var signsHandshake = false
    var unused: [(Endpoint, Endpoint)] = []
    noteAssociation(of: connection)
    while !connection.output.events.isEmpty {
      for event in connection.output.takeEvents() {
        if case .transport(let event) = event, note(event, of: connection, at: now) { signsHandshake = true }
        if case .transport(.ice(.relayConnectionUnused(let base, let server))) = event { unused.append((base, server)) }
        // Who hears that the other has hung up hangs up, too; there is nobody to say goodbye to.
        if case .transport(.dtls(.closed)) = event { connection.core.close(at: now, into: &connection.output) }
        handle(event)
      }
    }
    connection.adapted.adapt(to: connection.core, at: now)
    if log.isDetailed { noteReports(of: connection) }
    if settings.observer != nil { log.disclose(connection.core.takeDisclosedRecords()) }
    setAlarm(connection)
    if signsHandshake || !connection.output.datagrams.isEmpty {
      var slot = processor.reserve(at: now)
      if signsHandshake { processor.perform(.dtlsHandshake, in: &slot) }
      transmit(connection, in: &slot)
    }
    for (base, server) in unused { close(from: base, to: server, of: connection, at: now) }
  }

  /// Closes the connection to a TURN server behind what was sent on it.
  private func close(from base: Endpoint, to server: Endpoint, of connection: Connection, at now: Instant) {
    streams.close(from: base, to: server, at: now)
    for index in 0..<streams.segments.count {
      port.send(streams.segments[index], at: connection.lastDeparture)
    }
    streams.segments.removeAll()
    setStreamAlarm()
  }

  /// Messages to TURN servers that were thrown away because those before them had not left.
  var messagesDropped: Int { streams.statistics.dropped }

  /// Sends what a connection wants sent, each datagram when the thread of work in `slot` has got to it.
  func transmit(_ connection: Connection, in slot: inout Processor.Slot) {
    for index in 0..<connection.output.datagrams.count {
      let datagram = connection.output.datagrams[index]
      let size = datagram.size.bytes
      switch Demultiplexer.classify(datagram.bytes) {
      case .rtp, .rtcp, .turnChannel: processor.perform(.protectPacket(bytes: size), in: &slot)
      case .dtls where connection.carriesData: processor.perform(.protectPacket(bytes: size), in: &slot)
      case .stun: processor.perform(.iceCheck, in: &slot)
      default: break
      }
      // Packets of a connection keep their order, whichever core they were made on.
      switch datagram.transport {
      case .udp:
        connection.lastDeparture = max(processor.perform(.sendPacket(bytes: size), in: &slot), connection.lastDeparture)
        port.send(datagram, at: connection.lastDeparture)
      case .tcp: send(message: datagram, of: connection, in: &slot)
      }
    }
    connection.output.datagrams.removeAll()
    // What the pacer keeps back leaves later.
    if purpose == .playout, connection.core.control != nil { setAlarm(connection) }
  }

  /// Sends a message to a TURN server over TCP or TLS; the segments that leave at once depart when they are made.
  private func send(message: Datagram, of connection: Connection, in slot: inout Processor.Slot) {
    let size = message.size.bytes
    // The records of TLS are protected by the cipher that SRTP uses.
    if streams.usesTLS(message.destination) { processor.perform(.protectPacket(bytes: size), in: &slot) }
    streams.send(message, at: port.simulation.now)
    for index in 0..<streams.segments.count {
      let segment = streams.segments[index]
      let bytes = segment.size.bytes
      connection.lastDeparture = max(processor.perform(.sendPacket(bytes: bytes), in: &slot), connection.lastDeparture)
      port.send(segment, at: connection.lastDeparture)
    }
    streams.segments.removeAll()
    setStreamAlarm()
  }

  /// Does what is due on all connections; `handle` gets each one that did something and finishes it.
  func handleTimeouts(at now: Instant, _ handle: (Connection) -> Void) {
    for number in dues.indices where dues[number] <= now {
      let connection = all[number]
      connection.core.handleTimeout(at: now, into: &connection.output)
      handle(connection)
    }
    port.wake(at: dues.min() ?? .distantFuture)
    guard streamsDue != .distantFuture else { return }
    streams.handleTimeout(at: now)
    flushStreams(at: now, handle)
  }

  private func setStreamAlarm() {
    streamsDue = streams.nextTimeout
    port.wake(at: streamsDue)
  }

  /// Notes when a connection wants to do something next, and has the node woken then.
  func setAlarm(_ connection: Connection) {
    let due = connection.core.nextTimeout ?? .distantFuture
    dues[connection.number] = due
    port.wake(at: due)
  }
}

extension CryptoHost {
  /// The clock and dice that a simulation lends to OpenSSL.
  static func lent(by environment: HostEnvironment) -> CryptoHost {
    CryptoHost(
      libraryContext: environment.libraryContext, seed: environment.seed,
      enter: { environment.enter(at: $0, dice: $1) }, leave: { environment.leave() })
  }
}

extension SCTPHost {
  /// The clock and dice that a simulation lends to usrsctp.
  static func lent(by environment: HostEnvironment) -> SCTPHost {
    SCTPHost(
      seed: environment.seed, enter: { environment.enterSystem(at: $0, dice: $1) },
      leave: { environment.leaveSystem() })
  }
}
