import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

@testable import RTCSession

/// Offers and answers in the middle of a call.
///
/// - SeeAlso: RFC 9429 §5.2.2, §5.3.2, RFC 3264 §8
@Suite struct RenegotiationTests {
  private func videoPair(_ fidelity: Fidelity = .model) throws -> ConnectedPair {
    let pair = try ConnectedPair(fidelity)
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    try pair.connect(answer: [.sendrecv])
    for side in 0..<2 { pair.startVideo(side, on: 0) }
    pair.run(for: .seconds(1))
    return pair
  }

  /// Sends for a while, stops, and lets everything arrive and be played.
  private func finish(_ pair: ConnectedPair) {
    pair.run(for: .seconds(1))
    pair.stopVideo()
    pair.run(for: .seconds(3))
  }

  /// What one side sent on a transceiver was received and played, all of it.
  private func expectUnbroken(_ pair: ConnectedPair, from side: Int, on index: Int) throws {
    let (sender, receiver) = (pair.sides[side], pair.sides[1 - side])
    let frames = try #require(sender.sentFrames[index])
    #expect(receiver.played[index] == frames)
    let outbound = try #require(sender.core.transceivers[index].sender).statistics
    let inbound = try #require(receiver.core.transceivers[index].receiver).statistics(at: pair.now)
    #expect(outbound.packetsSent == inbound.packetsReceived)
    #expect(inbound.packetsLost == 0 && inbound.nackCount == 0 && inbound.framesDecoded == frames.count)
    #expect(outbound.ssrc == inbound.ssrc)
  }

