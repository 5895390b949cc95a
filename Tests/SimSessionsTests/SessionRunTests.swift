import Foundation
import RTCMedia
import RTCPrimitives
import SimNetwork
import SimNodes
import TestSupport
import Testing

@testable import SimSessions

@Suite struct SessionRunTests {
  /// The scenario `meeting` with some changes.
  private func meeting(
    _ topology: String, _ participants: Int, duration: Duration = .seconds(7), fidelity: Fidelity = .model,
    seed: UInt64 = 1, _ change: (inout SessionScenario) -> Void = { _ in }
  ) throws -> Scenario {
    let library = ScenarioLibrary(folder: Vectors.packageFolder.appending(path: "Models").path)
    var overrides = ScenarioOverrides()
    overrides.topology = topology
    overrides.participants = participants
    overrides.duration = duration
    overrides.fidelity = fidelity
    overrides.seed = seed
    var scenario = try library.scenario("meeting").applying(overrides)
    guard var session = scenario.session else { throw RunError.notASession("meeting") }
    change(&session)
    scenario.kind = .session(session)
    return scenario
  }

  private func unlimited(_ session: inout SessionScenario) {
    session.client.uplink = Link.Configuration(propagationDelay: .milliseconds(10))
    session.client.downlink = session.client.uplink
    session.server.nic = nil
  }

  @Test(arguments: [2, 3, 5])
  func `a mesh has a connection for each pair and a stream for each direction of it`(count: Int) throws {
    let result = try SessionRun(meeting("mesh", count, unlimited)).run()
    #expect(result.connectionsEstablished == count * (count - 1) / 2)
    #expect(result.streams.upPerClient == Double(count - 1))
    #expect(result.streams.downPerClient == Double(count - 1))
    #expect(result.firstLimit == .none)
  }

  @Test(arguments: [2, 3, 5])
  func `an SFU gets one stream of each client and gives it to all others`(count: Int) throws {
    let result = try SessionRun(meeting("sfu", count, unlimited)).run()
    #expect(result.connectionsEstablished == count)
    #expect(result.streams.upPerClient == 1)
    #expect(result.streams.downPerClient == Double(count - 1))
  }

  @Test(arguments: [2, 3, 5])
  func `an MCU gets one stream of each client and gives each one`(count: Int) throws {
    let result = try SessionRun(meeting("mcu", count, unlimited)).run()
    #expect(result.connectionsEstablished == count)
    #expect(result.streams.upPerClient == 1)
    #expect(result.streams.downPerClient == 1)
  }

  @Test(arguments: [2, 4])
  func `the MCU's server works hardest`(count: Int) throws {
    let mixing = try SessionRun(meeting("mcu", count)).run()
    let forwarding = try SessionRun(meeting("sfu", count)).run()
    #expect(try #require(mixing.serverCPUCores) > 5 * #require(forwarding.serverCPUCores))
  }

  @Test func `on an uplink of 2 Mbit per second a mesh of four breaks there and an SFU does not`() throws {
    let narrow: (inout SessionScenario) -> Void = { $0.client.uplink.rate = .megabitsPerSecond(2) }
    let mesh = try SessionRun(meeting("mesh", 4, duration: .seconds(9), narrow)).run()
    #expect(mesh.firstLimit == .uplink)
    #expect(try SessionRun(meeting("sfu", 4, duration: .seconds(9), narrow)).run().firstLimit == .none)
  }

  @Test(arguments: ["mesh", "sfu", "mcu"])
  func `one seed has one trace, another seed another, and both fidelities one timing`(topology: String) throws {
    let wire = try SessionRun(meeting(topology, 3, fidelity: .wire)).run()
    #expect(try SessionRun(meeting(topology, 3, fidelity: .wire)).run().traceHash == wire.traceHash)
    #expect(try SessionRun(meeting(topology, 3, fidelity: .wire, seed: 2)).run().traceHash != wire.traceHash)
    let model = try SessionRun(meeting(topology, 3, fidelity: .model)).run()
    #expect(model.timingHash == wire.timingHash)
    #expect(model.traceHash != wire.traceHash)
  }

  @Test func `the loss that is set on the downlinks is what receivers measure, within four deviations`() throws {
    let probability = 0.05
    let result = try SessionRun(
      meeting("sfu", 2, duration: .seconds(15)) { session in
        unlimited(&session)
        session.client.downlink.loss = .independent(probability: probability)
      }
    ).run()
    let expected = Double(result.wire.down.delivered + result.wire.down.dropped)
    #expect(expected > 2000 && result.wire.up.dropped == 0)
    let deviation = (probability * (1 - probability) / expected).squareRoot()
    #expect(abs(try #require(result.lossPercent) / 100 - probability) < 4 * deviation)
  }

  @Test(arguments: ["mesh", "sfu", "mcu"])
  func `loss counts both halves of the way, whatever the topology`(topology: String) throws {
    let result = try SessionRun(
      meeting(topology, 3, duration: .seconds(25)) { session in
        unlimited(&session)
        session.client.uplink.loss = .independent(probability: 0.1)
        session.client.downlink.loss = .independent(probability: 0.1)
      }
    ).run()
    #expect(abs(try #require(result.lossPercent) - 19) < 1.5)
  }

