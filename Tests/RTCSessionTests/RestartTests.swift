import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

@testable import RTCSession

/// ICE restarts of whole connections.
///
/// - SeeAlso: RFC 8445 §9, RFC 8839 §4.4.3, RFC 9429 §5.2.3.1
@Suite struct RestartTests {
  /// What a restart must change, or must not.
  private struct Snapshot: Hashable {
    let local: ICECredentials
    let remote: ICECredentials?
    let pair: CandidatePair.ID?
    let role: ICERole
    let keys: SRTPKeys?
    let sources: [UInt32]

    init(_ side: ConnectedPair.Side) {
      local = side.core.transport.ice.localCredentials
      remote = side.core.transport.ice.remoteCredentials
      pair = side.core.transport.ice.selectedPair?.id
      role = side.core.transport.ice.role
      keys = side.core.transport.keys
      sources = side.core.transceivers.flatMap { transceiver in
        [transceiver.sender?.parameters.ssrc, transceiver.receiver?.parameters.ssrc].compactMap { $0 }
      }
    }
  }

  private func videoPair(_ fidelity: Fidelity = .model) throws -> ConnectedPair {
    let pair = try ConnectedPair(fidelity)
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    try pair.connect(answer: [.sendrecv])
    for side in 0..<2 { pair.startVideo(side, on: 0) }
    pair.run(for: .seconds(1))
    return pair
  }

  private func settle(_ pair: ConnectedPair) {
    pair.stopVideo()
    pair.run(for: .seconds(3))
  }

  private func snapshots(_ pair: ConnectedPair) -> [Snapshot] { pair.sides.map(Snapshot.init) }

  /// Nothing was lost, asked for again or refused, and every frame was played.
  private func expectUnbroken(_ pair: ConnectedPair) throws {
    for (sender, receiver) in [(pair.a, pair.b), (pair.b, pair.a)] {
      #expect(receiver.played[0] == sender.sentFrames[0])
      let outbound = try #require(sender.core.transceivers[0].sender).statistics
      let inbound = try #require(receiver.core.transceivers[0].receiver).statistics(at: pair.now)
      #expect(outbound.packetsSent == inbound.packetsReceived)
      #expect(inbound.packetsLost == 0 && inbound.nackCount == 0)
      #expect(sender.core.transport.drops.unsendable == 0)
      #expect(receiver.core.transport.ice.discarded.unknownSource == 0)
    }
  }

  /// Both ends have left the generation of `before` and nothing else.
  private func expectRestarted(_ pair: ConnectedPair, since before: [Snapshot]) {
    let after = snapshots(pair)
    for side in 0..<2 {
      #expect(after[side].local.ufrag != before[side].local.ufrag)
      #expect(after[side].local.password != before[side].local.password)
      #expect(after[side].remote == after[1 - side].local)
      #expect(after[side].pair != nil && after[side].pair != before[side].pair)
      #expect(after[side].keys != nil && after[side].keys == before[side].keys)
      #expect(after[side].role == before[side].role)
      #expect(after[side].sources == before[side].sources)
      let descriptions = pair.sides[side].core.signaling
      #expect(descriptions.currentLocal?.iceCredentials == [after[side].local])
      #expect(descriptions.currentRemote?.iceCredentials == [after[1 - side].local])
    }
  }

