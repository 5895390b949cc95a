import RTCPrimitives
import SimNetwork
import Testing

/// The requirements of RFC 4787, and what a NAT does that breaks them.
struct NATRequirementTests {
  private let server = Endpoint("198.51.100.1:3478")!
  private let stranger = Endpoint("198.51.100.2:3478")!
  private let independent = NATBehavior(mapping: .endpointIndependent, filtering: .endpointIndependent)

  private func nat(_ behavior: NATBehavior, addresses: Int = 1, seed: UInt64 = 1) -> NetworkAddressTranslator {
    var behavior = behavior
    behavior.externalAddresses = addresses
    return NetworkAddressTranslator(
      behavior, externalAddresses: (1...addresses).map { IPAddress(203, 0, 113, UInt8($0)) },
      dice: SeededGenerator(seed: seed, stream: "nat"))
  }

  private func host(_ number: UInt8, _ port: UInt16) -> Endpoint { Endpoint(IPAddress(192, 168, 1, number), port) }

  private func time(_ seconds: Int) -> Instant { .start + .seconds(seconds) }

  /// The external endpoint of a packet from inside; `nil` when it was dropped.
  private func external(
    _ nat: inout NetworkAddressTranslator, _ source: Endpoint, to destination: Endpoint? = nil, at now: Instant = .start
  ) -> Endpoint? {
    guard
      case .translated(let endpoint) = nat.translateOutbound(
        source: source, destination: destination ?? server, at: now)
    else { return nil }
    return endpoint
  }

  // MARK: Addresses

  @Test func `REQ-2: with paired pooling all ports of a host share one external address`() {
    var nat = nat(independent, addresses: 4)
    for number in UInt8(2)...21 {
      let addresses = (0..<50).map { external(&nat, host(number, 5000 + $0))?.address }
      #expect(Set(addresses).count == 1)
      #expect(addresses[0] == IPAddress(203, 0, 113, (number - 2) % 4 + 1), "each address serves as many hosts")
    }
  }