  @Test func `twice the cost of decoding is twice the time charged to it, and nothing else`() throws {
    func seconds(_ factor: Int64) throws -> [WorkCategory: Double] {
      try SessionRun(
        meeting("mesh", 3) { session in
          for codec in session.costs.videoDecode.keys.sorted() {
            session.costs.videoDecode[codec]?.picosecondsEach *= factor
            session.costs.videoDecode[codec]?.fixedNanoseconds *= factor
          }
        }
      ).run().clientCPUSeconds
    }
    let once = try seconds(1)
    let twice = try seconds(2)
    for category in WorkCategory.allCases {
      let before = try #require(once[category])
      let after = try #require(twice[category])
      let factor = category == .videoDecode ? 2.0 : 1.0
      #expect(abs(after - factor * before) <= 0.001 * before, "\(category)")
    }
    #expect(try #require(once[.videoDecode]) > 0.01)
  }

  @Test func `what relayed peers receive comes from the TURN server alone`() throws {
    let library = ScenarioLibrary(folder: Vectors.packageFolder.appending(path: "Models").path)
    var overrides = ScenarioOverrides()
    overrides.duration = .seconds(6)
    var options = SessionRun.Options()
    options.capturesPackets = true
    let result = try SessionRun(library.scenario("two-peers-relay").applying(overrides), options: options).run()
    #expect(result.connectionsEstablished == 1)
    for (name, capture) in result.captures where name.hasPrefix("client") {
      let packets = CapturedPackets(capture.bytes).packets
      let own = try #require(packets.first?.source)
      let others = packets.map { $0.source == own ? $0.destination : $0.source }
      #expect(others.count > 1000)
      #expect(Set(others).isSubset(of: [IPAddress(198, 51, 100, 1), IPAddress(198, 51, 100, 2)]))
    }
  }

  @Test func `real media arrives as it was captured`() throws {
    let result = try SessionRun(
      meeting("mesh", 2, duration: .seconds(10), fidelity: .wire) { session in
        unlimited(&session)
        session.media = .real
        session.video?.width = 160
        session.video?.height = 90
        session.video?.frameRate = 15
        session.video?.bitrate = .kilobitsPerSecond(300)
      }
    ).run()
    for client in result.clients {
      #expect(try #require(client.meanPSNR) >= 30)
      #expect(try #require(client.audioCorrelation) > 0.8)
    }
  }

  @Test func `what an MCU shows each client are all the others`() throws {
    let result = try SessionRun(
      meeting("mcu", 5, duration: .seconds(6), fidelity: .wire) { session in
        session.media = .real
        session.video?.width = 160
        session.video?.height = 90
        session.video?.frameRate = 10
        session.mixing.width = 320
        session.mixing.height = 180
      }
    ).run()
    for listener in 0..<5 {
      let picture = try #require(result.composedPictures["client-\(listener + 1)"])
      let file = FileManager.default.temporaryDirectory.appending(path: "rtcsim-mcu-client-\(listener + 1).png")
      try Data(png(of: picture)).write(to: file)
      let others = (0..<5).filter { $0 != listener }
      for (cell, other) in zip(VideoCompositor(width: 320, height: 180).cells(4), others) {
        // Everybody sits before a wall of his own colour, which also covers most of his face.
        let camera = SyntheticCamera(seed: 1, participant: other, width: 160, height: 90)
        let (u, v) = chroma(of: picture, in: cell)
        let (wantedU, wantedV) = chroma(
          of: camera.frame(at: 30), in: VideoCompositor.Tile(x: 0, y: 0, width: 160, height: 90))
        #expect(abs(u - wantedU) < 6 && abs(v - wantedV) < 6, "client \(other + 1) for client \(listener + 1)")
      }
    }
  }

  private func chroma(of frame: VideoFrame, in tile: VideoCompositor.Tile) -> (Double, Double) {
    var sums = (0, 0)
    let (u, v) = (frame.u, frame.v)
    for row in tile.y / 2..<(tile.y + tile.height) / 2 {
      for column in tile.x / 2..<(tile.x + tile.width) / 2 {
        sums.0 += Int(u[row * frame.width / 2 + column])
        sums.1 += Int(v[row * frame.width / 2 + column])
      }
    }
    let count = Double(tile.width * tile.height / 4)
    return (Double(sums.0) / count, Double(sums.1) / count)
  }

  @Test func `every datagram of a session is delivered, dropped with a reason, or in flight`() throws {
    let result = try SessionRun(meeting("mesh", 3)).run()
    #expect(result.datagrams.sent >= result.datagrams.delivered + result.datagrams.droppedInAll)
    #expect(result.datagrams.sent - result.datagrams.delivered - result.datagrams.droppedInAll < 200)
  }
}

/// The IPv4 packets of a capture.
private struct CapturedPackets {
  struct Packet {
    let source: IPAddress
    let destination: IPAddress
  }

  private(set) var packets: [Packet] = []

  init(_ bytes: [UInt8]) {
    var offset = 0
    func word(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
    func address(_ at: Int) -> IPAddress { IPAddress(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]) }
    while offset + 12 <= bytes.count {
      if word(offset) == 6 { packets.append(Packet(source: address(offset + 40), destination: address(offset + 44))) }
      offset += word(offset + 4)
    }
  }
}
