import RTCPrimitives
import RTCTransport
import RTCWire
import SimNodes
import Testing

@testable import SimSessions

/// Every scenario of `trouble/` ends with sentences that say what failed where, and what would mend it.
struct TroubleTests {
  struct Trouble: Sendable, CustomTestStringConvertible {
    let name: String
    /// How many of the planned connections come up, of one.
    let connections: Int
    /// What the sentences say, in order.
    let says: [String]

    var testDescription: String { name }
  }

  static let all = [
    Trouble(
      name: "camera-busy", connections: 1,
      says: ["client-2 sends no picture: another program uses the camera (NotReadableError).", "Close that program"]),
    Trouble(
      name: "camera-denied", connections: 1,
      says: ["client-2 sends no picture", "does not allow the camera (NotAllowedError)", "Allow it for this page"]),
    Trouble(
      name: "fingerprint-mismatch", connections: 0,
      says: ["ICE found a way, but client-1 breaks off the DTLS handshake", "fingerprint came by signaling", "a proxy"]),
    Trouble(
      name: "no-common-codec", connections: 0,
      says: ["client-1's answer rejects everything: client-2 offers VP8, client-1 has opus", "have one in common"]),
    Trouble(
      name: "page-without-https", connections: 0,
      says: ["client-2's page was loaded over http", "navigator.mediaDevices is undefined", "over https"]),
    Trouble(
      name: "signaling-down", connections: 0,
      says: ["No offer was made.", "client-1 and client-2 cannot reach the signaling server", "Start it"]),
    Trouble(
      name: "symmetric-nats", connections: 0,
      says: ["No pair of addresses works", "Both are behind symmetric NATs", "There is no TURN server"]),
    Trouble(
      name: "udp-blocked", connections: 0,
      says: ["the firewall blocks UDP", "no UDP of client-2 pass", "over TCP or TLS at port 443"]),
    Trouble(
      name: "wrong-turn-password", connections: 0,
      says: ["No pair of addresses works", "refuses the user name or the password (error 401", "Give clients"]),
  ]

  @Test func `there is a test for every scenario in trouble, and the other way round`() {
    let names = models.scenarioNames.filter { $0.hasPrefix("trouble/") }
    #expect(names == Self.all.map { "trouble/\($0.name)" })
  }

  @Test(arguments: all)
  func `a call in trouble ends with sentences that a person understands`(trouble: Trouble) throws {
    let scenario = try models.scenario("trouble/\(trouble.name)")
    let result = try SessionRun(scenario).run()
    #expect(result.connectionsPlanned == 1 && result.connectionsEstablished == trouble.connections)
    let sentences = result.diagnosis(of: scenario)
    var rest = sentences.joined(separator: "\n")[...]
    for part in trouble.says {
      let place = try #require(rest.firstRange(of: part), "'\(part)' in: \(sentences)")
      rest = rest[place.upperBound...]
    }
    #expect(sentences.allSatisfy { $0.hasSuffix(".") || $0.hasSuffix(").") || $0.hasSuffix("in the scenario.") })
  }

  @Test(arguments: [
    (TURNError.rejected(.allocationQuotaReached), "lends client-1 nothing more", "raise the quota."),
    (.rejected(.insufficientCapacity), "no address or port left to lend (error 508)", "add a second server."),
    (.rejected(.forbidden), "refuses to relay: error 403, Forbidden.", ""),
    (.timeout, "client-1 gets no answer from the TURN server over TLS.", "See that it runs"),
    (.connectionLost, "connection to the TURN server over TLS could not be made, or it broke.", "look at its port"),
  ])
  func `every refusal of a TURN server says what it was and what would change it`(
    error: TURNError, says: String, advises: String
  ) {
    let sentence = Diagnosis.refusal(Milestone.RelayFailure(error, over: .tls), of: "client-1")
    #expect(sentence.contains(says) && (advises.isEmpty || sentence.contains(advises)), "\(sentence)")
  }

  @Test func `who has the camera taken away goes on with sound, and the other sees nothing of him`() throws {
    let result = try SessionRun(models.scenario("trouble/camera-busy")).run()
    let inbound = try #require(result.clients[0].connections.first).inbound
    #expect(inbound.contains { $0.kind == .audio && $0.packetsReceived > 100 })
    #expect(!inbound.contains { $0.kind == .video && $0.packetsReceived > 0 })
    let other = try #require(result.clients[1].connections.first).inbound
    #expect(other.contains { $0.kind == .video && $0.packetsReceived > 100 })
  }

