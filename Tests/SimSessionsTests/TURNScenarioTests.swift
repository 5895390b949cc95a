import RTCPrimitives
import SimKernel
import SimNetwork
import SimNodes
import Testing

@testable import SimSessions

/// Calls through TURN servers: what the server's side of `turn` does, and how streams bear trouble.
struct TURNScenarioTests {
  /// Two people behind a relay, with small pictures.
  private static let base = [
    "topology": "'mesh'", "participants": "2", "duration": "'8s'", "iceTransportPolicy": "'relay'",
    "video": "{ width: 160, height: 90, frameRate: 10, bitrate: '100k' }",
  ]

  private func text(_ fields: [String: String]) -> String {
    let all = Self.base.merging(fields) { $1 }
    return "{ " + all.keys.sorted().map { "\($0): \(all[$0] ?? "")" }.joined(separator: ", ") + " }"
  }

  private func run(_ fields: [String: String]) throws -> SessionResult {
    try SessionRun(scenario(text(fields))).run()
  }

  private func server(_ fields: [String: String]) throws -> TURNServerReport {
    try #require(run(fields).turnServers.first)
  }

  /// A call that can be disturbed while it runs.
  private struct Call {
    let simulation: Simulation
    let built: SessionBuilder.Built

    init(_ text: String) throws {
      let scenario = try scenario(text)
      let run = try SessionRun(scenario)
      let options = SessionRun.Options()
      let builder = SessionBuilder(
        scenario: scenario, session: run.session, plan: run.plan, fidelity: run.fidelity, options: options,
        media: SessionRun.mediaSettings(of: run.session, options))
      simulation = Simulation(seed: scenario.seed)
      built = builder.build(in: simulation)
      for client in built.clients { simulation.spawn { await client.join() } }
    }

    func run(until time: Duration) { simulation.run(until: .start + time) }

    /// Packets that each client has received on each stream.
    var received: [Int] {
      let clients = built.clients
      return simulation.perform {
        var counts: [Int] = []
        for client in clients {
          for connection in await client.report().connections { counts += connection.inbound.map(\.packetsReceived) }
        }
        return counts
      }
    }

    var servers: [TURNServerReport] {
      let nodes = built.turnServers
      return simulation.perform {
        var reports: [TURNServerReport] = []
        for node in nodes { reports.append(await node.report()) }
        return reports
      }
    }
  }

  // MARK: Streams in trouble

  /// What was under way when the cut came has arrived and is not known to have, at both ends: how much depends on when.
  @Test(arguments: [("tcp", 0), ("tls", 10)])
  func `a call over a stream goes on after an outage of three seconds`(transport: String, milliseconds: Int) throws {
    let call = try Call(
      text([
        "turn": "{ transports: ['\(transport)'] }", "participants": "3", "fidelity": "'wire'",
        "video": "{ width: 640, height: 360, frameRate: 15, bitrate: '2M' }",
        "client": "{ uplink: { rate: '20M', delay: '30ms' }, downlink: { rate: '50M', delay: '30ms' } }",
      ]))
    defer { call.simulation.end() }
    let cut = Duration.milliseconds(5000 + milliseconds)
    call.run(until: cut)
    let before = call.received
    #expect(before.count == 12 && before.allSatisfy { $0 > 0 })
    for direction in LinkDirection.allCases {
      call.built.network.disturb(call.built.access[0], direction, .cut(until: .start + cut + .seconds(3)))
    }
    // The timers of 1 and 2 s expire in the outage, the one of 4 s after it.
    call.run(until: cut + .seconds(9))
    let after = call.received
    call.run(until: cut + .seconds(11))
    let later = call.received
    #expect(after.indices.allSatisfy { after[$0] > before[$0] })
    #expect(later.indices.allSatisfy { later[$0] > after[$0] })
  }

