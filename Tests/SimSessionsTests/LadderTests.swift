import RTCMedia
import RTCPrimitives
import SimNetwork
import SimNodes
import Testing

@testable import SimSessions

/// The well-known ladder in whole sessions: cameras of 1080p, whose rates an uplink limits.
struct LadderTests {
  private func run(
    _ topology: String = "mesh", uplink: Int64, duration: Duration = .seconds(20), seed: UInt64 = 1,
    _ change: (inout SessionScenario) -> Void = { _ in }
  ) throws -> SessionResult {
    var overrides = ScenarioOverrides()
    overrides.topology = topology
    overrides.duration = duration
    overrides.fidelity = .model
    overrides.seed = seed
    overrides.uplink = LinkRate(.kilobitsPerSecond(uplink))
    var scenario = try models.scenario("ladder").applying(overrides)
    guard var session = scenario.session else { throw RunError.notASession("ladder") }
    change(&session)
    scenario.kind = .session(session)
    return try SessionRun(scenario).run()
  }

  private func encodings(_ connections: [ConnectionSummary]) -> [EncodingStatistics] {
    connections.flatMap { connection in connection.outbound.compactMap { connection.encodings[$0.ssrc] } }
  }

  /// The share of each end's sound that was made up.
  private func concealed(_ result: SessionResult) -> [Double] {
    result.clients.flatMap(\.connections).flatMap(\.inbound).filter { $0.kind == .audio }.map {
      Double($0.concealedSamples) / Double(max(1, $0.totalSamplesReceived))
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `five megabits are enough for 1080p at two and a half`(seed: UInt64) throws {
    let result = try run(uplink: 5000, seed: seed)
    let encodings = encodings(result.clients.flatMap(\.connections))
    #expect(encodings.count == 2)
    #expect(
      encodings.allSatisfy {
        $0.frameWidth == 1920 && $0.frameHeight == 1080 && $0.targetBitrate == .kilobitsPerSecond(2500)
          && $0.qualityLimitationReason == .none
      })
    // Payload of 2.5 Mbit/s, 32 kbit/s of sound, and their headers.
    #expect((2.45...2.9).contains(result.clientUplink.megabitsPerSecond))
    #expect(result.lossPercent == 0 && result.frozenPercent == 0)
    #expect(concealed(result).count == 2 && concealed(result).allSatisfy { $0 < 0.005 })
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `one megabit is enough for 480p at eight hundred kilobits`(seed: UInt64) throws {
    let result = try run(uplink: 1000, seed: seed)
    let encodings = encodings(result.clients.flatMap(\.connections))
    #expect(encodings.count == 2)
    #expect(
      encodings.allSatisfy {
        $0.frameHeight == 480 && $0.qualityLimitationReason == .bandwidth
          && (.kilobitsPerSecond(650)...DataRate.kilobitsPerSecond(800)).contains($0.targetBitrate)
      })
    #expect(result.lossPercent == 0 && result.frozenPercent == 0)
    #expect(concealed(result).allSatisfy { $0 < 0.01 })
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `two hundred kilobits are enough for sound alone, and the call goes on`(seed: UInt64) throws {
    let result = try run(uplink: 200, seed: seed)
    #expect(result.connectionsEstablished == 1)
    let encodings = encodings(result.clients.flatMap(\.connections))
    #expect(encodings.count == 2 && encodings.allSatisfy { $0.isPaused && $0.targetBitrate == .zero })
    #expect(result.lossPercent == 0, "sound is not harmed once it goes alone")
    #expect(concealed(result).count == 2 && concealed(result).allSatisfy { $0 < 0.06 })
    for stream in result.clients.flatMap(\.connections).flatMap(\.inbound) where stream.kind == .audio {
      #expect(stream.packetsReceived > 900)
    }
  }

  @Test func `a link that changes takes the picture down and up again, and not to and fro`() throws {
    let result = try run(uplink: 5000, duration: .seconds(70)) {
      $0.client.uplink.changes = [
        LinkChange(at: .seconds(15), rate: .kilobitsPerSecond(200)),
        LinkChange(at: .seconds(30), rate: .megabitsPerSecond(5)),
      ]
    }
    for connection in result.clients.flatMap(\.connections) {
      let encoding = try #require(encodings([connection]).first)
      #expect(encoding.frameHeight >= 360 && !encoding.isPaused)
      let video = try #require(connection.inbound.first { $0.kind == .video })
      #expect((10...30).contains(video.totalFreezesDuration.inSeconds))
      // One key frame for each rung that is taken, and those that were asked for.
      #expect(video.keyFramesDecoded < 20)
    }
  }

  @Test func `an MCU codes for each listener the rung that his downlink carries`() throws {
    let result = try run("mcu", uplink: 5000) { session in
      session.mixing.width = 1920
      session.mixing.height = 1080
      session.clients = ([5000, 1000, 200] as [Int64]).map { rate in
        var client = session.client
        client.downlink.rate = .kilobitsPerSecond(rate)
        return client
      }
      session.participants = 3
    }
    let server = try #require(result.server)
    let encodings = encodings(server.connections)
    #expect(encodings.map(\.frameHeight).prefix(2) == [1080, 480])
    #expect(encodings.map(\.isPaused) == [false, false, true])
    #expect(encodings[0].targetBitrate == .kilobitsPerSecond(2500))
  }
}

/// How `adaptation` is named.
struct AdaptationFieldTests {
  @Test func `the first is what there is without it, and another changes the hash`() throws {
    let plain = try scenario("{congestionControl: 'gcc'}")
    #expect(try scenario("{congestionControl: 'gcc', adaptation: 'chromium'}").scenarioHash == plain.scenarioHash)
    let ladder = try scenario("{congestionControl: 'gcc', adaptation: 'ladder'}")
    #expect(ladder.scenarioHash != plain.scenarioHash)
    var overrides = ScenarioOverrides()
    overrides.adaptation = "ladder"
    #expect(try plain.applying(overrides) == ladder)
  }

  @Test func `who gives no bitrate has that of the highest rung, from a file and from the command line`() throws {
    let camera = "video: {width: 1920, height: 1080}"
    let ladder = try scenario("{congestionControl: 'gcc', adaptation: 'ladder', \(camera)}")
    #expect(ladder.session?.video?.bitrate == .kilobitsPerSecond(2500))
    var overrides = ScenarioOverrides()
    overrides.adaptation = "ladder"
    #expect(try scenario("{congestionControl: 'gcc', \(camera)}").applying(overrides) == ladder)
    let given = try session(
      "{congestionControl: 'gcc', adaptation: 'ladder', video: {width: 1920, height: 1080, bitrate: '1M'}}")
    #expect(given.video?.bitrate == .kilobitsPerSecond(1000))
  }

  @Test func `what cannot be is refused with the reason`() throws {
    #expect(
      message { _ = try scenario("{congestionControl: 'gcc', adaptation: 'lader'}") }.hasSuffix(
        "found 'lader', allowed: chromium, ladder; did you mean 'ladder'?"))
    #expect(
      message { _ = try scenario("{adaptation: 'ladder'}") }.contains(
        "found 'ladder', allowed: no adaptation, because congestionControl is 'none'"))
    #expect(
      message { _ = try scenario("{congestionControl: 'gcc', adaptation: 'ladder', media: 'real'}") }.contains(
        "allowed: 'chromium', because media is 'real'"))
    var overrides = ScenarioOverrides()
    overrides.congestionControl = "none"
    #expect(
      message { _ = try scenario("{congestionControl: 'gcc', adaptation: 'ladder'}").applying(overrides) }.hasPrefix(
        "--congestion-control: found 'none', allowed: a controller, because adaptation is 'ladder'"))
    overrides.congestionControl = nil
    overrides.adaptation = "rungs"
    #expect(
      message { _ = try scenario("{congestionControl: 'gcc'}").applying(overrides) }
        == "--adaptation: found 'rungs', allowed: chromium, ladder")
  }
}
