import RTCPrimitives
import RTCTransport
import SimKernel
import SimNetwork
import SimNodes

/// Two hosts behind what stands in front of them, a STUN server and a TURN server: who reaches whom, and how.
///
/// Real agents check over the simulated network. The two are 25 ms apart and from the servers, and descriptions take
/// 25 ms; there is no media.
public struct ConnectivityRun: Sendable {
  /// The class is that of the best valid pair so long after the start.
  public static let duration = Duration.seconds(10)

  private static let oneWayDelay = Duration.milliseconds(25)
  private static let stunServer = IPAddress(198, 51, 100, 1)
  private static let turnServer = IPAddress(198, 51, 100, 2)
  private static let (username, password) = ("user", "secret")

  public let offerer: AccessBehavior
  public let answerer: AccessBehavior
  /// Of the dice of both hosts and of all NATs.
  public let seed: UInt64

  public init(offerer: AccessBehavior, answerer: AccessBehavior, seed: UInt64 = 1) {
    self.offerer = offerer
    self.answerer = answerer
    self.seed = seed
  }

  /// The names of the two, as the truth table joins them: `eim-apdf|adm-adf`.
  public var id: String { "\(offerer.name)|\(answerer.name)" }

  public struct Result: Hashable, Sendable {
    public let connectionClass: ConnectionClass
    /// What each side sends from and to, such as `srflx 198.18.0.1:50000`; `nil` without a valid pair.
    public let offererPair: CandidatePair?
    public let answererPair: CandidatePair?
    public let traceHash: String
  }

  public func result() -> Result {
    let simulation = Simulation(seed: seed)
    defer { simulation.end() }
    let network = Network(simulation)
    let sites = ["offerer", "answerer", "servers"].map(network.addSite)
    for (index, site) in sites.enumerated() {
      for other in sites[(index + 1)...] { network.setDelay(Self.oneWayDelay, between: site, and: other) }
    }
    addServers(simulation, network, sites[2])
    let first = peer("offerer", 1, offerer, .controlling, simulation, network, sites[0])
    let second = peer("answerer", 2, answerer, .controlled, simulation, network, sites[1])
    simulation.spawn {
      await first.start(telling: second, after: Self.oneWayDelay)
      await simulation.sleep(for: Self.oneWayDelay)
      await second.setRemote(await first.credentials)
      await second.start(telling: first, after: Self.oneWayDelay)
      await simulation.sleep(for: Self.oneWayDelay)
      await first.setRemote(await second.credentials)
    }
    simulation.run(until: .start + Self.duration)
    let pairs = simulation.perform { [await first.bestPair, await second.bestPair] }
    return Result(
      connectionClass: ConnectionClass(pairs), offererPair: pairs[0],
      answererPair: pairs[1], traceHash: simulation.traceHash.description)
  }

  private func peer(
    _ name: String, _ number: UInt32, _ access: AccessBehavior, _ role: ICERole, _ simulation: Simulation,
    _ network: Network, _ site: SiteID
  ) -> ICEPeer {
    let port = simulation.makePort(named: name)
    let plan = AttachmentPlan(addresses: [IPAddress(v4: 0xC612_0000 + number)], site: site)
    let own = network.attach(
      port, behind: access, inside: IPAddress(v4: 0x0A00_0002 + (number << 8)), number: number, plan
    ).addresses[0]
    let configuration = ICEConfiguration(
      hosts: [Endpoint(own, 50_000)], stunServers: [Endpoint(Self.stunServer, 3478)],
      turnServers: RelayProtocol.allCases.map { relayProtocol in
        let serverPort = relayProtocol == .tls ? TURNServerNode.tlsPort : TURN.port
        return ICEConfiguration.TURNServer(
          Endpoint(Self.turnServer, serverPort), over: relayProtocol, username: Self.username, password: Self.password)
      })
    let peer = ICEPeer(port, configuration, role: role)
    simulation.register(peer)
    return peer
  }

  private func addServers(_ simulation: Simulation, _ network: Network, _ site: SiteID) {
    let stun = STUNServerNode(simulation.makePort(named: "stun"))
    simulation.register(stun)
    network.attach(stun.port, AttachmentPlan(addresses: [Self.stunServer], site: site))
    let turn = TURNServerNode(
      simulation.makePort(named: "turn"),
      TURNServer.Configuration(
        realm: "rtcsim.example", passwords: [Self.username: Self.password], relayAddresses: [Self.turnServer]),
      protocols: RelayProtocol.allCases)
    simulation.register(turn)
    network.attach(turn.port, AttachmentPlan(addresses: [Self.turnServer], site: site))
  }
}
