import RTCPrimitives
import RTCWire
import SimKernel
import SimNetwork
import Testing

/// Homes behind a carrier's NAT, and packets that turn around.
struct NestedNATTests {
  private let world = World()
  private let open = NATBehavior(mapping: .endpointIndependent, filtering: .endpointIndependent)

  private func hairpins(_ hairpinning: NATBehavior.Hairpinning) -> NATBehavior {
    NATBehavior(mapping: .endpointIndependent, filtering: .endpointIndependent, hairpinning: hairpinning)
  }

  /// Two hosts in homes of their own behind one carrier's NAT.
  private func neighbours(_ carrier: NATBehavior) -> (Station, Station) {
    let realm = world.translator("carrier", "203.0.113.1", carrier)
    let homes = ["100.64.0.2", "100.64.0.3"].map { world.translator("home \($0)", $0, open, realm: realm) }
    return (
      world.station("a", "192.168.1.2", realm: homes[0]),
      world.station("b", "192.168.1.2", realm: homes[1], answers: true)
    )
  }

  @Test func `homes behind one carrier share its address and get ports of their own`() {
    let (a, b) = neighbours(open)
    let server = world.station("server", "192.0.2.9")
    world.at(.seconds(1), a, sends: [1], from: "192.168.1.2:2007", to: "192.0.2.9:9")
    world.at(.seconds(2), b, sends: [2], from: "192.168.1.2:2007", to: "192.0.2.9:9")
    world.simulation.run()
    #expect(
      world.arrivals(at: server).map(\.source) == [Endpoint("203.0.113.1:2007")!, Endpoint("203.0.113.1:2008")!])
  }

  @Test func `REQ-9: neighbours behind one carrier reach each other's public endpoints only if it hairpins`() {
    for isHairpin in [false, true] {
      let test = NestedNATTests()
      let (a, b) = test.neighbours(test.hairpins(isHairpin ? .externalSource : .none))
      test.world.at(.seconds(1), b, sends: [0], from: "192.168.1.2:2007", to: "192.0.2.9:9")
      test.world.at(.seconds(2), a, sends: [1], from: "192.168.1.2:2008", to: "203.0.113.1:2007")
      test.world.simulation.run()
      let arrivals = test.world.arrivals(at: b)
      #expect(arrivals.map(\.source) == (isHairpin ? [Endpoint("203.0.113.1:2008")!] : []))
      #expect(test.world.arrivals(at: a).map(\.source) == (isHairpin ? [Endpoint("203.0.113.1:2007")!] : []))
      #expect(test.world.network.counts[.noHairpinning] == (isHairpin ? 0 : 1))
    }
  }

  @Test func `section 6: a NAT may turn a packet around with its internal source, and the answer goes there`() {
    let realm = world.translator("nat", "203.0.113.1", hairpins(.internalSource))
    let a = world.station("a", "192.168.1.2", realm: realm)
    let b = world.station("b", "192.168.1.3", realm: realm, answers: true)
    world.at(.seconds(1), b, sends: [0], from: "192.168.1.3:2007", to: "192.0.2.9:9")
    world.at(.seconds(2), a, sends: [1], from: "192.168.1.2:2008", to: "203.0.113.1:2007")
    world.simulation.run()
    #expect(world.arrivals(at: b).map(\.source) == [Endpoint("192.168.1.2:2008")!])
    #expect(world.arrivals(at: a).map(\.source) == [Endpoint("192.168.1.3:2007")!])
  }

  @Test func `a turned packet passes the filter as any other`() {
    for isInvited in [false, true] {
      let test = NestedNATTests()
      var behavior = test.hairpins(.externalSource)
      behavior.filtering = .addressAndPortDependent
      let realm = test.world.translator("nat", "203.0.113.1", behavior)
      let a = test.world.station("a", "192.168.1.2", realm: realm)
      let b = test.world.station("b", "192.168.1.3", realm: realm)
      test.world.at(
        .seconds(1), b, sends: [0], from: "192.168.1.3:2007", to: isInvited ? "203.0.113.1:2008" : "192.0.2.9:9")
      test.world.at(.seconds(2), a, sends: [1], from: "192.168.1.2:2008", to: "203.0.113.1:2007")
      test.world.simulation.run()
      #expect(test.world.arrivals(at: b).count == (isInvited ? 1 : 0))
    }
  }

  @Test func `a chain of NATs is made from the inside out, the carrier's in 100.64.0.0/10`() {
    let behaviors = [open, open, open]
    var plan = AttachmentPlan(addresses: [IPAddress("198.18.0.7")!], site: world.site)
    plan.uplink.propagationDelay = .milliseconds(5)
    let realm = world.network.addTranslators(behaviors, named: "home/nat", number: 7, plan).inside
    let a = world.station("a", "192.168.1.2", realm: realm)
    let echo = world.station("echo", "192.0.2.9", answers: true)
    world.at(.seconds(1), a, sends: [5], from: "192.168.1.2:2007", to: "192.0.2.9:9")
    world.simulation.run()
    #expect(world.arrivals(at: echo).map(\.source) == [Endpoint("198.18.0.7:2007")!])
    #expect(world.arrivals(at: a).map(\.bytes) == [[5]])
    #expect(world.arrivals(at: a).map(\.time) == [.start + .milliseconds(1005)], "the link is counted once")
    #expect(world.network.translatorNames == ["home/nat-3", "home/nat-2", "home/nat"])
  }

  @Test func `a carrier that limits ports drops what goes beyond, and counts it`() {
    var carrier = NATBehavior(mapping: .addressAndPortDependent, filtering: .addressAndPortDependent)
    carrier.portLimit = 8
    let (a, b) = neighbours(carrier)
    for target in 1...20 {
      for station in [a, b] {
        world.at(.seconds(1), station, sends: [1], from: "192.168.1.2:2007", to: "192.0.2.\(target):9")
      }
    }
    world.simulation.run()
    #expect(world.network.counts[.portsExhausted] == 24)
  }
}

