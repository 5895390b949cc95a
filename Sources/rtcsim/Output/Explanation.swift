import RTCPrimitives
import RTCSession
import SimNetwork
import SimNodes
import SimSessions

/// What `rtcsim explain` prints.
struct Explanation {
  /// Connections beyond these are only counted in the text.
  private static let shownConnections = 24

  let scenario: Scenario

  var text: String {
    let head = scenario.summary.isEmpty ? scenario.name : "\(scenario.name): \(scenario.summary)"
    let body =
      switch scenario.kind {
      case .session(let session): Self.text(of: session)
      case .udp(let flows): Self.text(of: flows)
      }
    return "\(head)\n\n\(body)\nseed \(scenario.seed) · scenario \(scenario.scenarioHash)\n"
  }

  // MARK: A session

  private static func text(of session: SessionScenario) -> String {
    let plan = session.plan
    let topology = Topologies.named(session.topology)
    var text = "\(session.topology): \(topology?.summary ?? "")\n"
    text += "\(session.participants) people join \(session.joinInterval.quantity) apart, then "
    text +=
      "\(session.duration.quantity) pass; fidelity \(session.fidelity.rawValue), media \(session.media.rawValue)"
    text += (session.congestionControl.map { "; rates follow \($0)" } ?? "")
    text += (session.adaptation.map { ", pictures \($0)" } ?? "") + "\n\n"
    text += parties(session, plan) + "\n" + connections(plan) + "\n" + forwarding(session)
    return text + (session.kinds.isEmpty ? "" : streams(plan)) + data(session, plan)
      + session.crossTraffic.map { "TCP on the links of \($0.client ?? "everybody"): \($0.summary)\n" }.joined()
  }

  /// What an SFU selects; empty where it forwards everything.
  private static func forwarding(_ session: SessionScenario) -> String {
    guard let forwarding = session.forwarding else { return "" }
    let sizes = session.encodings.map { "\($0.width)×\($0.height)" }.joined(separator: ", ")
    let people = session.participants - 1
    var text = "The SFU selects for each receiver, by its estimate of his link:\n"
    if forwarding.simulcast, session.encodings.count > 1 {
      text += "  simulcast: everybody sends his picture as \(sizes); each tile gets the smallest that fills it\n"
    } else if session.video != nil {
      text += "  no simulcast: a picture is forwarded as it is, or paused\n"
    }
    text += "  pictures of \(min(forwarding.lastN, people)) of \(people) others: of those who had the floor last\n"
    text += "  sound of the \(min(forwarding.loudest, people)) loudest\n"
    return text + "  layout: \(forwarding.layout.rawValue)\n\n"
  }

  private static func parties(_ session: SessionScenario, _ plan: SessionPlan) -> String {
    var table = Table([.left("who"), .left("site"), .right("cores"), .left("up"), .left("down"), .left("in front")])
    for group in equalClients(session) {
      let client = session.client(at: group.lowerBound)
      let first = plan.participants[group.lowerBound].name
      let last = plan.participants[group.upperBound - 1].name
      table.append([
        group.count == 1 ? first : "\(first) … \(last)", client.site, "\(client.cores)", text(of: client.uplink),
        text(of: client.downlink), barriers(client.nat, client.barrier, client.addressFamily),
      ])
    }
    if let role = plan.server {
      let server = session.server
      let link = text(
        of: Link.Configuration(rate: server.nic, propagationDelay: server.delay, queueLimit: server.queue))
      table.append(["server (\(name(of: role)))", server.site, "\(server.cores)", link, link, "nothing"])
    }
    let profile = session.signaling.profile
    let usual = SignalingSettings().profile
    table.append([
      profile == usual ? "signaling" : "signaling (\(profile))", session.signalingSite, "", "", "", "nothing",
    ])
    if let site = session.stunSite { table.append(["STUN", site, "", "", "", "nothing"]) }
    if let turn = session.turn { table.append(["TURN", turn.site, "", "", "", "nothing"]) }
    return table.text()
  }

