import RTCPrimitives
import RTCWire
import SimNetwork
import Testing

/// TCP through NATs and firewalls: the requirements of RFC 5382.
struct TCPTrackingTests {
  private typealias Flags = TCPSegment.Flags

  private let host = Endpoint("192.168.1.2:5000")!
  private let other = Endpoint("192.168.1.3:5000")!
  private let server = Endpoint("198.51.100.1:443")!
  private let stranger = Endpoint("198.51.100.2:443")!
  private let outside = Endpoint("203.0.113.1:5000")!
  private static let symmetric = NATBehavior(mapping: .addressAndPortDependent, filtering: .addressAndPortDependent)
  private static let open = NATBehavior(mapping: .endpointIndependent, filtering: .endpointIndependent)

  private func nat(_ behavior: NATBehavior = symmetric) -> NetworkAddressTranslator {
    NetworkAddressTranslator(
      behavior, externalAddresses: [outside.address], dice: SeededGenerator(seed: 1, stream: "nat"))
  }

  private func time(_ seconds: Int) -> Instant { .start + .seconds(seconds) }

  private func out(
    _ nat: inout NetworkAddressTranslator, _ flags: Flags, at seconds: Int = 0, from source: Endpoint? = nil,
    to remote: Endpoint? = nil
  ) -> NetworkAddressTranslator.Verdict {
    nat.translateOutbound(
      source: source ?? host, destination: remote ?? server, over: .tcp(flags), at: time(seconds))
  }

  private func back(
    _ nat: inout NetworkAddressTranslator, _ flags: Flags, at seconds: Int = 0, from remote: Endpoint? = nil
  ) -> NetworkAddressTranslator.Verdict {
    nat.translateInbound(source: remote ?? server, destination: outside, over: .tcp(flags), at: time(seconds))
  }

  private func connect(_ nat: inout NetworkAddressTranslator, at seconds: Int = 0) {
    #expect(out(&nat, .synchronize, at: seconds) == .translated(outside))
    #expect(back(&nat, [.synchronize, .acknowledge], at: seconds) == .translated(host))
    #expect(out(&nat, .acknowledge, at: seconds) == .translated(outside))
  }

  // MARK: Lifetimes

  @Test func `TCP has mappings of its own, and the other host's port is free in it`() {
    var nat = nat()
    #expect(nat.translateOutbound(source: other, destination: server, at: .start) == .translated(outside))
    #expect(back(&nat, .acknowledge) == .dropped(.noMapping))
    connect(&nat)
    #expect(nat.translateInbound(source: server, destination: outside, at: .start) == .translated(other))
  }