  @Test func `a call whose uplink is half of what it wants survives over TCP`() throws {
    let result = try run([
      "turn": "{ transports: ['tcp'] }", "duration": "'60s'", "fidelity": "'wire'",
      "video": "{ width: 320, height: 180, frameRate: 15, bitrate: '800k' }",
      "client": "{ uplink: { rate: '400k', delay: '10ms', queue: '200ms' } }",
    ])
    #expect(result.connectionsEstablished == 1)
    let lost: Set<Milestone.Kind> = [.consentExpired, .iceFailed, .iceDisconnected]
    #expect(result.milestones.allSatisfy { !lost.contains($0.kind) })
    // Late media was thrown away, and that is told.
    #expect(result.clients.allSatisfy { $0.messagesDropped > 1000 })
    #expect(result.turnServers[0].allocations == 2)
  }

  @Test func `who hangs up closes the connections to the TURN server`() throws {
    let call = try Call(text(["turn": "{ transports: ['udp', 'tcp', 'tls'] }", "fidelity": "'wire'"]))
    defer { call.simulation.end() }
    call.run(until: .seconds(5))
    #expect(call.servers[0].allocations == 6 && call.servers[0].connections == 4)
    for client in call.built.clients { call.simulation.spawn { await client.hangUp() } }
    call.run(until: .seconds(6))
    // The server answers close_notify by closing, while the client's FIN is on its way: both wait for late segments.
    #expect(call.servers[0].allocations == 0 && call.servers[0].connections <= 2)
    call.run(until: .seconds(67))
    #expect(call.servers[0].connections == 0)
    // Alarms that were set before the end, to no purpose by now, are over.
    call.run(until: .seconds(700))
    let events = call.simulation.eventCount
    call.run(until: .seconds(1400))
    #expect(call.simulation.eventCount == events)
  }

  // MARK: The server's side

  @Test func `a quota lends to the first and refuses the others`() throws {
    let free = try server(["turn": "true"])
    #expect(free.allocations == 2 && free.statistics.refused == 0 && free.statistics.challenged == 2)
    let result = try run(["turn": "{ quota: 1 }"])
    #expect(result.turnServers[0].allocations == 1 && result.turnServers[0].statistics.refused > 0)
    // One relay is enough for a pair, if the other side's own address may be used.
    #expect(result.connectionsEstablished == 0)
  }

  @Test func `what an allocation relays beyond its bandwidth is dropped and counted`() throws {
    let wide = try server(["turn": "{ bandwidth: '10M' }"])
    #expect(wide.statistics.rateLimited == 0 && wide.statistics.bytesToPeers > 0)
    let narrow = try run(["turn": "{ bandwidth: '60k' }"])
    #expect(narrow.turnServers[0].statistics.rateLimited > 100)
    // About half of sound and pictures of 130 kbit/s in all is too much.
    let streams = narrow.clients.flatMap { $0.connections.flatMap(\.inbound) }
    #expect(streams.reduce(0) { $0 + $1.packetsLost } > 50)
  }

  @Test func `a short lifetime is refreshed, and a short nonce renewed, without harm`() throws {
    let usual = try server(["turn": "true"])
    let short = try server(["turn": "{ lifetime: '2s' }"])
    // A Refresh each second from each of two clients.
    #expect((12...24).contains(short.statistics.granted - usual.statistics.granted))
    #expect(short.allocations == 2 && short.statistics.refused == 0)
    let stale = try run(["turn": "{ lifetime: '4s', nonceLifetime: '1s' }"])
    #expect(stale.turnServers[0].statistics.refused >= 4)
    #expect(stale.turnServers[0].allocations == 2 && stale.connectionsEstablished == 1)
    #expect(stale.milestones.allSatisfy { $0.kind != .consentExpired })
  }

  @Test(arguments: ["udp", "tcp"])
  func `a server that crashes forgets what it lent, and another one takes over`(transport: String) throws {
    func packets(_ turn: String, _ profile: String = "rfc8445") throws -> (during: Int, after: Int) {
      let call = try Call(text(["turn": turn, "fidelity": "'wire'", "ice": "{ profile: '\(profile)' }"]))
      defer { call.simulation.end() }
      call.run(until: .milliseconds(5100))
      let before = call.received.reduce(0, +)
      call.run(until: .seconds(7))
      let during = call.received.reduce(0, +)
      call.run(until: .seconds(55))
      #expect(call.servers[0].allocations == 0)
      return (during - before, call.received.reduce(0, +) - during)
    }
    let alone = try packets("{ transports: ['\(transport)'], outage: { at: '5s', length: '1s' } }")
    #expect(alone.during == 0 && alone.after == 0)
    let reserve = try packets("{ transports: ['\(transport)'], servers: 2, outage: { at: '5s' } }", "chromium")
    #expect(reserve.after > 1000)
  }

