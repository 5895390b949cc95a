import RTCPrimitives
import RTCSession
import SimNetwork
import SimNodes
import Testing

@testable import SimSessions

/// What is written in a scenario is what happens: each field by what it changes in a run.
///
/// Other suites show this of `topology`, `participants`, `seed`, `fidelity`, `media`, `loss`, `costs` and the uplink's rate.
struct ScenarioEffectTests {
  /// Two people with small pictures, one second of measurement.
  private static let base = [
    "topology": "'sfu'", "participants": "2", "duration": "'6s'", "fidelity": "'model'",
    "video": "{ width: 160, height: 90, frameRate: 10, bitrate: '100k' }",
  ]

  private func run(_ fields: [String: String], _ options: SessionRun.Options = .init()) throws -> SessionResult {
    let all = Self.base.merging(fields) { $1 }
    let text = all.keys.sorted().map { "\($0): \(all[$0] ?? "")" }.joined(separator: ", ")
    return try SessionRun(scenario("{ \(text) }"), options: options).run()
  }

  private func audioLatency(_ result: SessionResult) throws -> Double {
    try #require(result.audioLatency.percentile(0.5)).milliseconds
  }

  private func sent(_ kind: MediaKind, _ result: SessionResult) throws -> OutboundStreamStatistics {
    try #require(result.clients[0].connections[0].outbound.first { $0.kind == kind })
  }

  private func time(of name: String, _ node: String, _ result: SessionResult) throws -> Double {
    try #require(result.milestones.first { $0.name == name && $0.node == node }).time.milliseconds
  }

  private func isNear(_ value: Double, _ expected: Double, within tolerance: Double) -> Bool {
    abs(value - expected) <= tolerance
  }

  @Test func `the bundle policy decides how many sections of an offer state the transport, and all connect`() throws {
    // Four people in front of an SFU: an offer has four sections of each kind.
    let sizes = try ["max-compat", "balanced", "max-bundle"].map { policy in
      let result = try run(["participants": "4", "bundlePolicy": "'\(policy)'"])
      #expect(result.connectionsEstablished == 4)
      let offer = try #require(result.milestones.first { $0.kind == .offerSent && $0.node == "client-1" })
      return try #require(Int(offer.detail.prefix(while: \.isNumber)))
    }
    // Each section that leaves the transport to the bundle is shorter by its credentials, fingerprint and role.
    #expect(sizes[0] - sizes[1] > 6 * 150 && sizes[1] - sizes[2] > 150, "\(sizes)")
  }

  // MARK: Time and place

  @Test func `people join as far apart as is said, and the run lasts as long as is said`() throws {
    let result = try run(["joinInterval": "'900ms'", "duration": "'7s'"])
    #expect(result.clients.compactMap { $0.joinedAt?.milliseconds } == [0, 900])
    #expect(result.window == .seconds(2))
  }

  @Test func `the delay between sites, the places of people and server, and the server's delay add up`() throws {
    let sites = ["sites": "['a', 'b']", "delays": "[{ between: ['a', 'b'], oneWay: '100ms' }]"]
    func latency(_ fields: [String: String]) throws -> Double {
      try audioLatency(run(sites.merging(fields) { $1 }))
    }
    let near = try latency([:])
    // Sound is played in steps of 20 ms.
    #expect(isNear(try latency(["client": "{ site: 'b' }"]) - near, 200, within: 25))
    #expect(isNear(try latency(["server": "{ site: 'b' }"]) - near, 200, within: 25))
    #expect(isNear(try latency(["client": "{ site: 'b' }", "server": "{ site: 'b' }"]) - near, 0, within: 25))
    #expect(isNear(try latency(["clients": "[{ site: 'b' }]"]) - near, 100, within: 25))
    #expect(isNear(try latency(["server": "{ delay: '60ms' }"]) - near, 120, within: 25))
  }

  @Test func `a signaling server further away makes joining longer by four round trips`() throws {
    let sites = ["sites": "['a', 'b']", "delays": "[{ between: ['a', 'b'], oneWay: '100ms' }]"]
    #expect(try time(of: "joined", "client-1", run(sites)) == 80)
    let far = try run(sites.merging(["signaling": "{ site: 'b' }"]) { $1 })
    #expect(try time(of: "joined", "client-1", far) == 880)
  }

