import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@testable import RTCTransport

/// The ways of checking and nominating that an agent may be told to use.
struct ICECheckingTests {
  /// When a peer sent connectivity checks, nominating or not.
  private func checks(of peer: ICENetwork.Peer) -> [(time: Instant, check: ICEAgent.Check)] {
    peer.log.compactMap { if case .checkSent(let check) = $0.event { ($0.time, check) } else { nil } }
  }

  @Test func `libwebrtc checks one pair every 48 ms until it answers, each time anew`() throws {
    let network = network { configuration, _ in configuration.checking = .libwebrtc }
    // The answerer's checks lead nowhere for 300 ms, as with a firewall in front of the offerer.
    network.isBlocked = { sender, _, _, _ in sender == 1 && network.now < .start + .milliseconds(300) }
    network.call()
    network.run(for: .seconds(1))
    let sent = checks(of: network.peers[1])
    let first = sent.prefix { $0.time < .start + .milliseconds(300) }
    #expect(first.count >= 5)
    for (one, next) in zip(first, first.dropFirst()) {
      #expect(next.time - one.time == .milliseconds(48))
      #expect(one.check.transactionID != next.check.transactionID && next.check.transmission == 1)
    }
    #expect(network.peers.map(\.state) == [.completed, .completed])
  }

  @Test func `an aggressive agent nominates with its first check`() throws {
    for checking in [ICEChecking.scheduled(.aggressive), .libwebrtc] {
      let network = network { configuration, _ in configuration.checking = checking }
      network.call()
      network.run(for: .seconds(3))
      #expect(checks(of: network.peers[0]).allSatisfy { $0.check.isNominating })
      #expect(checks(of: network.peers[1]).allSatisfy { !$0.check.isNominating })
      let pairs = try network.peers.map { try #require($0.pair) }
      #expect(pairs[0].local.address == pairs[1].remote.address)
      // Both are connected by their first check: no second one is waited for.
      #expect(network.peers.map { checks(of: $0).count } == [1, 1])
      #expect(network.peers.map(\.state) == [.completed, .completed])
    }
  }

  @Test func `a continual agent moves to another pair when the one in use dies, and comes back to a better one`() throws
  {
    let network = network { configuration, index in
      configuration.checking = .libwebrtc
      if index == 0 { configuration.hosts.append(Endpoint(IPAddress(192, 0, 2, 77), 5000)) }
    }
    let best = network.peers[0].hosts[0]
    network.call()
    network.run(for: .seconds(5))
    #expect(network.peers[0].pair?.local.base == best)
    network.isBlocked = { _, _, source, destination in source == best || destination == best }
    network.run(for: .seconds(20))
    let other = network.peers[0].hosts[1]
    #expect(network.peers[0].pair?.local.base == other)
    #expect(network.peers[1].pair?.remote.address == other)
    #expect(network.send([200, 7], from: 1))
    network.run(for: .seconds(1))
    #expect(network.peers[0].received == [[200, 7]])
    #expect(network.peers.allSatisfy { $0.state == .connected || $0.state == .completed })
    // The better way is there again: both take it, and data follows.
    network.isBlocked = { _, _, _, _ in false }
    network.run(for: .seconds(20))
    #expect(network.peers[0].pair?.local.base == best)
    #expect(network.peers[1].pair?.remote.address == best)
    network.isBlocked = { _, _, source, destination in source == other || destination == other }
    #expect(network.exchangesData())
    #expect(!network.peers.contains { $0.states.contains(.failed) })
  }

  /// A call whose better pair works only after 300 ms; its first check is repeated at 500 ms.
  private func lateBetterPair(_ nomination: ICENomination) -> (network: ICENetwork, better: Endpoint, worse: Endpoint) {
    let network = network { configuration, index in
      configuration.checking = .scheduled(nomination)
      configuration.nominationDelay = .seconds(5)
      if index == 0 { configuration.hosts.append(Endpoint(IPAddress(192, 0, 2, 77), 5000)) }
    }
    let (better, worse) = (network.peers[0].hosts[0], network.peers[0].hosts[1])
    network.isBlocked = { _, _, source, destination in
      network.now < .start + .milliseconds(300) && (source == better || destination == better)
    }
    network.call()
    network.run(for: .milliseconds(400))
    return (network, better, worse)
  }

  @Test func `an agent that nominates aggressively moves to a better pair when it works`() {
    let (network, better, worse) = lateBetterPair(.aggressive)
    #expect(network.peers[0].pair?.local.base == worse && network.peers[1].pair?.remote.address == worse)
    network.run(for: .seconds(2))
    #expect(network.peers[0].pair?.local.base == better && network.peers[1].pair?.remote.address == better)
    let changes = network.peers.map { $0.agent.selectedCandidatePairChanges }
    #expect(changes == [2, 2])
    #expect(network.exchangesData())
  }

  @Test func `an agent that nominates regularly sends on the best pair that works, and nominates the better one only`()
  {
    let (network, better, worse) = lateBetterPair(.regular)
    let early = network.peers[0].agent.sending?.base
    #expect(early == worse && network.peers[0].pair == nil)
    network.run(for: .seconds(2))
    let late = network.peers[0].agent.sending?.base
    #expect(late == better)
    #expect(network.peers[0].pair?.local.base == better && network.peers[1].pair?.remote.address == better)
    let changes = network.peers.map { $0.agent.selectedCandidatePairChanges }
    #expect(changes == [1, 1])
  }

  @Test func `a pair that answers nothing for 15 s has failed`() throws {
    let network = network { configuration, _ in configuration.checking = .libwebrtc }
    network.isBlocked = { sender, _, _, _ in sender != nil }
    network.call()
    network.run(for: .seconds(14))
    #expect(network.peers.allSatisfy { $0.agent.pairs.allSatisfy { $0.state == .inProgress } })
    network.run(for: .seconds(3))
    #expect(network.peers.allSatisfy { $0.agent.pairs.allSatisfy { $0.state == .failed } })
    network.run(for: .seconds(30))
    #expect(network.peers.map(\.state) == [.failed, .failed])
  }

  @Test func `a lite agent answers, never asks, and is found by a full one behind a NAT`() throws {
    let home = SmallNAT(
      mapping: .endpointIndependent, filtering: .addressAndPortDependent, publicAddress: IPAddress(198, 18, 0, 1))
    let network = network(nats: [home, nil]) { configuration, index in configuration.isLite = index == 1 }
    network.call()
    network.run(for: .seconds(40))
    #expect(checks(of: network.peers[1]).isEmpty)
    #expect(network.peers[1].agent.localCandidates.allSatisfy { $0.kind == .host })
    #expect(network.peers.map(\.state) == [.completed, .completed])
    #expect(network.send([200, 1], from: 0) && network.send([200, 2], from: 1))
    network.run(for: .seconds(1))
    #expect(network.peers.map(\.received) == [[[200, 2]], [[200, 1]]])
    // The full agent asks for consent; the lite one only answers.
    #expect(try #require(network.peers[0].pair).statistics.consentRequestsSent >= 6)
    #expect(try #require(network.peers[1].pair).statistics.consentRequestsSent == 0)
  }

  @Test func `without pacing every pair is checked at once`() {
    let network = network { configuration, index in
      configuration.pacing = .zero
      if index == 0 {
        for number in UInt8(80)...83 { configuration.hosts.append(Endpoint(IPAddress(192, 0, 2, number), 5000)) }
      }
    }
    network.call()
    network.run(for: .seconds(3))
    let sent = checks(of: network.peers[1])
    let first = sent.first?.time
    #expect(sent.count { $0.time == first } == 5)
    #expect(network.peers.map(\.state) == [.completed, .completed])
  }
}

/// A client that leaves one network for another.
struct ICEMobilityTests {
  private static let wifi = Endpoint(IPAddress(192, 0, 2, 1), 5000)
  private static let cellular = Endpoint(IPAddress(192, 0, 2, 91), 6000)