  /// Neighbours who have everything in common.
  private static func equalClients(_ session: SessionScenario) -> [Range<Int>] {
    var groups: [Range<Int>] = []
    for index in 0..<session.participants {
      if let last = groups.last, session.client(at: last.lowerBound) == session.client(at: index) {
        groups[groups.count - 1] = last.lowerBound..<index + 1
      } else {
        groups.append(index..<index + 1)
      }
    }
    return groups
  }

  private static func connections(_ plan: SessionPlan) -> String {
    var table = Table([.left("offers"), .left("answers"), .left("tracks, as the offerer sees them")])
    for connection in plan.connections.prefix(shownConnections) {
      table.append([
        connection.offerer.description, connection.answerer.description,
        connection.lines.isEmpty ? "none" : tracks(connection.lines),
      ])
    }
    let hidden = plan.connections.count - shownConnections
    return table.text() + (hidden > 0 ? "… and \(hidden) more; --format json lists all\n" : "")
      + "\n\(plan.connections.count) connections\n"
  }

  /// `sendonly audio, video; recvonly audio, video of client-1, client-3 … client-5`
  private static func tracks(_ lines: [SessionPlan.Line]) -> String {
    var groups: [(head: String, kinds: [MediaKind], sources: [Int])] = []
    for line in lines {
      let sources = line.source.map { [$0] } ?? []
      if let last = groups.last, last.head == line.direction.rawValue, last.sources == sources {
        groups[groups.count - 1].kinds.append(line.kind)
      } else {
        groups.append((line.direction.rawValue, [line.kind], sources))
      }
    }
    var merged: [(head: String, kinds: [MediaKind], sources: [Int])] = []
    for group in groups {
      if let last = merged.last, last.head == group.head, last.kinds == group.kinds, !last.sources.isEmpty {
        merged[merged.count - 1].sources += group.sources
      } else {
        merged.append(group)
      }
    }
    return merged.map { group in
      let kinds = group.kinds.map(\.rawValue).joined(separator: ", ")
      return "\(group.head) \(kinds)\(group.sources.isEmpty ? "" : " of \(names(group.sources))")"
    }.joined(separator: "; ")
  }

  /// Runs of clients as `first … last`.
  private static func names(_ indices: [Int]) -> String {
    var runs: [ClosedRange<Int>] = []
    for index in indices {
      if let last = runs.last, last.upperBound + 1 == index {
        runs[runs.count - 1] = last.lowerBound...index
      } else {
        runs.append(index...index)
      }
    }
    return runs.map { run in
      let (first, last) = (Participant(index: run.lowerBound).name, Participant(index: run.upperBound).name)
      return run.count == 1 ? first : "\(first)\(run.count == 2 ? "," : " …") \(last)"
    }.joined(separator: ", ")
  }

  private static func streams(_ plan: SessionPlan) -> String {
    var table = Table([
      .left("streams"), .right("up per client"), .right("down per client"), .right("in all"),
    ])
    for kind in MediaKind.allCases {
      let streams = plan.streams(of: kind)
      guard streams.total > 0 else { continue }
      table.append([kind.rawValue, count(streams.upPerClient), count(streams.downPerClient), "\(streams.total)"])
    }
    return table.text()
  }

  private static func data(_ session: SessionScenario, _ plan: SessionPlan) -> String {
    guard let data = session.data else { return "" }
    let names = data.workloads.map(\.rawValue).joined(separator: ", ")
    let way = plan.server == nil ? "on every connection" : "to the server, which forwards to all the others"
    return "data channels: \(names), \(way)\n"
  }

  private static func count(_ value: Double) -> String {
    value == value.rounded() ? "\(Int(value))" : "\((value * 100).rounded() / 100)"
  }

  private static func name(of role: SessionPlan.ServerRole) -> String {
    switch role {
    case .forwarding: "forwards"
    case .mixing(let layout): "mixes, \(layout.rawValue)"
    }
  }