  @Test(arguments: [Fidelity.wire, .model], [0, 1])
  func `a restart by either side finds a new pair under the same keys, and media never stops`(
    fidelity: Fidelity, offerer: Int
  ) throws {
    let pair = try videoPair(fidelity)
    let before = snapshots(pair)
    let handshakes = pair.sent.count { $0.kind == .dtls }
    try pair.negotiate(
      from: offerer, restartingICE: true,
      whileAnswerTravels: {
        let media = pair.sent.count { $0.kind == .rtp }
        pair.run(for: .milliseconds(400))
        #expect(pair.sent.count { $0.kind == .rtp } > media + 15)
        #expect(pair.sides[offerer].core.transport.ice.selectedPair?.id == before[offerer].pair)
      })
    pair.run(for: .seconds(2))
    expectRestarted(pair, since: before)
    let signaling = pair.sides[offerer].core.signaling
    let established = pair.sides[1 - offerer].core.transport.localDTLSRole == .client ? SetupRole.active : .passive
    #expect(signaling.currentLocal?.media.map(\.attributes.setup) == [.actpass])
    #expect(signaling.currentRemote?.media.map(\.attributes.setup) == [established])
    #expect(pair.sent.count { $0.kind == .dtls } == handshakes)
    settle(pair)
    try expectUnbroken(pair)
  }

  @Test func `restarts by both sides in turn each begin a new generation`() throws {
    let pair = try videoPair()
    for offerer in [0, 1, 1, 0] {
      let before = snapshots(pair)
      try pair.negotiate(from: offerer, restartingICE: true)
      pair.run(for: .seconds(1))
      expectRestarted(pair, since: before)
    }
    #expect(pair.sides.map { $0.core.transport.ice.generation } == [4, 4])
    settle(pair)
    try expectUnbroken(pair)
  }

  @Test func `media keeps to the old pair for as long as the new generation finds none`() throws {
    let pair = try videoPair()
    let before = snapshots(pair)
    let old = before.map(\.local.ufrag)
    pair.fate = { datagram in
      guard datagram.kind == .stun, let message = try? STUNMessage(parsing: datagram.bytes.span),
        let username = message.username
      else { return (.zero, false) }
      return (.zero, !old.contains(String(username.prefix { $0 != ":" })))
    }
    try pair.negotiate(restartingICE: true)
    pair.run(for: .seconds(60))
    #expect(snapshots(pair).map(\.pair) == before.map(\.pair))
    pair.fate = { _ in (.zero, false) }
    let failed = snapshots(pair)
    try pair.negotiate(from: 1, restartingICE: true)
    pair.run(for: .seconds(2))
    expectRestarted(pair, since: failed)
    settle(pair)
    try expectUnbroken(pair)
  }

  @Test(arguments: [Fidelity.wire, .model], [0, 1])
  func `a restart after consent has expired brings media back`(fidelity: Fidelity, offerer: Int) throws {
    let pair = try videoPair(fidelity)
    let before = snapshots(pair)
    pair.fate = { _ in (.zero, true) }
    pair.run(for: .seconds(40))
    #expect(pair.sides.map { $0.core.transport.ice.state } == [.failed, .failed])
    pair.fate = { _ in (.zero, false) }
    pair.run(for: .seconds(5))
    #expect(pair.sides.map { $0.core.transport.ice.state } == [.failed, .failed])
    let cut = pair.now
    let handshakes = pair.sent.count { $0.kind == .dtls }
    try pair.negotiate(from: offerer, restartingICE: true)
    pair.run(for: .seconds(4))
    expectRestarted(pair, since: before)
    #expect(pair.sent.count { $0.kind == .dtls } == handshakes)
    settle(pair)
    for (sender, receiver) in [(pair.a, pair.b), (pair.b, pair.a)] {
      let played = try #require(receiver.played[0])
      #expect(played.last == sender.sentFrames[0]?.last)
      let first = UInt32(truncatingIfNeeded: cut.nanoseconds / 1_000_000 * 90)
      #expect(played.count { $0 > first } > 75)
    }
  }

