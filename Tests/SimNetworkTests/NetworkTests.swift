import RTCPrimitives
import SimKernel
import SimNetwork
import Testing

@Suite struct NetworkTests {
  @Test func `delay set on links and between sites is what the receiver measures, to the nanosecond`() {
    let world = World()
    let far = world.network.addSite("far")
    world.network.setDelay(.milliseconds(40), between: world.site, and: far)
    let a = world.station("a", "192.0.2.1", uplink: .init(propagationDelay: .milliseconds(3)))
    let b = Station(world.simulation.makePort(named: "b"))
    world.simulation.register(b)
    world.network.attach(
      b.port,
      AttachmentPlan(
        addresses: [IPAddress("192.0.2.2")!], site: far,
        downlink: .init(rate: .megabitsPerSecond(1), propagationDelay: .microseconds(7))))
    world.at(.seconds(1), a, sends: [1, 2, 3], from: "192.0.2.1:1", to: "192.0.2.2:2")
    world.simulation.run()
    // 31 bytes of IP packet at 1 Mbit/s are 248 µs.
    #expect(world.arrivals(at: b).map(\.time) == [Instant(nanoseconds: 1_043_255_000)])
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `every datagram is delivered, dropped with a reason, or in flight`(seed: UInt64) {
    let world = World(seed: seed)
    let lossy = Link.Configuration(
      rate: .kilobitsPerSecond(300), propagationDelay: .milliseconds(20), queueLimit: .time(.milliseconds(50)),
      loss: .independent(probability: 0.1))
    let lan = world.translator(
      "nat", "203.0.113.1", NATBehavior(mapping: .endpointIndependent, filtering: .addressAndPortDependent))
    let a = world.station("a", "192.168.1.2", realm: lan, uplink: lossy)
    let b = world.station("b", "192.0.2.2", downlink: lossy, answers: true)
    let c = world.station("c", "192.0.2.3", firewall: .stateful)
    let d = world.station("d", "192.0.2.4", firewall: .blockUDP)
    let targets = ["192.0.2.2:2", "192.0.2.3:3", "192.0.2.4:4", "192.0.2.99:9", "203.0.113.1:5"]
    var dice = SeededGenerator(seed: seed, stream: "test")
    for _ in 0..<500 {
      let target = targets[Int(dice.next() % 5)]
      let bytes = [UInt8](repeating: 7, count: Int(dice.next() % 900))
      world.at(.milliseconds(Int64(dice.next() % 5000)), a, sends: bytes, from: "192.168.1.2:1024", to: target)
      world.at(.milliseconds(Int64(dice.next() % 5000)), c, sends: bytes, from: "192.0.2.3:33", to: "203.0.113.1:1024")
    }
    for stop in [1, 2, 3, 10] {
      world.simulation.run(until: .start + .seconds(stop))
      let counts = world.network.counts
      #expect(counts.sent == counts.delivered + counts.droppedInAll + world.simulation.packetsInFlight)
    }
    let counts = world.network.counts
    #expect(world.simulation.packetsInFlight == 0)
    for reason in [DropReason.queueFull, .lost, .noRoute, .filtered, .firewall, .udpBlocked, .noHairpinning] {
      #expect(counts[reason] > 0, "\(reason)")
    }
    let received = [a, b, c, d].map { world.arrivals(at: $0).count }.reduce(0, +)
    #expect(received == counts.delivered)
  }

  @Test func `two hosts behind one NAT reach each other directly, and through the NAT only if it hairpins`() {
    for hairpins in [false, true] {
      let world = World()
      let lan = world.translator(
        "nat", "203.0.113.1",
        NATBehavior(
          mapping: .endpointIndependent, filtering: .endpointIndependent,
          hairpinning: hairpins ? .externalSource : .none))
      let a = world.station("a", "192.168.1.2", realm: lan)
      let b = world.station("b", "192.168.1.3", realm: lan)
      let server = world.station("server", "192.0.2.9")
      world.at(.seconds(1), b, sends: [0], from: "192.168.1.3:2007", to: "192.0.2.9:9")
      world.at(.seconds(2), a, sends: [1], from: "192.168.1.2:2008", to: "192.168.1.3:2007")
      world.at(.seconds(3), a, sends: [2], from: "192.168.1.2:2008", to: "203.0.113.1:2007")
      world.simulation.run()
      #expect(world.arrivals(at: server).map(\.source) == [Endpoint("203.0.113.1:2007")!])
      #expect(world.arrivals(at: b).map(\.bytes) == (hairpins ? [[1], [2]] : [[1]]))
    }
  }

  @Test func `a nested NAT translates twice in each direction`() {
    let world = World()
    let open = NATBehavior(mapping: .endpointIndependent, filtering: .endpointIndependent)
    let carrier = world.translator("carrier", "203.0.113.1", open)
    let home = world.translator("home", "100.64.0.2", open, realm: carrier)
    let a = world.station("a", "192.168.1.2", realm: home)
    let echo = world.station("echo", "192.0.2.9", answers: true)
    world.at(.seconds(1), a, sends: [5], from: "192.168.1.2:2007", to: "192.0.2.9:9")
    world.simulation.run()
    #expect(world.arrivals(at: echo).map(\.source) == [Endpoint("203.0.113.1:2007")!])
    #expect(world.arrivals(at: a).map(\.bytes) == [[5]])
  }

  @Test func `a node that sends to itself is not entered while it sends`() {
    let world = World()
    let echo = world.station("echo", "192.0.2.1", answers: false)
    world.at(.seconds(1), echo, sends: [1], from: "192.0.2.1:1", to: "192.0.2.1:2")
    world.simulation.run()
    #expect(world.arrivals(at: echo).map(\.time) == [.start + .seconds(1)])
    #expect(world.simulation.packetsInFlight == 0)
  }

  @Test func `IPv6 hosts talk without translation`() {
    let world = World()
    let a = world.station("a", "2001:db8::1", "192.0.2.1")
    let b = world.station("b", "2001:db8::2")
    world.at(.seconds(1), a, sends: [6], from: "[2001:db8::1]:7", to: "[2001:db8::2]:8")
    world.simulation.run()
    #expect(world.arrivals(at: b).map(\.source) == [Endpoint("[2001:db8::1]:7")!])
  }

  @Test func `a node cannot send from an address that it does not have`() {
    let world = World()
    let a = world.station("a", "192.0.2.1")
    world.at(.seconds(1), a, sends: [6], from: "192.0.2.7:7", to: "192.0.2.1:8")
    world.simulation.run()
    #expect(world.network.counts[.foreignSource] == 1)
  }
}