  @Test func `a call without trouble has no diagnosis`() throws {
    let scenario = try models.scenario("two-peers")
    #expect(try SessionRun(scenario).run().diagnosis(of: scenario).isEmpty)
  }

  @Test func `a server that asks for credentials does not refuse them: their answers come too late for the NAT`() throws
  {
    let scenario = try scenario(
      """
      { topology: 'mesh', participants: 2, duration: '10s', turn: true, client: { nat: {
          mapping: 'address-and-port-dependent', filtering: 'address-and-port-dependent', ports: 'random',
          lifetime: '1ms' } } }
      """)
    let result = try SessionRun(scenario).run()
    #expect(result.connectionsEstablished == 0)
    let sentences = result.diagnosis(of: scenario)
    #expect(!sentences.contains { $0.contains("refuses") }, "\(sentences)")
    #expect(sentences.contains { $0.contains("relayed address from it") }, "\(sentences)")
  }

  /// What a scenario's diagnosis says, and how many of its connections came up.
  private func diagnose(_ text: String) throws -> (sentences: [String], established: Int) {
    let scenario = try scenario(text)
    let result = try SessionRun(scenario).run()
    return (result.diagnosis(of: scenario), result.connectionsEstablished)
  }

  /// Rooms and calls in trouble; each with parts of all of its sentences, in order.
  private static let rooms: [(text: String, established: Int, says: [String])] = [
    (
      "topology: 'mesh', participants: 3, signaling: { outage: { at: '0s' } }", 0,
      [
        "3 of 3 connections did not come up: client-2 – client-1, client-3 – client-1 and client-3 – client-2.",
        "client-1, client-2 and client-3 cannot reach the signaling server. Start it",
      ]
    ),
    (
      "topology: 'mesh', participants: 3, stun: true, clients: [{}, { camera: 'denied' }]", 3,
      ["client-2 sends no picture: the person, or the system, does not allow the camera"]
    ),
    (
      "topology: 'sfu', participants: 3, clients: [{}, { firewall: 'block-udp' }]", 2,
      [
        "1 of 3 connections did not come up: client-2 – server.", "No pair of addresses works.",
        "A firewall lets no UDP of client-2 pass.", "There is no TURN server. One that is reached over TLS",
      ]
    ),
    (
      "topology: 'sfu', participants: 3, turn: true, clients: [{ firewall: 'block-udp' }, { page: 'http' }]", 1,
      [
        "2 of 3 connections did not come up: client-1 – server and client-2 – server.",
        "client-2's page was loaded over http", "Of client-1 – server this is known.", "No pair of addresses works.",
        "A firewall lets no UDP of client-1 pass.",
        "The firewall does not let client-1 reach the TURN server over UDP. Offer it over TLS",
        "There is a TURN server, but client-1 got no relayed address from it.",
      ]
    ),
    (
      "topology: 'mcu', participants: 2, clients: [{}, { page: 'http' }]", 1,
      ["1 of 2 connections did not come up: client-2 – server.", "client-2's page was loaded over http"]
    ),
    (
      "topology: 'mesh', participants: 3, clients: [{ codecs: ['opus'] }, { codecs: ['VP8'] }]", 2,
      [
        "1 of 3 connections did not come up: client-2 – client-1.",
        "client-1's answer rejects everything: client-2 offers VP8, client-1 has opus", "Let both have one in common",
      ]
    ),
    (
      "topology: 'sfu', participants: 2, signaling: { rewritesFingerprint: true }", 0,
      [
        "2 of 2 connections did not come up", "ICE found a way, but", "Somebody changed the description on its way",
      ]
    ),
    (
      "topology: 'sfu', participants: 2, signaling: { profile: 'http-polling', pollInterval: '20s' }", 0,
      [
        "2 of 2 connections did not come up", "Of client-1 – server this is known.",
        "The answer of server did not reach client-1",
        "It waits at the signaling server, which client-1 asks only every 20s",
        "Of client-2 – server this is known.", "The answer of server did not reach client-2",
        "It waits at the signaling server, which client-2 asks only every 20s",
      ]
    ),
    (
      "topology: 'mesh', participants: 2, stun: true, signaling: { profile: 'http-polling', pollInterval: '20s' }", 0,
      [
        "The two never get connected.", "The offer did not arrive",
        "It waits at the signaling server, which client-1 asks only every 20s",
      ]
    ),
    (
      "topology: 'mesh', participants: 2, stun: true, signaling: { connected: true, outage: { at: '0s' } }", 0,
      [
        "The two never get connected.", "The offer did not arrive",
        "client-1 and client-2 cannot reach the signaling server. Start it",
      ]
    ),
  ]

