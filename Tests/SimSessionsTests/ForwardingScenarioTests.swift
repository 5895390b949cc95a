import RTCPrimitives
import SimNetwork
import SimNodes
import Testing

@testable import SimSessions

/// What an SFU selects for each receiver where there is congestion control.
struct ForwardingScenarioTests {
  private func run(
    _ participants: Int, duration: Duration, _ change: (inout SessionScenario) -> Void = { _ in }
  ) throws -> SessionResult {
    var scenario = try models.scenario("meeting")
    guard case .session(var session) = scenario.kind else { throw ScenarioError.noModels(searched: []) }
    session.topology = "sfu"
    session.participants = participants
    session.duration = duration
    session.congestionControl = "gcc"
    session.fidelity = .model
    session.video?.width = 1280
    session.video?.height = 720
    session.video?.bitrate = .kilobitsPerSecond(2500)
    change(&session)
    scenario.kind = .session(session)
    return try SessionRun(scenario).run()
  }

  @Test func `each receiver gets what his downlink carries, and the others do not suffer`() throws {
    let result = try run(3, duration: .seconds(25)) {
      $0.clients = [$0.client]
      $0.clients[0].downlink.rate = .kilobitsPerSecond(600)
    }
    let received = result.clients.map { client in
      client.connections[0].inbound.filter { $0.kind == .video }.reduce(0) { $0 + $1.bytesReceived }
    }
    // Two pictures side by side are 360 high: two times 500 kbit/s, and half of that where less is carried.
    #expect(received[0] > 200_000 && Double(received[0]) < 0.75 * Double(received[1]))
    #expect(received[1] > 2_000_000 && received[2] > 2_000_000)
    #expect(result.firstLimit == .none && result.lossPercent == 0)
    #expect(try #require(result.frozenPercent) < 2 && #require(result.pausedPercent) < 2)
  }

  @Test func `what nobody sees is not coded, neither what is too large for its tile nor what is too small`() throws {
    let result = try run(5, duration: .seconds(16))
    for client in result.clients {
      let encodings = client.connections[0].outbound.filter { $0.kind == .video }.compactMap {
        client.connections[0].encodings[$0.ssrc]
      }
      // Four pictures in a grid are 360 high.
      #expect(encodings.map(\.frameHeight) == [180, 360, 720])
      #expect(encodings.map(\.isPaused) == [true, false, true])
    }
    #expect(result.frozenPercent == 0 && result.pausedPercent == 0)
  }

  @Test func `pictures are of those who had the floor last, and sound is of the loudest`() throws {
    let result = try run(5, duration: .seconds(12)) {
      var profile = ForwardingProfile()
      (profile.lastN, profile.loudest) = (2, 1)
      $0.sfu = profile
    }
    // Of four; whoever's turn came within the second that is counted comes on top of two.
    #expect((1.9..<4).contains(result.streams.downPerClient))
    for client in result.clients {
      let audio = client.connections[0].inbound.filter { $0.kind == .audio && $0.packetsReceived > 0 }
      // One voice of 50 packets a second in all, counted since one could be heard.
      #expect(audio.reduce(0) { $0 + $1.packetsReceived } < 50 * 14)
      #expect(audio.reduce(0) { $0 + $1.packetsReceived } > 50 * 6)
      #expect(audio.allSatisfy { $0.packetsLost == 0 })
    }
    #expect(result.pausedPercent == 0)
  }

  @Test func `where not all pictures fit some are paused, which is said, and is no freeze`() throws {
    let result = try run(6, duration: .seconds(15)) { $0.client.downlink.rate = .kilobitsPerSecond(500) }
    let paused = try #require(result.pausedPercent)
    #expect((40...95).contains(paused))
    #expect(try #require(result.frozenPercent) < 10)
    let cell = Verdict.Cell(result)
    #expect(!cell.holds && result.firstLimit == .none)
    let verdict = Verdict(topology: "sfu", cells: [cell])
    #expect(verdict.sentence.contains("% of the pictures were left out, because links carried no more"))
  }

  @Test func `losses towards a receiver are repaired on the stream of retransmissions`() throws {
    let result = try run(3, duration: .seconds(12)) {
      $0.clients = [$0.client]
      $0.clients[0].downlink.loss = .independent(probability: 0.02)
    }
    let inbound = result.clients[0].connections[0].inbound.filter { $0.kind == .video }
    #expect(inbound.count == 2 && inbound.allSatisfy { $0.packetsRepaired > 5 && $0.framesDecoded > 200 })
    #expect(try #require(result.frozenPercent) < 3)
  }

  @Test func `without estimates to follow everything is forwarded as it is`() throws {
    let plain = try run(3, duration: .seconds(6)) { $0.congestionControl = nil }
    let fixed = try run(3, duration: .seconds(6)) { $0.congestionControl = "fixed" }
    #expect(plain.pausedPercent == nil && fixed.pausedPercent == nil)
    #expect(plain.streams.upPerClient == 1 && fixed.streams.upPerClient == 1)
    #expect(plain.streams.downPerClient == 2 && fixed.streams.downPerClient == 2)
  }

