import Foundation
import RTCPrimitives
import SimNetwork
import SimNodes
import SimSessions
import TestSupport
import Testing

/// Set-ups without media against the published ladders, benchmarks and recordings.
struct SetupTests {
  private func conditions(
    _ profile: String, _ nat: String, roundTripTime: Duration = .milliseconds(100), loss: Double = 0
  )
    throws -> SetupRunner.Conditions
  {
    SetupRunner.Conditions(
      try #require(SetupProfiles.named(profile)), roundTripTime: roundTripTime, loss: loss,
      offererAccess: try AccessBehavior(id: nat))
  }

  /// ClientHello leaves, answerer ready, offerer ready, answerer complete, in round trips.
  private func ladder(_ profile: String, _ nat: String) throws -> [Double?] {
    let time = Duration.milliseconds(100)
    let timeline = SetupRunner.run(try conditions(profile, nat), seed: 1)
    let steps = [
      timeline.answerer[.clientHelloSent], timeline.answerer[.ready], timeline.offerer[.ready],
      timeline.answerer[.dtlsConnected],
    ]
    return steps.map { $0.map { Double($0.nanoseconds) / Double(time.nanoseconds) } }
  }

  @Test(arguments: [
    // draft-uberti-tsvwg-warp-00 §1.1: the offerer filters by address and port.
    ("today", "eim-apdf", [2.5, 3.5, 4, 4.5]),
    // Both public, as Chromium was recorded.
    ("today", "open", [1.5, 2.5, 3, 3.5]),
    // §5.2.1: media of the offerer after 2, of the answerer after 2.5 round trips.
    ("warp", "eim-apdf", [0.5, 2.5, 2, 2.5]),
    // §5.2.3: the answerer after 1.5.
    ("warp", "open", [0.5, 1.5, 2, 1.5]),
    ("snap", "eim-apdf", [2.5, 3.5, 4, 4.5]),
  ])
  func `the round trips are those of the drafts' ladders`(_ row: (String, String, [Double])) throws {
    #expect(try ladder(row.0, row.1) == row.2)
  }

  @Test func `round trips do not depend on how long one takes`() throws {
    for time in [1, 37, 500] {
      var conditions = try conditions("today", "eim-apdf")
      conditions.roundTripTime = .milliseconds(time)
      let timeline = SetupRunner.run(conditions, seed: 1)
      #expect(timeline.offerer[.ready] == .milliseconds(4 * time))
      #expect(timeline.bothDTLS == .microseconds(4500 * time))
    }
  }

