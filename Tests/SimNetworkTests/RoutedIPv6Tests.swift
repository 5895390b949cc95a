import RTCPrimitives
import SimKernel
import SimNetwork
import Testing

/// IPv6 beside a NAT: routed, not translated.
struct RoutedIPv6Tests {
  private let world = World()
  private let home = IPAddress("2001:db8:1::7")!

  /// A host with both families behind a chain of NATs, which may end at a carrier's that others share.
  private func dualStackHost(_ translators: [NATBehavior], owner: String? = nil, firewall: Firewall.Policy? = nil)
    -> (station: Station, addresses: [IPAddress])
  {
    let station = Station(world.simulation.makePort(named: "host"), answers: true)
    world.simulation.register(station)
    let plan = AttachmentPlan(
      addresses: [home, IPAddress("198.18.0.7")!], site: world.site, uplink: .init(propagationDelay: .milliseconds(3)),
      downlink: .init(propagationDelay: .milliseconds(4)), firewall: firewall)
    let access = AccessBehavior(name: "chain", translators: translators, owner: owner)
    let inside = IPAddress("10.0.7.2")!
    return (
      station, world.network.attach(station.port, behind: access, inside: inside, number: 7, plan).addresses
    )
  }

  @Test(arguments: [0, 1, 2], [nil, "isp"])
  func `a host behind NATs is reached over IPv6 at its own address, through the links of its home`(
    own: Int, owner: String?
  ) {
    let symmetric = NATBehavior(mapping: .addressAndPortDependent, filtering: .addressAndPortDependent)
    let (host, addresses) = dualStackHost(
      Array(repeating: symmetric, count: own + (owner == nil ? 0 : 1)), owner: owner)
    #expect(addresses.first == home)
    let outside = world.station("outside", "2001:db8::9", "192.0.2.9")
    world.at(.seconds(1), outside, sends: [1], from: "[2001:db8::9]:9", to: "[2001:db8:1::7]:2007")
    world.simulation.run()
    #expect(world.arrivals(at: host).map(\.source) == [Endpoint("[2001:db8::9]:9")!])
    #expect(world.arrivals(at: host).map(\.time) == [.start + .milliseconds(1004)])
    #expect(world.arrivals(at: outside).map(\.source) == [Endpoint("[2001:db8:1::7]:2007")!])
    #expect(world.arrivals(at: outside).map(\.time) == [.start + .milliseconds(1007)])
  }

  @Test func `a firewall of the home sees IPv6, too`() {
    let symmetric = NATBehavior(mapping: .addressAndPortDependent, filtering: .addressAndPortDependent)
    let (host, _) = dualStackHost([symmetric], firewall: .stateful)
    let outside = world.station("outside", "2001:db8::9")
    world.at(.seconds(1), outside, sends: [1], from: "[2001:db8::9]:9", to: "[2001:db8:1::7]:2007")
    world.at(.seconds(2), host, sends: [2], from: "[2001:db8:1::7]:2007", to: "[2001:db8::9]:9")
    world.at(.seconds(3), outside, sends: [3], from: "[2001:db8::9]:9", to: "[2001:db8:1::7]:2007")
    world.simulation.run()
    #expect(world.arrivals(at: host).map(\.bytes) == [[3]])
  }

  @Test func `what is for an address that has left is dropped at the NAT`() {
    let symmetric = NATBehavior(mapping: .addressAndPortDependent, filtering: .addressAndPortDependent)
    let (host, _) = dualStackHost([symmetric])
    _ = world.network.move(
      host.port, to: [IPAddress("203.0.113.7")!], uplink: .ideal, downlink: .ideal, firewall: nil)
    let outside = world.station("outside", "2001:db8::9")
    world.at(.seconds(1), outside, sends: [1], from: "[2001:db8::9]:9", to: "[2001:db8:1::7]:2007")
    world.simulation.run()
    #expect(world.arrivals(at: host).isEmpty)
    #expect(world.network.counts.delivered == 0)
  }
}
