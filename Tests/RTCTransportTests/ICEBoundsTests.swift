import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@testable import RTCTransport

/// What a peer that says too much can make an agent keep.
struct ICEBoundsTests {
  private func candidate(_ number: Int, priority: UInt32) -> Candidate {
    let address = IPAddress(v4: 0x0A00_0000 + UInt32(number))
    return Candidate(foundation: "1", priority: priority, address: Endpoint(address, 4000), kind: .host)
  }

  @Test func `of a hundred thousand candidates a hundred are kept and the others counted`() {
    let network = network()
    let peer = network.peers[0]
    for number in 0..<100_000 {
      peer.agent.addRemote(
        candidate(number, priority: 1000 + UInt32(number)), at: network.now, into: &peer.output)
    }
    #expect(peer.agent.remoteCandidates.count == 100)
    #expect(peer.discarded.excessCandidates == 99_900)
    // The same one again is no excess, and a restart begins to count anew.
    peer.agent.addRemote(candidate(0, priority: 1000), at: network.now, into: &peer.output)
    #expect(peer.discarded.excessCandidates == 99_900)
    peer.agent.restart(at: network.now, into: &peer.output)
    peer.agent.addRemote(candidate(0, priority: 1000), at: network.now, into: &peer.output)
    #expect(peer.agent.remoteCandidates.count == 1)
  }

  @Test func `a peer whose checks come from ever other addresses fills neither table`() {
    let network = network()
    network.peers[0].isMute = true
    network.call()
    network.run(for: .milliseconds(200))
    let script = ScriptedPeer(of: network)
    for number in 0..<1000 {
      script.check(
        from: Endpoint(IPAddress(v4: 0x0A00_0000 + UInt32(number)), 4000), priority: 1000 + UInt32(number),
        isNominating: false)
    }
    let agent = network.peers[1]
    #expect(agent.agent.remoteCandidates.count <= 1 + Checklist.peerReflexiveLimit)
    #expect(agent.agent.pairs.count <= 1 + Checklist.peerReflexiveLimit)
    #expect(agent.discarded.excessCandidates >= 1000 - Checklist.peerReflexiveLimit)
  }

  @Test func `a peer that sees another address in every check adds few candidates of our own`() {
    let network = network { configuration, _ in configuration.checking = .libwebrtc }
    var count: UInt16 = 0
    network.isBlocked = { sender, bytes, source, destination in
      guard sender == 1, let message = try? STUNMessage(parsing: bytes.span), message.messageClass == .success else {
        return false
      }
      count += 1
      let answer = STUNMessage(
        .success, .binding, transactionID: message.transactionID,
        attributes: [.xorMappedAddress(Endpoint(IPAddress(6, 6, 6, 6), count))])
      var writer = ByteWriter()
      answer.write(into: &writer, key: network.peers[1].localCredentials.key)
      network.schedule(writer.bytes, from: source, to: destination)
      return true
    }
    network.call()
    network.run(for: .seconds(300))
    #expect(count > 50)
    #expect(network.peers[0].agent.localCandidates.count <= 1 + Checklist.peerReflexiveLimit)
  }

  @Test func `permissions of pairs that are gone are no longer refreshed`() throws {
    let network = network { configuration, index in
      guard index == 0 else { return }
      configuration.turnServers = [.init(ICENetwork.turnServer, username: "user", password: "secret")]
      configuration.transportPolicy = .relay
    }
    network.start(0)
    network.run(for: .seconds(1))
    let peer = network.peers[0]
    for generation in 0..<5 {
      for number in 0..<90 {
        peer.agent.addRemote(
          candidate(generation * 90 + number, priority: 1000), at: network.now, into: &peer.output)
      }
      network.flush(0)
      network.run(for: .seconds(1))
      let pairs = peer.agent.pairs.count
      #expect(pairs == 90)
      let (asked, permitted) = (peer.agent.relays[0].client.permissionCount, peer.agent.relays[0].permitted)
      #expect(asked <= 100 && permitted.count <= 100)
      // All that are in use are there.
      let used = peer.agent.pairs.allSatisfy { permitted.contains($0.remote.address.address) }
      #expect(used)
      peer.agent.restart(at: network.now, into: &peer.output)
      network.flush(0)
      network.run(for: .seconds(1))
    }
  }
}
