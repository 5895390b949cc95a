import RTCPrimitives
import Testing

@testable import SimSessions

struct ScenarioOverrideTests {
  private func overrides(_ change: (inout ScenarioOverrides) -> Void) -> ScenarioOverrides {
    var overrides = ScenarioOverrides()
    change(&overrides)
    return overrides
  }

  private func applied(_ text: String, _ change: (inout ScenarioOverrides) -> Void) throws -> Scenario {
    try scenario(text).applying(overrides(change))
  }

  @Test func `nothing changes nothing`() throws {
    #expect(try applied("{participants: 7}") { _ in } == scenario("{participants: 7}"))
  }

  @Test func `an option is the same as the field in the file`() throws {
    let changed = try applied("{client: {cores: 2}, clients: [{cores: 1}]}") {
      $0.seed = 9
      $0.topology = "mcu"
      $0.participants = 12
      $0.duration = .seconds(7)
      $0.fidelity = .model
      $0.uplink = LinkRate(.megabitsPerSecond(2))
      $0.downlink = LinkRate(nil)
    }
    #expect(
      try changed
        == scenario(
          """
          { seed: 9, topology: 'mcu', participants: 12, duration: '7s', fidelity: 'model',
            client: {cores: 2, uplink: {rate: '2M'}, downlink: {rate: 'unlimited'}}, clients: [{cores: 1}] }
          """))
  }

  @Test func `fewer participants leave out the last clients`() throws {
    let changed = try applied("{participants: 3, clients: [{cores: 1}, {cores: 2}, {cores: 3}]}") {
      $0.participants = 2
    }
    #expect(try changed == scenario("{participants: 2, clients: [{cores: 1}, {cores: 2}]}"))
  }

  @Test func `the round trip covers the client's links, the sites and the server's link`() throws {
    let text = """
      { participants: 2, sites: ['eu', 'us'], delays: [{between: ['eu', 'us'], oneWay: '40ms'}],
        server: {site: 'us', delay: '1ms'}, clients: [{site: 'eu'}, {site: 'us'}] }
      """
    let session = try #require(try applied(text) { $0.rtt = .milliseconds(100) }.session)
    let scenario = try scenario(text)
    for index in 0..<2 {
      let client = session.client(at: index)
      #expect(client.uplink.propagationDelay == client.downlink.propagationDelay)
      let there =
        client.uplink.propagationDelay + scenario.delay(between: client.site, and: "us") + session.server.delay
      #expect(there * 2 == .milliseconds(100))
    }
    #expect(
      message { _ = try applied(text) { $0.rtt = .milliseconds(50) } }
        == "--rtt: found 50ms, allowed: from 82ms, which the server's link and the sites take, to 1h")
  }

  @Test func `a wrong option is named`() throws {
    #expect(
      message { _ = try applied("{}") { $0.participants = 1 } }
        == "--participants: found 1, allowed: a whole number from 2 to 1000")
    #expect(
      message { _ = try applied("{}") { $0.topology = "mush" } }
        == "--topology: found 'mush', allowed: mesh, sfu, mcu; did you mean 'mesh'?")
    #expect(message { _ = try applied("{}") { $0.duration = .zero } }.hasPrefix("--duration: found 0s, allowed: a dur"))
    #expect(
      message { _ = try applied("{}") { $0.uplink = LinkRate(.zero) } }.hasPrefix(
        "--uplink: found 0, allowed: a rate in"))
    #expect(
      message { _ = try applied("{media: 'real'}") { $0.fidelity = .model } }
        == "--fidelity: found 'model', allowed: 'auto' or 'wire', because media is 'real'")
    #expect(
      message { _ = try applied("{media: 'real', video: {file: 'there.y4m'}}") { $0.media = .modelled } }
        == "--media: found 'modelled', allowed: 'real', because video.file is given")
    #expect(
      message {
        _ = try applied("{}") { $0.costs = CostFile(name: "empty", machine: "none", source: "none") }
      } == "--costs: found 'empty', allowed: a cost file with figures of videoEncode and videoDecode of VP8")
  }

  @Test func `options of a session do not go with plain UDP`() throws {
    let udp = try models.scenario("two-hosts-udp")
    #expect(try udp.applying(overrides { $0.seed = 5 }).seed == 5)
    #expect(
      message { _ = try udp.applying(overrides { $0.fidelity = .wire }) }
        == "--fidelity: found a scenario of plain UDP flows, 'two-hosts-udp', allowed: a session")
  }
}