  @Test func `REQ-2: with arbitrary pooling one host is seen under every address`() {
    var behavior = independent
    behavior.pooling = .arbitrary
    var nat = nat(behavior, addresses: 4)
    let addresses = (0..<200).map { external(&nat, host(2, 5000 + $0))?.address }
    for number in UInt8(1)...4 {
      let count = addresses.filter { $0 == IPAddress(203, 0, 113, number) }.count
      // 50 are expected of 200; four standard deviations are 24.5.
      #expect(abs(count - 50) < 25)
    }
    for (port, address) in zip(UInt16(5000)..., addresses) {
      #expect(
        nat.translateInbound(source: server, destination: Endpoint(address!, port), at: .start)
          == .translated(host(2, port)))
    }
  }

  // MARK: Ports

  @Test func `REQ-3: a port that is taken is not given to a second host, however it is chosen`() {
    for assignment in [NATBehavior.PortAssignment.preserving, .sequential, .random] {
      var behavior = independent
      behavior.portAssignment = assignment
      behavior.portRange = 5000...5099
      var nat = nat(behavior)
      let ports = (0..<100).compactMap { external(&nat, host(UInt8($0 + 2), 5007))?.port }
      #expect(Set(ports) == Set(5000...5099))
      #expect(external(&nat, host(200, 5007)) == nil)
    }
  }

  @Test func `a NAT that overloads ports keeps them as long as the remotes tell mappings apart`() {
    var nat = nat(
      NATBehavior(
        mapping: .addressAndPortDependent, filtering: .addressAndPortDependent, portAssignment: .overloading))
    #expect(external(&nat, host(2, 5000))?.port == 5000)
    #expect(external(&nat, host(2, 5000), to: stranger)?.port == 5000, "so its mapping looks endpoint-independent")
    #expect(external(&nat, host(3, 5000), to: Endpoint("198.51.100.3:1")!)?.port == 5000)
    #expect(external(&nat, host(3, 5000))?.port == 5001, "the server could not tell them apart")
    let shared = Endpoint("203.0.113.1:5000")!
    #expect(nat.translateInbound(source: stranger, destination: shared, at: .start) == .translated(host(2, 5000)))
    #expect(
      nat.translateInbound(source: Endpoint("198.51.100.3:1")!, destination: shared, at: .start)
        == .translated(host(3, 5000)))
    #expect(
      nat.translateInbound(source: Endpoint("198.51.100.3:2")!, destination: shared, at: .start) == .dropped(.noMapping)
    )
  }

  @Test(arguments: [NATBehavior.PortAssignment.preserving, .sequential, .random])
  func `REQ-4: parity is kept, also when ports collide`(assignment: NATBehavior.PortAssignment) {
    var behavior = independent
    behavior.portAssignment = assignment
    behavior.preservesParity = true
    var nat = nat(behavior)
    for number in UInt8(2)...101 {
      for port in [UInt16(5000), 5001, 5003] {
        #expect(external(&nat, host(number, port)).map { $0.port % 2 } == port % 2)
      }
    }
  }

  @Test func `REQ-4: where no port of the same parity is left, one of the other is better than none`() {
    var behavior = independent
    behavior.preservesParity = true
    behavior.portRange = 5000...5003
    var nat = nat(behavior)
    #expect((2...6).map { external(&nat, host($0, 5000))?.port } == [5000, 5002, 5001, 5003, nil])
  }

  @Test(arguments: [NATBehavior.PortAssignment.preserving, .sequential, .random])
  func `4.2.3: a pair of RTP and RTCP ports stays a pair of neighbours`(assignment: NATBehavior.PortAssignment) {
    var behavior = independent
    behavior.portAssignment = assignment
    behavior.preservesContiguity = true
    var nat = nat(behavior)
    for number in UInt8(2)...101 {
      // Whichever of the two speaks first.
      let first = number.isMultiple(of: 2) ? UInt16(5000) : 5001
      let (one, other) = (external(&nat, host(number, first)), external(&nat, host(number, first ^ 1)))
      guard let one, let other else {
        Issue.record("there are ports")
        continue
      }
      #expect(other.port == one.port ^ 1 && one.port % 2 == first % 2)
    }
  }

  @Test func `random ports lie in the range, and no two seeds choose alike`() {
    var behavior = independent
    behavior.portAssignment = .random
    behavior.portRange = 20_000...29_999
    let choices = (1...2).map { seed in
      var nat = nat(behavior, seed: UInt64(seed))
      return (0..<20).compactMap { external(&nat, host(2, 5000 + $0))?.port }
    }
    #expect(choices.joined().allSatisfy(behavior.portRange.contains))
    #expect(choices[0] != choices[1])
    #expect(zip(choices[0], choices[0].dropFirst()).allSatisfy { $1 != $0 + 1 })
  }

  @Test func `RFC 6888 REQ-4: a subscriber who has used up its ports gets no more, and the others do`() {
    var behavior = NATBehavior(mapping: .addressAndPortDependent, filtering: .addressAndPortDependent)
    behavior.portLimit = 100
    var nat = nat(behavior)
    let granted = (0..<150).compactMap { external(&nat, host(2, 5000), to: Endpoint(server.address, 1000 + $0)) }
    #expect(granted.count == 100)
    #expect(external(&nat, host(3, 5000)) != nil)
    #expect(external(&nat, host(2, 5000), to: Endpoint(server.address, 1000)) == granted[0], "what it has stays")
    // All but the first mapping have been idle for two minutes by then.
    #expect(external(&nat, host(2, 5000), to: Endpoint(server.address, 1000), at: time(60)) == granted[0])
    let later = (0..<150).compactMap {
      external(&nat, host(2, 5000), to: Endpoint(server.address, 3000 + $0), at: time(120))
    }
    #expect(later.count == 99)
    #expect(nat.mappingCount == 100, "those that expired make room")
  }

  // MARK: Lifetimes

  @Test func `REQ-6: inbound packets keep a mapping alive only where that is its behaviour`() {
    for refreshes in [false, true] {
      var behavior = NATBehavior(mapping: .endpointIndependent, filtering: .addressAndPortDependent)
      behavior.refreshesOnInbound = refreshes
      var nat = nat(behavior)
      guard let endpoint = external(&nat, host(2, 5000)) else {
        Issue.record("the first packet passes")
        return
      }
      for second in stride(from: 100, through: 1000, by: 100) {
        let verdict = nat.translateInbound(source: server, destination: endpoint, at: time(second))
        #expect(verdict == (refreshes || second == 100 ? .translated(host(2, 5000)) : .dropped(.noMapping)))
      }
      #expect(nat.translateInbound(source: server, destination: endpoint, at: time(1120)) == .dropped(.noMapping))
    }
  }

  @Test func `a filter forgets by its own lifetime, and each remote by itself`() {
    var behavior = NATBehavior(mapping: .endpointIndependent, filtering: .addressDependent)
    behavior.filterLifetime = .seconds(30)
    var nat = nat(behavior)
    let endpoint = external(&nat, host(2, 5000))!
    _ = external(&nat, host(2, 5000), to: stranger, at: time(20))
    #expect(nat.translateInbound(source: server, destination: endpoint, at: time(29)) == .translated(host(2, 5000)))
    #expect(nat.translateInbound(source: server, destination: endpoint, at: time(30)) == .dropped(.filtered))
    #expect(nat.translateInbound(source: stranger, destination: endpoint, at: time(49)) == .translated(host(2, 5000)))
    #expect(nat.translateInbound(source: stranger, destination: endpoint, at: time(50)) == .dropped(.filtered))
  }

  @Test func `without a lifetime of its own a filter forgets a remote as an idle mapping is forgotten`() {
    var nat = nat(NATBehavior(mapping: .endpointIndependent, filtering: .addressDependent))
    let endpoint = external(&nat, host(2, 5000))!
    _ = external(&nat, host(2, 5000), to: stranger, at: time(100))
    #expect(nat.translateInbound(source: server, destination: endpoint, at: time(119)) == .translated(host(2, 5000)))
    #expect(nat.translateInbound(source: server, destination: endpoint, at: time(120)) == .dropped(.filtered))
    #expect(nat.translateInbound(source: stranger, destination: endpoint, at: time(219)) == .translated(host(2, 5000)))
  }

  @Test func `RFC 6888 REQ-8: a UDP port rests after its mapping has died, whoever asks for it`() {
    for (rest, isFree) in [(0, true), (120, false)] {
      var behavior = NATBehavior(mapping: .addressAndPortDependent, filtering: .endpointIndependent)
      behavior.portRange = 5000...5001
      behavior.portQuarantine = .seconds(rest)
      var nat = nat(behavior)
      #expect(external(&nat, host(2, 5000))?.port == 5000)
      // The mapping dies at 120 s; its host, which comes back, and others get what is left.
      #expect(external(&nat, host(2, 5000), at: time(130))?.port == (isFree ? 5000 : 5001))
      #expect(external(&nat, host(3, 5000), at: time(239))?.port == (isFree ? 5001 : nil))
      #expect(external(&nat, host(4, 5000), at: time(240))?.port == (isFree ? nil : 5000))
    }
  }

  @Test func `a port also rests when its mapping was swept away to make room, and not after a restart`() {
    var behavior = independent
    behavior.portLimit = 1
    behavior.portQuarantine = .seconds(120)
    var nat = nat(behavior)
    #expect(external(&nat, host(2, 5000))?.port == 5000)
    #expect(external(&nat, host(2, 6000), at: time(150))?.port == 6000)
    #expect(external(&nat, host(3, 5000), at: time(239))?.port == 5001)
    #expect(external(&nat, host(4, 5000), at: time(240))?.port == 5000)
    nat.restart()
    #expect(external(&nat, host(5, 5000), at: time(241))?.port == 5000)
  }

  // MARK: Abuse

  @Test func `a host that talks to everybody does not fill the memory`() {
    var behavior = NATBehavior(mapping: .addressAndPortDependent, filtering: .addressAndPortDependent)
    behavior.portAssignment = .overloading
    var nat = nat(behavior)
    let granted = (0..<100_000).compactMap {
      external(&nat, host(2, 5000), to: Endpoint(IPAddress(v4: 0x0800_0000 + UInt32($0)), 1))
    }
    #expect(granted.count == 65_536 && nat.mappingCount == 65_536)
    #expect(external(&nat, host(2, 5000), at: time(120)) != nil)
    #expect(nat.mappingCount == 1)
  }
}
