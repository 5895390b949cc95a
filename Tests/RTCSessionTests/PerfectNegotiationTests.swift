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

  /// A case of the file: what is stated of the end, and the steps that a test plays.
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let final: [String: String]?
    let negotiations: Int?
    let polite: [String]?
    let impolite: [String]?
    let expected: String?

    enum CodingKeys: String, CodingKey {
      case id, final, negotiations, expected
      case polite = "A_signaling"
      case impolite = "B_signaling"
    }

    var testDescription: String { id }

    static let path = "jsep/perfect_negotiation.json"

    static func all() throws -> [Case] {
      struct File: Decodable { let cases: [Case] }
      return try Vectors.decode(File.self, from: path).cases
    }
  }

  /// What is played of each case; what it says of the end is compared with the file.
  private static let plays: [String: @Sendable (Case) throws -> Void] = [
    "no-glare": { example in
      let both = try Applications(polite: [true, false])
      both.add(0)
      try both.offer(0)
      try both.deliver()
      expect(both, example)
      #expect(both.negotiations == example.negotiations)
    },
    "glare-polite-rolls-back": { example in
      let both = try Applications(polite: [true, false])
      both.add(0)
      both.add(1)
      try both.offer(0)
      try both.offer(1)
      try both.deliver()
      expect(both, example)
      // The vector's own last negotiation, that of the polite side's change, is the impolite one's second answer.
      #expect(both.negotiations == 2)
      let sends = both.pair.sides.map { side in side.core.transceivers.map(\.direction).filter(\.sends).count }
      #expect(sends == [1, 1])
    },
    "both-impolite": { example in
      let both = try Applications(polite: [false, false])
      for index in 0..<2 {
        both.add(index)
        try both.offer(index)
      }
      try both.deliver()
      expect(both, example)
      #expect(both.negotiation.map(\.ignoresOffer) == [true, true])
    },
    "both-polite": { example in
      let both = try Applications(polite: [true, true])
      for index in 0..<2 {
        both.add(index, .sendrecv)
        try both.offer(index)
      }
      try both.deliver()
      // "InvalidStateError on setRemoteDescription(answer) …"
      let error = try #require(example.expected?.split(separator: " ").first)
      #expect(both.errors.contains(String(error)))
    },
    "offer-during-pending-answer": { example in
      let both = try Applications(polite: [true, false])
      let (a, b) = (both.pair.a, both.pair.b)
      both.add(0)
      both.add(1)
      let mine = try b.core.createOffer()
      try b.core.setLocal(.offer(mine), at: both.pair.now, into: &b.output)
      try a.core.setRemote(.offer(mine), at: both.pair.now, into: &a.output)
      let answer = try a.core.createAnswer()
      try a.core.setLocal(.answer(answer), at: both.pair.now, into: &a.output)
      // The answer is there and not set yet when the offer comes.
      let isAnswered = both.negotiation[1].accepts(.answer, in: b.core.signaling.state)
      let isAccepted = both.negotiation[1].accepts(.offer, in: b.core.signaling.state)
      #expect(isAnswered && isAccepted && !both.negotiation[1].ignoresOffer)
      #expect(example.expected?.hasPrefix("not a collision") == true)
      // Chained behind it, as the operations chain does.
      try b.core.setRemote(.answer(answer), at: both.pair.now, into: &b.output)
      a.core.addTransceiver(.video, direction: .sendonly)
      try b.core.setRemote(.offer(a.core.createOffer()), at: both.pair.now, into: &b.output)
      let state = try #require(example.expected?.split(separator: " ").last)
      #expect(b.core.signaling.state.rawValue == state)
    },
    "late-candidate-of-ignored-offer": { example in
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
      #expect(both.negotiation[1].ignoresOffer && example.expected?.hasSuffix("because ignoreOffer") == true)
    },
  ]

  private static func expect(_ both: Applications, _ example: Case) {
    if let final = example.final { #expect(both.finals == [final["A"], final["B"]]) }
    if let states = example.polite { #expect(both.states[0] == states) }
    if let states = example.impolite { #expect(both.states[1] == states) }
    #expect(both.errors.isEmpty)
  }

  @Test func `every case of the file is played`() throws {
    #expect(try Set(Case.all().map(\.id)) == Set(Self.plays.keys))
  }

  @Test(arguments: try Case.all())
  func `two applications that negotiate perfectly come to the end that the specification gives`(example: Case) throws {
    let play = try #require(Self.plays[example.id])
    try play(example)
    Vectors.ran(example.id, of: Case.path)
  }

  @Test func `while an offer is being made another one is a collision`() {
    var negotiation = PerfectNegotiation(isPolite: false)
    negotiation.isMakingOffer = true
    let isAccepted = negotiation.accepts(.offer, in: .stable)
    #expect(!isAccepted && negotiation.ignoresOffer)
  }
}