  /// Both sides have the offer of `offerer` and its answer as current descriptions, and nothing pending.
  private func expectStable(_ pair: ConnectedPair, offerer: Int) {
    let (one, other) = (pair.sides[offerer].core.signaling, pair.sides[1 - offerer].core.signaling)
    #expect(one.state == .stable && other.state == .stable)
    #expect(one.currentOfferer == .local && other.currentOfferer == .remote)
    #expect(one.currentLocal != nil && one.currentLocal == other.currentRemote)
    #expect(one.currentRemote != nil && one.currentRemote == other.currentLocal)
    #expect(one.pendingLocal == nil && one.pendingRemote == nil)
    #expect(other.pendingLocal == nil && other.pendingRemote == nil)
    for setup in one.currentLocal?.media.map(\.attributes.setup) ?? [] { #expect(setup == .actpass) }
  }

  private func directions(_ pair: ConnectedPair, _ index: Int) -> [MediaDirection] {
    pair.sides.map { $0.core.transceivers[index].direction }
  }

  private func handshakes(_ pair: ConnectedPair) -> Int { pair.sent.count { $0.kind == .dtls } }

  @Test(arguments: [Fidelity.wire, .model], [0, 1])
  func `either side adds a transceiver to a call, and media flows on it in both directions`(
    fidelity: Fidelity, offerer: Int
  ) throws {
    let pair = try videoPair(fidelity)
    let before = handshakes(pair)
    pair.sides[offerer].core.addTransceiver(.video, direction: .sendrecv)
    try pair.negotiate(from: offerer, answer: [nil, .sendrecv])
    expectStable(pair, offerer: offerer)
    let offer = try #require(pair.sides[offerer].core.signaling.currentLocal)
    #expect(offer.media.map(\.attributes.mid) == ["0", "1"])
    #expect(offer.bundleGroups == [["0", "1"]])
    for side in 0..<2 { pair.startVideo(side, on: 1) }
    finish(pair)
    #expect(handshakes(pair) == before)
    for side in 0..<2 {
      for index in 0..<2 { try expectUnbroken(pair, from: side, on: index) }
    }
  }

  @Test func `both sides add transceivers in turn, and each keeps its place and its tag`() throws {
    let pair = try videoPair()
    for (round, offerer) in [1, 0, 1, 1, 0].enumerated() {
      pair.sides[offerer].core.addTransceiver(.video, direction: .sendonly)
      try pair.negotiate(from: offerer)
      expectStable(pair, offerer: offerer)
      pair.startVideo(offerer, on: round + 1)
      pair.run(for: .milliseconds(400))
    }
    let tags = pair.sides.map { $0.core.transceivers.map(\.media.mid) }
    #expect(tags[0] == ["0", "1", "2", "3", "4", "5"] && tags[1] == tags[0])
    finish(pair)
    for (round, offerer) in [1, 0, 1, 1, 0].enumerated() { try expectUnbroken(pair, from: offerer, on: round + 1) }
    for side in 0..<2 { try expectUnbroken(pair, from: side, on: 0) }
  }

  /// Who holds, what it offers, what the other end answers, and who still sends.
  struct Hold: CustomTestStringConvertible {
    let holder: Int
    let offered: MediaDirection
    let answered: MediaDirection
    /// Whether the holder and the other end send.
    let sends: [Bool]

    var testDescription: String { "side \(holder) offers \(offered)" }
  }

  private static let holds = [0, 1].flatMap { holder in
    [
      Hold(holder: holder, offered: .sendonly, answered: .recvonly, sends: [true, false]),
      Hold(holder: holder, offered: .recvonly, answered: .sendonly, sends: [false, true]),
      Hold(holder: holder, offered: .inactive, answered: .inactive, sends: [false, false]),
    ]
  }

  @Test(arguments: [Fidelity.wire, .model], holds)
  func `a stream that is held is silent, and goes on with its source and counters when it is resumed`(
    fidelity: Fidelity, hold: Hold
  ) throws {
    let pair = try videoPair(fidelity)
    let (holder, other) = (pair.sides[hold.holder], pair.sides[1 - hold.holder])
    let streams = pair.sides.map { $0.core.transceivers[0] }
    let path = pair.sides.map { $0.core.transport.ice.selectedPair?.id }
    let before = handshakes(pair)

    holder.core.setDirection(hold.offered, of: 0)
    try pair.negotiate(from: hold.holder)
    expectStable(pair, offerer: hold.holder)
    #expect(holder.core.transceivers[0].direction == hold.offered)
    #expect(other.core.transceivers[0].direction == hold.answered)
    #expect(holder.core.signaling.currentLocal?.media[0].attributes.direction == hold.offered)
    #expect(holder.core.signaling.currentRemote?.media[0].attributes.direction == hold.answered)
    // What both sides want stays what it was where it was not changed.
    #expect(other.core.transceivers[0].media.direction == .sendrecv)
    let began = pair.now
    pair.run(for: .seconds(2))
    for (side, sends) in zip([hold.holder, 1 - hold.holder], hold.sends) {
      #expect(pair.sent(side, .rtp).contains { $0.time > began } == sends)
    }

    // The one who was held resumes as well as the one who held.
    holder.core.setDirection(.sendrecv, of: 0)
    try pair.negotiate(from: hold.holder)
    expectStable(pair, offerer: hold.holder)
    #expect(directions(pair, 0) == [.sendrecv, .sendrecv])
    finish(pair)
    for side in 0..<2 {
      try expectUnbroken(pair, from: side, on: 0)
      #expect(pair.sides[side].core.transceivers[0].sender === streams[side].sender)
      #expect(pair.sides[side].core.transceivers[0].receiver === streams[side].receiver)
      let numbers = pair.sent(side, .rtp).compactMap { datagram in
        fidelity == .model ? datagram.rtp?.header.sequenceNumber : nil
      }
      for (number, next) in zip(numbers, numbers.dropFirst()) { #expect(next == number.next) }
    }
    #expect(handshakes(pair) == before)
    #expect(pair.sides.map { $0.core.transport.ice.selectedPair?.id } == path)
    #expect(pair.sides.map { $0.core.transport.ice.generation } == [0, 0])
  }

  @Test func `the other end may take a stream up again that the first has put on hold and would resume`() throws {
    let pair = try videoPair()
    pair.a.core.setDirection(.inactive, of: 0)
    try pair.negotiate()
    pair.run(for: .milliseconds(500))
    pair.a.core.setDirection(.sendrecv, of: 0)
    #expect(directions(pair, 0) == [.inactive, .inactive])
    try pair.negotiate(from: 1)
    expectStable(pair, offerer: 1)
    #expect(directions(pair, 0) == [.sendrecv, .sendrecv])
    finish(pair)
    for side in 0..<2 { try expectUnbroken(pair, from: side, on: 0) }
  }

  @Test func `both may hold, and the stream is resumed when neither does`() throws {
    let pair = try videoPair()
    pair.a.core.setDirection(.sendonly, of: 0)
    try pair.negotiate()
    #expect(directions(pair, 0) == [.sendonly, .recvonly])
    pair.b.core.setDirection(.sendonly, of: 0)
    try pair.negotiate(from: 1)
    #expect(directions(pair, 0) == [.inactive, .inactive])
    pair.a.core.setDirection(.sendrecv, of: 0)
    try pair.negotiate()
    #expect(directions(pair, 0) == [.recvonly, .sendonly])
    pair.run(for: .seconds(1))
    pair.b.core.setDirection(.sendrecv, of: 0)
    try pair.negotiate()
    #expect(directions(pair, 0) == [.sendrecv, .sendrecv])
    finish(pair)
    for side in 0..<2 { try expectUnbroken(pair, from: side, on: 0) }
  }

  @Test func `a stream that begins when a direction widens comes up with a source of its own`() throws {
    let pair = try ConnectedPair()
    pair.a.core.addTransceiver(.video, direction: .sendonly)
    try pair.connect()
    pair.startVideo(0, on: 0)
    pair.startVideo(1, on: 0)
    pair.run(for: .seconds(1))
    #expect(pair.b.core.transceivers[0].sender == nil && pair.a.core.transceivers[0].receiver == nil)
    pair.a.core.setDirection(.sendrecv, of: 0)
    try pair.negotiate(answer: [.sendrecv])
    finish(pair)
    for side in 0..<2 { try expectUnbroken(pair, from: side, on: 0) }
  }

  @Test func `each slot holds its description at every step of a renegotiation`() throws {
    let pair = try videoPair()
    let before = pair.sides.map { $0.core.signaling }
    let (a, b) = (pair.a, pair.b)
    let offer = try b.core.createOffer()
    #expect(b.core.signaling == before[1])
    #expect(offer.origin.sessionID == before[1].currentLocal?.origin.sessionID)
    #expect(offer.origin.sessionVersion == before[1].currentLocal.map { $0.origin.sessionVersion + 1 })
    try b.core.setLocal(.offer(offer), at: pair.now, into: &b.output)
    #expect(b.core.signaling.state == .haveLocalOffer && b.core.signaling.pendingLocal == offer)
    #expect(b.core.signaling.currentLocal == before[1].currentLocal && b.core.signaling.pendingRemote == nil)
    try a.core.setRemote(.offer(offer), at: pair.now, into: &a.output)
    #expect(a.core.signaling.state == .haveRemoteOffer && a.core.signaling.pendingRemote == offer)
    #expect(a.core.signaling.currentRemote == before[0].currentRemote && a.core.signaling.pendingLocal == nil)
    let answer = try a.core.createAnswer()
    #expect(answer.origin.sessionVersion == before[0].currentLocal.map { $0.origin.sessionVersion + 1 })
    try a.core.setLocal(.answer(answer), at: pair.now, into: &a.output)
    try b.core.setRemote(.answer(answer), at: pair.now, into: &b.output)
    expectStable(pair, offerer: 1)
    #expect(a.core.signaling.currentLocal == answer && a.core.signaling.currentRemote == offer)
  }

  @Test func `an offer that is rolled back changes no direction, and its transceiver is offered again`() throws {
    let pair = try videoPair()
    let (a, b) = (pair.a, pair.b)
    a.core.addTransceiver(.video, direction: .sendonly)
    a.core.setDirection(.inactive, of: 0)
    let offer = try a.core.createOffer()
    try a.core.setLocal(.offer(offer), at: pair.now, into: &a.output)
    try b.core.setRemote(.offer(offer), at: pair.now, into: &b.output)
    #expect(b.core.transceivers.map(\.media.mid) == ["0", "1"])
    try b.core.setRemote(.rollback, at: pair.now, into: &b.output)
    #expect(b.core.transceivers.map(\.media.mid) == ["0"])
    try a.core.setLocal(.rollback, at: pair.now, into: &a.output)
    #expect(directions(pair, 0) == [.sendrecv, .sendrecv])
    pair.run(for: .seconds(1))
    a.core.setDirection(.sendrecv, of: 0)
    try pair.negotiate()
    pair.startVideo(0, on: 1)
    finish(pair)
    #expect(pair.sides.map { $0.core.transceivers.count } == [2, 2])
    for side in 0..<2 { try expectUnbroken(pair, from: side, on: 0) }
    try expectUnbroken(pair, from: 0, on: 1)
  }

  /// RFC 9429 §5.10: what one offers to receive, too, the other takes for its own; anything else is a section more.
  @Test(arguments: [MediaDirection.sendrecv, .sendonly])
  func `of two offers that meet, each of which adds a transceiver, none is lost`(direction: MediaDirection) throws {
    let pair = try videoPair()
    for side in pair.sides {
      side.core.addTransceiver(.video, direction: direction)
      try side.core.setLocal(.offer(try side.core.createOffer()), at: pair.now, into: &side.output)
    }
    // Side 1 is the polite one; side 0 ignores its offer.
    let offer = try #require(pair.a.core.signaling.pendingLocal)
    try pair.b.core.setRemote(.offer(offer), at: pair.now, into: &pair.b.output)
    let answer = try pair.b.core.createAnswer()
    try pair.b.core.setLocal(.answer(answer), at: pair.now, into: &pair.b.output)
    try pair.a.core.setRemote(.answer(answer), at: pair.now, into: &pair.a.output)
    expectStable(pair, offerer: 0)
    try pair.negotiate(from: 1)
    expectStable(pair, offerer: 1)
    let tags = pair.sides.map { $0.core.transceivers.map(\.media.mid) }
    #expect(tags == (direction == .sendrecv ? [["0", "1"], ["0", "1"]] : [["0", "1", "2"], ["0", "2", "1"]]))
    for side in 0..<2 { pair.startVideo(side, on: 1) }
    finish(pair)
    let other = direction == .sendrecv ? 1 : 2
    for (sender, receiver) in [(pair.a, pair.b), (pair.b, pair.a)] {
      #expect(sender.sentFrames[1]?.count == 25)
      #expect(receiver.played[other] == sender.sentFrames[1])
    }
  }

  @Test func `an offer that was made and never set takes no tag away from the peer's`() throws {
    let pair = try videoPair()
    pair.a.core.addTransceiver(.audio, direction: .sendonly)
    _ = try pair.a.core.createOffer()
    pair.b.core.addTransceiver(.video, direction: .sendonly)
    try pair.negotiate(from: 1)
    #expect(pair.a.core.transceivers.map(\.kind) == [.video, .audio, .video])
    #expect(pair.a.core.transceivers.map(\.media.mid) == ["0", nil, "1"])
    try pair.negotiate()
    #expect(pair.a.core.transceivers.map(\.media.mid) == ["0", "2", "1"])
    #expect(pair.b.core.transceivers.map(\.kind) == [.video, .video, .audio])
    expectStable(pair, offerer: 0)
    pair.startVideo(1, on: 1)
    finish(pair)
    #expect(pair.a.played[2] == pair.b.sentFrames[1])
    #expect(pair.b.sentFrames[1]?.count == 25)
  }
}