  // MARK: Links, NATs and addresses

  @Test func `a queue may delay or drop what is too much for its link`() throws {
    let short = try run(["client": "{ uplink: { rate: '120k', delay: '10ms', queue: '30ms' } }"])
    let long = try run(["client": "{ uplink: { rate: '120k', delay: '10ms', queue: 'unlimited' } }"])
    #expect(short.firstLimit == .uplink)
    #expect(long.firstLimit == .none)
    #expect(try audioLatency(long) > audioLatency(short) + 300)
  }

  @Test func `a downlink that is too narrow breaks first`() throws {
    #expect(try run(["client": "{ downlink: { rate: '120k', queue: '100ms' } }"]).firstLimit == .downlink)
  }

  @Test func `the jitter of a link is what receivers measure`() throws {
    func jitter(_ text: String) throws -> Double {
      let result = try run(["client": "{ downlink: { delay: '10ms', jitter: \(text) } }"])
      return try #require(result.clients[0].connections[0].inbound.first { $0.kind == .audio }).jitter.milliseconds
    }
    #expect(try jitter("'none'") < 2)
    // Two independent times of 0 … 30 ms differ by 10 ms in the mean.
    #expect(isNear(try jitter("{ max: '30ms', reorder: true }"), 10, within: 3))
  }

  @Test func `what finds a way through NATs and firewalls is what the scenario provides`() throws {
    func candidates(_ fields: [String: String]) throws -> [String?] {
      try run(fields.merging(["topology": "'mesh'"]) { $1 }).clients.map { $0.connections[0].localCandidate }
    }
    #expect(try candidates(["client": "{ nat: 'none' }"]) == ["host", "host"])
    #expect(try candidates([:]) == ["srflx", "srflx"])
    #expect(try candidates(["stun": "false"]) == [nil, nil])
    // A TURN server tells the reflexive address, too.
    #expect(try candidates(["stun": "false", "turn": "true"]) == ["srflx", "srflx"])
    #expect(try candidates(["turn": "true", "iceTransportPolicy": "'relay'"]) == ["relay", "relay"])
    #expect(try candidates(["client": "{ nat: 'none', firewall: 'stateful' }"]) == ["host", "host"])
    #expect(try candidates(["client": "{ nat: 'none', firewall: 'block-udp' }", "turn": "true"]) == [nil, nil])
  }

  @Test func `candidates follow their description one by one, or wait in it`() throws {
    func story(_ trickle: String) throws -> [Milestone] {
      var options = SessionRun.Options()
      options.isDetailed = true
      let fields = ["topology": "'mesh'", "participants": "2", "ice": "{ trickle: '\(trickle)' }"]
      let result = try run(fields, options)
      #expect(result.clients.allSatisfy { $0.connections[0].readyAt != nil })
      return result.milestones
    }
    func count(_ kind: Milestone.Kind, of node: String, _ milestones: [Milestone]) -> Int {
      milestones.count { $0.kind == kind && $0.node == node }
    }
    func time(_ kind: Milestone.Kind, _ milestones: [Milestone]) throws -> Instant {
      try #require(milestones.first { $0.kind == kind }).time
    }
    let (full, half, none) = (try story("full"), try story("half"), try story("none"))
    // The second one to join offers: a host and a reflexive candidate each.
    #expect(["client-1", "client-2"].map { count(.candidateSent, of: $0, full) } == [2, 2])
    #expect(["client-1", "client-2"].map { count(.candidateSent, of: $0, half) } == [2, 0])
    #expect(["client-1", "client-2"].map { count(.candidateSent, of: $0, none) } == [0, 0])
    for waiting in [half, none] {
      #expect(try time(.offerSent, waiting) == time(.gatheringCompleted, waiting))
      #expect(try time(.offerSent, waiting) > time(.offerSent, full))
    }
    #expect(try time(.answerSent, none) > time(.setLocalAnswer, none))
    #expect(try time(.answerSent, half) == time(.setLocalAnswer, half))
  }

