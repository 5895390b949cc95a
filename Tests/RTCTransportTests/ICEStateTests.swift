import RTCPrimitives
import TestSupport
import Testing

@testable import RTCTransport

/// The transitions of an ICE transport that the W3C lists, walked by the agent.
struct ICEStateTests {
  struct Row: Decodable, Hashable, Sendable {
    let from: String
    let event: String
    let to: String
  }

  private struct File: Decodable { let ice_transport_transitions: [Row] }

  private func states(_ name: String) throws -> [ICEAgent.State] {
    if name == "*" { return [.new, .checking, .connected, .completed, .disconnected, .failed] }
    return [try #require(ICEAgent.State(rawValue: name))]
  }

  /// A network whose first agent is in a state, and what stops nothing from then on.
  private func network(in state: ICEAgent.State) -> ICENetwork {
    let network = RTCTransportTests.network { configuration, index in
      // Slow, so that `connected` lasts.
      if state == .connected { configuration.nominationDelay = .seconds(1000) }
      if state == .connected, index == 0 { configuration.hosts.append(Endpoint(IPAddress(192, 0, 2, 77), 5000)) }
    }
    let second = network.peers[0].hosts.last
    switch state {
    case .new: break
    case .checking:
      network.isBlocked = { sender, _, _, _ in sender != nil }
      network.call()
      network.run(for: .seconds(1))
    case .connected:
      network.peers[1].agent.setRole(.controlled)
      // The first pair stays in progress, the second works.
      network.isBlocked = { _, _, source, destination in
        let first = network.peers[0].hosts[0]
        return first != second && (source == first || destination == first)
      }
      network.call()
      network.run(for: .seconds(1))
    case .completed:
      network.call()
      network.run(for: .seconds(3))
    case .disconnected:
      network.call()
      network.run(for: .seconds(3))
      network.isBlocked = { _, _, _, _ in true }
      network.run(for: .seconds(20))
    case .failed:
      network.isBlocked = { sender, _, _, _ in sender != nil }
      network.call()
      network.run(for: .seconds(60))
    case .closed: network.close(0)
    }
    return network
  }

  /// What follows the event of a row; `nil` for an event that this agent does not have.
  private func follow(_ row: Row, on network: ICENetwork) {
    switch row.event {
    case "remote candidate received":
      network.call()
      network.run(for: .milliseconds(65))
    case "usable pair found":
      network.isBlocked = { _, _, _, _ in false }
      network.run(for: .seconds(2))
    case "all checks failed, gathering done, end-of-candidates received":
      network.run(for: .seconds(60))
    case "finished all checks":
      network.isBlocked = { _, _, _, _ in false }
      network.run(for: .seconds(5))
    case "lost connectivity":
      network.isBlocked = { _, _, _, _ in true }
      network.run(for: .seconds(20))
    case "consent lost on all successful pairs":
      network.isBlocked = { _, _, _, _ in true }
      network.run(for: .seconds(40))
    case "consent lost, pairs remaining":
      network.isBlocked = { _, _, _, _ in true }
      network.run(for: .seconds(32))
    case "ICE restart": network.restart(0)
    case "close()": network.close(0)
    default: break
    }
  }

  /// What the W3C's transport does at once and this agent does otherwise.
  private static let departures: Set<String> = [
    // Checks may all have failed and the agent waits as long as RFC 8863 asks it to, in `checking`.
    "all checks fail, still gathering or waiting for candidates",
    // It is told by the first check that is answered: `connected`.
    "new local candidates",
    // Nothing was nominated: `checking`; something was: `failed`, and a restart is needed (RFC 7675 §5.1).
    "consent lost, no pairs, still gathering/waiting",
  ]

  @Test func `each transition of the table is taken, but for three that the RFCs make later`() throws {
    let rows = try Vectors.decode(File.self, from: "jsep/connection_states.json").ice_transport_transitions
    #expect(rows.count == 14)
    #expect(Self.departures.isSubset(of: rows.map(\.event)))
    for (index, row) in rows.enumerated() where !Self.departures.contains(row.event) {
      Vectors.ran("transition/\(index)", of: "jsep/connection_states.json")
      for state in try states(row.from) {
        let network = network(in: state)
        #expect(network.peers[0].state == state, "\(row)")
        let known = network.peers[0].states.count
        follow(row, on: network)
        let to = try #require(ICEAgent.State(rawValue: row.to))
        #expect(network.peers[0].states.dropFirst(known).contains(to), "\(row): \(network.peers[0].states)")
      }
    }
  }

  @Test func `while its checks fail and candidates may come an agent stays checking`() {
    let network = network(in: .checking)
    network.run(for: .seconds(37))
    #expect(network.peers[0].states == [.checking])
  }
}
