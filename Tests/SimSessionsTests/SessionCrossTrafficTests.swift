import RTCMedia
import RTCPrimitives
import RTCTransport
import SimNetwork
import SimNodes
import Testing

@testable import SimSessions

/// TCP that shares people's access links.
struct SessionCrossTrafficTests {
  private func run(_ fields: String, duration: String = "40s", uplink: String = "2M", seed: UInt64 = 1) throws
    -> SessionResult
  {
    let text = """
      { topology: 'mesh', participants: 2, duration: '\(duration)', fidelity: 'model', seed: \(seed),
        client: { uplink: { rate: '\(uplink)', delay: '30ms', queue: '300ms' } },
        video: { bitrate: '2500k' }, audio: null, congestionControl: 'gcc', \(fields) }
      """
    return try SessionRun(try scenario(text)).run()
  }

  /// What a client has sent of RTP, in the mean over a time.
  private func rate(of client: Int, _ result: SessionResult, _ seconds: Double) -> Double {
    let bytes = result.clients[client].connections.flatMap(\.outbound).reduce(0) { $0 + $1.bytesSent }
    return Double(bytes) * 8 / seconds / 1000
  }

  @Test func `an upload takes of the uplink what it takes in the cases of congestion control`() throws {
    let result = try run("crossTraffic: [{ client: 'client-1' }]")
    let shared = rate(of: 0, result, 40)
    let free = rate(of: 1, result, 40)
    #expect(free > 1500)
    #expect(shared < 0.6 * free)
    let upload = try #require(result.crossTraffic.first)
    #expect(result.crossTraffic.count == 1 && upload.client == "client-1" && upload.flows.count == 1)
    // All that media leaves, but for headers, and the beginning.
    let carried = Double(upload.flows[0].carried.bits) / 40 / 1000
    #expect((1750 - shared...2000 - shared).contains(carried))

    var link = Link.Configuration(propagationDelay: .milliseconds(40), queueLimit: .time(.milliseconds(300)))
    link.rate = .megabitsPerSecond(2)
    let testCase = CongestionCase(
      name: "shared", source: "here", duration: .seconds(40), forward: link,
      backward: Link.Configuration(propagationDelay: .milliseconds(40)),
      flows: [
        CongestionCase.Flow(
          "video", FlowPeer.Media(video: VP8Settings(bitrate: .kilobitsPerSecond(2500))), end: .seconds(40))
      ],
      crossTraffic: [CongestionCase.CrossFlow(end: .seconds(40))],
      phases: [CongestionCase.Phase("all", from: .zero, to: .seconds(40), judgedFrom: .zero)])
    let gcc = try #require(CongestionControllers.named("gcc"))
    let samples = CongestionRun(testCase, controller: gcc, seed: 1).result().samples
    let reference = Double(samples.reduce(0) { $0 + $1.flows[0].payloadBytes }) * 8 / 40 / 1000
    #expect((0.5...2).contains(shared / reference), "\(shared) and \(reference) kbit/s")
  }

  @Test func `a download takes of the downlink, and leaves the uplink alone`() throws {
    let result = try run(
      """
      clients: [{ downlink: { rate: '2M', delay: '30ms', queue: '300ms' } }],
      crossTraffic: [{ client: 'client-1', direction: 'download', control: 'reno' }]
      """, duration: "25s")
    // What comes to the first is what the second sends.
    #expect(rate(of: 1, result, 25) < 0.7 * rate(of: 0, result, 25))
    #expect(try #require(result.crossTraffic.first).flows[0].carried > .bytes(1_500_000))
  }

  @Test func `files come and go in their time, behind a NAT and without one`() throws {
    for nat in ["port-restricted", "none"] {
      let result = try run(
        """
        clients: [{ nat: '\(nat)' }],
        crossTraffic: [
          { client: 'client-1', pattern: 'short', sizes: [20000, 20000], meanIdle: '200ms', flows: 2, start: '2s', end: '9s' }
        ]
        """, duration: "12s", uplink: "20M")
      let flows = try #require(result.crossTraffic.first).flows
      #expect(flows.count == 2 && result.connectionsEstablished == 1)
      for flow in flows {
        #expect((8...30).contains(flow.files))
        #expect(flow.carried.bytes == 20_000 * flow.files || flow.connections > flow.files)
      }
    }
  }

  @Test func `the same seed gives the same trace, and none of it changes nothing`() throws {
    func trace(_ fields: String, _ seed: UInt64 = 1) throws -> String {
      try run(fields, duration: "7s", seed: seed).traceHash
    }
    let shared = "crossTraffic: [{ start: '1s', end: '5s' }]"
    #expect(try trace(shared) == trace(shared))
    #expect(try trace(shared) != trace("crossTraffic: []"))
    #expect(try trace("crossTraffic: []") == trace("faults: []"))
  }

  @Test func `what cannot be is refused with its place`() {
    func refusal(_ fields: String, _ others: String = "") -> String {
      message { _ = try scenario("{ participants: 2, duration: '20s', \(others) crossTraffic: [\(fields)] }") }
    }
    #expect(refusal("{ client: 'client-3' }").contains("found client 'client-3', allowed: one of client-1 … client-2"))
    #expect(refusal("{ control: 'cubik' }").contains("allowed: reno, cubic; did you mean 'cubic'?"))
    #expect(refusal("{ direction: 'up' }").contains("crossTraffic[0].direction: found 'up', allowed: download, upload"))
    #expect(refusal("{ start: '5s', end: '5s' }").contains("allowed: a time after the start, 5s"))
    #expect(
      refusal("{ end: '30s' }").contains("found '30s', allowed: a time within the session, which ends at 20200ms"))
    #expect(refusal("{ flows: 51 }").contains("crossTraffic[0].flows"))
    #expect(refusal("{ sizes: [1000, 2000] }").contains("no sizes, because pattern is 'bulk'"))
    #expect(refusal("{ pattern: 'short', sizes: [2000, 1000] }").contains("the smallest and the largest size in bytes"))
    #expect(refusal("{}", "client: { firewall: 'tcp-443-only' },").contains("because its firewall is 'tcp-443-only'"))
  }

  @Test func `it changes the hash, and the file of a scenario that has none keeps its own`() throws {
    let plain = try scenario("{}")
    #expect(try scenario("{crossTraffic: []}").scenarioHash == plain.scenarioHash)
    let shared = try scenario("{crossTraffic: [{ client: 'client-2', flows: 3 }]}")
    #expect(shared.scenarioHash != plain.scenarioHash)
    #expect(shared.canonicalLines.contains("crossTraffic=client-2: upload, bulk, cubic, 3 flows, from 0s"))
  }
}
