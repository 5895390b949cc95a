import RTCPrimitives
import SimNodes
import Testing

@testable import SimSessions

/// The field `signaling` of a scenario, and what it changes in a call.
struct SignalingScenarioTests {
  @Test func `a signaling that says nothing is a WebSocket that works`() throws {
    #expect(try session("{ signaling: {} }").signaling == SignalingSettings())
    #expect(try scenario("{ signaling: {} }").scenarioHash == scenario("{}").scenarioHash)
  }

  @Test func `every field is read, and makes another scenario`() throws {
    let mqtt = try session(
      "{ signaling: { profile: 'mqtt', qos: 0, loss: 0.02, outage: { at: '900ms', length: '3s' } } }"
    ).signaling
    var expected = SignalingSettings()
    expected.profile = "mqtt"
    expected.qualityOfService = 0
    expected.loss = 0.02
    expected.outage = SignalingOutage(begin: .milliseconds(900), length: .seconds(3))
    #expect(mqtt == expected)
    let polling = try session("{ signaling: { profile: 'http-polling', pollInterval: '2s', longPoll: true } }")
      .signaling
    #expect(polling.pollInterval == .seconds(2) && polling.isLongPoll)
    let texts = [
      "profile: 'mqtt'", "profile: 'mqtt', qos: 0", "profile: 'http-polling'",
      "profile: 'http-polling', pollInterval: '2s'", "profile: 'http-polling', longPoll: true", "loss: 0.1",
      "outage: { at: '1s' }", "outage: { at: '1s', length: '1s' }", "rewritesFingerprint: true",
    ]
    let hashes = try texts.map { try scenario("{ signaling: { \($0) } }").scenarioHash }
    #expect(Set(hashes + [try scenario("{}").scenarioHash]).count == texts.count + 1)
  }

  @Test(arguments: [
    (
      "profile: 'websockets'",
      "signaling.profile: found 'websockets', allowed: websocket, http-polling, mqtt; did you mean 'websocket'?"
    ),
    (
      "pollInterval: '1s'",
      "signaling.pollInterval: found '1s', allowed: no pollInterval, because profile is 'websocket'; it belongs to "
    ),
    ("profile: 'http-polling', qos: 1", "signaling.qos: found 1, allowed: no qos, because profile is 'http-polling'"),
    ("profile: 'mqtt', qos: 2", "signaling.qos: found 2, allowed: a whole number from 0 to 1"),
    ("profile: 'http-polling', pollInterval: '0s'", "signaling.pollInterval: found '0s', allowed: a duration such as"),
    ("loss: 0.9", "signaling.loss: found 0.9, allowed: a probability from 0 to 0.5"),
    ("outage: {}", "signaling.outage.at: is missing, allowed: the time of the crash"),
    ("outage: { at: '1s', for: '2s' }", "signaling.outage.for: unknown field, allowed: at, length"),
    ("longpoll: true", "signaling.longpoll: unknown field, allowed: site, connected, profile"),
  ])
  func `what is wrong is said with its place and what is allowed`(text: String, expected: String) {
    let error = message { _ = try scenario("{ signaling: { \(text) } }") }
    #expect(error.contains(expected), "\(error)")
  }

  /// A call of two people 10 ms from the server, on links without a rate that would take time.
  private func call(_ signaling: String) throws -> SessionResult {
    var options = SessionRun.Options()
    options.isDetailed = true
    let call = try scenario(
      """
      { topology: 'mesh', participants: 2, duration: '9s', turn: false, joinInterval: '200ms', fidelity: 'model',
        client: { uplink: { rate: 'unlimited' }, downlink: { rate: 'unlimited' } }, signaling: { \(signaling) } }
      """)
    return try SessionRun(call, options: options).run()
  }

  private func time(_ kind: Milestone.Kind, _ node: String, _ result: SessionResult) throws -> Double {
    try #require(result.milestones.first { $0.kind == kind && $0.node == node }).time.milliseconds
  }

  private struct Arrival: Sendable, CustomTestStringConvertible {
    let signaling: String
    /// In milliseconds.
    let offer: Double
    let answer: Double

    var testDescription: String { signaling }
  }

  /// Clients join at 0 and 200 ms; each way takes 10 ms.
  private static let arrivals = [
    Arrival(signaling: "profile: 'websocket'", offer: 300, answer: 320),
    Arrival(signaling: "profile: 'mqtt'", offer: 320, answer: 340),
    // The caller has joined at 260 and asks then, at 760 and so on; the callee at 60, 560 and so on.
    Arrival(signaling: "profile: 'http-polling', pollInterval: '500ms'", offer: 580, answer: 780),
    Arrival(signaling: "profile: 'http-polling', longPoll: true", offer: 280, answer: 300),
  ]

  @Test(arguments: arrivals)
  private func `an offer and its answer arrive when the profile lets them`(arrival: Arrival) throws {
    let result = try call(arrival.signaling)
    #expect(abs(try time(.offerReceived, "client-1", result) - arrival.offer) < 0.01)
    #expect(abs(try time(.answerReceived, "client-2", result) - arrival.answer) < 0.01)
    #expect(result.connectionsEstablished == 1)
  }

  @Test func `a call whose offer meets a crash comes up when the server is there again`() throws {
    // The offer leaves at 280 ms and would be at the server at 290.
    let result = try call("outage: { at: '285ms', length: '1s' }")
    // The caller notices at 295, tries then and at 1295, is back at 1295 + 80 and sends again; the callee likewise.
    #expect(abs(try time(.offerReceived, "client-1", result) - (1295 + 80 + 20)) < 0.01)
    #expect(result.connectionsEstablished == 1)
    #expect(try time(.signalingLost, "client-2", result) == 295)
    #expect(try time(.signalingRestored, "client-2", result) == 1375)
  }

  @Test func `by MQTT with quality 0 the same crash costs the call`() throws {
    let result = try call("profile: 'mqtt', qos: 0, outage: { at: '305ms', length: '1s' }")
    #expect(!result.milestones.contains { $0.kind == .offerReceived })
    #expect(result.connectionsEstablished == 0)
  }
}