  @Test func `Chromium's profile checks often and nominates at once, and a lite server never checks`() throws {
    func story(_ fields: [String: String]) throws -> SessionResult {
      var options = SessionRun.Options()
      options.isDetailed = true
      let result = try run(fields, options)
      #expect(result.clients.allSatisfy { $0.connections.allSatisfy { $0.readyAt != nil } })
      return result
    }
    let pair = ["topology": "'mesh'", "participants": "2"]
    func checks(_ kind: Milestone.Kind, _ result: SessionResult) -> [Instant] {
      result.milestones.filter { $0.kind == kind && $0.node == "client-2" }.map(\.time)
    }
    let (standard, chromium) = (try story(pair), try story(pair.merging(["ice": "{ profile: 'chromium' }"]) { $1 }))
    // The controlling side: the RFC's agent chooses first and nominates then.
    #expect(!checks(.checkSent, standard).isEmpty && checks(.nominatingCheckSent, standard).count == 1)
    let nominating = checks(.nominatingCheckSent, chromium)
    #expect(checks(.checkSent, chromium).isEmpty && nominating.count > 2)
    #expect(nominating[1] - nominating[0] == .milliseconds(48))
    let lite = try story(["topology": "'sfu'", "participants": "3", "ice": "{ serverLite: true }"])
    let sent = lite.milestones.filter { [.checkSent, .nominatingCheckSent].contains($0.kind) }
    #expect(!sent.isEmpty && sent.allSatisfy { $0.node != "server" })
  }

  @Test func `a TURN server's place costs time, and its credentials are those of the scenario`() throws {
    let relay = [
      "topology": "'mesh'", "iceTransportPolicy": "'relay'", "sites": "['a', 'b']",
      "delays": "[{ between: ['a', 'b'], oneWay: '50ms' }]",
    ]
    func result(_ turn: String) throws -> SessionResult { try run(relay.merging(["turn": turn]) { $1 }) }
    let near = try result("{ site: 'a' }")
    // Two relays on one server: to it and back.
    #expect(isNear(try audioLatency(result("{ site: 'b' }")) - audioLatency(near), 100, within: 25))
    for turn in ["{ username: 'rtcsam' }", "{ password: 'open-sesami' }"] {
      let other = try result(turn)
      #expect(other.connectionsEstablished == 1)
      #expect(other.traceHash != near.traceHash && other.timingHash == near.timingHash)
    }
  }

  @Test func `TURN over TCP takes a round trip more than over UDP, and over TLS two`() throws {
    // Without a rate nothing takes time but the way: 50 ms to the server and back.
    func askedAndGiven(_ transport: String) throws -> Duration {
      let link = "{ rate: 'unlimited', delay: '25ms' }"
      var options = SessionRun.Options()
      options.isDetailed = true
      let result = try run(
        [
          "topology": "'mesh'", "iceTransportPolicy": "'relay'", "turn": "{ transports: ['\(transport)'] }",
          "client": "{ uplink: \(link), downlink: \(link) }", "fidelity": "'wire'",
        ], options)
      #expect(result.connectionsEstablished == 1)
      #expect(result.clients.map { $0.connections[0].localCandidate } == ["relay", "relay"])
      let offerer = result.milestones.filter { $0.node == "client-2" }
      let asked = try #require(offerer.first { $0.name.hasPrefix("offer sent") || $0.name == "offer sent" })
      let given = try #require(offerer.first { $0.name == "candidate gathered" })
      return given.time - asked.time
    }
    func isTrips(_ time: Duration, _ count: Int64) -> Bool {
      (time - .milliseconds(50 * count)).nanoseconds.magnitude < 1_000_000
    }
    #expect(isTrips(try askedAndGiven("udp"), 2))
    #expect(isTrips(try askedAndGiven("tcp"), 3))
    #expect(isTrips(try askedAndGiven("tls"), 4))
  }

