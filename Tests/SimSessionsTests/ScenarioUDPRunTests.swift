import RTCPrimitives
import SimNetwork
import Testing

@testable import SimSessions

struct ScenarioUDPRunTests {
  private func run(_ text: String, seed: UInt64 = 1) throws -> UDPRunResult {
    var scenario = try scenario(text)
    scenario.seed = seed
    guard case .udp(let flows) = scenario.kind else { throw ScenarioError.noModels(searched: []) }
    return UDPRun.result(of: flows, in: scenario)
  }

  private func shipped(seed: UInt64 = 1) throws -> UDPRunResult {
    var scenario = try models.scenario("two-hosts-udp")
    scenario.seed = seed
    guard case .udp(let flows) = scenario.kind else { throw ScenarioError.noModels(searched: []) }
    return UDPRun.result(of: flows, in: scenario)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `the shipped flow measures what is set on its link`(seed: UInt64) throws {
    let flow = try #require(try shipped(seed: seed).flows.first)
    // 800 kbit/s for 60 s in IP packets of 1028 bytes.
    #expect(flow.sent == Int((60.0 * 800_000 / 8224).rounded(.up)))
    // 1028 bytes at 1 Mbit/s, and 20 ms.
    #expect(flow.delay.minimum == .microseconds(28_224))
    #expect(flow.delay.maximum == .microseconds(28_224))
    // Four standard deviations of a binomial count.
    let expected = 0.02 * Double(flow.sent)
    #expect(abs(Double(flow.sent - flow.delivered) - expected) < 4 * (expected * 0.98).squareRoot())
    #expect(flow.dropped.map(\.reason) == [.lost])
    let rate = try #require(flow.rate).megabitsPerSecond
    #expect(abs(rate / (0.8 * Double(flow.delivered) / Double(flow.sent)) - 1) < 0.01)
  }

  @Test func `a link that is too narrow carries its rate, and delays by its queue at most`() throws {
    let flow = try run(
      """
      { hosts: [{name: "a", uplink: {rate: "1M", delay: "5ms", queue: "50ms"}}, {name: "b"}],
        flows: [{from: "a", to: "b", packetSize: 972, rate: "3M", duration: "20s"}] }
      """
    ).flows[0]
    #expect(abs(try #require(flow.rate).megabitsPerSecond - 1) < 0.001)
    #expect(flow.dropped.map(\.reason) == [.queueFull])
    // 8 ms to send one packet, 5 ms on the way, and at most 50 ms behind others.
    #expect(flow.delay.minimum == .milliseconds(13))
    let longest = try #require(flow.delay.maximum)
    #expect(longest > .milliseconds(55) && longest <= .milliseconds(63))
  }

  @Test(arguments: [1, 2] as [UInt64]) func `every packet of every flow is delivered or dropped with a reason`(
    seed: UInt64
  ) throws {
    let result = try run(
      """
      { sites: ["eu", "us"], delays: [{between: ["eu", "us"], oneWay: "40ms"}],
        hosts: [
          {name: "a", nat: "port-restricted", uplink: {rate: "500k", loss: 0.1, jitter: {max: "9ms", reorder: true}}},
          {name: "b", site: "us", downlink: {rate: "600k", queue: "20ms"}}, {name: "c", firewall: "stateful"},
          {name: "d", firewall: "block-udp"}, {name: "e", nat: "symmetric"},
        ],
        flows: [
          {from: "a", to: "b", rate: "400k"}, {from: "b", to: "a", rate: "100k", start: "1s", duration: "3s"},
          {from: "c", to: "b", rate: "400k"}, {from: "b", to: "c", rate: "50k", packetSize: 100},
          {from: "a", to: "c", rate: "30k"}, {from: "a", to: "d", rate: "30k"}, {from: "b", to: "e", rate: "30k"},
        ] }
      """, seed: seed)
    for flow in result.flows {
      #expect(flow.sent > 0)
      #expect(flow.sent == flow.delivered + flow.dropped.map(\.count).reduce(0, +))
    }
    let reasons = result.flows.map { Set($0.dropped.map(\.reason)) }
    #expect(reasons[0] == [.lost, .queueFull])
    // What goes out of a NAT or a firewall opens it for the answer.
    #expect(result.flows[1].delivered == result.flows[1].sent)
    #expect(result.flows[3].delivered == result.flows[3].sent)
    #expect(reasons[4].contains(.firewall))
    #expect(reasons[5].contains(.udpBlocked))
    #expect(result.flows[6].delivered == 0 && reasons[6] == [.noMapping])
    #expect(result.flows[0].delay.minimum! >= .milliseconds(40))
  }

  @Test func `IPv6 packets have 20 bytes more`() throws {
    let text = """
      { hosts: [{name: "a", addressFamily: "ipv6", uplink: {rate: "1M"}}, {name: "b", addressFamily: "ipv6"}],
        flows: [{from: "a", to: "b", packetSize: 952, rate: "500k", duration: "1s"}] }
      """
    #expect(try run(text).flows[0].delay.maximum == .milliseconds(8))
  }

  @Test func `the same seed gives the same run, another seed another`() throws {
    let first = try shipped(seed: 7)
    #expect(try shipped(seed: 7) == first)
    let other = try shipped(seed: 8)
    #expect(other.traceHash != first.traceHash)
    #expect(other.timingHash != first.timingHash)
    #expect(other.scenarioHash == first.scenarioHash)
  }
}

struct DistributionTests {
  @Test func `percentiles are of the nearest rank`() {
    let distribution = Distribution(nanoseconds: Array((1...100).reversed()))
    #expect(distribution.percentile(0) == .nanoseconds(1))
    #expect(distribution.percentile(0.5) == .nanoseconds(50))
    #expect(distribution.percentile(0.95) == .nanoseconds(95))
    #expect(distribution.percentile(0.951) == .nanoseconds(96))
    #expect(distribution.percentile(1) == .nanoseconds(100))
    #expect(Distribution(nanoseconds: []).percentile(0.5) == nil)
  }
}