  struct Ending: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Whether inside sends it, and its control bits.
    let segments: [(isOutbound: Bool, flags: TCPSegment.Flags)]
    let lifetime: Int
  }

  @Test(arguments: [
    Ending(testDescription: "established", segments: [], lifetime: 7440),
    Ending(testDescription: "closed by one side", segments: [(true, [.finish, .acknowledge])], lifetime: 7440),
    Ending(
      testDescription: "closed by both sides",
      segments: [(true, [.finish, .acknowledge]), (false, [.finish, .acknowledge])], lifetime: 240),
    Ending(testDescription: "reset from inside", segments: [(true, .reset)], lifetime: 240),
    Ending(testDescription: "reset from outside", segments: [(false, [.reset, .acknowledge])], lifetime: 240),
  ])
  func `REQ-5: an idle connection lives two hours and four minutes, and four minutes once it is closed`(
    ending: Ending
  ) {
    for (second, isThere) in [(ending.lifetime - 1, true), (ending.lifetime, false)] {
      var nat = nat()
      connect(&nat)
      for (isOutbound, flags) in ending.segments { _ = isOutbound ? out(&nat, flags) : back(&nat, flags) }
      #expect(back(&nat, .acknowledge, at: second) == (isThere ? .translated(host) : .dropped(.noMapping)))
    }
  }

  @Test func `REQ-5: what never became a connection is forgotten after four minutes`() {
    for (second, isThere) in [(239, true), (240, false)] {
      var nat = nat()
      #expect(out(&nat, .synchronize) == .translated(outside))
      let answer = back(&nat, [.synchronize, .acknowledge], at: second)
      #expect(answer == (isThere ? .translated(host) : .dropped(.noMapping)))
    }
  }

  @Test func `each time is the NAT's own`() {
    var behavior = Self.symmetric
    behavior.tcpLifetimes.halfOpen = .seconds(10)
    behavior.tcpLifetimes.established = .seconds(20)
    behavior.tcpLifetimes.closing = .seconds(5)
    var nat = nat(behavior)
    #expect(out(&nat, .synchronize) == .translated(outside))
    #expect(back(&nat, [.synchronize, .acknowledge], at: 9) == .translated(host))
    #expect(out(&nat, .acknowledge, at: 18) == .translated(outside))
    #expect(back(&nat, .acknowledge, at: 37) == .translated(host))
    #expect(back(&nat, .reset, at: 38) == .translated(host))
    #expect(back(&nat, .acknowledge, at: 43) == .dropped(.noMapping))
  }

  @Test func `a port that connections have left is there again after four minutes, not after two hours`() {
    var behavior = Self.symmetric
    behavior.portLimit = 1
    behavior.portQuarantine = .seconds(120)
    var nat = nat(behavior)
    connect(&nat)
    _ = out(&nat, [.reset, .acknowledge])
    #expect(out(&nat, .synchronize, at: 239, to: stranger) == .dropped(.portsExhausted))
    // RFC 6888 REQ-8: no quarantine where connections are followed.
    #expect(out(&nat, .synchronize, at: 240, to: stranger) == .translated(outside))
  }

  @Test func `endpoints that are used again begin a new connection`() {
    var nat = nat()
    connect(&nat)
    _ = out(&nat, .reset)
    connect(&nat, at: 100)
    #expect(back(&nat, .acknowledge, at: 7539) == .translated(host))
  }

  @Test func `a mapping lives as long as one of the connections that use it`() {
    var nat = nat(Self.open)
    connect(&nat)
    #expect(out(&nat, .synchronize, to: stranger) == .translated(outside))
    #expect(back(&nat, .reset, from: stranger) == .translated(host))
    #expect(back(&nat, .acknowledge, at: 241, from: stranger) == .dropped(.filtered))
    #expect(back(&nat, .acknowledge, at: 7439) == .translated(host))
  }

  // MARK: States

  @Test func `REQ-2: both may open at once, and REQ-4: the SYN that comes too early gets no answer`() {
    var nat = nat()
    #expect(back(&nat, .synchronize) == .dropped(.noMapping))
    #expect(out(&nat, .synchronize, at: 2) == .translated(outside))
    #expect(back(&nat, .synchronize, at: 3) == .translated(host), "it was repeated")
    #expect(out(&nat, [.synchronize, .acknowledge], at: 3) == .translated(outside))
    #expect(back(&nat, [.synchronize, .acknowledge], at: 3) == .translated(host))
    #expect(back(&nat, .acknowledge, at: 7442) == .translated(host), "it is established")
  }

  @Test(arguments: NATBehavior.Dependence.allCases)
  func `REQ-3: a SYN from outside opens a connection where the filter lets it in`(filtering: NATBehavior.Dependence) {
    var nat = nat(NATBehavior(mapping: .endpointIndependent, filtering: filtering))
    connect(&nat)
    let neighbour = Endpoint(server.address, 8443)
    for (remote, isLetIn) in [
      (neighbour, filtering != .addressAndPortDependent), (stranger, filtering == .endpointIndependent),
    ] {
      #expect(back(&nat, .acknowledge, from: remote) == .dropped(.filtered), "nothing but a SYN opens")
      #expect(back(&nat, [.synchronize, .acknowledge], from: remote) == .dropped(.filtered))
      #expect(back(&nat, .synchronize, from: remote) == (isLetIn ? .translated(host) : .dropped(.filtered)))
      guard isLetIn else { continue }
      #expect(out(&nat, [.synchronize, .acknowledge], to: remote) == .translated(outside))
      #expect(back(&nat, .acknowledge, from: remote) == .translated(host))
    }
  }

  @Test func `what begins no connection makes no mapping`() {
    var nat = nat()
    for flags in [.reset, [.reset, .acknowledge], .finish, []] as [Flags] {
      #expect(out(&nat, flags) == .dropped(.noMapping))
    }
    #expect(nat.mappingCount == 0)
  }

  @Test func `after a restart a connection goes on where its port is kept`() {
    var nat = nat()
    connect(&nat)
    nat.restart()
    #expect(back(&nat, .acknowledge) == .dropped(.noMapping))
    #expect(out(&nat, [.acknowledge, .push]) == .translated(outside))
    #expect(back(&nat, .acknowledge) == .translated(host))
    #expect(back(&nat, .acknowledge, at: 7439) == .translated(host))
  }

  @Test func `a flood of SYNs neither fills the memory nor ends a connection`() {
    var nat = nat(Self.open)
    connect(&nat)
    for number in 0..<5000 as Range<UInt32> {
      let remote = Endpoint(IPAddress(v4: 0x0800_0000 + number), 1)
      #expect(back(&nat, .synchronize, from: remote) == .translated(host))
    }
    // The first of the flood had to make room for the last.
    #expect(back(&nat, .acknowledge, from: Endpoint(IPAddress(v4: 0x0800_0000), 1)) == .dropped(.filtered))
    #expect(back(&nat, .acknowledge, from: Endpoint(IPAddress(v4: 0x0800_0000 + 4999), 1)) == .translated(host))
    #expect(back(&nat, .acknowledge) == .translated(host))
  }

  // MARK: Firewalls

  @Test(arguments: [Firewall.Policy.stateful, .tcp443Only])
  func `a firewall remembers an idle connection for as long as a NAT does`(policy: Firewall.Policy) {
    for (second, isThere) in [(7439, true), (7440, false)] {
      var firewall = Firewall(policy)
      func out(_ flags: Flags, at seconds: Int = 0) -> DropReason? {
        firewall.checkOutbound(source: host, destination: server, over: .tcp(flags), at: time(seconds))
      }
      func back(_ flags: Flags, at seconds: Int = 0) -> DropReason? {
        firewall.checkInbound(source: server, destination: host, over: .tcp(flags), at: time(seconds))
      }
      #expect(back(.synchronize) == .firewall)
      #expect(out(.synchronize) == nil && back([.synchronize, .acknowledge]) == nil && out(.acknowledge) == nil)
      #expect(back(.acknowledge, at: second) == (isThere ? nil : .firewall))
      guard isThere else { continue }
      #expect(out(.reset, at: second) == nil && back(.acknowledge, at: second + 239) == nil)
      #expect(back(.acknowledge, at: second + 480) == .firewall)
      #expect(out(.reset, at: second + 480) == nil && back(.acknowledge, at: second + 480) == .firewall)
    }
  }

  @Test func `a firewall forgets a flow of UDP after two minutes, and a full table refuses what is new`() {
    var firewall = Firewall(.stateful)
    func out(_ number: UInt32, at seconds: Int) -> DropReason? {
      firewall.checkOutbound(
        source: host, destination: Endpoint(IPAddress(v4: 0x0800_0000 + number), 1), at: time(seconds))
    }
    for number in 0..<65_536 as Range<UInt32> { #expect(out(number, at: number == 0 ? 0 : 60) == nil) }
    #expect(out(70_000, at: 119) == .firewall && out(5, at: 119) == nil)
    #expect(out(70_000, at: 120) == nil && out(70_001, at: 120) == .firewall, "one has ended")
    let remote = Endpoint(IPAddress(v4: 0x0800_0000), 1)
    #expect(firewall.checkInbound(source: remote, destination: host, at: time(120)) == .firewall)
  }
}
