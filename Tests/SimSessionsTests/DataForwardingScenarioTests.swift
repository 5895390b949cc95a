import RTCPrimitives
import SimNodes
import Testing

@testable import SimSessions

/// Data channels through an SFU or MCU, beside a mesh with the same workload.
///
/// - SeeAlso: RFC 8831, RFC 9260 §6.2
@Suite struct DataForwardingScenarioTests {
  private static let delays =
    "uplink: { rate: 'unlimited', delay: '5ms' }, downlink: { rate: 'unlimited', delay: '5ms' }"

  /// People without media and NATs, 5 ms from their site, where the server is 3 ms away.
  private func run(
    _ topology: String, _ data: String, participants: Int = 3, duration: String = "8s", clients: String = "[]",
    joinInterval: String = "200ms", seed: UInt64 = 1, more: String = "video: null, audio: null"
  ) throws -> SessionResult {
    let scenario = try scenario(
      """
      { topology: '\(topology)', participants: \(participants), duration: '\(duration)', seed: \(seed), \(more),
        data: \(data), joinInterval: '\(joinInterval)', clients: \(clients), server: { delay: '3ms', nic: 'unlimited' },
        client: { nat: 'none', \(Self.delays) } }
      """)
    return try SessionRun(scenario).run()
  }

  private func report(_ workload: DataWorkload, of client: Int, in result: SessionResult) throws -> DataReport {
    try #require(result.clients[client].data.first { $0.workload == workload })
  }

  /// Two runs of one seed differ by what happens in the two seconds by which the second one is longer.
  @Test(arguments: Topologies.names)
  func `every message reaches everybody else once`(topology: String) throws {
    let data = "{ chat: { interval: '500ms', size: 300 }, game: { rate: 20, size: 100 } }"
    let (count, seconds) = (4, 2)
    let short = try run(topology, data, participants: count, duration: "6s").dataTotals
    let long = try run(topology, data, participants: count, duration: "8s").dataTotals
    for (index, rate) in [2, 20].enumerated() {
      let sent = long[index].messagesSent - short[index].messagesSent
      let received = long[index].messagesReceived - short[index].messagesReceived
      #expect(sent == count * rate * seconds * (topology == "mesh" ? count - 1 : 1))
      #expect(received == count * (count - 1) * rate * seconds)
      #expect(long[index].bytesReceived == long[index].messagesReceived * [300, 100][index])
      #expect((long[index].messagesLost, long[index].messagesRefused) == (0, 0))
      #expect(long[index].messagesOutOfOrder == 0)
    }
  }

  @Test(arguments: [("mesh", 10), ("sfu", 16), ("mcu", 16)])
  func `a message takes as long as its ways, and the work at their ends`(topology: String, ways: Int) throws {
    let result = try run(topology, "{ chat: { interval: '100ms' }, game: { rate: 50 } }", duration: "7s")
    for total in result.dataTotals {
      let latency = try #require(total.latency.percentile(0.5))
      // Percentiles are exact within 1/16.
      #expect(latency >= .milliseconds(ways) && latency < .milliseconds(ways) * 18 / 16, "\(latency)")
    }
  }

