import RTCPrimitives
import SimKernel
import SimNetwork
import SimNodes

/// TCP hosts beside clients.
extension SessionBuilder {
  /// The hosts that share somebody's links.
  struct CrossHost {
    /// Beside whom it stands.
    let client: String
    let host: CrossTrafficClient
  }

  private static let crossServerAddress = IPAddress(198, 51, 100, 20)

  /// Attaches a host beside each client whose links others share, and one server for all of them.
  func addCrossTraffic(
    _ simulation: Simulation, _ network: Network, beside clients: [Client], _ site: (String) -> SiteID
  ) -> [CrossHost] {
    guard !session.crossTraffic.isEmpty else { return [] }
    let server = CrossTrafficServer(simulation.makePort(named: "tcp/server"))
    network.attach(
      server.port, AttachmentPlan(addresses: [Self.crossServerAddress], site: site(session.server.site)))
    simulation.register(server)
    var hosts: [CrossHost] = []
    for (index, client) in clients.enumerated() {
      let traffic = session.crossTraffic(at: index)
      guard !traffic.isEmpty else { continue }
      let profile = session.client(at: index)
      let number = UInt32(index + 1)
      // Beside 10.x.y.2 behind a NAT of its own, and else beside 198.18.x.y.
      let isInside = profile.nat?.translators.isEmpty == false
      let own = isInside ? IPAddress(v4: 0x0A00_0003 + (number << 8)) : IPAddress(v4: 0xC612_8000 + number)
      let host = CrossTrafficClient(
        simulation.makePort(named: "\(client.port.name)/tcp"), own: own, server: Self.crossServerAddress, traffic)
      network.attach(host.port, beside: client.port, address: own, site: site(profile.site))
      simulation.register(host)
      simulation.spawn { await host.start() }
      hosts.append(CrossHost(client: client.port.name, host: host))
    }
    return hosts
  }
}