  @Test(arguments: [SignalingSide.local, .remote])
  func `a restart that is rolled back leaves the connection as it was`(side: SignalingSide) throws {
    let pair = try videoPair()
    let before = snapshots(pair)
    let offer = try pair.a.core.createOffer(restartsICE: true)
    #expect(offer.iceCredentials != [before[0].local])
    #expect(pair.a.core.transport.ice.localCredentials == before[0].local)
    try pair.a.core.setLocal(.offer(offer), at: pair.now, into: &pair.a.output)
    #expect(offer.iceCredentials == [pair.a.core.transport.ice.localCredentials])
    try pair.b.core.setRemote(.offer(offer), at: pair.now, into: &pair.b.output)
    pair.run(for: .seconds(1))
    try pair.b.core.setRemote(.rollback, at: pair.now, into: &pair.b.output)
    if side == .local {
      try pair.a.core.setLocal(.rollback, at: pair.now, into: &pair.a.output)
    } else {
      try pair.a.core.setRemote(.rollback, at: pair.now, into: &pair.a.output)
    }
    #expect(snapshots(pair) == before)
    #expect(pair.a.core.transport.ice.generation == 0)
    // Consent has to be renewed under the old credentials, and a negotiation restarts nothing.
    pair.run(for: .seconds(40))
    try pair.negotiate(from: 1)
    pair.run(for: .seconds(1))
    #expect(snapshots(pair) == before)
    try pair.negotiate(restartingICE: true)
    pair.run(for: .seconds(1))
    expectRestarted(pair, since: before)
    settle(pair)
    try expectUnbroken(pair)
  }

  /// The path is cut before the restart is offered, and lost before or while it waits for its answer.
  @Test(arguments: [40, 15])
  func `a restart that is rolled back saves no connection that was lost, and the next one does`(cut: Int) throws {
    let pair = try videoPair()
    let before = snapshots(pair)
    pair.fate = { _ in (.zero, true) }
    pair.run(for: .seconds(cut))
    #expect(pair.a.core.transport.ice.state == (cut == 40 ? .failed : .disconnected))
    let offer = try pair.a.core.createOffer(restartsICE: true)
    try pair.a.core.setLocal(.offer(offer), at: pair.now, into: &pair.a.output)
    #expect(pair.a.core.transport.ice.state == .checking)
    pair.run(for: .seconds(30))
    try pair.a.core.setLocal(.rollback, at: pair.now, into: &pair.a.output)
    #expect(pair.sides.map { $0.core.transport.ice.state } == [.failed, .failed])
    #expect(pair.a.core.transport.ice.localCredentials == before[0].local)
    pair.fate = { _ in (.zero, false) }
    try pair.negotiate(restartingICE: true)
    pair.run(for: .seconds(3))
    expectRestarted(pair, since: before)
    settle(pair)
    #expect(pair.b.played[0]?.last == pair.a.sentFrames[0]?.last)
    #expect(pair.a.played[0]?.last == pair.b.sentFrames[0]?.last)
  }

  /// Consent comes back while the restart waits, or it does not yet.
  @Test(arguments: [true, false])
  func `a restart that is rolled back leaves a disconnected connection as it has become`(isBack: Bool) throws {
    let pair = try videoPair()
    pair.fate = { _ in (.zero, true) }
    pair.run(for: .seconds(15))
    let offer = try pair.a.core.createOffer(restartsICE: true)
    try pair.a.core.setLocal(.offer(offer), at: pair.now, into: &pair.a.output)
    if isBack { pair.fate = { _ in (.zero, false) } }
    pair.run(for: .seconds(7))
    try pair.a.core.setLocal(.rollback, at: pair.now, into: &pair.a.output)
    #expect(pair.a.core.transport.ice.state == (isBack ? .connected : .disconnected))
    pair.fate = { _ in (.zero, false) }
    pair.run(for: .seconds(10))
    #expect(pair.sides.map { $0.core.transport.ice.state } == [.connected, .connected])
    settle(pair)
    #expect(pair.b.played[0]?.last == pair.a.sentFrames[0]?.last)
  }