  @Test func `where UDP is blocked TURN over TCP or TLS carries the call`() throws {
    for transports in ["['udp', 'tls']", "['tcp']"] {
      let result = try run([
        "topology": "'mesh'", "clients": "[{ firewall: 'block-udp' }]", "fidelity": "'wire'",
        "turn": "{ transports: \(transports) }",
      ])
      #expect(result.connectionsEstablished == 1)
      #expect(result.clients[0].connections[0].localCandidate == "relay")
    }
    let blocked = try run([
      "topology": "'mesh'", "clients": "[{ firewall: 'block-udp' }]", "turn": "{ transports: ['udp'] }",
    ])
    #expect(blocked.connectionsEstablished == 0)
  }

  @Test func `IPv6 is spoken where it is asked for, without NAT`() throws {
    let result = try run(["client": "{ addressFamily: 'ipv6' }"])
    let pairs = result.milestones.filter { $0.name == "pair selected" }
    #expect(pairs.count == 4)
    #expect(pairs.allSatisfy { $0.detail.contains("2001:db8:") })
    #expect(result.clients[0].connections[0].localCandidate == "host")
  }

  @Test func `IPv6 goes past a NAT, through the links of its home, where both ends have it`() throws {
    let dual = "{ nat: 'symmetric', addressFamily: 'dual' }"
    let both = try run(["topology": "'mesh'", "client": dual])
    #expect(both.connectionsEstablished == 1)
    #expect(both.clients[0].connections[0].localCandidate == "host")
    let selected = both.milestones.filter { $0.name == "pair selected" }
    #expect(selected.allSatisfy { $0.detail.contains("2001:db8:1::") })
    #expect(both.clientUplink > .kilobitsPerSecond(100))

    let one = try run(["topology": "'mesh'", "turn": "true", "client": dual, "clients": "[{ addressFamily: 'ipv4' }]"])
    #expect(one.connectionsEstablished == 1)
    #expect(one.clients.contains { $0.connections[0].localCandidate == "relay" })
  }

  @Test func `a TURN server relays for IPv6 as it does for IPv4`() throws {
    let result = try run([
      "topology": "'mesh'", "turn": "true", "iceTransportPolicy": "'relay'", "client": "{ addressFamily: 'ipv6' }",
    ])
    #expect(result.connectionsEstablished == 1)
    #expect(result.clients.map { $0.connections[0].localCandidate } == ["relay", "relay"])
    #expect(result.costPerParticipantHour > 0)
  }

  // MARK: Media

