import RTCPrimitives
import SimKernel
import SimNetwork
import SimNodes

/// What TCP beside one client has done since it began.
public struct CrossTrafficResult: Hashable, Sendable {
  public let client: String
  public let flows: [CrossTrafficReport]
}

/// What nodes and links have counted at one time of a run.
struct Reading {
  let clients: [ClientReport]
  let server: ServerReport?
  /// The clients' access links.
  let access: [(uplink: LinkStatistics, downlink: LinkStatistics)]
  /// The media server's link.
  let nic: (uplink: LinkStatistics, downlink: LinkStatistics)?
  /// What left the TURN servers, all of them.
  let turnEgress: Int64
  let stunServer: STUNServerReport?
  let turnServers: [TURNServerReport]
  let datagrams: DatagramCounts
  /// What TCP beside the clients has done.
  let crossTraffic: [CrossTrafficResult]

  init(_ built: SessionBuilder.Built) {
    let (nodes, unit) = (built.clients, built.server)
    let (stun, relays) = (built.stunServer, built.turnServers)
    (clients, server, stunServer, turnServers) = built.simulation.perform {
      var reports: [ClientReport] = []
      for client in nodes { reports.append(await client.report()) }
      let server: ServerReport? =
        switch unit {
        case .forwarding(let unit): await unit.report()
        case .mixing(let unit): await unit.report()
        case nil: nil
        }
      var turn: [TURNServerReport] = []
      for relay in relays { turn.append(await relay.report()) }
      return (reports, server, await stun?.report(), turn)
    }
    access = built.access.map { built.network.statistics(of: $0) }
    nic = built.serverLink.map { built.network.statistics(of: $0) }
    turnEgress = built.turnLinks.reduce(0) { $0 + built.network.statistics(of: $1).uplink.carriedBytes }
    datagrams = built.network.counts
    let hosts = built.crossHosts
    crossTraffic = built.simulation.perform {
      var results: [CrossTrafficResult] = []
      for host in hosts { results.append(CrossTrafficResult(client: host.client, flows: await host.host.reports)) }
      return results
    }
  }

  /// What was worth telling from the beginning until now, in order.
  ///
  /// - Parameter others: what no node tells.
  func milestones(and others: [Milestone]) -> [Milestone] {
    (clients.flatMap(\.milestones) + (server?.milestones ?? []) + others).sorted {
      ($0.time, $0.order) < ($1.time, $1.order)
    }
  }
}
