import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@testable import RTCTransport

@Suite struct ICEAgentTests {
  @Test func `two hosts connect, agree on the pair and carry data both ways`() throws {
    let network = network()
    network.call()
    network.run(for: .seconds(3))
    for peer in network.peers { #expect(peer.states == [.checking, .connected, .completed]) }
    let pairs = try network.peers.map { try #require($0.pair) }
    #expect(pairs[0].local.address == pairs[1].remote.address)
    #expect(pairs[0].remote.address == pairs[1].local.address)
    #expect(pairs[0].statistics.currentRoundTripTime == .milliseconds(40))
    #expect(network.send([200, 1, 2], from: 0))
    #expect(network.send([128, 9], elided: 7, from: 1))
    network.run(for: .seconds(1))
    #expect(network.peers[1].received == [[200, 1, 2]])
    #expect(network.peers[0].received == [[128, 9]])
    #expect(network.peers[0].pair?.statistics.bytesSent == .bytes(3))
    #expect(network.peers[0].pair?.statistics.bytesReceived == .bytes(9))
    #expect(network.peers[1].pair?.statistics.packetsReceived == 1)
  }

  // MARK: Roles

  @Test(arguments: [ICERole.controlling, .controlled])
  func `two agents of one role end with one of each`(role: ICERole) {
    for seed in UInt64(1)...8 {
      let network = network(seed: seed, roles: [role, role])
      network.call()
      network.run(for: .seconds(5))
      #expect(network.peers.map(\.state) == [.completed, .completed], "seed \(seed)")
      #expect(Set(network.peers.map(\.role)) == [.controlling, .controlled], "seed \(seed)")
      #expect(network.peers.map(\.roleChanges).reduce(0, +) == 1, "seed \(seed)")
    }
  }

  // MARK: Discovery

  @Test func `checks that come before the remote description are answered and returned later`() throws {
    let network = network()
    // The answer's way is long: the answerer checks before the offerer knows its password.
    network.signalingDelays = [.milliseconds(10), .milliseconds(500)]
    network.call()
    network.run(for: .milliseconds(300))
    #expect(network.peers[0].state == .new)
    #expect(network.peers[0].agent.pairs.map(\.remote.kind) == [.peerReflexive])
    #expect(network.peers[1].state == .connected)
    network.run(for: .seconds(3))
    #expect(network.peers.map(\.state) == [.completed, .completed])
    #expect(network.peers[0].pair?.remote.kind == .host)
  }

  @Test func `an address that is only seen in a check becomes a peer-reflexive candidate on both sides`() throws {
    let symmetric = SmallNAT(
      mapping: .addressAndPortDependent, filtering: .addressAndPortDependent,
      publicAddress: IPAddress(203, 0, 113, 1))
    let network = network(nats: [symmetric, nil])
    network.call()
    network.run(for: .seconds(5))
    let (a, b) = (try #require(network.peers[0].pair), try #require(network.peers[1].pair))
    #expect(a.local.kind == .peerReflexive)
    #expect(a.local.base == network.peers[0].hosts[0])
    #expect(b.remote.kind == .peerReflexive)
    #expect(a.local.address == b.remote.address)
    #expect(b.remote.priority == Candidate.priority(of: .peerReflexive, localPreference: 65535))
  }

  @Test func `an agent behind no NAT offers its host address once`() {
    let network = network()
    network.call()
    network.run(for: .seconds(1))
    let gathered = network.peers[0].log.compactMap {
      if case .candidateGathered(let candidate) = $0.event { candidate.kind } else { nil }
    }
    #expect(gathered == [.host])
  }

  @Test func `a silent STUN server delays the end of gathering by ten seconds and nothing else`() {
    let network = network { configuration, _ in
      configuration.stunServers = [Endpoint(IPAddress(198, 51, 100, 99), 3478)]
    }
    network.call()
    network.run(for: .seconds(9))
    #expect(network.peers.map(\.state) == [.connected, .connected])
    network.run(for: .seconds(2))
    #expect(network.peers.map(\.state) == [.completed, .completed])
  }

  @Test func `two families are checked apart and the first socket wins`() throws {
    let network = network { configuration, index in
      configuration.hosts.insert(
        Endpoint(IPAddress(v6High: 0x2001_0DB8_0000_0000, low: UInt64(index + 1)), 5000), at: 0)
    }
    network.call()
    network.run(for: .seconds(3))
    #expect(network.peers[0].agent.pairs.count == 2)
    #expect(network.peers[0].pair?.local.address.address.family == .ipv6)
    #expect(network.peers[1].pair?.local.address.address.family == .ipv6)
  }

  // MARK: Loss and silence

  @Test(arguments: UInt64(1)...20)
  func `agents connect and agree on the pair although a fifth of the datagrams is lost`(seed: UInt64) {
    for mapping in [SmallNAT.Scope.endpointIndependent, .addressAndPortDependent] {
      let nats = (1...2).map { index in
        SmallNAT(
          mapping: mapping, filtering: .addressAndPortDependent, publicAddress: IPAddress(203, 0, 113, UInt8(index)))
      }
      let network = network(seed: seed, nats: nats) { configuration, _ in
        configuration.turnServers = [.init(ICENetwork.turnServer, username: "user", password: "secret")]
      }
      network.loss = 0.2
      network.call()
      // RFC 8445 §14.3 repeats checks the later the more of them there are.
      network.run(until: .start + .seconds(60)) { network.peers.contains { $0.pair == nil } }
      let (a, b) = (network.peers[0].pair, network.peers[1].pair)
      #expect(a != nil && b != nil)
      #expect(a?.remote.address == b?.local.address)
      #expect(b?.remote.address == a?.local.address)
    }
  }

  @Test func `without an answer an agent fails after its patience of 39.5 s`() throws {
    let network = network()
    network.isBlocked = { _, _, _, destination in destination != ICENetwork.stunServer }
    network.call()
    network.run(for: .seconds(60))
    for peer in network.peers {
      #expect(peer.states == [.checking, .failed])
      let failed = try #require(peer.time(of: .failed))
      let began = try #require(peer.time(of: .checking))
      #expect(failed - began >= .milliseconds(39_500))
      #expect(failed - began < .seconds(45))
    }
  }

  @Test func `a peer without candidates is given up too`() {
    let network = network()
    network.peers[1].signalsCandidates = false
    network.isBlocked = { sender, _, _, _ in sender == 1 }
    network.call()
    network.run(for: .seconds(50))
    #expect(network.peers[0].states == [.failed])
  }

  @Test func `a peer that falls silent loses its consent after 30 s`() throws {
    let network = network()
    network.call()
    network.run(for: .seconds(20))
    #expect(network.peers[0].state == .completed)
    let checks = try #require(network.peers[0].pair?.statistics.consentRequestsSent)
    #expect((2...5).contains(checks), "every 4 to 6 s, \(checks) in 20 s")
    let lastAnswer = try #require(network.peers[0].pair?.confirmedAt)
    network.isBlocked = { _, _, _, _ in true }
    network.run(for: .seconds(40))
    #expect(network.peers[0].states == [.checking, .connected, .completed, .disconnected, .failed])
    #expect(network.peers[0].time(of: .failed) == lastAnswer + .seconds(30))
    #expect(!network.send([128, 0], from: 0))
    let count = network.datagramCount
    network.run(for: .seconds(60))
    #expect(network.datagramCount == count, "nothing is sent without consent")
  }

  @Test func `a path that comes back in time is connected again`() {
    let network = network()
    network.call()
    network.run(for: .seconds(10))
    network.isBlocked = { _, _, _, _ in true }
    network.run(for: .seconds(20))
    #expect(network.peers.map(\.state) == [.disconnected, .disconnected])
    network.isBlocked = { _, _, _, _ in false }
    network.run(for: .seconds(10))
    #expect(network.peers.map(\.state) == [.completed, .completed])
  }

  @Test func `consent checks keep a connection for an hour at one in five seconds`() throws {
    let network = network()
    network.call()
    network.run(for: .seconds(3600))
    #expect(network.peers.map(\.state) == [.completed, .completed])
    let checks = try #require(network.peers[0].pair?.statistics.consentRequestsSent)
    #expect((690...750).contains(checks))
  }

  // MARK: Nomination and restart

  @Test func `a controlled agent accepts aggressive nomination and keeps the best pair`() throws {
    let network = network { configuration, index in
      if index == 0 { configuration.hosts.append(Endpoint(IPAddress(192, 0, 2, 77), 5000)) }
    }
    // The controlling side is scripted: it nominates the worse pair first, then the better.
    network.peers[0].isMute = true
    network.call()
    network.run(for: .milliseconds(200))
    let script = ScriptedPeer(of: network)
    for (host, priority) in [(1, UInt32(1000)), (0, 2000)] {
      script.check(from: network.peers[0].hosts[host], priority: priority, isNominating: true)
      network.run(for: .milliseconds(200))
    }
    #expect(network.peers[1].pair?.remote.address == network.peers[0].hosts[0])
    script.check(from: network.peers[0].hosts[1], priority: 1000, isNominating: true)
    network.run(for: .milliseconds(200))
    #expect(network.peers[1].pair?.remote.address == network.peers[0].hosts[0])
    #expect(network.peers[1].state == .connected || network.peers[1].state == .completed)
  }

  @Test func `a restart changes the credentials and never interrupts the data`() throws {
    let network = network()
    network.call()
    network.run(for: .seconds(3))
    let before = network.peers.map(\.localCredentials)
    let pair = try #require(network.peers[0].pair?.id)
    network.restart(0)
    for number in 0..<50 {
      #expect(network.send([128, UInt8(number)], from: 0))
      #expect(network.send([128, UInt8(number)], from: 1))
      network.run(for: .milliseconds(40))
    }
    network.run(for: .seconds(2))
    for peer in network.peers {
      #expect(peer.received.count == 50)
      #expect(peer.states == [.checking, .connected, .completed, .connected, .completed])
    }
    #expect(network.peers.map(\.localCredentials) != before)
    #expect(network.peers[0].pair?.id != pair)
  }

  /// Chromium answers on a pair of its own choice, and stays with it until a restart has found it another.
  @Test func `after a restart data is welcome from wherever it was before, and from nowhere else`() throws {
    let network = network { configuration, index in
      configuration.hosts.append(Endpoint(IPAddress(198, 51, 100, UInt8(index + 50)), 5000))
    }
    network.call()
    network.run(for: .seconds(3))
    let used = try #require(network.peers[0].pair?.remote.address)
    let other = try #require(network.peers[1].hosts.first { $0 != used })
    network.inject([128, 1], from: other, to: 0)
    #expect(network.peers[0].received == [[128, 1]])
    // The new generation finds no way.
    network.isBlocked = { _, bytes, _, _ in STUNMessage.isSTUN(bytes.span) }
    network.restart(0)
    network.run(for: .seconds(1))
    network.inject([128, 2], from: other, to: 0)
    network.inject([128, 3], from: Endpoint(IPAddress(6, 6, 6, 6), 6), to: 0)
    #expect(network.peers[0].received == [[128, 1], [128, 2]])
    #expect(network.peers[0].discarded.unknownSource == 1)
  }

  @Test func `a restart revives an agent that has failed`() {
    let network = network()
    network.isBlocked = { _, _, _, _ in true }
    network.call()
    network.run(for: .seconds(60))
    #expect(network.peers.map(\.state) == [.failed, .failed])
    network.isBlocked = { _, _, _, _ in false }
    network.restart(0)
    network.run(for: .seconds(5))
    #expect(network.peers.map(\.state) == [.completed, .completed])
  }

  @Test func `two restarts in a row keep the old pair alive by its own credentials`() {
    let network = network()
    network.call()
    network.run(for: .seconds(3))
    // Checks of the new generations find no way, so that only the old pair can carry the data.
    let old = network.peers.map(\.localCredentials.ufrag)
    network.isBlocked = { _, bytes, _, _ in
      guard let message = try? STUNMessage(parsing: bytes.span), let username = message.username else { return false }
      return !old.contains(String(username.prefix { $0 != ":" }))
    }
    network.restart(0)
    network.run(for: .seconds(20))
    network.restart(0)
    network.run(for: .seconds(60))
    #expect(network.send([128, 1], from: 0))
    network.run(for: .seconds(1))
    #expect(network.peers[1].received == [[128, 1]])
    #expect(network.peers.map(\.state) == [.connected, .connected])
  }

  @Test func `mappings are kept open while the peer's answer is awaited, and no longer`() {
    let nat = SmallNAT(
      mapping: .endpointIndependent, filtering: .addressDependent, publicAddress: IPAddress(203, 0, 113, 1))
    let network = network(nats: [nat, nil])
    network.start(0)
    network.run(for: .seconds(1))
    let gathered = network.datagramCount
    network.run(for: .seconds(60))
    #expect(network.datagramCount - gathered == 4, "an indication every 15 s")
    network.call()
    network.run(for: .seconds(3))
    var indications = 0
    network.isBlocked = { _, bytes, _, _ in
      if bytes[0] == 0, bytes[1] == 0x11 { indications += 1 }
      return false
    }
    network.run(for: .seconds(60))
    #expect(network.peers.map(\.state) == [.completed, .completed])
    #expect(indications == 0)
  }

  // MARK: Determinism and bad input

  @Test func `the same seed sends the same bytes at the same times and another seed others`() {
    func hash(_ seed: UInt64) -> UInt64 {
      let nats = (1...2).map { index in
        SmallNAT(
          mapping: .endpointIndependent, filtering: .addressDependent,
          publicAddress: IPAddress(203, 0, 113, UInt8(index)))
      }
      let network = network(seed: seed, nats: nats)
      network.loss = 0.1
      network.call()
      network.run(for: .seconds(60))
      return network.hash
    }
    #expect(hash(1) == hash(1))
    #expect(hash(1) != hash(2))
  }

  @Test func `random and damaged datagrams are dropped and counted, and the connection stays`() {
    var dice = SeededGenerator(seed: 7, stream: "fuzz")
    let network = network()
    var captured: [[UInt8]] = []
    network.isBlocked = { _, bytes, _, _ in
      captured.append(bytes)
      return false
    }
    network.call()
    network.run(for: .seconds(12))
    let sources = [network.peers[1].hosts[0], ICENetwork.stunServer, Endpoint(IPAddress(6, 6, 6, 6), 6)]
    let samples = captured
    for round in 0..<20_000 {
      var bytes: [UInt8]
      if round.isMultiple(of: 3) {
        bytes = (0..<Int(dice.next() % 80)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        if !bytes.isEmpty, round.isMultiple(of: 2) { bytes[0] &= 0x4F }
      } else {
        bytes = samples[Int(dice.next() % UInt64(samples.count))]
        for _ in 0...Int(dice.next() % 3) {
          bytes[Int(dice.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: dice.next())
        }
        if dice.happens(withProbability: 0.2) { bytes.removeLast(Int(dice.next() % UInt64(bytes.count))) }
      }
      network.inject(bytes, from: sources[Int(dice.next() % 3)], to: 0)
    }
    network.run(for: .seconds(20))
    #expect(network.peers.map(\.state) == [.completed, .completed])
    let discarded = network.peers[0].discarded
    #expect(discarded.malformed > 1000)
    #expect(discarded.badFingerprint > 100)
    #expect(discarded.unknownSource > 1000)
  }

  @Test(arguments: UInt64(1)...10)
  func `damaged copies of everything that arrives do not keep agents from connecting`(seed: UInt64) {
    var dice = SeededGenerator(seed: seed, stream: "fuzz")
    let network = network(seed: seed) { configuration, _ in
      configuration.turnServers = [.init(ICENetwork.turnServer, username: "user", password: "secret")]
      configuration.transportPolicy = seed.isMultiple(of: 2) ? .all : .relay
    }
    var copies: [(bytes: [UInt8], source: Endpoint, index: Int)] = []
    network.isBlocked = { _, bytes, source, destination in
      for index in 0..<2 where network.peers[index].hosts.contains(destination) {
        var damaged = bytes
        damaged[Int(dice.next() % UInt64(bytes.count))] ^= UInt8(1 + dice.next() % 255)
        copies.append((damaged, source, index))
      }
      return false
    }
    network.call()
    // A copy overtakes its original, except where TURN's first answers, which nothing authenticates, could be forged.
    var held: [[(bytes: [UInt8], source: Endpoint, index: Int)]] = seed.isMultiple(of: 2) ? [] : [[], [], [], []]
    for _ in 0..<500 {
      network.run(for: .milliseconds(10))
      held.append(copies)
      for copy in held.removeFirst() { network.inject(copy.bytes, from: copy.source, to: copy.index) }
      copies.removeAll()
    }
    #expect(network.peers.map(\.state) == [.completed, .completed])
    network.isBlocked = { _, _, _, _ in false }
    #expect(network.exchangesData())
  }

  @Test func `data from an address that passed no check is dropped`() {
    let network = network()
    network.call()
    network.run(for: .seconds(2))
    network.inject([128, 1], from: Endpoint(IPAddress(6, 6, 6, 6), 6), to: 0)
    #expect(network.peers[0].received.isEmpty)
    #expect(network.peers[0].discarded.unknownSource == 1)
  }
}

/// A peer that sends what the test says, with the credentials of the first peer.
struct ScriptedPeer {
  let network: ICENetwork
  private let local: ICECredentials
  private let remote: ICECredentials

  init(of network: ICENetwork) {
    self.network = network
    local = network.peers[0].localCredentials
    remote = network.peers[1].localCredentials
  }

  func check(from source: Endpoint, priority: UInt32, isNominating: Bool) {
    let id = TransactionID(high: priority, low: UInt64(source.port) << 32 | UInt64(network.datagramCount))
    var attributes: [STUNAttribute] = [
      .username("\(remote.ufrag):\(local.ufrag)"), .priority(priority), .iceControlling(.max),
    ]
    if isNominating { attributes.append(.useCandidate) }
    var writer = ByteWriter()
    STUNMessage(.request, .binding, transactionID: id, attributes: attributes).write(into: &writer, key: remote.key)
    network.inject(writer.bytes, from: source, to: 1)
  }
}

/// A network of two peers, the first controlling, with one host each.
func network(
  seed: UInt64 = 1, nats: [SmallNAT?] = [nil, nil], roles: [ICERole] = [.controlling, .controlled],
  configure: (inout ICEConfiguration, Int) -> Void = { _, _ in }
) -> ICENetwork {
  let peers = (0..<2).map { index in
    let isPrivate = nats[index]?.mapping != nil
    let number = UInt8(index + 1)
    let host = isPrivate ? IPAddress(10, number, 0, 1) : IPAddress(192, 0, 2, number)
    var configuration = ICEConfiguration(hosts: [Endpoint(host, 5000)], stunServers: [ICENetwork.stunServer])
    configure(&configuration, index)
    return ICENetwork.Peer(
      configuration, role: roles[index],
      entropy: EntropySource(SeededGenerator(seed: seed, stream: "ice\(index)")), nat: nats[index])
  }
  return ICENetwork(peers, seed: seed)
}
