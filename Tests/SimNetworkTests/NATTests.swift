import RTCPrimitives
import SimNetwork
import Testing

@Suite struct NATTests {
  private typealias Dependence = NATBehavior.Dependence
  private let inside = Endpoint("192.168.1.2:5000")!
  private let server = Endpoint("198.51.100.1:3478")!
  private let serverOtherPort = Endpoint("198.51.100.1:3479")!
  private let stranger = Endpoint("198.51.100.2:3478")!

  private func nat(_ behavior: NATBehavior) -> NetworkAddressTranslator {
    NetworkAddressTranslator(
      behavior, externalAddresses: [IPAddress(203, 0, 113, 1)], dice: SeededGenerator(seed: 1, stream: "nat"))
  }

  /// RFC 4787 §4.1: which destinations share the external endpoint of the first.
  @Test(arguments: [
    (NATBehavior.Dependence.endpointIndependent, true, true), (.addressDependent, true, false),
    (.addressAndPortDependent, false, false),
  ])
  func `a mapping is shared as far as it is independent`(
    mapping: NATBehavior.Dependence, sameForOtherPort: Bool, sameForOtherAddress: Bool
  ) {
    var nat = nat(NATBehavior(mapping: mapping, filtering: .endpointIndependent))
    let first = nat.translateOutbound(source: inside, destination: server, at: .start)
    #expect(
      (nat.translateOutbound(source: inside, destination: serverOtherPort, at: .start) == first) == sameForOtherPort)
    #expect((nat.translateOutbound(source: inside, destination: stranger, at: .start) == first) == sameForOtherAddress)
  }

  /// RFC 4787 §5: who may answer.
  @Test(arguments: NATBehavior.Dependence.allCases, NATBehavior.Dependence.allCases)
  func `a filter lets in whom it does not depend on`(mapping: NATBehavior.Dependence, filtering: NATBehavior.Dependence)
  {
    var nat = nat(NATBehavior(mapping: mapping, filtering: filtering))
    guard case .translated(let external) = nat.translateOutbound(source: inside, destination: server, at: .start) else {
      Issue.record("the first packet passes")
      return
    }
    func enters(_ remote: Endpoint) -> Bool {
      nat.translateInbound(source: remote, destination: external, at: .start) == .translated(inside)
    }
    #expect(enters(server))
    #expect(enters(serverOtherPort) == (filtering != .addressAndPortDependent))
    #expect(enters(stranger) == (filtering == .endpointIndependent))
  }

  @Test func `a mapping dies after its lifetime and outbound packets keep it alive`() {
    var nat = nat(NATBehavior(mapping: .endpointIndependent, filtering: .endpointIndependent))
    func time(_ seconds: Int) -> Instant { .start + .seconds(seconds) }
    guard case .translated(let external) = nat.translateOutbound(source: inside, destination: server, at: .start) else {
      Issue.record("the first packet passes")
      return
    }
    _ = nat.translateOutbound(source: inside, destination: server, at: time(100))
    #expect(nat.translateInbound(source: server, destination: external, at: time(219)) == .translated(inside))
    #expect(nat.translateInbound(source: server, destination: external, at: time(220)) == .dropped(.noMapping))
  }

  @Test func `two hosts with one port get two external ports, the first preserved`() {
    var nat = nat(NATBehavior(mapping: .endpointIndependent, filtering: .endpointIndependent))
    let other = Endpoint("192.168.1.3:5000")!
    #expect(
      nat.translateOutbound(source: inside, destination: server, at: .start)
        == .translated(Endpoint("203.0.113.1:5000")!))
    #expect(
      nat.translateOutbound(source: other, destination: server, at: .start)
        == .translated(Endpoint("203.0.113.1:5001")!))
  }

  @Test func `a NAT that is out of ports says so`() {
    var nat = nat(
      NATBehavior(
        mapping: .addressAndPortDependent, filtering: .endpointIndependent, portAssignment: .sequential))
    for port in 1...UInt16(64512) {
      _ = nat.translateOutbound(source: inside, destination: Endpoint(server.address, port), at: .start)
    }
    #expect(
      nat.translateOutbound(source: inside, destination: Endpoint(server.address, 65000), at: .start)
        == .dropped(.portsExhausted))
  }
}
