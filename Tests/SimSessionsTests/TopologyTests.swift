import RTCSession
import RTCWire
import Testing

@testable import SimSessions

struct TopologyTests {
  private func people(_ count: Int, _ kinds: [MediaKind] = MediaKind.allCases) -> [Participant] {
    (0..<count).map { Participant(index: $0, kinds: kinds) }
  }

  @Test func `a mesh has N(N−1)÷2 connections, and N−1 streams of a kind up and down`() {
    for count in 2...50 {
      let plan = Mesh().plan(for: people(count))
      #expect(plan.server == nil)
      #expect(plan.connections.count == count * (count - 1) / 2)
      for kind in MediaKind.allCases {
        #expect(
          plan.streams(of: kind)
            == PlannedStreams(
              upPerClient: Double(count - 1), downPerClient: Double(count - 1), total: count * (count - 1)))
      }
    }
  }

  @Test func `an SFU has N connections, and 1 stream of a kind up and N−1 down`() {
    for count in 2...50 {
      let plan = SelectiveForwarding().plan(for: people(count))
      #expect(plan.server == .forwarding)
      #expect(plan.connections.count == count)
      for kind in MediaKind.allCases {
        #expect(
          plan.streams(of: kind)
            == PlannedStreams(upPerClient: 1, downPerClient: Double(count - 1), total: count + count * (count - 1)))
      }
    }
  }

  @Test func `an MCU has N connections, and 1 stream of a kind up and down`() {
    for count in 2...50 {
      let plan = Mixing().plan(for: people(count))
      #expect(plan.server == .mixing(.individual))
      #expect(plan.connections.count == count)
      for kind in MediaKind.allCases {
        #expect(plan.streams(of: kind) == PlannedStreams(upPerClient: 1, downPerClient: 1, total: 2 * count))
      }
    }
  }

  @Test func `in a mesh the later one offers to those who are there`() {
    let plan = Mesh().plan(for: people(3))
    #expect(plan.connections.map(\.offerer) == [.participant(1), .participant(2), .participant(2)])
    #expect(plan.connections.map(\.answerer) == [.participant(0), .participant(0), .participant(1)])
    #expect(plan.connections.allSatisfy { $0.lines.map(\.direction) == [.sendrecv, .sendrecv] })
  }

  @Test func `a client of an SFU offers its own media first, then a slot for each of the others'`() {
    let lines = SelectiveForwarding().plan(for: people(3)).connections[1].lines
    #expect(lines.map(\.kind) == [.audio, .video, .audio, .video, .audio, .video])
    #expect(lines.map(\.direction) == [.sendonly, .sendonly, .recvonly, .recvonly, .recvonly, .recvonly])
    #expect(lines.map(\.source) == [nil, nil, 0, 0, 2, 2])
  }

  @Test func `the layout of the scenario is the plan's`() throws {
    let plan = try session("{topology: 'mcu', mcu: {layout: 'shared'}, participants: 3, video: null}").plan
    #expect(plan.server == .mixing(.shared))
    #expect(plan.connections.map { $0.lines.map(\.kind) } == [[.audio], [.audio], [.audio]])
  }
}

/// What every topology has to keep, whatever its shape.
struct TopologyConformanceTests {
  private struct Track: Hashable, Comparable {
    let source: Int
    let kind: MediaKind

    static func < (left: Track, right: Track) -> Bool {
      (left.source, left.kind.rawValue) < (right.source, right.kind.rawValue)
    }
  }

  /// The tracks that reach `listener`, each as often as it does.
  private func reached(_ listener: Participant, in plan: SessionPlan) -> [Track] {
    let me = SessionPlan.Party.participant(listener.index)
    return plan.connections.filter { $0.offerer == me || $0.answerer == me }.flatMap { connection in
      let other = connection.offerer == me ? connection.answerer : connection.offerer
      return connection.lines.flatMap { line -> [Track] in
        let receives = connection.offerer == me ? line.direction.receives : line.direction.sends
        guard receives else { return [] }
        switch (other, plan.server) {
        case (.participant(let source), _): return [Track(source: source, kind: line.kind)]
        case (.server, .forwarding?): return line.source.map { [Track(source: $0, kind: line.kind)] } ?? []
        case (.server, .mixing?):
          return plan.participants.filter { $0.index != listener.index && $0.kinds.contains(line.kind) }
            .map { Track(source: $0.index, kind: line.kind) }
        case (.server, nil): return []
        }
      }
    }
  }

  /// The tracks that leave `speaker` at least once.
  private func sent(by speaker: Participant, in plan: SessionPlan) -> Set<MediaKind> {
    let me = SessionPlan.Party.participant(speaker.index)
    let kinds = plan.connections.flatMap { connection in
      connection.lines.filter { line in
        connection.offerer == me
          ? line.direction.sends : connection.answerer == me && line.direction.receives
      }.map(\.kind)
    }
    return Set(kinds)
  }

  @Test(arguments: Topologies.names, [2, 3, 7])
  func `every track reaches everybody else exactly once`(name: String, count: Int) throws {
    let topology = try #require(Topologies.named(name))
    // Somebody only listens, somebody has no camera.
    let mixed: [[MediaKind]] = [[.audio, .video], [.audio], [], [.video]]
    for kinds in [Array(repeating: MediaKind.allCases, count: 4), mixed] {
      let people = (0..<count).map { Participant(index: $0, kinds: kinds[$0 % 4]) }
      let plan = topology.plan(for: people)
      #expect(plan.participants == people)
      for listener in people {
        let expected = people.filter { $0.index != listener.index }.flatMap { other in
          other.kinds.map { Track(source: other.index, kind: $0) }
        }
        #expect(reached(listener, in: plan).sorted() == expected.sorted(), "\(listener.name)")
        #expect(sent(by: listener, in: plan) == Set(listener.kinds))
      }
    }
  }

  @Test(arguments: Topologies.names)
  func `nobody is connected to himself, and no two parties twice`(name: String) throws {
    let plan = try #require(Topologies.named(name)).plan(for: (0..<9).map { Participant(index: $0) })
    let pairs = plan.connections.map { Set([$0.offerer, $0.answerer]) }
    #expect(pairs.allSatisfy { $0.count == 2 })
    #expect(Set(pairs).count == pairs.count)
    #expect(plan.connections.allSatisfy { !$0.lines.isEmpty })
    #expect(plan.connections.contains { $0.answerer == .server || $0.offerer == .server } == (plan.server != nil))
  }

  @Test func `every topology has its own name and says what it is`() {
    #expect(Set(Topologies.names).count == Topologies.all.count)
    #expect(Topologies.all.allSatisfy { !$0.summary.isEmpty })
    #expect(Topologies.names == ["mesh", "sfu", "mcu"])
  }
}