  @Test func `a section without estimates is refused, and what it may say is named`() throws {
    #expect(
      message { _ = try session("{ sfu: { lastN: 5 } }") }.contains(
        "no such section, because congestionControl is 'none', and what is selected follows estimates"))
    #expect(
      message { _ = try session("{ congestionControl: 'fixed', sfu: {} }") }.contains("'fixed'"))
    let field = "{ congestionControl: 'gcc', sfu: { layout: 'gird' } }"
    #expect(message { _ = try session(field) }.contains("did you mean 'grid'?"))
    let number = "{ congestionControl: 'gcc', sfu: { lastN: 0 } }"
    #expect(message { _ = try session(number) }.contains("a whole number from 1 to 1000"))
    let given = try session(
      "{ congestionControl: 'gcc', sfu: { simulcast: false, lastN: 9, loudest: 2, layout: 'speaker' } }")
    let profile = try #require(given.forwarding)
    #expect(!profile.simulcast && profile.lastN == 9 && profile.loudest == 2 && profile.layout == .speaker)
    #expect(try session("{ congestionControl: 'gcc' }").forwarding == ForwardingProfile())
    #expect(try session("{ topology: 'mcu', congestionControl: 'gcc' }").forwarding == nil)
  }

  @Test func `options say the same as the section`() throws {
    var overrides = ScenarioOverrides()
    (overrides.lastN, overrides.simulcast, overrides.congestionControl) = (3, false, "gcc")
    let profile = try #require(try models.scenario("meeting").applying(overrides).session?.forwarding)
    #expect(profile.lastN == 3 && !profile.simulcast)
    overrides.lastN = 0
    #expect(
      message { _ = try models.scenario("meeting").applying(overrides) }
        == "--last-n: found 0, allowed: a whole number from 1 to 1000")
  }

  @Test(arguments: [nil, "none", "fixed"])
  func `options without estimates are refused by what they say, with the way out`(_ controller: String?) throws {
    let meeting = try models.scenario("meeting")
    var overrides = ScenarioOverrides()
    overrides.congestionControl = controller
    let rest =
      " with congestion control '\(controller ?? "none")', allowed: only with a controller that estimates, because "
      + "an SFU selects by its estimates: add --congestion-control gcc"
    overrides.lastN = 3
    #expect(message { _ = try meeting.applying(overrides) } == "--last-n: found 3" + rest)
    overrides.simulcast = false
    #expect(message { _ = try meeting.applying(overrides) } == "--simulcast: found 'off'" + rest)
  }

  @Test func `there is nothing to select where nobody sends pictures`() throws {
    var overrides = ScenarioOverrides()
    (overrides.topology, overrides.lastN, overrides.congestionControl) = ("sfu", 1, "gcc")
    let found = message { _ = try models.scenario("data-channels").applying(overrides) }
    #expect(found == "--last-n: found 1 without video, allowed: only with pictures to select from")
  }

  @Test func `options that would change nothing are refused`() throws {
    let meeting = try models.scenario("meeting")
    var overrides = ScenarioOverrides()
    (overrides.lastN, overrides.congestionControl) = (3, "gcc")
    for topology in ["mesh", "mcu"] {
      overrides.topology = topology
      // A comparison has an SFU beside it.
      let scenario = try meeting.applying(overrides)
      #expect(
        message { try overrides.checkSelection(in: scenario) }
          == "--last-n: found 3 in topology '\(topology)', allowed: only where an SFU forwards: add --topology sfu")
    }
    overrides.topology = "sfu"
    try overrides.checkSelection(in: try meeting.applying(overrides))
    (overrides.simulcast, overrides.adaptation) = (true, "ladder")
    #expect(
      message { _ = try meeting.applying(overrides) }.hasPrefix("--simulcast: found 'on' with adaptation 'ladder'"))
  }

  @Test(arguments: [(1, 720), (2, 360), (4, 360), (5, 240), (9, 240), (10, 180), (16, 180), (25, 144)])
  func `a grid divides a window of 720 lines`(_ count: Int, _ height: Int) {
    let settings = SelectionSettings()
    #expect((0..<count).allSatisfy { settings.tileHeight(of: $0, among: count) == height })
  }

  @Test func `a tile gets the smallest picture that fills it`() {
    var settings = SelectionSettings()
    settings.encodings = [180, 360, 720].map { .init(height: $0, rate: .zero) }
    #expect([100, 180, 181, 360, 400, 720, 1000].map(settings.encoding(forTile:)) == [0, 0, 1, 1, 2, 2, 2])
    settings.layout = .speaker
    #expect((0..<3).map { settings.encoding(forTile: settings.tileHeight(of: $0, among: 3)) } == [2, 0, 0])
  }
}
