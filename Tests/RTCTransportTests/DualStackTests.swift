import RTCPrimitives
import Testing

@testable import RTCTransport

/// How addresses of two families share the local preferences.
struct DualStackTests {
  private func order(_ families: String) -> String {
    let list = families.map { $0 == "6" ? IPAddress.Family.ipv6 : .ipv4 }
    let ranks = DualStack.ranks(of: list)
    return String(ranks.indices.sorted { ranks[$0] < ranks[$1] }.map { Array(families)[$0] })
  }

  @Test func `two IPv4 and six IPv6 candidates begin with four of IPv6, as in the RFC's example`() {
    #expect(DualStack.headStart(ipv4: 2, ipv6: 6) == 4)
    #expect(order("44666666") == "66664664")
  }

  @Test func `IPv6 begins and no more than the head start of it comes in a row`() {
    for count4 in 1...6 {
      for count6 in 1...12 {
        let mixed = order(String(repeating: "4", count: count4) + String(repeating: "6", count: count6))
        #expect(mixed.first == "6")
        let runs = mixed.split(separator: "4").map(\.count)
        #expect(runs.allSatisfy { $0 <= (count4 + count6) / count4 }, "\(mixed)")
        #expect(mixed.count { $0 == "4" } == count4 && mixed.count { $0 == "6" } == count6)
      }
    }
  }

  @Test func `one family keeps its order, and each family keeps its own`() {
    #expect(DualStack.ranks(of: [.ipv4, .ipv4, .ipv4]) == [0, 1, 2])
    #expect(DualStack.ranks(of: [.ipv6, .ipv6]) == [0, 1])
    #expect(DualStack.ranks(of: []) == [])
    #expect(DualStack.ranks(of: [.ipv4, .ipv6, .ipv4, .ipv6]) == [2, 0, 3, 1])
  }

  @Test func `an agent tells its hosts with interleaved preferences, and a host that comes later ranks behind`() throws
  {
    let hosts = ["10.0.0.1:1", "10.0.0.2:1"].map { Endpoint($0)! }
    let six = (1...3).map { Endpoint(IPAddress(v6High: 0x2001_0DB8 << 32, low: $0), 1) }
    var configuration = ICEConfiguration(hosts: hosts + six)
    configuration.checking = .libwebrtc
    var agent = ICEAgent(
      configuration, role: .controlling, entropy: EntropySource(SeededGenerator(seed: 1, stream: "dual")))
    var output = Output<ICEAgent.Event>()
    agent.start(at: .start, into: &output)
    func inOrder() -> [Endpoint] { agent.localCandidates.sorted { $0.priority > $1.priority }.map(\.address) }
    // Hi = 5 / 2 = 2.
    #expect(inOrder() == [six[0], six[1], hosts[0], six[2], hosts[1]])
    let late = Endpoint(IPAddress(v6High: 0x2001_0DB8 << 32, low: 9), 1)
    agent.addHost(late, at: .start, into: &output)
    #expect(inOrder().last == late)
    #expect(Set(agent.localCandidates.map(\.priority)).count == 6)
  }
}
