import RTCPrimitives
import RTCSockets
import RTCTransport

/// What a TURN server says when it begins and when it ends.
enum TURNServiceReport {
  /// Where it listens and from where it relays.
  static func beginning(of service: TURNService) -> JSON {
    let configuration = service.core.configuration
    var report = JSON.object([])
    report.append("listening", .array(service.listeningEndpoints.map { JSON($0.description) }))
    report.append("transports", .array([JSON("udp"), JSON("tcp")]))
    report.append("relayAddresses", .array(configuration.relayAddresses.map { JSON($0.description) }))
    report.append(
      "relayPorts", .array([.init(configuration.relayPorts.lowerBound), .init(configuration.relayPorts.upperBound)]))
    report.append("realm", JSON(configuration.realm))
    return report
  }

  /// What it has done; packets and bytes are payload, without TURN's framing.
  static func end(of service: TURNService) -> JSON {
    let (core, sockets) = (service.core.statistics, service.statistics)
    let counters = [
      ("allocations", sockets.allocations), ("packetsToPeers", core.packetsToPeers),
      ("bytesToPeers", core.bytesToPeers), ("packetsToClients", core.packetsToClients),
      ("bytesToClients", core.bytesToClients), ("discarded", core.discarded), ("rateLimited", core.rateLimited),
      ("challengedRequests", core.challenged), ("refusedRequests", core.refused),
      ("tcpAccepted", sockets.streamsAccepted),
      ("tcpRefused", sockets.streamsRefused), ("tcpIdleClosed", sockets.idleStreamsClosed),
      ("tcpStalledClosed", sockets.stalledStreamsClosed), ("bindFailures", sockets.bindFailures),
    ]
    var report = JSON.object([])
    for (name, value) in counters { report.append(name, JSON(value)) }
    return report
  }
}
