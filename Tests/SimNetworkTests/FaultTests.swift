import RTCPrimitives
import SimKernel
import SimNetwork
import Testing

/// What can be made to go wrong in the middle of a run.
struct FaultTests {
  private let world = World()

  /// Ten datagrams, one each second, from a to b.
  private func sendTen(_ a: Station, to destination: String = "192.0.2.2:2", from source: String = "192.0.2.1:1") {
    for second in 1...10 {
      world.at(.seconds(Int64(second)), a, sends: [UInt8(second)], from: source, to: destination)
    }
  }

  private func received(_ station: Station) -> [UInt8] { world.arrivals(at: station).map { $0.bytes[0] } }

  private func access(_ station: Station) -> AttachmentID { world.network.attachments(of: station.port)[0] }

  private func isConserved() -> Bool {
    let counts = world.network.counts
    return counts.sent == counts.delivered + counts.droppedInAll && world.simulation.packetsInFlight == 0
  }

  @Test func `the next datagram of a link is dropped, and only that one`() {
    let (a, b) = (world.station("a", "192.0.2.1"), world.station("b", "192.0.2.2"))
    sendTen(a)
    world.simulation.run(until: .start + .milliseconds(3500))
    world.network.disturb(access(a), .up, .dropNext)
    world.network.disturb(access(b), .down, .dropNext)
    world.simulation.run()
    #expect(received(b) == [1, 2, 3, 6, 7, 8, 9, 10])
    #expect(world.network.counts[.takenOff] == 2)
    #expect(isConserved())
  }

  @Test func `the next datagram is delayed by what is said, and later ones may overtake it`() {
    let (a, b) = (world.station("a", "192.0.2.1"), world.station("b", "192.0.2.2"))
    sendTen(a)
    world.network.disturb(access(a), .up, .delayNext(.milliseconds(1500)))
    world.simulation.run()
    #expect(received(b) == [2, 1, 3, 4, 5, 6, 7, 8, 9, 10])
    #expect(world.arrivals(at: b)[1].time == .start + .milliseconds(2500))
  }

  @Test func `the next datagram comes twice, with the same bytes`() {
    let (a, b) = (world.station("a", "192.0.2.1"), world.station("b", "192.0.2.2"))
    sendTen(a)
    world.network.disturb(access(b), .down, .duplicateNext)
    world.simulation.run()
    #expect(received(b) == [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    #expect(world.simulation.packetsInFlight == 0)
  }

  @Test func `a link is cut until the time that is said`() {
    let (a, b) = (world.station("a", "192.0.2.1"), world.station("b", "192.0.2.2"))
    sendTen(a)
    world.network.disturb(access(a), .up, .cut(until: .start + .milliseconds(4500)))
    world.simulation.run()
    #expect(received(b) == [5, 6, 7, 8, 9, 10])
    #expect(world.network.counts[.cut] == 4)
    #expect(isConserved())
  }

  @Test func `a host that is switched off hears and says nothing`() {
    let (a, b) = (world.station("a", "192.0.2.1"), world.station("b", "192.0.2.2", answers: true))
    sendTen(a)
    world.simulation.run(until: .start + .milliseconds(2500))
    world.network.switchOff(b.port)
    world.simulation.run()
    #expect(received(b) == [1, 2] && received(a) == [1, 2])
    #expect(world.network.counts[.switchedOff] == 8)
  }

  @Test func `a NAT that restarts has forgotten whom it let in, and a new one behaves otherwise`() {
    let restricted = NATBehavior(mapping: .endpointIndependent, filtering: .addressAndPortDependent)
    let inside = world.translator("nat", "203.0.113.1", restricted)
    let a = world.station("a", "192.168.1.2", realm: inside)
    let b = world.station("b", "192.0.2.2")
    world.at(.milliseconds(500), a, sends: [99], from: "192.168.1.2:7007", to: "192.0.2.2:2")
    sendTen(b, to: "203.0.113.1:7007", from: "192.0.2.2:2")
    world.simulation.run(until: .start + .milliseconds(3500))
    world.network.restartTranslator(named: "nat")
    world.at(.seconds(6) - .milliseconds(3000), a, sends: [98], from: "192.168.1.2:7007", to: "192.0.2.9:9")
    world.simulation.run(until: .start + .milliseconds(6500))
    // Somebody else was sent to, which a filter by address and port does not count.
    #expect(received(a) == [1, 2, 3])
    let open = NATBehavior(mapping: .endpointIndependent, filtering: .endpointIndependent)
    world.network.restartTranslator(named: "nat", behavior: open)
    world.at(.milliseconds(100), a, sends: [97], from: "192.168.1.2:7007", to: "192.0.2.9:9")
    world.simulation.run()
    #expect(received(a) == [1, 2, 3, 7, 8, 9, 10])
  }

  @Test func `a firewall passes what it makes an exception of`() {
    let (a, b) = (world.station("a", "192.0.2.1"), world.station("b", "192.0.2.2", answers: true))
    let c = world.station("c", "192.0.2.3", answers: true)
    world.network.setFirewall(Firewall(.blockUDP, except: [IPAddress("192.0.2.3")!]), at: access(a))
    sendTen(a)
    sendTen(a, to: "192.0.2.3:3")
    world.simulation.run()
    #expect(received(b).isEmpty && received(c).count == 10 && received(a).count == 10)
    #expect(world.network.counts[.udpBlocked] == 10)
  }
}
