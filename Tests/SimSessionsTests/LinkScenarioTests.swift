import RTCPrimitives
import SimNetwork
import TestSupport
import Testing

@testable import SimSessions

/// Links that change, traces, token buckets, CoDel and presets in scenario files.
@Suite struct LinkScenarioTests {
  private func uplink(_ text: String) throws -> Link.Configuration {
    try session("{ client: { uplink: \(text) } }").client.uplink
  }

  @Test func `a schedule changes rate and delay, and a rate of 0 is an outage`() throws {
    let link = try uplink(
      "{ rate: '3M', schedule: [{ at: '10s', rate: '0' }, { at: '11s', rate: '1M', delay: '80ms' }] }")
    #expect(
      link.changes == [
        LinkChange(at: .seconds(10), rate: .zero),
        LinkChange(at: .seconds(11), rate: .megabitsPerSecond(1), propagationDelay: .milliseconds(80)),
      ])
  }

  @Test func `a trace takes the place of the rate`() throws {
    let link = try uplink("{ trace: 'train.trace', queue: '100ms' }")
    #expect(link.trace?.times == [1, 5, 5, 100])
    #expect(link.rate == nil)
  }

  @Test func `queues are managed and buckets hold tokens where the file says so`() throws {
    #expect(try uplink("{ queue: { limit: '1s', codel: true } }").codel == CoDel())
    let link = try uplink(
      "{ queue: { codel: { target: '15ms' } }, tokenBucket: { rate: '2M', burst: '16KiB', excess: 'dropped' } }")
    #expect(link.codel == CoDel(target: .milliseconds(15)))
    #expect(link.queueLimit == .time(.milliseconds(200)))
    #expect(link.tokenBucket == TokenBucket(rate: .megabitsPerSecond(2), burst: .kibibytes(16), excess: .isDropped))
  }

  @Test func `every preset has a source, and gives both directions by its name`() throws {
    let presets = try models.links()
    #expect(presets.map(\.name) == ["4g-train", "congested-office", "home-wifi", "satellite"])
    for preset in presets {
      let client = try session("{ client: { uplink: '\(preset.name)', downlink: { preset: '\(preset.name)' } } }")
        .client
      #expect((client.uplink, client.downlink) == (preset.uplink, preset.downlink))
      #expect(preset.uplink != preset.downlink)
      #expect(!preset.source.isEmpty)
    }
    // What is given beside a preset changes it: a rate ends its changes of rate.
    let link = try uplink("{ preset: '4g-train', rate: '2M', queue: '50ms' }")
    #expect(link.rate == .megabitsPerSecond(2))
    #expect(link.changes.allSatisfy { $0.rate == nil } && !link.changes.isEmpty)
    #expect(link.queueLimit == .time(.milliseconds(50)))
  }

  @Test(
    arguments: [
      ("'home-wify'", "client.uplink", "'home-wify'", "4g-train, congested-office, home-wifi, satellite"),
      (
        "{ schedule: [{ at: '2s', rate: '1M' }, { at: '1s', rate: '1M' }] }", "client.uplink.schedule[1].at", "'1s'",
        "a time after 2s"
      ),
      ("{ schedule: [{ at: '2s' }] }", "client.uplink.schedule[0]", "an object", "a change of rate or delay"),
      ("{ schedule: [{ at: '2s', rate: '5' }] }", "client.uplink.schedule[0].rate", "'5'", "'0' for an outage"),
      ("{ trace: 'nowhere' }", "client.uplink.trace", "'nowhere'", "that can be read"),
      ("{ trace: 'broken.trace' }", "client.uplink.trace", "line 3: found 'x'", "Mahimahi"),
      (
        "{ rate: '1M', trace: 'train.trace' }", "client.uplink.trace", "'train.trace'",
        "no trace, because a rate is given"
      ),
      (
        "{ trace: 'train.trace', schedule: [{ at: '1s', rate: '1M' }] }", "client.uplink.schedule[0].rate", "'1M'",
        "only delay"
      ),
      ("{ queue: { codel: 3 } }", "client.uplink.queue.codel", "3", "true, false or an object with target, interval"),
      ("{ queue: { red: true } }", "client.uplink.queue.red", "", "limit, codel"),
      ("{ tokenBucket: { rate: '1M', burst: '1000B' } }", "client.uplink.tokenBucket.burst", "'1000B'", "1500B"),
      ("{ tokenBucket: { rate: '1M' } }", "client.uplink.tokenBucket.burst", "", "a size from 1500B"),
    ])
  func `what is wrong is named with what is allowed`(text: String, path: String, found: String, allowed: String) {
    do {
      _ = try uplink(text)
      Issue.record("it was read")
    } catch {
      let message = "\(error)"
      for part in [path, found, allowed] where !part.isEmpty { #expect(message.contains(part), "\(message)") }
    }
  }

  @Test func `what came later stands in the canonical form where it says something`() throws {
    let plain = try scenario("{ client: { uplink: { rate: '10M' } } }")
    #expect(!plain.canonicalLines.contains { $0.contains("schedule") || $0.contains("codel") || $0.contains("trace") })
    let texts = [
      "{ schedule: [{ at: '1s', rate: '1M' }] }", "{ trace: 'train.trace' }", "{ queue: { codel: true } }",
      "{ tokenBucket: { rate: '1M', burst: '2000B' } }",
    ]
    let hashes = try texts.map { try scenario("{ client: { uplink: \($0) } }").scenarioHash } + [plain.scenarioHash]
    #expect(Set(hashes).count == 5)
  }

  /// 1 Mbit/s until 5 s, then 250 kbit/s; 500 kbit/s are offered for 10 s.
  @Test func `a flow feels the schedule, the trace and the policer`() throws {
    func lost(_ uplink: String) throws -> Double {
      let text = """
        { hosts: [{ name: 'a', uplink: \(uplink) }, { name: 'b' }],
          flows: [{ from: 'a', to: 'b', packetSize: 972, rate: '500k', duration: '10s' }] }
        """
      let whole = try scenario(text)
      guard case .udp(let flows) = whole.kind else { return 0 }
      return UDPRun.result(of: flows, in: whole).flows[0].lossPercent ?? 0
    }
    // Of 625 packets 312 come at 5 s and later; half of those fit, and those that the queue of 200 ms holds.
    let scheduled = try lost("{ rate: '1M', schedule: [{ at: '5s', rate: '250k' }] }")
    #expect(abs(scheduled - 24) < 2, "\(scheduled)")
    let policed = try lost("{ tokenBucket: { rate: '250k', burst: '2000B', excess: 'dropped' } }")
    #expect(abs(policed - 50) < 1, "\(policed)")
    // Four opportunities in 100 ms are 481 kbit/s: nearly all fits.
    let traced = try lost("{ trace: 'train.trace', queue: '2s' }")
    #expect(traced < 0.5, "\(traced)")
    let managed = try lost("{ rate: '450k', queue: { limit: '10s', codel: true } }")
    #expect(managed > 2 && managed < 15, "\(managed)")
  }
}