  @Test func `pictures are as large, as many and as rich as is said`() throws {
    func video(_ text: String) throws -> (pixelTime: Double, OutboundStreamStatistics) {
      let result = try run(["video": text])
      return (try #require(result.clientCPUSeconds[.videoEncode]), try sent(.video, result))
    }
    let (time, stream) = try video("{ width: 160, height: 90, frameRate: 10, bitrate: '200k' }")
    let (largeTime, large) = try video("{ width: 640, height: 360, frameRate: 10, bitrate: '200k' }")
    #expect(largeTime > 4 * time && largeTime < 16 * time && large.framesSent == stream.framesSent)
    let (_, fast) = try video("{ width: 160, height: 90, frameRate: 30, bitrate: '200k' }")
    #expect(isNear(Double(fast.framesSent), 3 * Double(stream.framesSent), within: 5))
    let (_, rich) = try video("{ width: 160, height: 90, frameRate: 10, bitrate: '400k' }")
    #expect(isNear(Double(rich.bytesSent) / Double(stream.bytesSent), 2, within: 0.3))
  }

  @Test func `sound is as rich as is said`() throws {
    let thin = try sent(.audio, run(["audio": "{ bitrate: '16k' }"]))
    let rich = try sent(.audio, run(["audio": "{ bitrate: '64k' }"]))
    #expect(isNear(Double(rich.packetsSent), Double(thin.packetsSent), within: 2))
    #expect(rich.bytesSent > 3 * thin.bytesSent && rich.bytesSent < 5 * thin.bytesSent)
  }

  @Test func `what is null is not sent`() throws {
    let kinds = { (result: SessionResult) in result.clients[0].connections[0].outbound.map(\.kind) }
    #expect(try kinds(run([:])) == [.audio, .video])
    #expect(try kinds(run(["video": "null"])) == [.audio])
    #expect(try kinds(run(["audio": "null"])) == [.video])
  }

  @Test(arguments: ["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"])
  func `packets are protected as is said`(profile: String) throws {
    let result = try run(["srtpProfiles": "['\(profile)']"])
    let agreed = Set(result.clients.flatMap(\.connections).map(\.profile))
    #expect(agreed == [profile == "AEAD_AES_128_GCM" ? "SRTP_AEAD_AES_128_GCM" : "SRTP_AES128_CM_HMAC_SHA1_80"])
  }

  // MARK: Machines and money

  @Test func `the same work is a larger share of fewer cores`() throws {
    let fields = ["video": "{ width: 640, height: 360, frameRate: 30 }"]
    let four = try run(fields)
    let one = try run(fields.merging(["clients": "[{ cores: 1 }, { cores: 1 }]"]) { $1 })
    #expect(isNear(one.clientCPUPercent / four.clientCPUPercent, 4, within: 0.1))
  }

  @Test func `a server of few cores breaks under large composed pictures, one of many does not`() throws {
    func mixing(_ cores: Int, _ size: String) throws -> SessionResult {
      try run([
        "topology": "'mcu'", "participants": "8", "mcu": "{ \(size) }", "server": "{ cores: \(cores) }",
        "video": "{ width: 640, height: 360, frameRate: 30 }",
      ])
    }
    let broken = try mixing(1, "width: 1920, height: 1080")
    #expect(broken.firstLimit == .serverCPU)
    #expect(try #require(broken.serverCPUCores) > 0.95)
    #expect(try mixing(1, "width: 64, height: 36").firstLimit == .none)
    #expect(try mixing(32, "width: 1920, height: 1080").firstLimit == .none)
  }

  @Test func `a shared layout takes the encoding of one listener`() throws {
    func encoding(_ layout: String) throws -> Double {
      let result = try run(["topology": "'mcu'", "participants": "4", "mcu": "{ layout: '\(layout)' }"])
      return try #require(result.serverCPUSeconds[.videoEncode])
    }
    #expect(isNear(try encoding("individual") / encoding("shared"), 4, within: 0.3))
  }

  @Test func `a server's interface that is too slow breaks first`() throws {
    let result = try run(["server": "{ nic: '200k' }"])
    #expect(result.firstLimit == .serverNIC)
  }

  @Test func `a longer queue before the server's interface delays what a short one drops`() throws {
    let short = try run(["server": "{ nic: '220k' }"])
    let long = try run(["server": "{ nic: '220k', queue: '400ms' }"])
    #expect(try audioLatency(long) > audioLatency(short) + 300)
    #expect(try run(["server": "{ nic: '220k', queue: 'unlimited' }"]).firstLimit == .none)
  }

  @Test func `relaying is paid for in a mesh, not on the way to a server`() throws {
    let relay = ["turn": "true", "iceTransportPolicy": "'relay'"]
    #expect(try run(relay.merging(["topology": "'mesh'"]) { $1 }).costPerParticipantHour > 0)
    #expect(try run(["topology": "'mesh'"]).costPerParticipantHour == 0)
    let (relayed, direct) = (try run(relay), try run([:]))
    #expect(relayed.clients.map { $0.connections[0].localCandidate } == ["relay", "relay"])
    #expect(relayed.costPerParticipantHour < 1.3 * direct.costPerParticipantHour)
  }

  @Test func `what a session costs are the prices of what was measured`() throws {
    let result = try run([:])
    let prices = try models.prices("default")
    let bytesPerHour = Double(try #require(result.serverEgress).bitsPerSecond) / 8 * 3600
    let perHour =
      bytesPerHour / 1e9 * prices.egressPerGigabyte + (try #require(result.serverCPUCores)) * prices.serverPerCoreHour
    #expect(perHour > 0)
    #expect(isNear(result.costPerParticipantHour, perHour / 2, within: perHour / 1000))
  }
}
