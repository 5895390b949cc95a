import RTCPrimitives
import RTCTransport
import SimNetwork
import Testing

@testable import SimSessions

struct ScenarioTests {
  @Test(arguments: models.scenarioNames) func `every scenario of the repository is read`(name: String) throws {
    let scenario = try models.scenario(name)
    #expect(scenario.name == name)
    #expect(!scenario.summary.isEmpty)
  }

  @Test func `the repository has the scenarios that are promised`() {
    #expect(
      models.scenarioNames == [
        "data-channels", "dual-stack", "game-room", "ladder", "meeting", "textbook-call", "trouble/camera-busy",
        "trouble/camera-denied", "trouble/fingerprint-mismatch",
        "trouble/no-common-codec", "trouble/page-without-https", "trouble/signaling-down", "trouble/symmetric-nats",
        "trouble/udp-blocked", "trouble/wrong-turn-password", "two-hosts-udp", "two-peers", "two-peers-relay",
        "two-peers-tcp", "two-peers-turn",
      ])
  }

  @Test func `what meeting says of every field is what an empty file means`() throws {
    var meeting = try models.scenario("meeting")
    let empty = try scenario("{}")
    #expect(meeting.scenarioHash == empty.scenarioHash)
    meeting.name = empty.name
    meeting.summary = empty.summary
    // That it says its bitrate matters on the ladder only.
    var session = try #require(meeting.session)
    session.video?.hasUsualBitrate = true
    meeting.kind = .session(session)
    #expect(meeting == empty)
  }

  @Test func `the meeting is the one of the definition`() throws {
    let meeting = try #require(try models.scenario("meeting").session)
    let client = meeting.client(at: 4)
    #expect(client.cores == 4)
    #expect(client.uplink.rate == .megabitsPerSecond(10))
    #expect(client.downlink.rate == .megabitsPerSecond(50))
    for link in [client.uplink, client.downlink] {
      #expect(link.propagationDelay == .milliseconds(10))
      #expect(link.queueLimit == .time(.milliseconds(200)))
      #expect(link.loss == .none)
    }
    #expect(client.nat?.translators == [NATBehaviors.named("port-restricted")!])
    #expect(meeting.video?.bitrate == .kilobitsPerSecond(800))
    #expect(meeting.video?.pixels == 640 * 360)
    #expect(meeting.audio?.bitrate == .kilobitsPerSecond(32))
    #expect(
      meeting.server
        == ServerProfile(
          site: "region", cores: 8, nic: .megabitsPerSecond(1000), delay: .zero, queue: .time(.milliseconds(50))))
    #expect(meeting.stunSite == "region")
    #expect(meeting.turn == nil)
  }

  @Test func `the relayed call has symmetric NATs and a TURN server`() throws {
    let call = try #require(try models.scenario("two-peers-relay").session)
    #expect(call.participants == 2)
    #expect(call.topology == "mesh")
    #expect(call.client(at: 0).nat?.name == "symmetric")
    #expect(call.turn != nil)
    #expect(try models.scenario("two-peers").session?.turn == nil)
  }

  @Test func `a client's entry changes only what it says`() throws {
    let session = try session(
      """
      {
        participants: 3, sites: ["eu", "us"], delays: [{between: ["us", "eu"], oneWay: "40ms"}],
        client: {cores: 2, uplink: {rate: "5M", loss: 0.01}},
        clients: [{}, {site: "us", uplink: {rate: "unlimited"}, addressFamily: "ipv6"}],
      }
      """)
    #expect(session.client(at: 0) == session.client)
    #expect(session.client(at: 2) == session.client)
    let second = session.client(at: 1)
    #expect(second.site == "us")
    #expect(second.cores == 2)
    #expect(second.uplink.rate == nil)
    #expect(second.uplink.loss == .independent(probability: 0.01))
    #expect(second.uplink.propagationDelay == .milliseconds(10))
    #expect(second.downlink == session.client.downlink)
    #expect(second.nat == nil, "an IPv6 address has no NAT unless one is given")
  }

  @Test func `links, NATs and servers are read in all their forms`() throws {
    let session = try session(
      """
      { client: {
          uplink: {queue: "64KiB", loss: {toBad: 0.01, toGood: 0.3, lossInGood: 0, lossInBad: 0.5},
                   jitter: {max: "5ms", reorder: true}},
          downlink: {queue: "64000B", jitter: {mean: "3ms", deviation: "1ms"}, rate: "unlimited"},
          nat: {mapping: "address-dependent", filtering: "endpoint-independent", ports: "sequential",
                lifetime: "30s", hairpinning: true},
          firewall: "stateful",
        },
        stun: false, turn: {username: "u", password: "p"}, iceTransportPolicy: "relay",
        srtpProfiles: ["AES_CM_128_HMAC_SHA1_80"], mcu: {layout: "shared", width: 1280, height: 720},
        server: {cores: 2, nic: "unlimited", delay: "1ms"}, video: null, audio: {bitrate: "64k"}, fidelity: "wire",
        media: "real",
      }
      """)
    let client = session.client
    #expect(client.uplink.queueLimit == .size(.kibibytes(64)))
    #expect(client.uplink.loss == .gilbertElliott(toBad: 0.01, toGood: 0.3, lossInGood: 0, lossInBad: 0.5))
    #expect(client.uplink.jitter == .uniform(maximum: .milliseconds(5), reorders: true))
    #expect(client.downlink.queueLimit == .size(.bytes(64000)))
    #expect(
      client.downlink.jitter == .normal(mean: .milliseconds(3), deviation: .milliseconds(1), reorders: false))
    #expect(client.downlink.rate == nil)
    #expect(
      client.nat
        == AccessBehavior(
          name: "custom",
          translators: [
            NATBehavior(
              mapping: .addressDependent, filtering: .endpointIndependent, portAssignment: .sequential,
              mappingLifetime: .seconds(30), hairpinning: .externalSource)
          ]))
    #expect(client.firewall == .stateful)
    #expect(session.stunSite == nil)
    #expect(session.turn == TURNProfile(site: "region", username: "u", password: "p"))
    #expect(session.srtpProfiles == [.aes128CMHMACSHA1_80])
    #expect(session.mixing == MixingProfile(layout: .shared, width: 1280, height: 720))
    #expect(session.server.nic == nil)
    #expect(session.kinds == [.audio])
    #expect(session.audio?.bitrate == .kilobitsPerSecond(64))
  }

  @Test func `the delay of two sites holds in both directions, and is none where nothing is said`() throws {
    let scenario = try scenario(
      "{sites: ['a', 'b', 'c'], delays: [{between: ['a', 'b'], oneWay: '40ms'}]}")
    #expect(scenario.delay(between: "a", and: "b") == .milliseconds(40))
    #expect(scenario.delay(between: "b", and: "a") == .milliseconds(40))
    #expect(scenario.delay(between: "a", and: "c") == .zero)
    #expect(scenario.delay(between: "a", and: "a") == .zero)
  }

  @Test func `plain UDP has hosts and flows`() throws {
    guard case .udp(let udp) = try models.scenario("two-hosts-udp").kind else {
      Issue.record("it is plain UDP")
      return
    }
    #expect(udp.hosts.map(\.name) == ["a", "b"])
    #expect(udp.hosts[0].uplink.rate == .megabitsPerSecond(1))
    #expect(udp.hosts[0].uplink.propagationDelay == .milliseconds(20))
    #expect(udp.hosts[0].uplink.loss == .independent(probability: 0.02))
    #expect(udp.hosts[1].uplink.rate == nil)
    #expect(udp.flows.count == 1)
  }
}
