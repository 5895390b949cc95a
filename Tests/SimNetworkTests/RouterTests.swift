import RTCPrimitives
import SimKernel
import SimNetwork
import Testing

/// Several hosts behind one pair of links.
@Suite struct RouterTests {
  /// 1 ms for 1,000 bytes of IP packet, and room for four of them.
  private static let bottleneck = Link.Configuration(
    rate: .megabitsPerSecond(8), propagationDelay: .milliseconds(10), queueLimit: .size(.bytes(4000)))
  private static let payload = [UInt8](repeating: 7, count: 972)

  private func router(_ name: String, in world: World, realm: RealmID = .public) -> RealmID {
    world.network.addRouter(
      named: name,
      AttachmentPlan(addresses: [], realm: realm, site: world.site, uplink: Self.bottleneck, downlink: Self.bottleneck)
    ).inside
  }

  @Test(arguments: [false, true])
  func `two hosts behind one router or NAT share its queue, each packet in its turn`(isTranslated: Bool) {
    let world = World()
    let realm =
      isTranslated
      ? world.network.addTranslator(
        NATBehavior(mapping: .endpointIndependent, filtering: .addressAndPortDependent), named: "nat",
        AttachmentPlan(addresses: [IPAddress("203.0.113.1")!], site: world.site, uplink: Self.bottleneck)
      ).inside : router("router", in: world)
    let first = world.station("first", "192.0.2.1", realm: realm)
    let second = world.station("second", "192.0.2.2", realm: realm)
    let remote = world.station("remote", "198.51.100.1")
    for _ in 0..<3 {
      world.at(.zero, first, sends: Self.payload, from: "192.0.2.1:1024", to: "198.51.100.1:5")
      world.at(.zero, second, sends: Self.payload, from: "192.0.2.2:1024", to: "198.51.100.1:5")
    }
    world.simulation.run()
    let arrivals = world.arrivals(at: remote)
    #expect(arrivals.map(\.time) == [11, 12, 13, 14].map { Instant(nanoseconds: $0 * 1_000_000) })
    #expect(world.network.counts[.queueFull] == 2)
    let ends = arrivals.map(\.source)
    #expect(ends[0] != ends[1] && ends[0] == ends[2] && ends[1] == ends[3])
    let own = Set(["192.0.2.1", "192.0.2.2"].map { IPAddress($0)! })
    #expect(Set(ends.map(\.address)) == (isTranslated ? [IPAddress("203.0.113.1")!] : own))
  }

  @Test func `what comes in shares the router's downlink, and is answered to the host's own address`() {
    let world = World()
    let realm = router("router", in: world)
    let first = world.station("first", "192.0.2.1", realm: realm)
    let second = world.station("second", "192.0.2.2", realm: realm, answers: true)
    let remote = world.station("remote", "198.51.100.1")
    world.at(.zero, remote, sends: Self.payload, from: "198.51.100.1:5", to: "192.0.2.1:9")
    world.at(.zero, remote, sends: Self.payload, from: "198.51.100.1:5", to: "192.0.2.2:9")
    world.simulation.run()
    #expect(world.arrivals(at: first).map(\.time) == [Instant(nanoseconds: 11_000_000)])
    #expect(world.arrivals(at: second).map(\.time) == [Instant(nanoseconds: 12_000_000)])
    #expect(world.arrivals(at: remote).map(\.source) == [Endpoint("192.0.2.2:9")!])
  }

  @Test func `neighbours do not use the links, and nobody has an address that is not there`() {
    let world = World()
    let realm = router("router", in: world)
    let first = world.station("first", "192.0.2.1", realm: realm)
    let second = world.station("second", "192.0.2.2", realm: realm)
    world.at(.zero, first, sends: Self.payload, from: "192.0.2.1:9", to: "192.0.2.2:9")
    world.at(.zero, first, sends: Self.payload, from: "192.0.2.1:9", to: "192.0.2.3:9")
    world.simulation.run()
    #expect(world.arrivals(at: second).map(\.time) == [.start])
    #expect(world.network.counts[.noRoute] == 1)
  }

  @Test func `routers stand in a row, in front of NATs and behind them`() {
    let world = World()
    let outer = router("outer", in: world)
    let inner = router("inner", in: world, realm: outer)
    let lan = world.translator(
      "nat", "203.0.113.1", NATBehavior(mapping: .endpointIndependent, filtering: .addressDependent), realm: inner)
    let wing = router("wing", in: world, realm: lan)
    let host = world.station("host", "10.0.0.2", realm: wing)
    let neighbour = world.station("neighbour", "192.0.2.9", realm: inner)
    let remote = world.station("remote", "198.51.100.1", answers: true)
    world.at(.zero, host, sends: Self.payload, from: "10.0.0.2:1024", to: "198.51.100.1:5")
    world.at(.seconds(1), remote, sends: Self.payload, from: "198.51.100.1:5", to: "192.0.2.9:5")
    world.simulation.run()
    #expect(world.arrivals(at: remote).map(\.source) == [Endpoint("203.0.113.1:1024")!])
    // Three routers, both ways, at 11 ms each.
    #expect(world.arrivals(at: host).map(\.time) == [Instant(nanoseconds: 66_000_000)])
    #expect(world.arrivals(at: neighbour).map(\.time) == [Instant(nanoseconds: 1_022_000_000)])
    #expect(world.network.translatorNames == ["nat"])
  }
}