  @Test
  func `a phone that leaves its Wi-Fi is connected again after a restart, one round of signaling and checks later`()
    throws
  {
    let network = network()
    network.call()
    network.run(for: .seconds(2))
    let peer = network.peers[0]
    #expect(peer.pair?.local.base == Self.wifi)
    // The Wi-Fi is gone: nothing from or to it arrives any more.
    network.isBlocked = { _, _, source, destination in source == Self.wifi || destination == Self.wifi }
    peer.agent.removeHost(Self.wifi, at: network.now, into: &peer.output)
    network.flush(0)
    #expect(peer.state == .disconnected && !network.send([200, 1], from: 0))
    peer.hosts.append(Self.cellular)
    peer.agent.addHost(Self.cellular, at: network.now, into: &peer.output)
    let begin = network.now
    network.restart(0)
    network.run(for: .seconds(3))
    #expect(network.peers.map(\.state) == [.completed, .completed])
    #expect(peer.pair?.local.base == Self.cellular)
    #expect(peer.agent.localCandidates.map(\.base) == [Self.cellular])
    // Two ways of signaling of 30 ms and two checks of 40 ms each, and what pacing and nomination take.
    let again = try #require(peer.log.last { $0.event == .stateChanged(.connected) }).time
    #expect(again - begin < .milliseconds(300), "\(again - begin)")
    #expect(network.send([200, 1], from: 0) && network.send([200, 2], from: 1))
    network.run(for: .seconds(1))
    #expect(network.peers.map(\.received) == [[[200, 2]], [[200, 1]]])
  }

