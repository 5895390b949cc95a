import RTCMedia
import RTCPrimitives
import RTCSession
import RTCTransport
import RTCWire
import SimKernel
import SimNetwork
import SimNodes

/// Makes the nodes and the network of a session scenario.
///
/// Addresses: clients are 198.18.x.y (or 2001:db8:1::n); behind a NAT their own is 10.x.y.2, and a
/// NAT behind a carrier's has addresses of 100.64.0.0/10. The STUN server is
/// 198.51.100.1, the TURN server 198.51.100.2 and 2001:db8::2, the media server 198.51.100.10 and 2001:db8::a.
struct SessionBuilder {
  let scenario: Scenario
  let session: SessionScenario
  let plan: SessionPlan
  let fidelity: RTCSession.Fidelity
  let options: SessionRun.Options
  let media: MediaSettings

  /// A run that is ready to begin.
  struct Built {
    let simulation: Simulation
    let network: Network
    let signaling: SignalingServer
    let clients: [Client]
    let access: [AttachmentID]
    let homes: [Home]
    let server: Server?
    let serverLink: AttachmentID?
    /// Those of the TURN servers, in the order of `turnServers`.
    let turnLinks: [AttachmentID]
    let stunServer: STUNServerNode?
    let turnServers: [TURNServerNode]
    /// Those who share clients' links.
    let crossHosts: [CrossHost]
    /// The name of each node, by its number.
    let nodeNames: [String]
  }

  enum Server {
    case forwarding(SelectiveForwardingUnit)
    case mixing(MixingUnit)
  }

  static let serverName = "server"

  /// The name of the NAT in front of a client.
  static func natName(of client: String) -> String { "\(client)/nat" }

  /// The names of all NATs in front of a client, from the inside out.
  static func natNames(of client: String, behind access: AccessBehavior?) -> [String] {
    guard let access else { return [] }
    let own = access.translators.indices.dropLast(access.owner == nil ? 0 : 1)
    return own.map { $0 == 0 ? natName(of: client) : "\(natName(of: client))-\($0 + 1)" }
      + (access.owner.map { [Network.translatorName(ofOwner: $0)] } ?? [])
  }

  static let stunEndpoint = IPAddress(198, 51, 100, 1)
  /// The addresses of a TURN server, numbered from 0: 198.51.100.2, then .102 and so on, and the same in IPv6.
  static func turnAddresses(_ number: Int = 0) -> [IPAddress] {
    let last = UInt8(2 + 100 * min(number, 1) + max(number - 1, 0))
    return [IPAddress(198, 51, 100, last), IPAddress(v6High: 0x2001_0DB8_0000_0000, low: UInt64(last))]
  }

  /// Where a client is, whichever network it uses there.
  struct Home {
    let families: [IPAddress.Family]
    /// One way between its site and that of the signaling server.
    let signalingDelay: Duration
  }

  /// The name of a TURN server, numbered from 0.
  static func turnName(_ number: Int) -> String { number == 0 ? "turn" : "turn-\(number + 1)" }
  static let serverAddress = IPAddress(198, 51, 100, 10)