struct FirewallTests {
  private let inside = Endpoint("192.0.2.1:5000")!
  private let web = Endpoint("198.51.100.1:443")!
  private let other = Endpoint("198.51.100.1:3478")!

  @Test func `where only TCP 443 is open, UDP and other ports are dropped with their reasons`() {
    var firewall = Firewall(.tcp443Only)
    #expect(firewall.checkOutbound(source: inside, destination: web, over: .udp, at: .start) == .udpBlocked)
    #expect(firewall.checkInbound(source: web, destination: inside, over: .udp, at: .start) == .udpBlocked)
    #expect(
      firewall.checkOutbound(source: inside, destination: other, over: .tcp(.synchronize), at: .start) == .tcpBlocked)
    #expect(
      firewall.checkInbound(source: web, destination: inside, over: .tcp([.synchronize, .acknowledge]), at: .start)
        == .firewall)
    #expect(firewall.checkOutbound(source: inside, destination: web, over: .tcp(.synchronize), at: .start) == nil)
    #expect(
      firewall.checkInbound(source: web, destination: inside, over: .tcp([.synchronize, .acknowledge]), at: .start)
        == nil)
    #expect(
      firewall.checkInbound(source: other, destination: inside, over: .tcp([.synchronize, .acknowledge]), at: .start)
        == .firewall)
  }

  @Test func `a firewall that blocks UDP does not touch TCP, and a stateful one keeps the two apart`() {
    var blocking = Firewall(.blockUDP)
    #expect(blocking.checkOutbound(source: inside, destination: other, over: .tcp(.synchronize), at: .start) == nil)
    #expect(
      blocking.checkInbound(source: other, destination: inside, over: .tcp([.synchronize, .acknowledge]), at: .start)
        == nil)
    var stateful = Firewall(.stateful)
    #expect(stateful.checkOutbound(source: inside, destination: web, over: .udp, at: .start) == nil)
    #expect(stateful.checkInbound(source: web, destination: inside, over: .udp, at: .start) == nil)
    #expect(
      stateful.checkInbound(source: web, destination: inside, over: .tcp([.synchronize, .acknowledge]), at: .start)
        == .firewall)
  }
}
