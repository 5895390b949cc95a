import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@testable import RTCSession

/// The methods of a connection that are refused, each by the name that the W3C gives the error.
@Suite struct CandidateRuleTests {
  private static let candidate = "candidate:1 1 udp 2130706431 192.0.2.9 4000 typ host"

  /// A side that knows an offer of one section, whose tag is 0.
  private func answerer() throws -> (ConnectedPair, ConnectedPair.Side) {
    let pair = try ConnectedPair()
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    let offer = try pair.a.core.createOffer()
    try pair.a.core.setLocal(.offer(offer), at: pair.now, into: &pair.a.output)
    try pair.b.core.setRemote(.offer(offer), at: pair.now, into: &pair.b.output)
    return (pair, pair.b)
  }

  private func name(
    of candidate: ICECandidateInit, on side: ConnectedPair.Side, at now: Instant = .start
  ) -> String? {
    do {
      try side.core.addICECandidate(candidate, at: now, into: &side.output)
      return nil
    } catch { return error.name }
  }

  @Test func `each error of addIceCandidate has the name in the table of the W3C`() throws {
    struct File: Decodable { let addIceCandidate: [String: String] }
    let table = try Vectors.decode(File.self, from: "jsep/signaling_transitions.json").addIceCandidate
    let (pair, side) = try answerer()
    let fresh = try ConnectedPair().a
    let closed = pair.a
    closed.core.close(at: pair.now, into: &closed.output)
    let text = Self.candidate
    let found = [
      "no_remote_description": name(of: ICECandidateInit(text, mid: "0"), on: fresh),
      "closed": name(of: ICECandidateInit(text, mid: "0"), on: closed),
      "unknown_mid": name(of: ICECandidateInit(text, mid: "7"), on: side),
      "mline_index_out_of_range": name(of: ICECandidateInit(text, sectionIndex: 1), on: side),
      "both_mid_and_index_null": name(of: ICECandidateInit(text), on: side),
      "malformed": name(of: ICECandidateInit("candidate:1 1 udp", mid: "0"), on: side),
      "ufrag_unknown": name(of: ICECandidateInit(text, mid: "0", ufrag: "nobodys"), on: side),
    ]
    #expect(found.keys.sorted() == table.keys.sorted())
    for (row, name) in found { #expect(name.map { table[row]?.hasPrefix($0) ?? false } == true, "\(row)") }
  }

  @Test func `a candidate is taken by tag, by number and by generation, and an empty one ends them all`() throws {
    let (_, side) = try answerer()
    let ufrag = try #require(side.core.signaling.remote?.iceCredentials.first?.ufrag)
    #expect(name(of: ICECandidateInit(Self.candidate, mid: "0"), on: side) == nil)
    #expect(name(of: ICECandidateInit(Self.candidate, sectionIndex: 0), on: side) == nil)
    #expect(name(of: ICECandidateInit(Self.candidate, mid: "0", ufrag: ufrag), on: side) == nil)
    #expect(name(of: ICECandidateInit(""), on: side) == nil)
  }

  @Test func `a tag goes before a number, and the error says what was wrong`() throws {
    let (pair, side) = try answerer()
    #expect(throws: PeerConnectionError.candidate(.unknownMid("7"))) {
      try side.core.addICECandidate(
        ICECandidateInit(Self.candidate, mid: "7", sectionIndex: 0), at: pair.now, into: &side.output)
    }
    #expect("\(CandidateError.noSuchSection(3, count: 1))".contains("1 sections, none with number 3"))
  }

