import RTCMedia
import RTCPrimitives
import SimNetwork
import SimNodes
import Testing

@testable import SimSessions

/// Encoders that follow congestion control in whole sessions.
struct SessionAdaptationTests {
  private func run(
    _ topology: String, _ participants: Int, _ controller: String?, duration: Duration, fidelity: Fidelity = .model,
    seed: UInt64 = 1, _ change: (inout SessionScenario) -> Void = { _ in }
  ) throws -> SessionResult {
    var overrides = ScenarioOverrides()
    overrides.topology = topology
    overrides.participants = participants
    overrides.duration = duration
    overrides.fidelity = fidelity
    overrides.seed = seed
    overrides.congestionControl = controller
    var scenario = try models.scenario("meeting").applying(overrides)
    guard var session = scenario.session else { throw RunError.notASession("meeting") }
    change(&session)
    scenario.kind = .session(session)
    return try SessionRun(scenario).run()
  }

  private func narrow(_ rate: Int64) -> (inout SessionScenario) -> Void {
    { $0.client.uplink.rate = .kilobitsPerSecond(rate) }
  }

  /// The share of sound that was made up, over all that was played.
  private func concealed(_ result: SessionResult) -> Double {
    let sound = result.clients.flatMap(\.connections).flatMap(\.inbound).filter { $0.kind == .audio }
    return Double(sound.reduce(0) { $0 + $1.concealedSamples })
      / Double(max(1, sound.reduce(0) { $0 + $1.totalSamplesReceived }))
  }

  private func encodings(_ connections: [ConnectionSummary]) -> [EncodingStatistics] {
    connections.flatMap { connection in connection.outbound.compactMap { connection.encodings[$0.ssrc] } }
  }

  @Test func `a mesh of five on narrow uplinks lives with control and breaks without it`() throws {
    let result = try run("mesh", 5, "gcc", duration: .seconds(25), narrow(1000))
    #expect(result.firstLimit == .none)
    #expect(try #require(result.lossPercent) < 0.1, "hardly a queue overflows after the beginning")
    #expect(result.connectionsEstablished == 10)
    #expect((0.7...1).contains(result.clientUplink.megabitsPerSecond))
    #expect(try #require(result.frozenPercent) < 20)
    for connection in result.clients.flatMap(\.connections) {
      #expect(connection.inbound.contains { $0.kind == .video && $0.framesDecoded > 30 })
    }
    #expect(concealed(result) < 0.03)
    let encodings = encodings(result.clients.flatMap(\.connections))
    #expect(encodings.count == 20)
    #expect(encodings.allSatisfy { $0.targetBitrate < .kilobitsPerSecond(800) })
    #expect(encodings.count { $0.frameHeight < 360 } > 15)

    let without = try run("mesh", 5, nil, duration: .seconds(25), narrow(1000))
    #expect(without.firstLimit == .uplink)
    #expect(try #require(without.frozenPercent) > 90)
    #expect(concealed(without) > 0.3)
  }

  @Test(arguments: ["mesh", "sfu", "mcu"])
  func `a session that adapts has one trace, and both fidelities one timing`(topology: String) throws {
    func again(_ fidelity: Fidelity, seed: UInt64 = 1) throws -> SessionResult {
      try run(topology, 3, "gcc", duration: .seconds(7), fidelity: fidelity, seed: seed, narrow(1000))
    }
    let wire = try again(.wire)
    #expect(try again(.wire).traceHash == wire.traceHash)
    #expect(try again(.wire, seed: 2).traceHash != wire.traceHash)
    let model = try again(.model)
    #expect(model.timingHash == wire.timingHash)
    #expect(model.traceHash != wire.traceHash)
  }

  @Test(arguments: CongestionControllers.all.map(\.name))
  func `every controller can be named, and does not harm a call with room for it`(name: String) throws {
    let result = try run("mesh", 2, name, duration: .seconds(7))
    #expect(result.congestionControl == name)
    #expect(try #require(result.frozenPercent) < 5)
  }

  @Test func `none is as without`() throws {
    let plain = try run("mesh", 2, nil, duration: .seconds(6))
    #expect(try run("mesh", 2, "none", duration: .seconds(6)).traceHash == plain.traceHash)
    #expect(plain.clients.flatMap(\.connections).allSatisfy { $0.availableOutgoingBitrate == nil })
  }

  /// The numbers of a source would say nothing of what the unit sent: receiver reports alone bring its estimate to 612 kbit/s.
  @Test func `what an SFU forwards bears its own transport-wide numbers`() throws {
    let result = try run("sfu", 3, "gcc", duration: .seconds(15))
    let server = try #require(result.server)
    #expect(server.connections.count == 3)
    for connection in server.connections {
      #expect(try #require(connection.availableOutgoingBitrate) > .kilobitsPerSecond(800))
    }
    #expect(result.lossPercent == 0 && result.frozenPercent == 0)
  }