  @Test func `of two restarts that meet one is rolled back, and the other succeeds`() throws {
    let pair = try videoPair()
    let before = snapshots(pair)
    let offers = try pair.sides.map { try $0.core.createOffer(restartsICE: true) }
    for (side, offer) in zip(pair.sides, offers) {
      try side.core.setLocal(.offer(offer), at: pair.now, into: &side.output)
    }
    pair.run(for: .milliseconds(200))
    // Side 1 is the polite one; side 0 ignores its offer.
    try pair.b.core.setRemote(.offer(offers[0]), at: pair.now, into: &pair.b.output)
    let answer = try pair.b.core.createAnswer()
    #expect(answer.iceCredentials != offers[1].iceCredentials)
    try pair.b.core.setLocal(.answer(answer), at: pair.now, into: &pair.b.output)
    try pair.a.core.setRemote(.answer(answer), at: pair.now, into: &pair.a.output)
    pair.run(for: .seconds(2))
    expectRestarted(pair, since: before)
    settle(pair)
    try expectUnbroken(pair)
  }

  @Test func `a candidate waits for its generation, and one that is left is not mixed in`() throws {
    let pair = try videoPair()
    let (a, b) = (pair.a, pair.b)
    let known = b.core.transport.ice.remoteCandidates
    let offer = try a.core.createOffer(restartsICE: true)
    let credentials = try #require(offer.iceCredentials.first)
    let old = a.core.transport.ice.localCredentials.ufrag
    func candidate(_ host: UInt8) -> Candidate {
      Candidate(
        foundation: "f\(host)", priority: 1, address: Endpoint(IPAddress(198, 51, 100, host), 9000), kind: .host)
    }
    func trickle(_ host: UInt8, ufrag: String? = nil, to side: ConnectedPair.Side) {
      side.core.addRemoteCandidate(candidate(host).signalled(ufrag: ufrag), at: pair.now, into: &side.output)
    }
    func hosts(_ side: ConnectedPair.Side) -> [Endpoint] { side.core.transport.ice.remoteCandidates.map(\.address) }

    // Ahead of its offer, and with it.
    trickle(1, ufrag: credentials.ufrag, to: b)
    try b.core.setRemote(.offer(offer), at: pair.now, into: &b.output)
    trickle(2, to: b)
    b.core.remoteCandidatesEnded(at: pair.now, into: &b.output)
    #expect(b.core.transport.ice.remoteCandidates == known)
    trickle(3, ufrag: old, to: b)
    #expect(hosts(b) == known.map(\.address) + [candidate(3).address])

    try a.core.setLocal(.offer(offer), at: pair.now, into: &a.output)
    trickle(4, to: a)
    trickle(5, ufrag: b.core.transport.ice.localCredentials.ufrag, to: a)
    #expect(hosts(a) == [])
    let answer = try b.core.createAnswer()
    try b.core.setLocal(.answer(answer), at: pair.now, into: &b.output)
    #expect(hosts(b) == [candidate(1).address, candidate(2).address])
    trickle(6, ufrag: try #require(answer.iceCredentials.first).ufrag, to: a)
    #expect(hosts(a) == [])
    try a.core.setRemote(.answer(answer), at: pair.now, into: &a.output)
    #expect(hosts(a) == [candidate(6).address])
    trickle(7, ufrag: old, to: b)
    #expect(hosts(b) == [candidate(1).address, candidate(2).address])
    let signalled = b.output.events.compactMap { if case .candidate(let candidate) = $0 { candidate } else { nil } }
    #expect(!signalled.isEmpty && signalled.allSatisfy { $0.ufrag == answer.iceCredentials.first?.ufrag })
  }

  @Test func `the first offer cannot restart, and states no generation`() throws {
    let pair = try ConnectedPair()
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    let credentials = pair.a.core.transport.ice.localCredentials
    try pair.negotiate(restartingICE: true)
    #expect(pair.a.core.transport.ice.localCredentials == credentials)
    #expect(pair.sides.map { $0.core.transport.ice.generation } == [0, 0])
    for side in pair.sides {
      let signalled = side.events.compactMap { if case .candidate(let candidate) = $0 { candidate } else { nil } }
      #expect(!signalled.isEmpty && signalled.allSatisfy { $0.ufrag == nil })
    }
  }
}