  @Test func `offers and answers are made in the states of the W3C only`() throws {
    struct Rule: Decodable {
      let allowed: [String]
      enum CodingKeys: String, CodingKey { case allowed = "allowed_in" }
    }
    struct File: Decodable { let create: [String: Rule] }
    let rules = try Vectors.decode(File.self, from: "jsep/signaling_transitions.json").create
    for state in SignalingState.allCases {
      let made = try attempts(in: state)
      #expect(
        made.offer == (rules["createOffer"]?.allowed.contains(state.rawValue) == true ? nil : "InvalidStateError"))
      #expect(
        made.answer == (rules["createAnswer"]?.allowed.contains(state.rawValue) == true ? nil : "InvalidStateError"))
    }
  }

  /// The errors of making an offer and an answer in a state.
  private func attempts(in state: SignalingState) throws -> (offer: String?, answer: String?) {
    let (pair, called) = try answerer()
    let caller = pair.a
    var side = called
    switch state {
    case .stable: side = try ConnectedPair().a
    case .haveLocalOffer: side = caller
    case .haveRemoteOffer: break
    case .haveLocalPranswer:
      try called.core.setLocal(.pranswer(called.core.createAnswer()), at: pair.now, into: &called.output)
    case .haveRemotePranswer:
      try caller.core.setRemote(.pranswer(called.core.createAnswer()), at: pair.now, into: &caller.output)
      side = caller
    case .closed: called.core.close(at: pair.now, into: &called.output)
    }
    #expect(side.core.signaling.state == state)
    var names: (String?, String?) = (nil, nil)
    do { _ = try side.core.createOffer() } catch { names.0 = error.name }
    do { _ = try side.core.createAnswer() } catch { names.1 = error.name }
    return names
  }

  @Test func `a local description with other sections or keys than were made is refused`() throws {
    let (pair, side) = try answerer()
    let answer = try side.core.createAnswer()
    var moved = answer
    moved.media[0].kind = "audio"
    var rekeyed = answer
    rekeyed.media[0].attributes.removeAll { $0.name == "fingerprint" }
    for changed in [moved, rekeyed] {
      do {
        try side.core.setLocal(.answer(changed), at: pair.now, into: &side.output)
        Issue.record("it was taken")
      } catch { #expect(error.name == "InvalidModificationError") }
      #expect(side.core.signaling.state == .haveRemoteOffer)
    }
    try side.core.setLocal(.answer(answer), at: pair.now, into: &side.output)
  }

  @Test func `an answer that does not fit is refused and leaves the offer open`() throws {
    let (pair, side) = try answerer()
    var answer = try side.core.createAnswer()
    answer.media.append(answer.media[0])
    do {
      try pair.a.core.setRemote(.answer(answer), at: pair.now, into: &pair.a.output)
      Issue.record("it was taken")
    } catch { #expect(error.name == "InvalidAccessError") }
    #expect(pair.a.core.signaling.state == .haveLocalOffer)
  }

  @Test func `media flows on a provisional answer, and the final one changes nothing`() throws {
    let (pair, side) = try answerer()
    side.core.setDirection(.sendrecv, of: 0)
    let answer = try side.core.createAnswer()
    try side.core.setLocal(.pranswer(answer), at: pair.now, into: &side.output)
    try pair.a.core.setRemote(.pranswer(answer), at: pair.now, into: &pair.a.output)
    for number in 0..<2 { pair.startVideo(number, on: 0) }
    pair.run(for: .seconds(2))
    #expect(pair.a.core.signaling.state == .haveRemotePranswer && side.core.signaling.state == .haveLocalPranswer)
    #expect((pair.a.played[0]?.count ?? 0) > 10 && (pair.b.played[0]?.count ?? 0) > 10)
    let handshakes = pair.sent.count { $0.kind == .dtls }
    try side.core.setLocal(.answer(answer), at: pair.now, into: &side.output)
    try pair.a.core.setRemote(.answer(answer), at: pair.now, into: &pair.a.output)
    pair.run(for: .seconds(1))
    pair.stopVideo()
    pair.run(for: .seconds(3))
    #expect(pair.a.core.signaling.state == .stable && side.core.signaling.state == .stable)
    #expect(pair.sent.count { $0.kind == .dtls } == handshakes)
    #expect(pair.b.played[0] == pair.a.sentFrames[0])
  }
}

/// A description that says too much.
struct CandidateFloodTests {
  @Test(.timeLimit(.minutes(1)))
  func `an offer of a hundred thousand candidates is answered, and a hundred of them are kept`() throws {
    let pair = try ConnectedPair()
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    let made = try pair.a.core.createOffer().description
    let lines = (0..<100_000).map { number in
      "a=candidate:1 1 udp \(2_130_000_000 - number) 10.\(number >> 16).\(number >> 8 & 255).\(number & 255) 4000 typ host"
    }
    let offer = try SessionDescription(parsing: made + lines.joined(separator: "\r\n") + "\r\n")
    try pair.b.core.setRemote(.offer(offer), at: pair.now, into: &pair.b.output)
    let answer = try pair.b.core.createAnswer()
    try pair.b.core.setLocal(.answer(answer), at: pair.now, into: &pair.b.output)
    let kept = pair.b.core.transport.ice.remoteCandidates.count
    let dropped = pair.b.core.transport.ice.discarded.excessCandidates
    #expect(kept == 100 && dropped == 99_900)
  }
}