  @Test(arguments: rooms.indices)
  func `whatever the topology every connection that does not come up has its cause`(index: Int) throws {
    let room = Self.rooms[index]
    let (sentences, established) = try diagnose("{ \(room.text), duration: '8s' }")
    #expect(established == room.established, "\(room.text)")
    // A call of two is written down, and also says where its datagrams ended.
    let isWrittenDown = sentences.first?.hasPrefix("The two") == true
    #expect(isWrittenDown || sentences.count == room.says.count, "\(sentences)")
    for (sentence, part) in zip(sentences, room.says) { #expect(sentence.contains(part), "\(sentences)") }
    #expect(sentences.count >= room.says.count, "\(sentences)")
  }

  @Test(arguments: ["block-udp", "tcp-443-only"])
  func `who follows the advice against a firewall is connected`(firewall: String) throws {
    func call(_ turn: String) throws -> (sentences: [String], established: Int) {
      try diagnose(
        "{ topology: 'mesh', participants: 2, duration: '8s', stun: true, clients: [{}, { firewall: '\(firewall)' }]"
          + (turn.isEmpty ? "" : ", \(turn)") + " }")
    }
    func advice(_ sentences: [String]) throws -> String {
      let parts = try #require(sentences.first { $0.contains("`turn:") }, "\(sentences)").split(separator: "`")
      return String(parts[1])
    }
    let without = try call("")
    #expect(without.established == 0)
    // TURN over UDP is of no use, and nothing is said of the other end's relayed address.
    let overUDP = try call("turn: true")
    #expect(overUDP.established == 0)
    #expect(!overUDP.sentences.contains { $0.contains("even they were not reached") })
    #expect(
      overUDP.sentences.contains("There is a TURN server, but client-2 got no relayed address from it."),
      "\(overUDP.sentences)")
    for sentences in [without.sentences, overUDP.sentences] {
      let followed = try call(advice(sentences))
      #expect(followed.established == 1 && followed.sentences.isEmpty, "\(followed.sentences)")
    }
  }

  @Test(arguments: ["udp", "tcp", "tls"])
  func `wrong credentials are named over whatever the TURN server is reached`(transport: String) throws {
    let (sentences, established) = try diagnose(
      "{ topology: 'mesh', participants: 2, duration: '8s', client: { nat: 'symmetric' }, stun: true, turn: { "
        + "username: 'u', password: 'open-sesame', clientPassword: 'open-barley', transports: ['\(transport)'] } }")
    #expect(established == 0)
    #expect(
      sentences.count { $0.hasPrefix("The TURN server refuses the user name or the password (error 401") } == 1,
      "\(sentences)")
  }

  @Test(arguments: [
    ("{client: {camera: 'off'}}", "client.camera: found 'off', allowed: granted, denied, busy"),
    ("{client: {page: 'ftp'}}", "client.page: found 'ftp', allowed: https, http"),
    ("{topology: 'mesh', client: {codecs: ['VP9']}}", "client.codecs[0]: found 'VP9', allowed: opus, VP8"),
    (
      "{topology: 'mesh', client: {codecs: []}}",
      "client.codecs: found a list of 0, allowed: at least one of opus, VP8"
    ),
    ("{client: {codecs: ['VP8']}}", "topology: found 'sfu', allowed: 'mesh', because a client names its codecs"),
  ])
  func `what is wrong in a client's trouble is said with its place and what is allowed`(text: String, expected: String)
  {
    let error = message { _ = try scenario(text) }
    #expect(error.contains(expected), "\(error)")
  }

  @Test func `a name in a sub-folder that is misspelt gets the nearest one`() {
    let error = message { _ = try models.scenario("trouble/camera-denyed") }
    #expect(error.contains("did you mean 'trouble/camera-denied'?"), "\(error)")
  }
}
