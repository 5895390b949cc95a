import RTCPrimitives
import SimNodes
import Testing

/// What remains after a goodbye: nothing.
struct HangUpTests {
  enum Kind: CaseIterable {
    case mesh, forwarding, individual, shared

    var topology: Room.Topology {
      switch self {
      case .mesh: .mesh
      case .forwarding: .forwarding
      case .individual: .mixing(.individual)
      case .shared: .mixing(.shared)
      }
    }
  }

  private func call(_ kind: Kind, _ count: Int, costs: (inout MeasuredCosts) -> Void = { _ in }) -> Room {
    let room = Room {
      costs(&$0.clientCosts)
      $0.topology = kind.topology
      $0.count = count
    }
    for index in 0..<count { room.join(index) }
    room.run(until: .seconds(3))
    return room
  }

  @Test(arguments: Kind.allCases)
  func `after everybody has hung up nothing is sent and no timer runs`(kind: Kind) {
    let room = call(kind, 3)
    for index in 0..<3 { room.hangUp(index) }
    room.run(until: .milliseconds(3500))
    let sent = room.wire.sent
    let goodbyes = sent.between(.seconds(3), .milliseconds(3500)).flatMap(\.rtcp).count { $0.name == "BYE" }
    #expect(goodbyes == (kind == .mesh ? 6 : 3))
    room.run(until: .seconds(60))
    #expect(room.wire.sent.count == sent.count)
    // Alarms that were set before, to no purpose by now, are over.
    let events = room.simulation.eventCount
    room.run(until: .seconds(600))
    #expect(room.simulation.eventCount == events)
    #expect(room.simulation.packetsInFlight == 0)
  }

  @Test(arguments: Kind.allCases)
  func `who hangs up says so and is silent, gets nothing more once it is heard, and the others go on`(kind: Kind) {
    let room = call(kind, 3)
    room.hangUp(0)
    room.run(until: .seconds(5))
    let last = room.wire.sent.of(room.clients[0]).last
    #expect(last.map { $0.time <= .start + .milliseconds(3001) } == true)
    // 20 ms to the other clients, 10 ms to a server.
    let late = room.wire.sent.to(Room.address(0)).between(.milliseconds(3021), .seconds(5))
    #expect(late.isEmpty, "\(late.count) datagrams, the first a \(late.first.map { "\($0.kind)" } ?? "")")
    for index in 1..<3 {
      let heard = room.wire.delivered.of(room.clients[index]).between(.seconds(4), .seconds(5))
      #expect(heard.count { $0.kind == .rtp } > (kind == .mesh || kind == .forwarding ? 70 : 60))
    }
  }

  @Test func `nobody works any more for one who hung up`() {
    func workPerSecond(_ room: Room, from second: Int) -> [WorkCategory: Double] {
      let before = room.reports[1].cpuSeconds
      room.run(until: .seconds(second + 1))
      return room.reports[1].cpuSeconds.merging(before) { $0 - $1 }
    }
    let room = call(.mesh, 3) { costs in
      costs.encodeAudio = 1
      costs.decodeAudio = 1
    }
    let inCall = workPerSecond(room, from: 3)
    room.hangUp(0)
    room.run(until: .seconds(5))
    let after = workPerSecond(room, from: 5)
    for category in [WorkCategory.audioEncode, .audioDecode] {
      let (both, one) = (inCall[category] ?? 0, after[category] ?? 0)
      #expect(one > 45e-9 && abs(both - 2 * one) < 5e-9, "\(category): \(both) s, then \(one) s")
    }
  }
}