struct ScenarioHashTests {
  @Test func `the hash does not depend on how the file looks, on names or on the seed`() throws {
    let base = try scenario("{participants: 4, duration: '90s'}").scenarioHash
    for same in [
      "// a comment\n{'duration': \"1.5m\",\n participants: 0x4,}", "{duration: '90s', participants: 4, seed: 77}",
      "{duration: '90s', participants: 4, name: 'x', summary: 'y', clients: [{}, {cores: 4}]}",
    ] {
      #expect(try scenario(same).scenarioHash == base, "\(same)")
    }
  }

  @Test(arguments: [
    "{participants: 6}", "{topology: 'mcu'}", "{duration: '31s'}", "{joinInterval: '0ms'}", "{fidelity: 'wire'}",
    "{media: 'real'}", "{sites: ['x']}", "{sites: ['region', 'y']}", "{client: {cores: 3}}",
    "{clients: [{cores: 3}]}", "{clients: [{}, {cores: 3}]}", "{client: {uplink: {rate: '9M'}}}",
    "{client: {downlink: {rate: '9M'}}}", "{client: {uplink: {delay: '9ms'}}}", "{client: {uplink: {loss: 0.1}}}",
    "{client: {uplink: {queue: '9ms'}}}", "{client: {uplink: {jitter: {max: '1ms'}}}}", "{client: {nat: 'none'}}",
    "{client: {firewall: 'stateful'}}", "{client: {addressFamily: 'ipv6'}}", "{video: null}", "{audio: null}",
    "{video: {width: 320}}", "{video: {height: 320}}", "{video: {frameRate: 15}}", "{video: {bitrate: '1M'}}",
    "{audio: {bitrate: '24k'}}", "{server: {cores: 4}}", "{server: {nic: '2G'}}", "{server: {delay: '1ms'}}",
    "{stun: false}", "{turn: true}", "{turn: {username: 'me'}}", "{turn: true, iceTransportPolicy: 'relay'}",
    "{srtpProfiles: ['AEAD_AES_128_GCM']}", "{mcu: {layout: 'shared'}}", "{mcu: {width: 1280}}",
    "{topology: 'mesh', data: {chat: {}}}",
    "{mcu: {height: 720}}", "{server: {queue: '60ms'}}", "{media: 'real', audio: {file: 'there.wav'}}",
  ])
  func `every field changes the hash`(text: String) throws {
    #expect(try scenario(text).scenarioHash != scenario("{}").scenarioHash)
  }

  @Test func `what a media file holds changes the hash`() throws {
    let hash = { (name: String) in try scenario("{media: 'real', video: {file: '\(name)'}}").scenarioHash }
    #expect(try hash("there.y4m") != hash("other.y4m"))
    #expect(try hash("there.y4m") == hash("there.y4m"))
  }

  @Test func `a figure of the cost file changes the hash, its labels do not`() throws {
    let base = try scenario("{}")
    var overrides = ScenarioOverrides()
    var costs = try models.costs("debian12-x86-2core")
    costs.name = "other"
    costs.machine = "other"
    overrides.costs = costs
    #expect(try base.applying(overrides).scenarioHash == base.scenarioHash)
    costs.iceCheck.fixedNanoseconds += 1
    overrides.costs = costs
    #expect(try base.applying(overrides).scenarioHash != base.scenarioHash)
  }

  /// A changed hash means that results of earlier versions cannot be found by it any more: change it knowingly.
  @Test func `the hash of a flow stays what it was`() throws {
    let hash = try scenario("{hosts: [{name: 'a'}, {name: 'b'}], flows: [{from: 'a', to: 'b'}]}").scenarioHash
    #expect(hash == "aac3136c667580e5")
  }
}
