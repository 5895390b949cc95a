import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@testable import RTCTransport

@Suite struct ICENATTests {
  struct Row: Decodable, Sendable, CustomTestStringConvertible {
    var id: String
    var a: String
    var b: String
    var `class`: String
    var with_turn_udp: String
    var A_sees_B_as: String?
    var B_sees_A_as: String?

    var testDescription: String { id }
    var isDirect: Bool { `class`.hasPrefix("direct") }
  }

  private struct Matrix: Decodable { var vectors: [Row] }

  static let rows = (try? Vectors.decode(Matrix.self, from: "ice/nat_matrix.json"))?.vectors ?? []

  @Test func `the whole table is there`() { #expect(Self.rows.count == 91) }

  @Test(arguments: rows)
  func `with a STUN server peers connect exactly where the table says so, and as it says`(row: Row) {
    for isReversed in [false, true] {
      let network = makeNetwork(row, isReversed: isReversed, hasTURN: false)
      network.call()
      network.run(for: .seconds(8))
      // Checks that do arrive trigger others, which need another 39.5 s to fail.
      if !row.isDirect { network.run(for: .seconds(90)) }
      let (a, b) = (network.peers[isReversed ? 1 : 0], network.peers[isReversed ? 0 : 1])
      #expect(a.state == (row.isDirect ? .completed : .failed), "\(row.id) \(isReversed)")
      #expect(b.state == (row.isDirect ? .completed : .failed), "\(row.id) \(isReversed)")
      #expect(a.pair?.remote.kind.rawValue == row.A_sees_B_as, "\(row.id) \(isReversed)")
      #expect(b.pair?.remote.kind.rawValue == row.B_sees_A_as, "\(row.id) \(isReversed)")
      #expect(network.exchangesData() == row.isDirect, "\(row.id) \(isReversed)")
    }
  }

  @Test(arguments: rows)
  func `with a TURN server too the relay is used exactly where nothing else works`(row: Row) {
    let network = makeNetwork(row, isReversed: false, hasTURN: true)
    network.call()
    network.run(for: row.with_turn_udp == "ok" ? .seconds(15) : .seconds(200))
    let isConnected = row.with_turn_udp == "ok"
    #expect(network.peers.map(\.state) == [isConnected ? .completed : .failed, isConnected ? .completed : .failed])
    for peer in network.peers where isConnected {
      #expect(peer.usesRelay == !row.isDirect, "\(row.id): \(peer.pair?.description ?? "")")
    }
    #expect(network.exchangesData() == isConnected)
  }

  // MARK: Relays

  @Test(arguments: [0.0, 0.2])
  func `with the relay policy no datagram travels directly and no own address is told`(loss: Double) throws {
    let network = network(seed: 3) { configuration, _ in
      configuration.turnServers = [.init(ICENetwork.turnServer, username: "user", password: "secret")]
      configuration.transportPolicy = .relay
    }
    network.loss = loss
    network.call()
    network.run(for: .seconds(20))
    for peer in network.peers {
      #expect(peer.pair?.local.kind == .relayed)
      for candidate in peer.gathered {
        #expect(candidate.kind == .relayed)
        #expect(candidate.relatedAddress == Endpoint(.anyIPv4, 0))
      }
    }
    network.loss = 0
    #expect(network.exchangesData())
    #expect(network.directCount == 0)
    #expect(network.turn.allocationCount == 2)
  }

  @Test func `data on the selected pair goes through a channel and stays intact when its tail is elided`() {
    let network = relayedNetwork(policy: .relay)
    network.call()
    network.run(for: .seconds(10))
    var framings: Set<UInt8> = []
    var sizes: Set<Int> = []
    network.isBlocked = { sender, bytes, _, destination in
      if sender == 0, destination == ICENetwork.turnServer, bytes.count == 4 + 20 {
        framings.insert(bytes[0])
        sizes.insert(bytes.count)
      }
      return false
    }
    for _ in 0..<10 { network.send([UInt8](repeating: 128, count: 20), elided: 1000, from: 0) }
    network.run(for: .seconds(1))
    #expect(framings == [0x40])
    #expect(network.peers[1].received == [[UInt8]](repeating: [UInt8](repeating: 128, count: 20), count: 10))
    #expect(network.peers[1].pair?.statistics.bytesReceived == .bytes(10 * 1020))
    #expect(network.peers[0].pair?.statistics.bytesSent == .bytes(10 * 1020))
  }

  @Test func `a relayed connection lives on when permissions and channels have to be refreshed`() {
    let network = relayedNetwork()
    network.call()
    network.run(for: .seconds(1500))
    #expect(network.peers.map(\.state) == [.completed, .completed])
    #expect(network.exchangesData())
  }

  @Test(arguments: [ICEChecking.libwebrtc, .standard])
  func `when the relay in use is lost, data moves to another pair that works`(checking: ICEChecking) throws {
    // Two sockets, and so two allocations, through which alone the first peer may be reached.
    let network = network { configuration, index in
      configuration.checking = checking
      guard index == 0 else { return }
      configuration.transportPolicy = .relay
      configuration.hosts.append(Endpoint(IPAddress(192, 0, 2, 77), 5000))
      configuration.turnServers = [.init(ICENetwork.turnServer, username: "user", password: "secret")]
    }
    network.call()
    network.run(for: .seconds(10))
    let peer = network.peers[0]
    let used = try #require(peer.pair?.local.address)
    let found = peer.agent.relays.first { $0.addresses.contains(used) }
    let relay = try #require(found)
    let allocations = peer.agent.relays.count { !$0.addresses.isEmpty }
    #expect(allocations == 2)
    // Its Refresh requests (method 4) are not answered, until the client gives the allocation up.
    network.isBlocked = { _, bytes, source, destination in
      source == relay.client.configuration.local && destination == ICENetwork.turnServer && bytes[0] == 0
        && bytes[1] == 4
    }
    network.run(until: .start + .seconds(700)) { peer.agent.relays.contains { $0.addresses.contains(used) } }
    let isKept = peer.agent.relays.contains { $0.addresses.contains(used) }
    #expect(!isKept)
    // The peer keeps to the pair that was nominated first until two of its consent checks went unanswered.
    network.run(for: .seconds(20))
    #expect(!network.peers.contains { $0.states.contains(.failed) })
    #expect(network.exchangesData())
    let other = try #require(peer.pair?.local.address)
    #expect(other != used && peer.state == .completed)
    #expect(network.peers[1].pair?.remote.address == other)
  }

  @Test func `when the only relay is lost, the agent fails`() throws {
    let network = relayedNetwork(policy: .relay)
    network.call()
    network.run(for: .seconds(10))
    network.isBlocked = { _, bytes, _, destination in
      destination == ICENetwork.turnServer && bytes[0] == 0 && bytes[1] == 4
    }
    network.run(for: .seconds(700))
    #expect(network.peers.map(\.state) == [.failed, .failed])
    #expect(!network.exchangesData())
  }

  @Test func `when a NAT has forgotten its mapping, the next consent check shows the new address`() throws {
    let nat = SmallNAT(
      mapping: .endpointIndependent, filtering: .endpointIndependent, publicAddress: IPAddress(203, 0, 113, 1))
    let network = network(nats: [nat, nil])
    network.call()
    network.run(for: .seconds(5))
    let peer = network.peers[0]
    let before = try #require(peer.pair?.local.address)
    peer.nat?.reboot()
    network.run(for: .seconds(20))
    let after = try #require(peer.pair)
    #expect(after.local.address != before && after.local.address.address == before.address)
    #expect(after.local.base == peer.hosts[0])
    #expect(peer.state == .completed)
  }

  @Test func `a wrong TURN password ends gathering without a relayed candidate`() {
    let network = network { configuration, _ in
      configuration.turnServers = [.init(ICENetwork.turnServer, username: "user", password: "wrong")]
    }
    network.call()
    network.run(for: .seconds(2))
    #expect(network.peers.map(\.state) == [.completed, .completed])
    #expect(network.peers[0].gathered.map(\.kind) == [.host])
  }

  @Test func `closing gives the relayed address back`() {
    let network = relayedNetwork()
    network.call()
    network.run(for: .seconds(5))
    network.close(0)
    network.run(for: .seconds(1))
    #expect(network.turn.allocationCount == 1)
    #expect(network.peers[0].state == .closed)
  }

  @Test func `a restart announces the allocation again instead of making another`() {
    let network = relayedNetwork()
    network.call()
    network.run(for: .seconds(5))
    network.restart(0)
    network.run(for: .seconds(5))
    #expect(network.peers.map(\.state) == [.completed, .completed])
    #expect(network.turn.allocationCount == 2)
    #expect(network.exchangesData())
  }

  /// The nonce lives for an hour: after it the server asks for another one (438).
  @Test(arguments: [6, 3700])
  func `what a TURN server lent is given back, although the first Refresh is lost or its nonce is old`(
    seconds: Int
  ) {
    let network = relayedNetwork()
    network.call()
    network.run(for: .seconds(seconds))
    #expect(network.turn.allocationCount == 2)
    var lost = 0
    network.isBlocked = { _, bytes, _, destination in
      // A Refresh request.
      guard destination == ICENetwork.turnServer, bytes[0] == 0, bytes[1] == 4, lost < 2 else { return false }
      lost += 1
      return true
    }
    for peer in network.peers { peer.agent.close(at: network.now, into: &peer.output) }
    for index in 0..<2 { network.flush(index) }
    network.run(for: .seconds(5))
    #expect(lost == 2)
    #expect(network.turn.allocationCount == 0)
    #expect(network.peers.allSatisfy { $0.agent.nextTimeout == nil && $0.state == .closed })
    #expect(network.peers.allSatisfy { $0.log.last?.event == .stateChanged(.closed) })
  }

  private func relayedNetwork(policy: ICEConfiguration.TransportPolicy = .all) -> ICENetwork {
    let nats = (1...2).map { index in
      SmallNAT(
        mapping: .addressAndPortDependent, filtering: .addressAndPortDependent,
        publicAddress: IPAddress(203, 0, 113, UInt8(index)))
    }
    return network(nats: nats) { configuration, _ in
      configuration.turnServers = [.init(ICENetwork.turnServer, username: "user", password: "secret")]
      configuration.transportPolicy = policy
    }
  }

  private func makeNetwork(_ row: Row, isReversed: Bool, hasTURN: Bool) -> ICENetwork {
    let types = isReversed ? [row.b, row.a] : [row.a, row.b]
    let nats = types.enumerated().map { nat($0.element, address: IPAddress(203, 0, 113, UInt8($0.offset + 1))) }
    let network = network(nats: nats) { configuration, _ in
      if hasTURN {
        configuration.turnServers = [.init(ICENetwork.turnServer, username: "user", password: "secret")]
      }
    }
    for index in 0..<2 { network.peers[index].isUDPBlocked = ["udp-blocked", "tcp-443-only"].contains(types[index]) }
    return network
  }

  private func nat(_ type: String, address: IPAddress) -> SmallNAT? {
    let scopes: [String: SmallNAT.Scope] = [
      "eim": .endpointIndependent, "eif": .endpointIndependent, "adm": .addressDependent, "adf": .addressDependent,
      "apdm": .addressAndPortDependent, "apdf": .addressAndPortDependent,
    ]
    let parts = type.split(separator: "-").map(String.init)
    guard let filtering = scopes[parts.last ?? ""] else { return nil }
    return SmallNAT(mapping: scopes[parts[0]], filtering: filtering, publicAddress: address)
  }
}

extension ICENetwork {
  /// Whether data passes in both directions.
  func exchangesData() -> Bool {
    for index in 0..<2 {
      peers[index].received.removeAll()
      send([128, UInt8(index), 7], from: index)
    }
    run(for: .seconds(1))
    return (0..<2).allSatisfy { peers[$0].received == [[128, UInt8(1 - $0), 7]] }
  }

  func close(_ index: Int) {
    peers[index].agent.close(at: now, into: &peers[index].output)
    flush(index)
  }
}

extension ICENetwork.Peer {
  var gathered: [Candidate] {
    log.compactMap { if case .candidateGathered(let candidate) = $0.event { candidate } else { nil } }
  }

  /// Whether the selected pair passes through a relay at either end.
  var usesRelay: Bool {
    pair.map {
      $0.local.kind == .relayed || $0.remote.kind == .relayed
        || $0.remote.address.address == ICENetwork.turnServer.address
    } ?? false
  }
}
