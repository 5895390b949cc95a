import RTCPrimitives
import SimKernel
import SimNodes
import Testing

/// The signaling server: who is there, and when messages arrive.
struct SignalingTests {
  private func path(_ milliseconds: Int, rate: DataRate? = nil) -> SignalingAccess {
    SignalingAccess(delay: .milliseconds(milliseconds), rate: rate)
  }

  @Test func `joining takes four round trips of one's own path`() {
    let house = SignalingHouse(2)
    house.joinAll([path(10), path(35)])
    house.simulation.run()
    let (first, second) = (house.members[0], house.members[1])
    #expect(house.simulation.perform { await first.joinedAt } == .milliseconds(80))
    #expect(house.simulation.perform { await second.joinedAt } == .milliseconds(1 + 280))
  }

  @Test func `who joins learns who was there before, in the order in which they reached the room`() {
    let house = SignalingHouse(4)
    // The second has a long way and comes last but one.
    house.joinAll([path(5), path(20), path(5), path(40)])
    house.simulation.run()
    let members = house.members
    let present = house.simulation.perform {
      var present: [[String]?] = []
      for member in members { present.append(await member.present) }
      return present
    }
    #expect(present == [[], ["a", "c"], ["a"], ["a", "c", "b"]])
  }

  @Test func `a message takes both ways, and its bytes take time at both rates`() {
    let house = SignalingHouse(2)
    house.joinAll([path(10, rate: .megabitsPerSecond(1)), path(25, rate: .kilobitsPerSecond(500))])
    let (server, text) = (house.server, String(repeating: "x", count: 1000))
    house.at(.seconds(1)) { await server.relay(.offer(text), from: "a", to: "b") }
    house.simulation.run()
    // 1000 bytes and the envelope of 120: 8.96 ms at 1 Mbit/s, 17.92 ms at half of it.
    #expect(
      house.letters(1) == [
        SignalingHouse.Letter(
          time: .microseconds(1_010_000 + 8960 + 25_000 + 17_920), sender: "a", message: .offer(text))
      ])
    #expect(house.letters(0).isEmpty)
  }

  @Test func `messages share their path's rate and arrive in order`() {
    let house = SignalingHouse(2)
    house.joinAll([path(10, rate: .megabitsPerSecond(1)), path(25)])
    let (server, text) = (house.server, String(repeating: "x", count: 5000 - 120))
    let messages: [SignalingMessage] = [.offer(text), .candidate(text), .endOfCandidates]
    for message in messages { house.at(.seconds(1)) { await server.relay(message, from: "a", to: "b") } }
    house.simulation.run()
    #expect(house.letters(1).map(\.message) == messages)
    // One after the other through 1 Mbit/s: 5000, 5000 and 120 bytes.
    #expect(house.letters(1).map(\.time) == [1_075_000, 1_115_000, 1_115_960].map { .microseconds($0) })
  }

  @Test func `all who stay are told at once that somebody left, and nothing reaches him any more`() {
    let house = SignalingHouse(4)
    house.joinAll([path(10), path(20), path(30), path(20)])
    let server = house.server
    house.at(.seconds(1)) { await server.leave("a") }
    house.at(.seconds(2)) { await server.relay(.endOfCandidates, from: "b", to: "a") }
    house.simulation.run()
    #expect(house.letters(0).isEmpty)
    for (index, delay) in [(1, 20), (2, 30), (3, 20)] {
      #expect(
        house.letters(index) == [SignalingHouse.Letter(time: .milliseconds(1010 + delay), sender: "a", message: .left)])
    }
  }

  @Test func `a message to somebody who never came is dropped`() {
    let house = SignalingHouse(2)
    house.joinAll([path(10)])
    let server = house.server
    house.at(.seconds(1)) { await server.relay(.endOfCandidates, from: "a", to: "b") }
    house.at(.seconds(1)) { await server.relay(.endOfCandidates, from: "b", to: "a") }
    house.simulation.run()
    #expect(house.letters(0).isEmpty && house.letters(1).isEmpty)
  }
}
