import RTCPrimitives
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
    #expect(sentences.last == "There is a TURN server, but nobody got a relayed address from it.")
  }

  @Test func `a room in trouble says how much of it failed`() throws {
    let scenario = try scenario(
      "{ topology: 'mesh', participants: 3, duration: '6s', signaling: { outage: { at: '0s' } } }")
    let sentences = try SessionRun(scenario).run().diagnosis(of: scenario)
    #expect(sentences.count == 1 && sentences[0].hasPrefix("3 of 3 connections did not come up"))
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
