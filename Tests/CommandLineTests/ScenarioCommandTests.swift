import Foundation
import SimSessions
import TestSupport
import Testing

@testable import rtcsim

struct ScenarioCommandTests {
  private let library = ScenarioLibrary(folder: Vectors.packageFolder.appending(path: "Models").path)

  private func command<Command: ParsableCommand>(_ line: String, as type: Command.Type) throws -> Command {
    var parser = CommandParser(root: RTCSim.self)
    guard case .run(let command) = try parser.parse(line.split(separator: " ").map(String.init)) else {
      throw HelpRequest()
    }
    return try #require(command as? Command)
  }

  @Test func `the options of run are the overrides of the scenario`() throws {
    let run = try command(
      "run meeting --topology mcu --participants 7 --duration 5s --seed 3 --fidelity wire --media real --uplink 2M "
        + "--downlink unlimited --rtt 30ms --costs debian12-x86-2core --format json", as: Run.self)
    var expected = ScenarioOverrides()
    expected.seed = 3
    expected.duration = .seconds(5)
    expected.fidelity = .wire
    expected.media = .real
    expected.uplink = LinkRate(.megabitsPerSecond(2))
    expected.downlink = LinkRate(nil)
    expected.rtt = .milliseconds(30)
    expected.costs = try library.costs("debian12-x86-2core")
    #expect(try run.session.overrides(library) == expected)
    #expect(run.topology == "mcu")
    #expect(run.participants == 7)
    #expect(run.scenario == "meeting")
    #expect(run.format == .json)
  }

  @Test func `without options nothing is overridden`() throws {
    let explain = try command("explain meeting", as: Explain.self)
    #expect(try explain.session.overrides(library) == ScenarioOverrides())
  }

  @Test func `a run of UDP flows is told as a table and as JSON`() throws {
    let scenario = try library.scenario("two-hosts-udp")
    guard case .udp(let flows) = scenario.kind else {
      Issue.record("it is plain UDP")
      return
    }
    let result = UDPRun.result(of: flows, in: scenario)
    let report = UDPReport(scenario: scenario, result: result)
    #expect(report.text.contains("a → b  5837"))
    #expect(report.text.contains("28.224"))
    #expect(report.text.contains("trace \(result.traceHash)"))
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(report.json.text().utf8)) as? [String: Any])
    let flow = try #require((json["flows"] as? [[String: Any]])?.first)
    let dropped = try #require(flow["dropped"] as? [String: Int])
    #expect(flow["sent"] as? Int == 5837)
    #expect(flow["delivered"] as? Int == 5837 - (dropped["lost"] ?? 0))
    #expect((flow["oneWayDelayMs"] as? [String: Double])?["p95"] == 28.224)
    #expect(json["scenarioHash"] as? String == scenario.scenarioHash)
    #expect(json["traceHash"] as? String == result.traceHash)
  }

  @Test func `the explanation of an SFU names everybody and every track`() throws {
    var overrides = ScenarioOverrides()
    overrides.participants = 5
    let scenario = try library.scenario("meeting").applying(overrides)
    #expect(
      Explanation(scenario: scenario).text == """
        meeting: laptops on home links of 50 Mbit/s down and 10 up meet in one region

        sfu: every client sends its media once, to a server that forwards it to the others
        5 people join 200ms apart, then 30s pass; fidelity auto, media modelled

        who                  site    cores  up                    down                  in front
        ───────────────────  ──────  ─────  ────────────────────  ────────────────────  ───────────────────
        client-1 … client-5  region      4  10M 10ms queue 200ms  50M 10ms queue 200ms  port-restricted NAT
        server (forwards)    region      8  1G 0s queue 50ms      1G 0s queue 50ms      nothing
        signaling            region                                                     nothing
        STUN                 region                                                     nothing

        offers    answers  tracks, as the offerer sees them
        ────────  ───────  ──────────────────────────────────────────────────────────────────────────────────────
        client-1  server   sendonly audio, video; recvonly audio, video of client-2 … client-5
        client-2  server   sendonly audio, video; recvonly audio, video of client-1, client-3 … client-5
        client-3  server   sendonly audio, video; recvonly audio, video of client-1, client-2, client-4, client-5
        client-4  server   sendonly audio, video; recvonly audio, video of client-1 … client-3, client-5
        client-5  server   sendonly audio, video; recvonly audio, video of client-1 … client-4

        5 connections

        streams  up per client  down per client  in all
        ───────  ─────────────  ───────────────  ──────
        audio                1                4      25
        video                1                4      25

        seed 1 · scenario \(scenario.scenarioHash)

        """)
  }

  @Test func `a large plan is told in part as text and whole as JSON`() throws {
    var overrides = ScenarioOverrides()
    overrides.participants = 20
    overrides.topology = "mesh"
    let explanation = Explanation(scenario: try library.scenario("meeting").applying(overrides))
    #expect(explanation.text.contains("… and 166 more; --format json lists all"))
    #expect(explanation.text.contains("190 connections"))
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(explanation.json.text().utf8)) as? [String: Any])
    #expect((json["connections"] as? [Any])?.count == 190)
    #expect((json["streams"] as? [String: [String: Double]])?["video"]?["upPerClient"] == 19)
    #expect(json["server"] is NSNull)
  }

  @Test(arguments: ["scenarios", "topologies", "links", "nats", "codecs"])
  func `every list that help names can be asked for`(subject: String) throws {
    #expect(try command("list \(subject) --format json", as: List.self).subject.rawValue == subject)
  }
}
