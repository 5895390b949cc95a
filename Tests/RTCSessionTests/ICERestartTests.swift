import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

@testable import RTCSession

/// Restarting ICE in the middle of a call (RFC 8445 §9, RFC 8839 §4.4).
struct ICERestartTests {
  private func sending() throws -> ConnectedPair {
    let pair = try ConnectedPair(.wire)
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    try pair.connect(answer: [.sendrecv])
    pair.startVideo(0, on: 0)
    pair.startVideo(1, on: 0)
    pair.run(for: .seconds(2))
    return pair
  }

  /// Side `first` offers with new credentials, the other answers.
  private func restart(_ pair: ConnectedPair, by first: Int) throws {
    let (one, other) = (pair.sides[first], pair.sides[1 - first])
    let offer = one.core.createOffer(restartsICE: true)
    try one.core.setLocal(.offer(offer), at: pair.now, into: &one.output)
    try other.core.setRemote(.offer(offer), at: pair.now, into: &other.output)
    let answer = try other.core.createAnswer()
    try other.core.setLocal(.answer(answer), at: pair.now, into: &other.output)
    try one.core.setRemote(.answer(answer), at: pair.now, into: &one.output)
    pair.run(for: .seconds(3))
  }

  @Test(arguments: [0, 1])
  func `either side restarts, with new credentials, the same keys and no packet lost`(_ side: Int) throws {
    let pair = try sending()
    let credentials = pair.sides.map { $0.core.transport.ice.localCredentials }
    let keys = pair.sides.map { $0.core.transport.keys }
    let roles = pair.sides.map { $0.core.transport.ice.role }
    let pairs = pair.sides.map { $0.core.transport.ice.selectedPair?.id }
    try restart(pair, by: side)
    for (index, end) in pair.sides.enumerated() {
      let ice = end.core.transport.ice.localCredentials
      #expect(ice != credentials[index])
      #expect(pair.sides[1 - index].core.transport.ice.remoteCredentials == ice)
      #expect(end.core.transport.keys == keys[index] && end.core.transport.ice.role == roles[index])
      #expect(end.core.transport.ice.selectedPair?.id != pairs[index])
      #expect(end.core.transport.ice.state == .completed || end.core.transport.ice.state == .connected)
      let stream = try #require(end.core.transceivers[0].receiver).statistics(at: pair.now)
      #expect(stream.packetsLost == 0 && stream.framesDecoded > 110)
    }
  }

  @Test func `after a way was lost for good, a restart brings media back`() throws {
    let pair = try sending()
    pair.fate = { _ in (.zero, true) }
    pair.run(for: .seconds(40))
    #expect(pair.sides.allSatisfy { $0.core.transport.ice.state == .failed })
    pair.fate = { _ in (.zero, false) }
    let before = pair.sides.map { $0.played[0]?.count ?? 0 }
    try restart(pair, by: 0)
    pair.run(for: .seconds(3))
    for (side, count) in zip(pair.sides, before) { #expect((side.played[0]?.count ?? 0) > count + 50) }
  }

  @Test func `an offer that restarts has no candidates of the old generation, and is one only when asked`() throws {
    let pair = try sending()
    let plain = pair.a.core.createOffer()
    let current = pair.a.core.transport.ice.localCredentials
    #expect(plain.media[0].attributes.iceUfrag == current.ufrag)
    #expect(!plain.media[0].attributes.candidates.isEmpty)
    let offer = pair.a.core.createOffer(restartsICE: true)
    #expect(offer.media[0].attributes.iceUfrag != current.ufrag)
    #expect(offer.media[0].attributes.candidates.isEmpty)
    #expect(pair.a.core.transport.ice.localCredentials == current, "nothing happens before the offer is set")
  }

  @Test func `who made the current offer is known once it was answered`() throws {
    let pair = try ConnectedPair()
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    #expect(pair.a.core.signaling.currentOfferer == nil)
    try pair.negotiate()
    #expect(pair.a.core.signaling.currentOfferer == .local && pair.b.core.signaling.currentOfferer == .remote)
  }
}
