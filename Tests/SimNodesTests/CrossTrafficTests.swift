import RTCPrimitives
import RTCTransport
import SimKernel
import SimNetwork
import SimNodes
import Testing

@Suite struct CrossTrafficTests {
  /// 1,500 bytes of each segment are 1,460 of data.
  private static let payloadShare = 1460.0 / 1500

  /// Clients behind a router with one bottleneck, and a server.
  private struct House {
    let simulation: Simulation
    let network: Network
    let server: CrossTrafficServer
    let router: AttachmentID
    let clients: [CrossTrafficClient]

    init(_ traffic: [[CrossTraffic]], _ bottleneck: Link.Configuration, seed: UInt64 = 1) {
      simulation = Simulation(seed: seed)
      network = Network(simulation)
      let site = network.addSite("here")
      server = CrossTrafficServer(simulation.makePort(named: "server"))
      simulation.register(server)
      let far = IPAddress(198, 51, 100, 1)
      network.attach(server.port, AttachmentPlan(addresses: [far], site: site))
      let (realm, outside) = network.addRouter(
        named: "router", AttachmentPlan(addresses: [], site: site, uplink: bottleneck, downlink: bottleneck))
      router = outside
      var clients: [CrossTrafficClient] = []
      for (index, flows) in traffic.enumerated() {
        let own = IPAddress(192, 0, 2, UInt8(index + 1))
        let client = CrossTrafficClient(
          simulation.makePort(named: "client-\(index)"), own: own, server: far, flows)
        simulation.register(client)
        network.attach(client.port, AttachmentPlan(addresses: [own], realm: realm, site: site))
        clients.append(client)
      }
      self.clients = clients
      for client in clients { simulation.perform { await client.start() } }
    }

    func run(until seconds: Double) { simulation.run(until: .start + Duration(inSeconds: seconds)) }

    func report(_ client: Int = 0, flow: Int = 0) -> CrossTrafficReport {
      let client = clients[client]
      return simulation.perform { await client.reports[flow] }
    }

    func window() -> DataSize? {
      let client = clients[0]
      return simulation.perform { await client.congestionWindow(ofFlow: 0) }
    }
  }

  /// 4 Mbit/s and a round trip of 60 ms: 20 segments, and a queue of as many.
  private static let bottleneck = Link.Configuration(
    rate: .megabitsPerSecond(4), propagationDelay: .milliseconds(30), queueLimit: .time(.milliseconds(60)))

  @Test(arguments: CrossTraffic.Direction.allCases, TCPCongestionControl.allCases)
  func `one transfer fills the bottleneck`(direction: CrossTraffic.Direction, control: TCPCongestionControl) {
    let house = House([[CrossTraffic(direction, .bulk, control)]], Self.bottleneck)
    house.run(until: 5)
    let before = house.report().carried
    house.run(until: 20)
    let rate = (house.report().carried - before).rate(over: .seconds(15)).megabitsPerSecond
    #expect(rate > 0.93 * 4 * Self.payloadShare, "\(rate)")
    #expect(rate < 4 * Self.payloadShare * 1.005, "\(rate)")
    #expect(house.report().connections == 1)
  }

  /// RFC 5681: between W/2 and W in equal steps, each a round trip long. While a queue stands a round trip lasts W divided by
  /// the rate, so that in the mean over round trips the window is 3/4 of W, and over time ∫W² / ∫W = 7/9.
  @Test func `Reno's window is a sawtooth between half of its peak and that`() {
    let house = House([[CrossTraffic(.upload, .bulk, .reno)]], Self.bottleneck)
    house.run(until: 20)
    let before = house.report().retransmissions
    var windows: [Int] = []
    for step in 1...1500 {
      house.run(until: 20 + Double(step) * 0.02)
      windows.append(house.window()?.bytes ?? 0)
    }
    let mean = Double(windows.reduce(0, +)) / Double(windows.count)
    // What fits on the way and in the queue, and the one that was too much.
    let peak = 41.0 * 1460
    #expect(abs(mean / peak - 7 / 9.0) < 0.05, "\(mean / peak)")
    // A tooth of 20 round trips of 60 to 120 ms: 30 s hold about 16, each with one loss.
    let lost = house.report().retransmissions - before
    #expect((12...24).contains(lost), "\(lost)")
  }