  @Test func `a call that adapts can be stepped through, and shows what is fed back and allowed`() throws {
    var overrides = ScenarioOverrides()
    overrides.congestionControl = "gcc"
    overrides.duration = .seconds(6)
    let plain = try models.scenario("two-peers")
    let history = try HistoryRun(try plain.applying(overrides)).record()
    #expect(history.messages.count { $0.title == "RTCP transport-wide feedback" } > 50)
    let connections = history.moments.flatMap(\.ends).flatMap(\.connections)
    #expect(connections.first?.congestion == nil, "nothing may flow yet")
    let last = try #require(connections.last?.congestion)
    #expect(last.controller == "gcc" && last.availableOutgoingBitrate > 300_000 && last.feedbackReceived > 50)
    overrides.congestionControl = nil
    let without = try HistoryRun(try plain.applying(overrides)).record()
    #expect(without.messages.allSatisfy { $0.title != "RTCP transport-wide feedback" })
    #expect(without.moments.flatMap(\.ends).flatMap(\.connections).allSatisfy { $0.congestion == nil })
  }

  @Test func `an SFU's clients adapt their uplinks`() throws {
    let result = try run("sfu", 3, "gcc", duration: .seconds(20), narrow(500))
    #expect(result.firstLimit == .none && result.lossPercent == 0)
    #expect((0.35...0.5).contains(result.clientUplink.megabitsPerSecond))
    // When a client gives its larger picture up, the smaller one begins with a key frame that must be asked for.
    #expect(try #require(result.frozenPercent) < 8)
  }

  @Test func `an MCU codes for each listener what his downlink carries`() throws {
    let result = try run("mcu", 3, "gcc", duration: .seconds(20)) {
      $0.clients = [$0.client]
      $0.clients[0].downlink.rate = .kilobitsPerSecond(400)
    }
    let server = try #require(result.server)
    let targets = server.connections.map { encodings([$0]).map(\.targetBitrate).first ?? .zero }
    #expect(targets.count == 3)
    #expect((100...360).contains(targets[0].bitsPerSecond / 1000))
    #expect(targets[1] == .kilobitsPerSecond(800) && targets[2] == .kilobitsPerSecond(800))
    #expect(result.lossPercent == 0)
  }

  @Test func `where there is too little for video sound goes on alone, and video comes back`() throws {
    let result = try run("mesh", 2, "gcc", duration: .seconds(45)) {
      $0.client.uplink.changes = [
        LinkChange(at: .seconds(12), rate: .kilobitsPerSecond(80)),
        LinkChange(at: .seconds(25), rate: .megabitsPerSecond(5)),
      ]
    }
    for connection in result.clients.flatMap(\.connections) {
      let video = try #require(connection.inbound.first { $0.kind == .video })
      let sound = try #require(connection.inbound.first { $0.kind == .audio })
      #expect(video.totalFreezesDuration > .seconds(8))
      #expect(video.framesDecoded > 500)
      #expect(Double(sound.concealedSamples) < 0.1 * Double(sound.totalSamplesReceived))
      let encoding = try #require(encodings([connection]).first)
      #expect(!encoding.isPaused)
      #expect(try #require(encoding.qualityLimitationDurations[.bandwidth]) > .seconds(8))
    }
  }

  @Test func `pictures become smaller when the processor cannot code them all`() throws {
    let result = try run("mesh", 4, "gcc", duration: .seconds(25)) {
      $0.client.uplink.rate = .megabitsPerSecond(50)
      $0.client.cores = 1
      for codec in $0.costs.videoEncode.keys.sorted() {
        $0.costs.videoEncode[codec]?.picosecondsEach *= 8
        $0.costs.videoEncode[codec]?.fixedNanoseconds *= 8
      }
    }
    let encodings = encodings(result.clients.flatMap(\.connections))
    #expect(encodings.contains { $0.qualityLimitationReason == .cpu && $0.frameHeight < 360 })
  }
}

/// How congestion control is named.
struct CongestionControlFieldTests {
  @Test func `none is the same as nothing, and a controller changes the hash`() throws {
    let plain = try scenario("{}")
    #expect(try scenario("{congestionControl: 'none'}") == plain)
    for name in CongestionControllers.all.map(\.name) {
      let named = try scenario("{congestionControl: '\(name)'}")
      #expect(named.session?.congestionControl == name)
      #expect(named.scenarioHash != plain.scenarioHash)
      var overrides = ScenarioOverrides()
      overrides.congestionControl = name
      #expect(try plain.applying(overrides) == named)
      overrides.congestionControl = "none"
      #expect(try named.applying(overrides) == plain)
    }
  }

  @Test func `a wrong name is answered with the nearest`() throws {
    #expect(
      message { _ = try scenario("{congestionControl: 'gcc-drfat'}") }.hasSuffix(
        "found 'gcc-drfat', allowed: none, fixed, gcc, gcc-draft, nada; did you mean 'gcc-draft'?"))
    var overrides = ScenarioOverrides()
    overrides.congestionControl = "nadda"
    #expect(
      message { _ = try scenario("{}").applying(overrides) }
        == "--congestion-control: found 'nadda', allowed: none, fixed, gcc, gcc-draft, nada; did you mean 'nada'?")
  }

  @Test func `one picture for all does not go with rates of each`() throws {
    #expect(
      message { _ = try scenario("{topology: 'mcu', mcu: {layout: 'shared'}, congestionControl: 'gcc'}") }.contains(
        "found 'gcc', allowed: 'none', because mcu.layout is 'shared'"))
    var overrides = ScenarioOverrides()
    overrides.congestionControl = "gcc"
    #expect(
      message { _ = try scenario("{topology: 'mcu', mcu: {layout: 'shared'}}").applying(overrides) }.hasPrefix(
        "--congestion-control: found 'gcc', allowed: 'none', because mcu.layout is 'shared'"))
  }
}