  // MARK: Plain UDP

  private static func text(of scenario: UDPScenario) -> String {
    var hosts = Table([.left("host"), .left("site"), .left("up"), .left("down"), .left("in front")])
    for host in scenario.hosts {
      hosts.append([
        host.name, host.site, text(of: host.uplink), text(of: host.downlink),
        barriers(
          host.nat, host.nat?.firewall ?? host.firewall, host.addressFamily == .ipv4 ? .ipv4 : .ipv6),
      ])
    }
    var flows = Table([
      .left("flow"), .right("packet bytes\nUDP payload"), .right("rate\nUDP/IP"), .right("from"), .right("for"),
    ])
    for flow in scenario.flows {
      flows.append([
        "\(flow.from) → \(flow.to)", "\(flow.packetSize.bytes)", flow.rate.quantity, flow.start.quantity,
        flow.duration.quantity,
      ])
    }
    return hosts.text() + "\n" + flows.text()
  }

  // MARK: Both

  private static func text(of link: Link.Configuration) -> String {
    let rate = link.trace.map { "trace of \($0.meanRate.quantity)" } ?? link.rate?.quantity ?? "unlimited"
    var words = [rate, link.propagationDelay.quantity]
    if !link.changes.isEmpty { words.append("with \(link.changes.count) changes") }
    if let bucket = link.tokenBucket {
      words.append("\(bucket.excess == .waits ? "shaped" : "policed") to \(bucket.rate.quantity)")
    }
    if link.codel != nil { words.append("CoDel") }
    if link.rate != nil || link.trace != nil || !link.changes.isEmpty {
      words.append("queue \(link.queueLimit.quantity)")
    }
    if link.loss != .none { words.append("loss \((link.loss.meanLoss * 10000).rounded() / 100) %") }
    if link.jitter != .none { words.append("jitter") }
    return words.joined(separator: " ")
  }

  private static func barriers(
    _ nat: AccessBehavior?, _ firewall: Firewall.Policy?, _ families: AddressFamilies
  ) -> String {
    var words: [String] = []
    if let nat, !nat.translators.isEmpty { words.append("\(nat.name) NAT") }
    if let firewall { words.append("firewall \(firewall.rawValue)") }
    switch families {
    case .ipv4: break
    case .ipv6: words.append("IPv6")
    case .dual: words.append("IPv6 beside IPv4")
    }
    return words.isEmpty ? "nothing" : words.joined(separator: ", ")
  }
}

extension Explanation {
  var json: JSON {
    var json: JSON = [
      "scenario": .string(scenario.name), "seed": JSON(scenario.seed),
      "scenarioHash": .string(scenario.scenarioHash),
    ]
    if let session = scenario.session {
      let plan = session.plan
      json.append("topology", .string(session.topology))
      json.append("participants", .array(plan.participants.map { .string($0.name) }))
      json.append("server", JSON(plan.server.map(Self.name(of:))))
      json.append("connections", .array(plan.connections.map(Self.json)))
      json.append("streams", .object(MediaKind.allCases.map { Self.streams(of: $0, in: plan) }))
    }
    json.append("values", .array(scenario.canonicalLines.map(JSON.string)))
    return json
  }

  private static func json(_ connection: SessionPlan.Connection) -> JSON {
    [
      "offerer": .string(connection.offerer.description), "answerer": .string(connection.answerer.description),
      "lines": .array(
        connection.lines.map { line in
          [
            "kind": .string(line.kind.rawValue), "direction": .string(line.direction.rawValue),
            "source": JSON(line.source.map { Participant(index: $0).name }),
          ]
        }),
    ]
  }

  private static func streams(of kind: MediaKind, in plan: SessionPlan) -> JSON.Member {
    let streams = plan.streams(of: kind)
    return JSON.Member(
      name: kind.rawValue,
      value: [
        "upPerClient": .number(streams.upPerClient), "downPerClient": .number(streams.downPerClient),
        "total": JSON(streams.total),
      ])
  }
}