  @Test func `a lost segment is repaired without a timeout`() {
    let house = House([[CrossTraffic(.upload, .bulk, .cubic)]], .init(propagationDelay: .milliseconds(30)))
    house.run(until: 0.25)
    house.network.disturb(house.router, .up, .dropNext)
    let before = house.report().carried
    // The loss is known after a round trip, and repaired in the next.
    house.run(until: 0.25 + 0.13)
    #expect(house.report().retransmissions == 1)
    #expect(house.report().carried > before)
    house.run(until: 0.25 + 0.2)
    #expect(house.window().map { $0 > .bytes(10 * 1460) } ?? false)
  }

  @Test(arguments: TCPCongestionControl.allCases)
  func `two transfers share the bottleneck`(control: TCPCongestionControl) {
    let house = House(
      [
        [CrossTraffic(.download, .bulk, control)],
        [CrossTraffic(.download, .bulk, control, from: .start + .seconds(3))],
      ],
      Self.bottleneck)
    house.run(until: 15)
    let before = [house.report(0).carried, house.report(1).carried]
    house.run(until: 60)
    let shares = [0, 1].map { Double((house.report($0).carried - before[$0]).bytes) }
    let jain = (shares[0] + shares[1]) * (shares[0] + shares[1]) / (2 * (shares[0] * shares[0] + shares[1] * shares[1]))
    #expect(jain > 0.95, "\(shares)")
    #expect((shares[0] + shares[1]) * 8 / 45 > 0.93 * 4e6 * Self.payloadShare)
  }

  @Test func `short flows fetch one file after the other, with idle time between`() {
    let flows = Array(repeating: CrossTraffic(.download, .rfc8868, until: .start + .seconds(200)), count: 10)
    let house = House([flows], Self.bottleneck)
    house.run(until: 300)
    let reports = (0..<10).map { house.report(flow: $0) }
    let files = reports.reduce(0) { $0 + $1.files }
    // Ten flows in 200 s with a mean of 10 s and a fetch of half a second: 190, give or take three deviations.
    #expect((150...235).contains(files), "\(files)")
    let carried = reports.reduce(0) { $0 + $1.carried.bytes }
    #expect(abs(Double(carried) / Double(files) - 40_000) < 2000)
    // Those that were being fetched at the end were given up.
    #expect(reports.allSatisfy { $0.connections - $0.files <= 1 })
    #expect(house.simulation.packetsInFlight == 0)
  }

  @Test func `short uploads arrive whole`() {
    let traffic = CrossTraffic(
      .upload, .short(sizes: 5000...5000, meanIdle: .seconds(1)), .reno, until: .start + .seconds(30))
    let house = House([[traffic]], Self.bottleneck)
    house.run(until: 29.9)
    let report = house.report()
    #expect(report.files > 10)
    #expect((0...5000).contains(report.carried.bytes - 5000 * report.files))
  }

  @Test func `a transfer ends when it is to, and one without a server is tried again`() {
    let traffic = CrossTraffic(.download, .bulk, .reno, from: .start + .seconds(1), until: .start + .seconds(3))
    let house = House([[traffic]], Self.bottleneck)
    house.run(until: 0.9)
    #expect(house.report().connections == 0)
    house.run(until: 4)
    let atEnd = house.report().carried
    house.run(until: 100)
    #expect(house.report().carried == atEnd)
    #expect(house.report().files == 0)

    let other = House([[traffic]], Self.bottleneck)
    other.network.switchOff(other.server.port)
    other.run(until: 100)
    #expect(other.report().connections == 1)
    #expect(other.report().carried == .zero)
    #expect(other.simulation.packetsInFlight == 0)
  }

  @Test func `one seed gives one trace`() {
    func trace(_ seed: UInt64) -> String {
      let house = House(
        [[CrossTraffic(.download, .rfc8868)], [CrossTraffic(.upload, .bulk, .reno, from: .start + .seconds(2))]],
        Self.bottleneck, seed: seed)
      house.run(until: 10)
      return house.simulation.traceHash.description
    }
    #expect(trace(1) == trace(1))
    #expect(trace(1) != trace(2))
  }
}
