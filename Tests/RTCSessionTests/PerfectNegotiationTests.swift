import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@testable import RTCSession

/// Offers that meet on a channel with a delay.
///
/// - SeeAlso: W3C webrtc-pc §10.7
@Suite struct PerfectNegotiationTests {
  /// Two applications that follow the example of the W3C; what one says the other hears when `deliver` is called.
  private final class Applications {
    let pair: ConnectedPair
    var negotiation: [PerfectNegotiation]
    private var channel: [(to: Int, change: DescriptionChange)] = []
    private(set) var states: [[String]] = [[], []]
    private(set) var errors: [String] = []
    private(set) var negotiations = 0

    init(polite: [Bool]) throws {
      pair = try ConnectedPair()
      negotiation = polite.map { PerfectNegotiation(isPolite: $0) }
    }

    /// Does what `onnegotiationneeded` does.
    func offer(_ index: Int) throws {
      let side = pair.sides[index]
      try send(.offer(side.core.createOffer()), from: index)
    }

    func add(_ index: Int, _ direction: MediaDirection = .sendonly) {
      pair.sides[index].core.addTransceiver(.video, direction: direction)
    }

    func deliver(limit: Int = 20) throws {
      for _ in 0..<limit where !channel.isEmpty {
        let (index, change) = channel.removeFirst()
        try receive(change, at: index)
      }
    }

    private func send(_ change: DescriptionChange, from index: Int) throws {
      let side = pair.sides[index]
      try side.core.setLocal(change, at: pair.now, into: &side.output)
      channel.append((1 - index, change))
      if case .answer = change { negotiations += 1 }
      try collect(index)
    }

    private func receive(_ change: DescriptionChange, at index: Int) throws {
      let side = pair.sides[index]
      let isOffer = if case .offer = change { true } else { false }
      guard negotiation[index].accepts(isOffer ? .offer : .answer, in: side.core.signaling.state) else { return }
      defer { negotiation[index].isSettingRemoteAnswerPending = false }
      do {
        try side.core.setRemote(change, at: pair.now, into: &side.output)
      } catch { return errors.append(error.name) }
      note(index)
      if isOffer { try send(.answer(side.core.createAnswer()), from: index) } else { try collect(index) }
    }

    /// Reads the states that were told.
    private func note(_ index: Int) {
      let side = pair.sides[index]
      for event in side.output.takeEvents() {
        switch event {
        case .signalingStateChanged(let state): states[index].append(state.rawValue)
        case .negotiationNeeded: needs.append(index)
        default: break
        }
      }
    }

    private var needs: [Int] = []

    private func collect(_ index: Int) throws {
      note(index)
      while let next = needs.popLast() { try offer(next) }
    }

    var finals: [String] { pair.sides.map { $0.core.signaling.state.rawValue } }
  }

  private struct Expected: Decodable {
    let id: String
    let final: [String: String]?
    let polite: [String]?
    let impolite: [String]?

    enum CodingKeys: String, CodingKey {
      case id, final
      case polite = "A_signaling"
      case impolite = "B_signaling"
    }

    static func named(_ id: String) throws -> Expected {
      struct File: Decodable { let cases: [Expected] }
      let cases = try Vectors.decode(File.self, from: "jsep/perfect_negotiation.json").cases
      #expect(cases.count == 6)
      return try #require(cases.first { $0.id == id })
    }
  }

  @Test func `one offer and its answer are one negotiation`() throws {
    let expected = try Expected.named("no-glare")
    let both = try Applications(polite: [true, false])
    both.add(0)
    try both.offer(0)
    try both.deliver()
    #expect(both.finals == [expected.final?["A"], expected.final?["B"]])
    #expect(both.negotiations == 1 && both.errors.isEmpty)
  }

  @Test func `of two offers that meet the polite side's is rolled back, and made again afterwards`() throws {
    let expected = try Expected.named("glare-polite-rolls-back")
    let both = try Applications(polite: [true, false])
    both.add(0)
    both.add(1)
    try both.offer(0)
    try both.offer(1)
    try both.deliver()
    #expect(both.finals == [expected.final?["A"], expected.final?["B"]])
    #expect(both.states[0] == expected.polite)
    // The vector's own last negotiation, that of the polite side's change, is the impolite one's second answer.
    #expect(both.states[1] == expected.impolite)
    #expect(both.negotiations == 2 && both.errors.isEmpty)
    let sends = both.pair.sides.map { side in side.core.transceivers.map(\.direction).filter(\.sends).count }
    #expect(sends == [1, 1])
  }

  @Test func `two impolite sides ignore each other for good`() throws {
    let expected = try Expected.named("both-impolite")
    let both = try Applications(polite: [false, false])
    for index in 0..<2 {
      both.add(index)
      try both.offer(index)
    }
    try both.deliver()
    #expect(both.finals == [expected.final?["A"], expected.final?["B"]])
    #expect(both.negotiation.map(\.ignoresOffer) == [true, true])
  }

  @Test func `two polite sides both give way, and an answer finds no offer`() throws {
    _ = try Expected.named("both-polite")
    let both = try Applications(polite: [true, true])
    for index in 0..<2 {
      both.add(index, .sendrecv)
      try both.offer(index)
    }
    try both.deliver()
    #expect(both.errors.contains("InvalidStateError"))
  }

  @Test func `an offer that comes while an answer is being set is no collision`() throws {
    _ = try Expected.named("offer-during-pending-answer")
    var negotiation = PerfectNegotiation(isPolite: false)
    let answered = negotiation.accepts(.answer, in: .haveLocalOffer)
    #expect(answered && negotiation.isSettingRemoteAnswerPending)
    let offered = negotiation.accepts(.offer, in: .haveLocalOffer)
    #expect(offered && !negotiation.ignoresOffer)
    negotiation.isMakingOffer = true
    let collided = negotiation.accepts(.offer, in: .stable)
    #expect(!collided && negotiation.ignoresOffer)
  }

  @Test func `the error of a candidate is none when its offer was ignored`() throws {
    _ = try Expected.named("late-candidate-of-ignored-offer")
    let both = try Applications(polite: [true, false])
    both.add(0)
    both.add(1)
    try both.offer(1)
    let isAccepted = both.negotiation[1].accepts(.offer, in: both.pair.b.core.signaling.state)
    #expect(!isAccepted)
    #expect(throws: PeerConnectionError.self) {
      try both.pair.b.core.addICECandidate(
        ICECandidateInit("candidate:1 1 udp 1 192.0.2.1 9 typ host", sectionIndex: 0), at: both.pair.now,
        into: &both.pair.b.output)
    }
    #expect(both.negotiation[1].ignoresOffer)
  }
}
