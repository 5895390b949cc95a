import SimNodes
import SimSessions

/// What STUN and TURN servers did, and what they refused or threw away.
extension SessionResult {
  var stunJSON: JSON {
    guard let stunServer else { return .null }
    return [
      "name": JSON(stunServer.name), "sim.stun.answered": JSON(stunServer.answered),
      "sim.stun.discarded": JSON(stunServer.discarded),
    ]
  }

  /// One object for each server, and what the clients did not send it.
  var turnJSON: JSON {
    [
      "servers": .array(turnServers.map(\.json)),
      "sim.turn.messagesDroppedByClients": JSON(messagesDroppedByClients),
    ]
  }

  /// A line for each server at which something went wrong, and for the clients.
  var relayLines: [String] {
    var lines: [String] = []
    if let stunServer, stunServer.discarded > 0 {
      lines.append("\(stunServer.name): \(stunServer.discarded) discarded")
    }
    for server in turnServers {
      let counts = server.failures.filter { $0.count > 0 }.map { "\($0.count) \($0.text)" }
      if !counts.isEmpty { lines.append("\(server.name): " + counts.joined(separator: ", ")) }
    }
    if messagesDroppedByClients > 0 {
      lines.append("clients: \(messagesDroppedByClients) messages to TURN servers thrown away, the queue was full")
    }
    return lines
  }

  private var messagesDroppedByClients: Int { clients.reduce(0) { $0 + $1.messagesDropped } }
}

extension TURNServerReport {
  fileprivate var json: JSON {
    var object: JSON = [
      "name": JSON(name), "sim.turn.allocations": JSON(allocations), "sim.turn.connections": JSON(connections),
      "sim.turn.granted": JSON(statistics.granted), "sim.turn.challenged": JSON(statistics.challenged),
      "sim.turn.packetsToPeers": JSON(statistics.packetsToPeers),
      "sim.turn.bytesToPeers": JSON(statistics.bytesToPeers),
      "sim.turn.packetsToClients": JSON(statistics.packetsToClients),
      "sim.turn.bytesToClients": JSON(statistics.bytesToClients), "sim.stun.answered": JSON(bindingsAnswered),
    ]
    for failure in failures { object.append(failure.name, JSON(failure.count)) }
    return object
  }

  fileprivate var failures: [(name: String, text: String, count: Int)] {
    [
      ("sim.turn.refused", "requests refused", statistics.refused),
      ("sim.turn.discarded", "datagrams discarded", statistics.discarded),
      ("sim.turn.rateLimited", "datagrams beyond the allowed rate", statistics.rateLimited),
      ("sim.turn.messagesDropped", "messages to clients thrown away, the queue was full", messagesDropped),
      ("sim.turn.segmentsDiscarded", "TCP segments discarded", segmentsDiscarded),
      ("sim.turn.connectionsEvicted", "connections evicted", connectionsEvicted),
      ("sim.stun.discarded", "Binding requests discarded", bindingsDiscarded),
    ]
  }
}