  /// With a filter before the offerer and a round trip shorter than 80 ms, sped's Finished leaves in a check before the
  /// answerer has a path, which it is not ready without.
  @Test(arguments: [20, 50, 80, 100, 200, 333], ["open", "eim-apdf"])
  func `the offerer is ready when the answerer's Finished has come to it`(_ time: Int, _ nat: String) throws {
    for profile in ["today", "sped"] where profile == "today" || nat == "open" || time >= 80 {
      let conditions = try conditions(profile, nat, roundTripTime: .milliseconds(time))
      let timeline = SetupRunner.run(conditions, seed: 1)
      let (offerer, answerer) = (try #require(timeline.offerer[.ready]), try #require(timeline.answerer[.ready]))
      #expect(offerer - answerer == .milliseconds(time) / 2, "\(profile)")
    }
  }

  /// Of `count` runs: when both handshakes are complete, in ms, in rising order.
  private func times(_ profile: String, loss: Double, count: Int) throws -> [Double] {
    let conditions = try conditions(profile, "open", roundTripTime: .milliseconds(200), loss: loss)
    return (1...UInt64(count)).compactMap { SetupRunner.run(conditions, seed: $0).bothDTLS?.milliseconds }.sorted()
  }

  private func mean(_ times: [Double]) -> Double { times.reduce(0, +) / Double(times.count) }

  /// Of `count` runs, which must all connect: p10, p50, mean and p95.
  private func statistics(_ profile: String, loss: Double, count: Int = 1000) throws -> [Double] {
    let times = try times(profile, loss: loss, count: count)
    try #require(times.count == count)
    func percentile(_ share: Double) -> Double { times[Int((share * Double(count)).rounded(.up)) - 1] }
    return [percentile(0.1), percentile(0.5), mean(times), percentile(0.95)]
  }

  /// Whether p10, p50, mean and p95 are those that were published, each within a share of it.
  private func expect(_ ours: [Double], near published: [Double], within shares: [Double]) {
    for index in ours.indices {
      #expect(abs(ours[index] - published[index]) <= shares[index] * published[index], "\(ours), \(published)")
    }
  }

  @Test func `libwebrtc's DTLS 1.2 takes what the SPED draft measured at 200 ms, and as much longer under loss`() throws
  {
    // Appendix A.3. What was read into it is one round trip of signaling and a first check after 50 ms.
    let lossless = try statistics("chromium", loss: 0, count: 20)
    #expect(lossless.allSatisfy { abs($0 - 850) < 1 })
    // Nothing was fitted to these.
    let tenth = try statistics("chromium", loss: 0.1)
    #expect(tenth[0] == 850)
    #expect(abs(tenth[1] - 900) <= 90)
    #expect(abs(tenth[2] - 1133) <= 0.2 * 1133)
    #expect(abs(tenth[3] - 2150) <= 0.3 * 2150)
    let twentieth = try statistics("chromium", loss: 0.05)
    #expect(abs(twentieth[1] - 850) <= 85)
    #expect(abs(twentieth[2] - 916) <= 0.2 * 916)
    #expect(abs(twentieth[3] - 1300) <= 0.3 * 1300)
  }

  @Test func `with a quarter lost libwebrtc's DTLS 1.2 takes about what was measured`() throws {
    // Appendix A.3: 850, 1350, 3920 and 8860; nothing was fitted to them. Most times are sums of timeouts, so that a
    // percentile jumps from one to the next (here from 1450 to 2050): what is compared is the share of runs below.
    let times = try times("chromium", loss: 0.25, count: 500)
    // A few in a thousand have not connected after a minute.
    #expect(times.count >= 495 && times[times.count / 10] == 850)
    func share(within limit: Double) -> Double { Double(times.count { $0 <= limit }) / Double(times.count) }
    #expect(abs(share(within: 1350 * 1.1) - 0.5) <= 0.05)
    #expect(abs(share(within: 8860) - 0.95) <= 0.02)
    #expect(abs(mean(times) - 3920) <= 0.3 * 3920)
  }

  @Test func `the handshake inside the checks saves a round trip, and nearly all that loss costs`() throws {
    #expect(try statistics("sped", loss: 0, count: 20).allSatisfy { abs($0 - 650) < 1 })
    // Appendix A.3. With a quarter lost the draft's rows, 750, 750, 862 and 1400, are slower than ours.
    expect(
      try statistics("sped", loss: 0.1, count: 400), near: [650, 650, 690, 760], within: [0, 0.05, 0.1, 0.15])
  }

  @Test(
    arguments: [(0, [550, 550, 550, 550]), (0.1, [550, 550, 560, 600]), (0.25, [550, 600, 620, 750])]
      as [(Double, [Double])])
  func `DTLS 1.3 inside the checks takes what the draft measured, under loss as well`(_ row: (Double, [Double])) throws
  {
    // Appendix A.2; nothing was fitted to it.
    expect(
      try statistics("sped-dtls13", loss: row.0, count: row.0 == 0 ? 10 : 300), near: row.1,
      within: [0, 0.05, 0.1, 0.15])
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["sped", "warp"])
  func `a handshake inside checks that nobody answers ends with ICE, not in a loop`(_ profile: String) throws {
    let timeline = SetupRunner.run(try conditions(profile, "udp-blocked"), seed: 1)
    #expect(timeline.bothDTLS == nil && timeline.media == nil)
    #expect(timeline.answerer[.iceConnected] == nil)
  }

  @Test(.timeLimit(.minutes(1))) func `a set-up whose checks are lost until ICE gives up comes to its end`() throws {
    // Half of all packets are lost; with this seed one side gives up while its handshake is under way.
    let timeline = SetupRunner.run(try conditions("warp", "eim-apdf", loss: 0.5), seed: 36)
    #expect(timeline.offerer[.checkSent] != nil && timeline.answerer[.checkSent] != nil)
  }

  @Test func `one seed gives one hash, another seed another, alone or after others`() throws {
    let lossy = try conditions("chromium", "eim-apdf", loss: 0.2)
    let first = SetupRunner.run(lossy, seed: 7)
    let others = (1...5).map { SetupRunner.run(lossy, seed: $0).traceHash }
    #expect(SetupRunner.run(lossy, seed: 7) == first)
    #expect(Set(others + [first.traceHash]).count == 6)
  }

  @Test func `a client with Chromium's timers is where Chromium was recorded, step by step`() throws {
    let folder = Vectors.packageFolder.appending(path: "Tests/Vectors/reference").path
    let rows = try RecordedSetups(folder: folder).compare(seed: 1)
    // For three round-trip times 14 steps and the delay behind a filter of two modes, and two delays of data.
    #expect(rows.count == 96)
    for row in rows { #expect(row.isWithin, "\(row)") }
    // The profile under its name is the one that was compared.
    let named = SetupRunner.run(
      try conditions("chromium-recorded", "open", roundTripTime: .milliseconds(50)), seed: 1)
    let row = try #require(
      rows.first { $0.step == "B_dtls_connected" && $0.mode == "host" && $0.roundTripTimeMs == 50 })
    #expect(named.answerer[.dtlsConnected]?.milliseconds == row.ourMs)
  }

  @Test func `where candidates trickle servers are asked from the description on, and the relay comes into use`() throws
  {
    // Behind a symmetric NAT and a filter the two need the relay, whose candidate can only have trickled.
    var conditions = try conditions("today", "apdm-apdf")
    conditions.answererAccess = try AccessBehavior(id: "eim-apdf")
    #expect(SetupRunner.run(conditions, seed: 1).bothDTLS == nil)
    conditions.gathering = .trickled
    let relayed = try #require(SetupRunner.run(conditions, seed: 1).bothDTLS)
    // Two round trips for the allocation, and the rest over a detour.
    #expect(relayed >= .milliseconds(700))
    conditions.gathering = .hostsOnly
    #expect(SetupRunner.run(conditions, seed: 1).bothDTLS == nil)
  }
}
