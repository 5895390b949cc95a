import RTCPrimitives
import SimKernel
import SimNetwork

/// Runs a scenario of plain UDP flows until nothing is in flight.
public enum UDPRun {
  /// The UDP port of every host.
  private static let port: UInt16 = 5000

  /// - Parameter scenario: the whole that `flows` is the kind of.
  public static func result(of flows: UDPScenario, in scenario: Scenario) -> UDPRunResult {
    let simulation = Simulation(seed: scenario.seed)
    defer { simulation.end() }
    let network = Network(simulation)
    let meter = FlowMeter(count: flows.flows.count)
    network.observer = meter
    for source in build(flows, scenario, network) { simulation.perform { await source.begin() } }
    simulation.run()
    return UDPRunResult(
      seed: scenario.seed, scenarioHash: scenario.scenarioHash, traceHash: simulation.traceHash.description,
      timingHash: simulation.timingHash.description, events: simulation.eventCount,
      virtualTime: simulation.now - .start, flows: zip(flows.flows, meter.flows).map(UDPFlowResult.init))
  }

  /// Sites, hosts and what stands between them.
  private static func build(_ flows: UDPScenario, _ scenario: Scenario, _ network: Network) -> [TrafficSource] {
    let sites = scenario.sites.map { network.addSite($0) }
    func site(_ name: String) -> SiteID { sites[scenario.sites.firstIndex(of: name) ?? 0] }
    for delay in scenario.delays { network.setDelay(delay.oneWay, between: site(delay.first), and: site(delay.second)) }
    return flows.hosts.enumerated().map { index, host in
      let node = network.simulation.makePort(named: host.name)
      let outside = address(index, host.addressFamily)
      let plan = AttachmentPlan(
        addresses: [outside], site: site(host.site), uplink: host.uplink, downlink: host.downlink,
        firewall: host.firewall)
      // Hosts of one LAN need addresses of their own.
      let number = UInt32(index + 1)
      let inside =
        host.nat?.owner == nil ? IPAddress(192, 168, 1, 2) : IPAddress(v4: 0x0A00_0002 + (number << 8))
      let own = network.attach(node, behind: host.nat, inside: inside, number: number, plan).addresses[0]
      let source = TrafficSource(node, own: Endpoint(own, port), flows: outgoing(from: host, in: flows))
      network.simulation.register(source)
      return source
    }
  }

  private static func outgoing(from host: UDPScenario.Host, in scenario: UDPScenario) -> [TrafficSource.Flow] {
    scenario.flows.enumerated().filter { $0.element.from == host.name }.map { number, flow in
      guard let target = scenario.hosts.firstIndex(where: { $0.name == flow.to }) else {
        preconditionFailure("a flow leads to a host of its scenario")
      }
      let headers = host.addressFamily == .ipv4 ? 28 : 48
      return TrafficSource.Flow(
        number: number, destination: Endpoint(address(target, scenario.hosts[target].addressFamily), port),
        packetSize: flow.packetSize.bytes, rate: flow.rate, wireSize: flow.packetSize + .bytes(headers),
        begin: .start + flow.start, end: .start + flow.start + flow.duration)
    }
  }

  /// The public address of a host, or of its NAT: of the networks for tests (RFC 2544, RFC 3849).
  private static func address(_ index: Int, _ family: IPAddress.Family) -> IPAddress {
    switch family {
    case .ipv4: IPAddress(v4: 198 << 24 | 18 << 16 | UInt32(truncatingIfNeeded: index + 1))
    case .ipv6: IPAddress(v6High: 0x2001_0DB8_0000_0000, low: UInt64(index + 1))
    }
  }
}

/// What was measured in a run of plain UDP flows.
public struct UDPRunResult: Hashable, Sendable {
  public let seed: UInt64
  public let scenarioHash: String
  public let traceHash: String
  public let timingHash: String
  public let events: UInt64
  public let virtualTime: Duration
  /// In the order of the scenario.
  public let flows: [UDPFlowResult]
}

/// What became of one flow.
public struct UDPFlowResult: Hashable, Sendable {
  /// How many packets were dropped for one reason.
  public struct Drop: Hashable, Sendable {
    public let reason: DropReason
    public let count: Int
  }

  public let flow: UDPScenario.Flow
  public let sent: Int
  public let delivered: Int
  /// Only reasons that occurred.
  public let dropped: [Drop]
  /// One-way, from the sender's interface to the receiver's.
  public let delay: Distribution
  /// Of IP packets between the first and the last arrival; `nil` with fewer than two.
  public let rate: DataRate?

  /// Percent of the packets that were sent; `nil` when none was.
  public var lossPercent: Double? { sent == 0 ? nil : 100 * Double(sent - delivered) / Double(sent) }

  init(_ flow: UDPScenario.Flow, _ measured: FlowMeter.Flow) {
    self.flow = flow
    sent = measured.sent
    delivered = measured.delivered
    dropped = DropReason.allCases.compactMap { reason in
      measured.dropped[reason].map { Drop(reason: reason, count: $0) }
    }
    delay = Distribution(nanoseconds: measured.delays)
    if let first = measured.firstArrival, let last = measured.lastArrival, last > first {
      rate = DataSize.bytes(measured.bytesAfterFirst).rate(over: last - first)
    } else {
      rate = nil
    }
  }
}