  @Test func `an agent that checks continually moves to its other network without a restart`() throws {
    let network = network { configuration, index in
      configuration.checking = .libwebrtc
      if index == 0 { configuration.hosts.append(Self.cellular) }
    }
    network.call()
    network.run(for: .seconds(5))
    let peer = network.peers[0]
    #expect(peer.pair?.local.base == Self.wifi)
    network.isBlocked = { _, _, source, destination in source == Self.wifi || destination == Self.wifi }
    peer.agent.removeHost(Self.wifi, at: network.now, into: &peer.output)
    network.flush(0)
    #expect(network.send([200, 1], from: 0), "the other pair was checked already")
    network.run(for: .seconds(10))
    #expect(network.peers[1].received == [[200, 1]])
    #expect(network.peers[1].pair?.remote.address == Self.cellular)
    #expect(network.peers.allSatisfy { $0.state == .connected || $0.state == .completed })
  }

  /// A call of a minute over Wi-Fi, at whose beginning the other network worked, too.
  ///
  /// Without continual checks the other pair's last answer is as old as the call.
  private func minuteOverWiFi() -> ICENetwork {
    let network = network { configuration, index in
      configuration.nominationDelay = .seconds(2)
      if index == 0 { configuration.hosts.append(Self.cellular) }
    }
    network.isBlocked = { _, _, source, destination in
      network.now < .start + .milliseconds(150) && (source == Self.wifi || destination == Self.wifi)
    }
    network.call()
    network.run(for: .seconds(60))
    let peer = network.peers[0]
    #expect(peer.pair?.local.base == Self.wifi)
    let isOtherValid = peer.agent.pairs.contains { $0.local.base == Self.cellular && $0.state == .succeeded }
    #expect(isOtherValid)
    return network
  }

  @Test func `a pair whose consent has lapsed is asked before data goes through it`() throws {
    let network = minuteOverWiFi()
    let peer = network.peers[0]
    network.isBlocked = { _, _, source, destination in source == Self.wifi || destination == Self.wifi }
    peer.agent.removeHost(Self.wifi, at: network.now, into: &peer.output)
    network.flush(0)
    #expect(!network.send([200, 1], from: 0) && peer.state == .disconnected)
    network.run(for: .milliseconds(300))
    #expect(network.send([200, 2], from: 0), "its check was answered")
    network.run(for: .seconds(60))
    #expect(network.peers.map(\.state) == [.completed, .completed])
    #expect(network.peers[1].received == [[200, 2]])
    #expect(peer.pair?.local.base == Self.cellular && network.peers[1].pair?.remote.address == Self.cellular)
    #expect(!network.peers.contains { $0.states.contains(.failed) })
  }

  @Test func `an agent fails when the only pair that is left was asked in vain`() throws {
    let network = minuteOverWiFi()
    let peer = network.peers[0]
    network.isBlocked = { _, _, _, _ in true }
    peer.agent.removeHost(Self.wifi, at: network.now, into: &peer.output)
    network.flush(0)
    network.run(for: .seconds(29))
    #expect(peer.state == .disconnected)
    network.run(for: .seconds(2))
    #expect(peer.state == .failed)
    let count = network.datagramCount
    #expect(!network.send([200, 1], from: 0))
    network.run(for: .seconds(60))
    #expect(network.datagramCount == count)
  }

  @Test func `a network that comes later is checked at once by an agent that checks continually`() throws {
    let network = network { configuration, index in
      configuration.checking = .libwebrtc
      if index == 0 { configuration.hosts = [Self.cellular] }
    }
    network.call()
    network.run(for: .seconds(5))
    let peer = network.peers[0]
    peer.hosts.append(Self.wifi)
    peer.agent.addHost(Self.wifi, at: network.now, into: &peer.output)
    network.flush(0)
    network.run(for: .seconds(5))
    // It is the second socket, so it is of lower priority: known, checked, and not taken.
    #expect(peer.pair?.local.base == Self.cellular)
    #expect(peer.agent.pairs.contains { $0.local.base == Self.wifi && $0.state == .succeeded })
  }
}
