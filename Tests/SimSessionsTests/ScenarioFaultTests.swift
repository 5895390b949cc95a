import RTCPrimitives
import SimNodes
import Testing

@testable import SimSessions

/// A NAT that is switched off and on in the middle of a call, as a scenario says it.
struct ScenarioFaultTests {
  /// The first one's mapping depends on the remote, the other lets in by address.
  private func call(_ profile: String, seconds: Int, faults: String = "[{ at: '10s', rebootNAT: 'client-1/nat' }]")
    throws -> Scenario
  {
    try scenario(
      """
      { topology: 'mesh', participants: 2, duration: '\(seconds)s', video: null,
        clients: [{ nat: 'symmetric' }, { nat: 'eim-adf' }], ice: { profile: '\(profile)' }, faults: \(faults) }
      """)
  }

  private func lastHeard(_ history: History) -> [Duration] {
    history.ends.indices.map { history.series.lastReceived(by: $0).map { $0 - .start } ?? .zero }
  }

  private func has(_ kind: Milestone.Kind, _ history: History) -> Bool {
    history.moments.contains { $0.milestone.kind == kind }
  }

  @Test func `an agent with Chromium's timers goes on with the next address that a check reveals`() throws {
    let run = try HistoryRun(call("chromium", seconds: 30))
    let history = run.record()
    let restart = try #require(history.moments.first { $0.milestone.kind == .natRestarted })
    #expect(restart.lane == "client-1/nat" && restart.time == .start + .seconds(10))
    let moved = try #require(
      history.moments.first { $0.milestone.kind == .pairSelected && $0.time > restart.time })
    #expect(moved.lane == "client-2" && moved.milestone.detail.contains("prflx 198.18.0.1"))
    #expect(moved.time - restart.time < .seconds(10))
    #expect(lastHeard(history).allSatisfy { $0 > .seconds(29) })
    #expect(!has(.consentExpired, history) && !has(.iceFailed, history))
    #expect(
      Diagnosis(history).sentences.contains { $0.hasPrefix("At 10000.0 ms, client-1/nat: NAT restarted. The NAT has") })
  }

  @Test func `an agent by the RFC loses consent, says so, and is helped by a restart`() throws {
    let scenario = try call("rfc8445", seconds: 60)
    let result = try SessionRun(scenario).run()
    #expect(result.connectionsEstablished == 1 && result.isInTrouble)
    let sentences = result.diagnosis(of: scenario)
    let restarted = try #require(sentences.firstIndex { $0.contains("client-1/nat: NAT restarted.") })
    #expect(
      sentences[restarted...].contains { $0.contains("client-2: consent expired. The other side has not confirmed") })
    let run = try HistoryRun(scenario)
    let lost = run.record()
    let expired = try #require(lost.moments.first { $0.milestone.kind == .consentExpired })
    // RFC 7675 §5.1: 30 s after the last answer, which came within the 6 s that lie between two requests at most.
    #expect((34...40).contains((expired.time - .start).inSeconds))
    #expect(lastHeard(lost).contains { $0 < .seconds(40) })
    let failed = try #require(lost.moments.first { $0.milestone.kind == .iceFailed })
    let helped = try run.record(WhatIf("restart-ice client-1", at: failed.number), in: lost)
    #expect(lastHeard(helped).allSatisfy { $0 > .seconds(59) }, "\(Diagnosis(helped).sentences)")
  }

  @Test(arguments: ["chromium", "rfc8445"])
  func `a restart happens at its time in every run, and one seed has one trace`(profile: String) throws {
    let scenario = try call(profile, seconds: 20)
    let runs = try (0..<2).map { _ in try SessionRun(scenario).run() }
    #expect(runs[0].traceHash == runs[1].traceHash)
    let histories = try (0..<2).map { _ in try HistoryRun(scenario).record() }
    #expect(histories[0] == histories[1] && has(.natRestarted, histories[0]))
    #expect(runs[0].milestones.filter { $0.kind == .natRestarted }.map(\.time) == [.start + .seconds(10)])
    #expect(runs[0].milestones == runs[0].milestones.sorted { ($0.time, $0.order) < ($1.time, $1.order) })
    var other = scenario
    other.seed = 2
    #expect(try SessionRun(other).run().traceHash != runs[0].traceHash)
    let quiet = try call(profile, seconds: 20, faults: "[]")
    #expect(try SessionRun(quiet).run().traceHash != runs[0].traceHash)
    #expect(quiet.scenarioHash != scenario.scenarioHash)
  }

  @Test(arguments: ["client-1/nat", "client-1/nat-2", "@isp"])
  func `each NAT of a chain and a shared one can be restarted`(name: String) throws {
    let text = { (faults: String) in
      """
      { topology: 'mesh', participants: 2, duration: '12s', video: null, turn: true,
        client: { nat: 'symmetric+symmetric+symmetric@isp' },
        faults: [\(faults)] }
      """
    }
    let quiet = try SessionRun(scenario(text(""))).run()
    let result = try SessionRun(scenario(text("{ at: '9s', rebootNAT: '\(name)' }"))).run()
    #expect(result.milestones.contains { $0.kind == .natRestarted && $0.node == name })
    #expect(result.traceHash != quiet.traceHash)
  }

  @Test(arguments: [
    ("{ at: '9s' }", "faults[0].rebootNAT: is missing"), ("{ rebootNAT: 'client-1/nat' }", "faults[0].at: is missing"),
    (
      "{ at: '9s', rebootNAT: 'client-1' }",
      "faults: found rebootNAT 'client-1', allowed: one of client-1/nat, client-2/nat"
    ),
    ("{ at: '9s', rebootNAT: 'client-3/nat' }", "allowed: one of client-1/nat, client-2/nat"),
    ("{ at: '20200ms', rebootNAT: 'client-1/nat' }", "faults: found at '20200ms', allowed: a time before 20200ms"),
    ("{ at: 9, rebootNAT: 'client-1/nat' }", "faults[0].at: found 9, allowed: a duration such as"),
    ("{ at: '9s', rebootNat: 'client-1/nat' }", "did you mean 'rebootNAT'?"),
    ("7", "faults[0]: found 7, allowed: an object with at, rebootNAT"),
  ])
  func `a fault that makes no sense is refused with what is allowed`(fault: String, part: String) {
    let text = message { _ = try call("rfc8445", seconds: 20, faults: "[\(fault)]") }
    #expect(text.contains(part), "\(text)")
  }

  @Test func `nobody's NAT cannot restart, and options do not take away what a fault needs`() throws {
    let faults = "faults: [{ at: '9s', rebootNAT: 'client-3/nat' }]"
    let open = message { _ = try scenario("{ topology: 'mesh', participants: 3, client: { nat: 'none' }, \(faults) }") }
    #expect(open.contains("allowed: no rebootNAT, because nobody is behind a NAT"), "\(open)")
    let three = try scenario("{ topology: 'sfu', participants: 3, duration: '10s', \(faults) }")
    var overrides = ScenarioOverrides()
    overrides.participants = 2
    #expect(message { _ = try three.applying(overrides) }.contains("client-3/nat"))
    overrides = ScenarioOverrides()
    overrides.duration = .seconds(6)
    #expect(
      message { _ = try three.applying(overrides) }.contains(
        "--duration: found '6s', allowed: more, because of a fault at 9s"))
  }
}