  @Test func `a server that crashes before the call and is back serves it`() throws {
    let result = try run(["turn": "{ outage: { at: '10ms', length: '50ms' } }"])
    #expect(result.connectionsEstablished == 1)
    #expect(try run(["turn": "{ outage: { at: '10ms' } }"]).connectionsEstablished == 0)
  }

  // MARK: Several servers, several families

  @Test func `every TURN server is measured`() throws {
    // The first is down, so that all goes through the second.
    let result = try run(["turn": "{ servers: 2, outage: { at: '0s' } }"])
    #expect(result.connectionsEstablished == 1)
    #expect(result.turnServers.map(\.name) == ["turn", "turn-2"])
    #expect(result.turnServers[0].statistics.bytesToPeers == 0)
    #expect(result.turnServers[1].statistics.bytesToPeers > 0)
    #expect(result.costPerParticipantHour > 0)
    var options = SessionRun.Options()
    options.capturesPackets = true
    let captured = try SessionRun(scenario(text(["turn": "{ servers: 2 }"])), options: options).run()
    #expect(captured.captures.count { $0.name.hasPrefix("turn") } == 2)
  }

  @Test func `IPv4 alone reaches IPv6 alone through a relay that has both`() throws {
    let mixed = [
      "clients": "[{ addressFamily: 'ipv6' }, { addressFamily: 'ipv4' }]", "iceTransportPolicy": "'all'",
    ]
    let result = try run(mixed.merging(["turn": "{ families: 'both' }"]) { $1 })
    #expect(result.connectionsEstablished == 1)
    let kinds = result.clients.map { $0.connections[0].localCandidate }
    #expect(kinds.contains("relay"))
    // Each allocation has an address of either family, which is one allocation.
    #expect(result.turnServers[0].allocations == 2)
    #expect(message { _ = try run(mixed.merging(["turn": "true"]) { $1 }) }.contains("turn.families"))
  }

  // MARK: Errors

  @Test(arguments: [
    ("{turn: {quota: 0}}", "1: turn.quota: found 0, allowed: a whole number from 1 to 1000"),
    ("{turn: {bandwidth: 1000000}}", "1: turn.bandwidth: found 1000000, allowed: a rate in bits per second such as"),
    ("{turn: {lifetime: '1500ms'}}", "1: turn.lifetime: found '1500ms', allowed: a duration such as"),
    ("{turn: {lifetime: '2h'}}", "whole seconds from 1s to 1h"),
    ("{turn: {nonceLifetime: '10ms'}}", "1: turn.nonceLifetime: found '10ms', allowed: a duration such as"),
    ("{turn: {outage: {length: '1s'}}}", "1: turn.outage.at: is missing, allowed: the time of the crash, such as 10s"),
    ("{turn: {families: 'ipv6'}}", "1: turn.families: found 'ipv6', allowed: own, both"),
    ("{turn: {quotas: 3}}", "1: turn.quotas: unknown field, allowed: site, username, password, clientPassword"),
  ])
  func `what cannot be is named with what could be`(text: String, expected: String) {
    #expect(message { _ = try scenario(text) }.contains(expected), "\(message { _ = try scenario(text) })")
  }

  @Test func `each field of a server changes the scenario's hash, and what is usual does not`() throws {
    let usual = try scenario("{turn: true}").scenarioHash
    #expect(
      try scenario("{turn: {families: 'own', lifetime: '600s', nonceLifetime: '1h', bandwidth: 'unlimited'}}")
        .scenarioHash
        == usual)
    var hashes: Set = [usual]
    let fields = [
      "families: 'both'", "quota: 3", "bandwidth: '1M'", "lifetime: '60s'", "nonceLifetime: '60s'",
      "outage: {at: '5s'}",
      "outage: {at: '5s', length: '1s'}",
    ]
    for field in fields { hashes.insert(try scenario("{turn: {\(field)}}").scenarioHash) }
    #expect(hashes.count == fields.count + 1)
  }
}
