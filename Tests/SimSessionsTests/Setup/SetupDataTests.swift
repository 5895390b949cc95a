import Foundation
import RTCPrimitives
import SimNetwork
import SimNodes
import SimSessions
import TestSupport
import Testing

/// Round trips to data, against the closed form of SCTP's handshake.
struct SetupDataTests {
  private static let dataSteps: Set<SetupPeer.Step> = [.associated, .channelOpen, .messageReceived]

  private func conditions(
    _ profile: String, _ nat: String, _ data: SetupRunner.DataStart?, roundTripTime: Duration = .milliseconds(100),
    loss: Double = 0
  ) throws -> SetupRunner.Conditions {
    var conditions = SetupRunner.Conditions(
      try #require(SetupProfiles.named(profile)), roundTripTime: roundTripTime, loss: loss,
      offererAccess: try AccessBehavior(id: nat))
    conditions.data = data
    return conditions
  }

  /// The offerer's association and channel, the answerer's association, and the first message, in round trips.
  private func steps(_ timeline: SetupRunner.Timeline) -> [Double?] {
    [
      timeline.offerer[.associated], timeline.offerer[.channelOpen], timeline.answerer[.associated],
      timeline.answerer[.messageReceived],
    ].map { $0.map { Double($0.nanoseconds) / 1e8 } }
  }

  @Test func `where the offerer alone starts SCTP it is ready after 6 round trips, and heard after 6.5`() throws {
    // The handshake is complete at 4 behind a filter by address and port, and at 3 without; SCTP takes two round trips.
    let filtered = SetupRunner.run(try conditions("today", "eim-apdf", .offererAlone), seed: 1)
    #expect(steps(filtered) == [6, 6, 5.5, 6.5])
    let open = SetupRunner.run(try conditions("today", "open", .offererAlone), seed: 1)
    #expect(steps(open) == [5, 5, 4.5, 5.5])
  }

  @Test func `round trips to data do not depend on how long one takes`() throws {
    for time in [1, 37, 500] {
      let conditions = try conditions("today", "eim-apdf", .offererAlone, roundTripTime: .milliseconds(time))
      let timeline = SetupRunner.run(conditions, seed: 1)
      #expect(timeline.offerer[.channelOpen] == .milliseconds(6 * time))
      #expect(timeline.answerer[.messageReceived] == .microseconds(6500 * time))
    }
  }

  /// `a` and `b` are when the handshake of the offerer and that of the answerer is complete. An INIT is answered by who has
  /// begun; COOKIE ECHO connects who gets it one round trip after he answered, COOKIE ACK the other half a one later.
  private static func simultaneous(_ a: Double, _ b: Double) -> [Double] {
    let (atA, atB) = (max(a, b + 0.5), max(b, a + 0.5))
    let offerer = min(atA + 1, atB + 1.5)
    return [offerer, offerer, min(atB + 1, atA + 1.5), offerer + 0.5]
  }

  @Test(arguments: ["today", "chromium", "chromium-recorded"], ["open", "eim-apdf"])
  func `where both start SCTP the handshakes meet`(_ profile: String, _ nat: String) throws {
    let timeline = SetupRunner.run(try conditions(profile, nat, .simultaneous), seed: 1)
    let complete = try [timeline.offerer, timeline.answerer].map {
      Double(try #require($0[.dtlsConnected]).nanoseconds) / 1e8
    }
    for (ours, expected) in zip(steps(timeline), Self.simultaneous(complete[0], complete[1])) {
      #expect(abs(try #require(ours) - expected) < 1e-6, "\(steps(timeline)), \(complete)")
    }
  }

  @Test func `the one whose handshake ends first may gain a round trip when both start SCTP`() throws {
    // In DTLS 1.2 the offerer is complete first: its INIT is first in either case.
    let real = try SetupRunner.DataStart.allCases.map {
      SetupRunner.run(try conditions("today", "eim-apdf", $0), seed: 1).offerer[.channelOpen]
    }
    #expect(real == [.milliseconds(600), .milliseconds(600)])
    // In DTLS 1.3 the answerer is.
    let modelled = try SetupRunner.DataStart.allCases.map {
      SetupRunner.run(try conditions("chromium-recorded", "open", $0), seed: 1).offerer[.channelOpen]
    }
    #expect(try #require(modelled[0]) - #require(modelled[1]) == .milliseconds(100))
  }

  @Test(arguments: SetupProfiles.all.filter { $0.lacksData == nil }.map(\.name))
  func `data changes nothing of what comes before it`(_ profile: String) throws {
    for nat in ["open", "eim-apdf"] {
      let plain = SetupRunner.run(try conditions(profile, nat, nil), seed: 1)
      for start in SetupRunner.DataStart.allCases {
        let timeline = SetupRunner.run(try conditions(profile, nat, start), seed: 1)
        #expect(timeline.offerer.filter { !Self.dataSteps.contains($0.key) } == plain.offerer)
        #expect(timeline.answerer.filter { !Self.dataSteps.contains($0.key) } == plain.answerer)
        #expect(timeline.answerer[.messageReceived] != nil)
      }
    }
  }

  @Test(arguments: SetupRunner.DataStart.allCases)
  func `under loss the message arrives all the same, and one seed gives one hash`(_ start: SetupRunner.DataStart) throws
  {
    let lossy = try conditions("today", "open", start, loss: 0.2)
    let timelines = (1...10).map { SetupRunner.run(lossy, seed: $0) }
    #expect(timelines.allSatisfy { $0.answerer[.messageReceived] != nil })
    #expect(Set(timelines.map(\.traceHash)).count == 10)
    #expect(SetupRunner.run(lossy, seed: 3) == timelines[2])
  }

  @Test func `without a path there is no data`() throws {
    let timeline = SetupRunner.run(try conditions("today", "udp-blocked", .simultaneous), seed: 1)
    #expect(steps(timeline) == [nil, nil, nil, nil])
  }

  @Test func `SNAP is not counted, and says why`() throws {
    #expect(try #require(SetupProfiles.named("snap")?.lacksData).contains("usrsctp"))
    #expect(SetupProfiles.all.filter { $0.lacksData != nil }.map(\.name) == ["snap"])
  }

  @Test func `Chromium opens a data channel when both start SCTP, a round trip before the offerer alone could`() throws
  {
    let folder = Vectors.packageFolder.appending(path: "Tests/Vectors/reference").path
    let rows = try RecordedSetups(folder: folder).compare(seed: 1).filter { $0.mode == "data_host" }
    #expect(rows.count == 6 && rows.allSatisfy(\.isWithin))
    for row in rows where row.step.hasPrefix("A_dc_open") {
      var alone = try conditions(
        "chromium-recorded", "open", .offererAlone, roundTripTime: .milliseconds(row.roundTripTimeMs))
      alone.gathering = .hostsOnly
      let timeline = SetupRunner.run(alone, seed: 1)
      let late = try #require(timeline.offerer[.channelOpen]) - #require(timeline.offerer[.dtlsConnected])
      #expect(late.milliseconds > row.highestMs)
    }
  }
}