  /// - Parameters:
  ///   - simulation: a new one with the scenario's seed.
  ///   - observer: sees milestones and signaling while they happen.
  func build(in simulation: Simulation, observer: (any SessionObserver)? = nil) -> Built {
    let network = Network(simulation)
    let sites = Dictionary(uniqueKeysWithValues: scenario.sites.map { ($0, network.addSite($0)) })
    for delay in scenario.delays {
      network.setDelay(delay.oneWay, between: sites[delay.first]!, and: sites[delay.second]!)
    }
    func site(_ name: String) -> SiteID { sites[name]! }

    let signaling = SignalingServer(
      simulation.makePort(named: "signaling"), settings: session.signaling, observer: observer)
    simulation.register(signaling)
    let stun = addSTUN(simulation, network, session.stunSite.map(site))
    let turn = addTURN(simulation, network, session.turn.map { site($0.site) })
    let (server, serverLink) = addServer(simulation, network, signaling, site(session.server.site))
    let sources = Dictionary(
      uniqueKeysWithValues: plan.participants.map { ($0.name, captured($0.index)) })
    var clients: [Client] = []
    var access: [AttachmentID] = []
    for participant in plan.participants {
      let profile = session.client(at: participant.index)
      let port = simulation.makePort(named: participant.name)
      let (addresses, link) = attach(port, participant, profile, network, site(profile.site))
      access.append(link)
      var configuration = Client.Configuration(
        endpoint: endpoint(addresses, cores: profile.cores),
        media: sources[participant.name] ?? captured(participant.index), offers: offers(of: participant),
        sources: sources, signalingAccess: signalingAccess(profile),
        watchedPictures: min(
          plan.streamsReceived(by: participant.index, .video), session.forwarding?.lastN ?? .max))
      configuration.endpoint.observer = observer
      configuration.data = session.data
      configuration.delays = session.people
      configuration.camera = profile.camera
      configuration.page = profile.page
      configuration.endpoint.codecs = profile.codecs
      configuration.isSignalingConnected = session.isSignalingConnected
      let client = Client(port, configuration, signaling: signaling)
      simulation.register(client)
      clients.append(client)
    }
    if let server { connect(server, to: signaling, simulation) }
    let crossHosts = addCrossTraffic(simulation, network, beside: clients, site)
    return Built(
      simulation: simulation, network: network, signaling: signaling, clients: clients, access: access,
      homes: plan.participants.map { participant in
        let profile = session.client(at: participant.index)
        return Home(
          families: profile.addressFamily.members,
          signalingDelay: scenario.delay(between: profile.site, and: session.signalingSite))
      },
      server: server,
      serverLink: serverLink, turnLinks: turn.map(\.link), stunServer: stun, turnServers: turn.map(\.server),
      crossHosts: crossHosts, nodeNames: simulation.nodeNames)
  }

  // MARK: Who offers what

  /// Of two participants the one who reaches the room later offers; who that is depends on their ways to it.
  private func offers(of participant: Participant) -> [String: [LineSettings]] {
    let party = SessionPlan.Party.participant(participant.index)
    var offers: [String: [LineSettings]] = [:]
    for connection in plan.connections {
      if connection.offerer == party {
        offers[connection.answerer.description] = lines(connection)
      } else if connection.answerer == party, case .participant = connection.offerer {
        offers[connection.offerer.description] = connection.lines.map {
          LineSettings(kind: $0.kind, direction: $0.direction.reversed, source: nil)
        }
      }
    }
    return offers
  }

  private func lines(_ connection: SessionPlan.Connection) -> [LineSettings] {
    connection.lines.map { line in
      LineSettings(
        kind: line.kind, direction: line.direction, source: line.source.map { plan.participants[$0].name },
        encodings: line.kind == .video && line.direction == .sendonly ? max(1, session.encodings.count) : 1)
    }
  }

  // MARK: Nodes

  private func captured(_ index: Int) -> CapturedMedia {
    CapturedMedia(participant: index, settings: media, seed: scenario.seed)
  }

  private func endpoint(_ addresses: [IPAddress], cores: Int) -> EndpointSettings {
    var settings = EndpointSettings(addresses: addresses)
    let families = Set(addresses.map(\.family))
    if session.stunSite != nil, families.contains(.ipv4) {
      settings.stunServers = [Endpoint(Self.stunEndpoint, 3478)]
    }
    if let turn = session.turn {
      let servers = (0..<turn.servers).flatMap { Self.turnAddresses($0) }.filter { families.contains($0.family) }
      settings.turnServers = turn.transports.flatMap { relayProtocol in
        servers.map {
          ICEConfiguration.TURNServer(
            Endpoint($0, relayProtocol == .tls ? TURNServerNode.tlsPort : TURN.port), over: relayProtocol,
            username: turn.username, password: turn.clientPassword ?? turn.password, isDualStack: turn.isDualStack)
        }
      }
    }
    settings.transportPolicy = session.iceTransportPolicy == .relay ? .relay : .all
    settings.ice = session.ice
    settings.bundlePolicy = session.bundlePolicy
    settings.congestion = session.congestion
    settings.videoAdaptation = session.videoAdaptation
    settings.srtpProfiles = session.srtpProfiles
    settings.fidelity = fidelity
    settings.cores = cores
    settings.costs = session.processorCosts(session.srtpProfiles[0])
    settings.isDetailed = options.isDetailed
    return settings
  }

  private func signalingAccess(_ profile: ClientProfile) -> SignalingAccess {
    let delay = scenario.delay(between: profile.site, and: session.signalingSite)
    return SignalingAccess(
      uplink: SignalingPath(delay: profile.uplink.propagationDelay + delay, rate: profile.uplink.rate),
      downlink: SignalingPath(delay: profile.downlink.propagationDelay + delay, rate: profile.downlink.rate))
  }