  @Test func `a server takes the mesh's copies off the uplinks`() throws {
    let (count, size, rate, seconds) = (4, 1000, 50, 5)
    let data = "{ game: { rate: \(rate), size: \(size) } }"
    let mesh = try run("mesh", data, participants: count, duration: "10s").traffic
    let sfu = try run("sfu", data, participants: count, duration: "10s").traffic
    // A message with SCTP's header and chunk header, DTLS's record, UDP and IP; acknowledgements come on top.
    let packet = size + 12 + 16 + 13 + 8 + 16 + 8 + 20
    let stream = packet * rate * seconds
    let share = Double(mesh.clientUplink.bytes) / Double(sfu.clientUplink.bytes)
    #expect(share > 0.85 * Double(count - 1) && share < Double(count - 1), "\(share)")
    for (bytes, streams) in [
      (sfu.clientUplink.bytes, count), (sfu.clientDownlink.bytes, count * (count - 1)),
      (mesh.clientUplink.bytes, count * (count - 1)), (mesh.clientDownlink.bytes, count * (count - 1)),
      (try #require(sfu.serverIngress).bytes, count), (try #require(sfu.serverEgress).bytes, count * (count - 1)),
    ] {
      #expect(bytes > streams * stream && Double(bytes) < 1.2 * Double(streams * stream), "\(bytes) of \(streams)")
    }
  }

  @Test(arguments: ["sfu", "mcu"]) func `one seed has one trace through a server, too`(topology: String) throws {
    let data = "{ chat: {}, file: { size: 300000 }, game: {} }"
    let lossy = "[{ downlink: { rate: '5M', loss: 0.02 } }]"
    let first = try run(topology, data, duration: "6s", clients: lossy).traceHash
    #expect(try run(topology, data, duration: "6s", clients: lossy).traceHash == first)
    #expect(try run(topology, data, duration: "6s", clients: lossy, seed: 2).traceHash != first)
  }

  @Test func `a file goes to those who are there, whole, and at the pace of the slowest`() throws {
    // Each person's file is larger than what may wait for a receiver, so that the sender has to be held back.
    let size = 5_000_000
    let slow = "[{}, { downlink: { rate: '10M', delay: '5ms' } }]"
    let result = try run("sfu", "{ file: { size: \(size) } }", duration: "14s", clients: slow, joinInterval: "4s")
    let reports = try (0..<3).map { try report(.file, of: $0, in: result) }
    // The first one meets nobody, and sends nothing to anybody.
    #expect(reports.map(\.bytesReceived) == [2 * size, size, 0])
    #expect(reports.map(\.messagesLost) == [0, 0, 0])
    #expect(reports.map(\.messagesOutOfOrder) == [0, 0, 0])
    let server = try #require(result.server).data
    #expect(server.holds > 0)
    #expect(server.messagesDropped == 0)
    // A message more than the limit, and what a window holds.
    #expect(server.largestBufferedAmount < .bytes((1 << 20) + 16_384))
    #expect(server.largestInbox <= .bytes((2 << 20) + 16_384))
    let goodput = try #require(reports[1].goodput)
    #expect(goodput > .megabitsPerSecond(6) && goodput < .megabitsPerSecond(10), "\(goodput)")
  }

  @Test func `the largest messages are forwarded whole`() throws {
    let result = try run("sfu", "{ file: { size: 2000000, chunk: 262144 } }", participants: 2, duration: "7s")
    let received = try report(.file, of: 0, in: result)
    #expect((received.bytesReceived, received.messagesReceived) == (2_000_000, 8))
    #expect((received.messagesLost, received.messagesOutOfOrder) == (0, 0))
  }

  @Test func `the state of a game is dropped for who is behind, and for nobody else`() throws {
    // Two senders of 0.8 Mbit/s each for 1 Mbit/s.
    let slow = "[{}, { downlink: { rate: '1M', delay: '5ms', queue: '100ms' } }]"
    let result = try run("sfu", "{ game: { rate: 100, size: 1000 } }", duration: "12s", clients: slow)
    let server = try #require(result.server).data
    #expect(server.messagesDropped > 100)
    #expect(server.holds == 0)
    // On each channel 8 KiB and a message more.
    #expect(server.largestBufferedAmount <= .bytes(2 * (8192 + 1000)))
    for index in [0, 2] {
      let report = try report(.game, of: index, in: result)
      #expect(report.messagesLost == 0)
      #expect(try #require(report.latency.percentile(0.99)) < .milliseconds(18))
    }
    let behind = try report(.game, of: 1, in: result)
    #expect(behind.messagesLost > 100)
    // What may wait at the server takes 150 ms, the queue of the link 100 ms, and a lost packet holds SCTP up for more.
    #expect(try #require(behind.latency.percentile(0.5)) < .milliseconds(400))
  }

  @Test func `who comes late gets what is said from then on`() throws {
    let result = try run(
      "sfu", "{ chat: { interval: '100ms' }, game: { rate: 50 } }", duration: "6s", joinInterval: "2s")
    for workload in [DataWorkload.chat, .game] {
      let reports = try (0..<3).map { try report(workload, of: $0, in: result) }
      #expect(reports.map(\.messagesLost) == [0, 0, 0])
      #expect(reports[2].messagesReceived < reports[0].messagesSent + reports[1].messagesSent)
      #expect(reports[2].messagesReceived > reports[2].messagesSent)
    }
  }

  @Test(arguments: Topologies.names)
  func `a call of data alone has one section and no media, and everything else is as ever`(topology: String) throws {
    let result = try run(topology, "{ chat: {} }", duration: "6s")
    let offers = result.milestones.filter { $0.kind == .createOffer }
    #expect(offers.count == result.connectionsPlanned)
    #expect(offers.allSatisfy { $0.detail.hasSuffix("1 m-lines") }, "\(offers.map(\.detail))")
    #expect(result.milestones.allSatisfy { $0.kind != .negotiationFailed && $0.kind != .getUserMedia })
    #expect(result.connectionsEstablished == result.connectionsPlanned)
    #expect(result.streams.total == 0)
    #expect(result.lossPercent == nil)
    #expect(result.frozenPercent == nil)
    #expect(Verdict(topology: topology, cells: [Verdict.Cell(result)]).heldUpTo == 3)
    #expect(try report(.chat, of: 0, in: result).messagesReceived > 0)
  }

  @Test(arguments: ["sfu", "mcu"]) func `data travels beside media through a server, too`(topology: String) throws {
    let data = "{ chat: { interval: '200ms' }, file: { size: 500000 } }"
    let alone = try run(topology, "null", duration: "6s", more: "fidelity: 'model'")
    let result = try run(topology, data, duration: "6s", more: "fidelity: 'model'")
    #expect(result.streams == alone.streams)
    #expect(result.videoLatency.count > 0 && result.frozenPercent == 0)
    let (chat, file) = try (report(.chat, of: 0, in: result), report(.file, of: 0, in: result))
    #expect(chat.messagesReceived > 40)
    #expect(file.bytesReceived == 1_000_000)
  }
}