  private func attach(
    _ port: NodePort, _ participant: Participant, _ profile: ClientProfile, _ network: Network, _ site: SiteID
  ) -> ([IPAddress], AttachmentID) {
    let number = UInt32(participant.index + 1)
    let outside = profile.addressFamily.members.map { family in
      switch family {
      case .ipv4: IPAddress(v4: 0xC612_0000 + number)
      case .ipv6: IPAddress(v6High: 0x2001_0DB8_0001_0000, low: UInt64(number))
      }
    }
    let access = AttachmentPlan(
      addresses: outside, site: site, uplink: profile.uplink, downlink: profile.downlink, firewall: profile.firewall)
    let inside = IPAddress(v4: 0x0A00_0002 + (number << 8))
    let isShared = !session.crossTraffic(at: participant.index).isEmpty
    return network.attach(
      port, behind: profile.nat, inside: inside, number: number, isShared: isShared, access)
  }

  private func addSTUN(_ simulation: Simulation, _ network: Network, _ site: SiteID?) -> STUNServerNode? {
    guard let site else { return nil }
    let node = STUNServerNode(simulation.makePort(named: "stun"))
    simulation.register(node)
    network.attach(node.port, AttachmentPlan(addresses: [Self.stunEndpoint], site: site))
    return node
  }

  private func addTURN(
    _ simulation: Simulation, _ network: Network, _ site: SiteID?
  ) -> [(server: TURNServerNode, link: AttachmentID)] {
    guard let site, let turn = session.turn else { return [] }
    let servers = (0..<turn.servers).map { number in
      let addresses = Self.turnAddresses(number)
      let node = TURNServerNode(
        simulation.makePort(named: Self.turnName(number)),
        turn.serverConfiguration(relayAddresses: addresses), protocols: turn.transports)
      simulation.register(node)
      return (server: node, link: network.attach(node.port, AttachmentPlan(addresses: addresses, site: site)))
    }
    if let outage = turn.outage {
      let first = servers[0].server
      simulation.spawn {
        await simulation.sleep(for: outage.begin)
        await first.crash()
        guard let length = outage.length else { return }
        await simulation.sleep(for: length)
        await first.restart()
      }
    }
    return servers
  }

  private func addServer(
    _ simulation: Simulation, _ network: Network, _ signaling: SignalingServer, _ site: SiteID
  ) -> (Server?, AttachmentID?) {
    guard let role = plan.server else { return (nil, nil) }
    let port = simulation.makePort(named: Self.serverName)
    let link = Link.Configuration(
      rate: session.server.nic, propagationDelay: session.server.delay,
      queueLimit: session.server.nic == nil ? .unlimited : session.server.queue)
    let isIPv6 = (0..<session.participants).contains { session.client(at: $0).addressFamily != .ipv4 }
    var addresses = [Self.serverAddress]
    if isIPv6 { addresses.append(IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 10)) }
    let id = network.attach(port, AttachmentPlan(addresses: addresses, site: site, uplink: link, downlink: link))
    var settings = endpoint(addresses, cores: session.server.cores)
    // A server has a public address and needs nobody's help to be found.
    settings.stunServers = []
    settings.turnServers = []
    settings.transportPolicy = .all
    settings.isICELite = session.ice.isServerLite
    switch role {
    case .forwarding:
      var slots: [String: [LineSettings]] = [:]
      for connection in plan.connections { slots[connection.offerer.description] = lines(connection) }
      let unit = SelectiveForwardingUnit(
        port, settings, signaling: signaling, slots: slots, selection: session.selection)
      simulation.register(unit)
      return (.forwarding(unit), id)
    case .mixing(let layout):
      let unit = MixingUnit(
        port, settings, signaling: signaling, media: media, layout: layout == .shared ? .shared : .individual,
        canvas: MixingUnit.Canvas(width: session.mixing.width, height: session.mixing.height))
      simulation.register(unit)
      return (.mixing(unit), id)
    }
  }

  private func connect(_ server: Server, to signaling: SignalingServer, _ simulation: Simulation) {
    let delay = session.server.delay + scenario.delay(between: session.server.site, and: session.signalingSite)
    let path = SignalingAccess(delay: delay, rate: session.server.nic)
    simulation.spawn {
      switch server {
      case .forwarding(let unit): await signaling.addConnected(unit, over: path)
      case .mixing(let unit): await signaling.addConnected(unit, over: path)
      }
    }
  }
}
