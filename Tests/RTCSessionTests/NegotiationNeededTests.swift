import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@testable import RTCSession

/// When `negotiationneeded` fires.
///
/// - SeeAlso: W3C webrtc-pc "check if negotiation is needed"
@Suite struct NegotiationNeededTests {
  private struct Case: Decodable {
    let id: String
    let needed: Bool

    enum CodingKeys: String, CodingKey {
      case id
      case needed = "negotiation_needed"
    }
  }

  private func negotiated(answering direction: MediaDirection = .sendrecv) throws -> ConnectedPair {
    let pair = try ConnectedPair()
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    try pair.negotiate(answer: [direction])
    return pair
  }

  /// How often the event fired on a side since it was asked last.
  private func fired(_ side: ConnectedPair.Side) -> Int {
    side.core.updateNegotiationNeeded(into: &side.output)
    let events = side.events + side.output.takeEvents()
    side.events = []
    return events.count { if case .negotiationNeeded = $0 { true } else { false } }
  }

  private func perform(_ id: String) throws -> Bool? {
    let pair = try id.hasSuffix("before-negotiation") || Self.fresh.contains(id) ? ConnectedPair() : negotiated()
    let (a, b) = (pair.a, pair.b)
    _ = fired(a)
    switch id {
    case "no-op", "replaceTrack": break
    case "addTransceiver": a.core.addTransceiver(.audio, direction: .sendrecv)
    case "addTrack": a.core.addTransceiver(.video, direction: .sendrecv)
    case "addTransceiver-inactive": a.core.addTransceiver(.audio, direction: .inactive)
    case "removeTrack-after-negotiation": a.core.removeTrack(of: 0)
    case "removeTrack-unnegotiated": a.core.removeTrack(of: a.core.addTransceiver(.video, direction: .sendrecv))
    case "direction-change": a.core.setDirection(.recvonly, of: 0)
    case "direction-change-back":
      a.core.setDirection(.recvonly, of: 0)
      a.core.setDirection(.sendrecv, of: 0)
    case "answerer-intersection":
      a.core.setDirection(.sendonly, of: 0)
      try pair.negotiate(answer: [.sendrecv])
      #expect(b.core.transceivers[0].direction == .recvonly)
      return fired(b) > 0
    case "answerer-wants-more":
      try pair.negotiate(answer: [.recvonly])
      #expect(fired(b) == 0)
      b.core.setDirection(.sendrecv, of: 0)
      return fired(b) > 0
    case "transceiver-stop": a.core.stopTransceiver(0)
    case "stopped-and-rejected":
      a.core.stopTransceiver(0)
      #expect(fired(a) == 1)
      try pair.negotiate()
    case "first-datachannel": try pair.makeChannel(0)
    case "second-datachannel-before-negotiation":
      try pair.makeChannel(0)
      #expect(fired(a) == 1)
      try pair.makeChannel(0)
      // The flag is set already: it stays so, and the event is not repeated.
      #expect(fired(a) == 0)
      return a.core.isNegotiationNeeded
    case "datachannel-after-data-negotiated":
      try pair.makeChannel(0)
      try pair.negotiate()
      _ = fired(a)
      try pair.makeChannel(0)
    case "setStreams": a.core.setStreams(["another"], of: 0)
    case "restartIce", "restartIce-before-negotiation": a.core.restartICE()
    case "restartIce-remote-restarts-first":
      a.core.restartICE()
      #expect(fired(a) == 1)
      try pair.negotiate(from: 1, restartingICE: true)
    case "setParameters-active": a.core.transceivers[0].sender?.isActive = false
    case "after-rollback":
      try a.core.setLocal(.offer(a.core.createOffer()), at: pair.now, into: &a.output)
      a.core.addTransceiver(.video, direction: .sendrecv)
      #expect(fired(a) == 0)
      try a.core.setLocal(.rollback, at: pair.now, into: &a.output)
    case "not-stable":
      let offer = try a.core.createOffer()
      try a.core.setLocal(.offer(offer), at: pair.now, into: &a.output)
      a.core.addTransceiver(.video, direction: .sendrecv)
      #expect(fired(a) == 0)
      try b.core.setRemote(.offer(offer), at: pair.now, into: &b.output)
      let answer = try b.core.createAnswer()
      try b.core.setLocal(.answer(answer), at: pair.now, into: &b.output)
      try a.core.setRemote(.answer(answer), at: pair.now, into: &a.output)
    default: return nil
    }
    return fired(a) > 0
  }

  private static let fresh = [
    "first-datachannel", "no-op", "addTransceiver", "addTrack", "addTransceiver-inactive", "removeTrack-unnegotiated",
  ]

  @Test func `negotiation is needed in the cases of the table of the W3C`() throws {
    struct File: Decodable { let cases: [Case] }
    let cases = try Vectors.decode(File.self, from: "jsep/negotiation_needed.json").cases
    var ran = 0
    for example in cases {
      Vectors.ran(example.id, of: "jsep/negotiation_needed.json")
      #expect(try perform(example.id) == example.needed, "\(example.id)")
      ran += 1
    }
    #expect(ran == 23)
  }

  @Test func `two changes in one task are one event, and the next one waits for the negotiation`() throws {
    for id in ["coalesce", "again-after-negotiation"] { Self.noteEvent(id) }
    let pair = try ConnectedPair()
    pair.a.core.addTransceiver(.audio, direction: .sendrecv)
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    #expect(fired(pair.a) == 1)
    #expect(fired(pair.a) == 0)
    try pair.negotiate()
    #expect(fired(pair.a) == 0)
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    #expect(fired(pair.a) == 1)
  }

  /// A case of the file's events, which the test that notes it plays.
  private static func noteEvent(_ id: String) { Vectors.ran("event \(id)", of: "jsep/negotiation_needed.json") }

  @Test func `a channel that is made while an offer is out asks for a negotiation after the answer`() throws {
    Self.noteEvent("no-event-while-not-stable")
    let pair = try negotiated()
    let (a, b) = (pair.a, pair.b)
    _ = fired(a)
    let offer = try a.core.createOffer()
    try a.core.setLocal(.offer(offer), at: pair.now, into: &a.output)
    try pair.makeChannel(0)
    #expect(fired(a) == 0)
    try b.core.setRemote(.offer(offer), at: pair.now, into: &b.output)
    try a.core.setRemote(.answer(b.core.createAnswer()), at: pair.now, into: &a.output)
    #expect(fired(a) == 1)
  }

  @Test func `the state is told before the need`() throws {
    Self.noteEvent("order")
    let pair = try negotiated()
    let (a, b) = (pair.a, pair.b)
    let offer = try a.core.createOffer()
    try a.core.setLocal(.offer(offer), at: pair.now, into: &a.output)
    a.core.addTransceiver(.audio, direction: .sendrecv)
    try b.core.setRemote(.offer(offer), at: pair.now, into: &b.output)
    _ = a.output.takeEvents()
    try a.core.setRemote(.answer(b.core.createAnswer()), at: pair.now, into: &a.output)
    let told = a.output.takeEvents().compactMap { event -> String? in
      switch event {
      case .signalingStateChanged(let state): state.rawValue
      case .negotiationNeeded: "negotiationneeded"
      default: nil
      }
    }
    #expect(told == ["stable", "negotiationneeded"])
  }

  @Test func `an offer that is rolled back leaves nothing behind that would be negotiated again and again`() throws {
    let pair = try ConnectedPair()
    pair.a.core.addTransceiver(.audio, direction: .sendrecv)
    let (a, b) = (pair.a, pair.b)
    try b.core.setRemote(.offer(a.core.createOffer()), at: pair.now, into: &b.output)
    // The transceiver of the offer keeps its number, because another one stands behind it.
    b.core.addTransceiver(.video, direction: .sendrecv)
    try b.core.setRemote(.rollback, at: pair.now, into: &b.output)
    #expect(fired(b) == 1)
    try pair.negotiate(from: 1)
    #expect(b.core.signaling.currentLocal?.media.filter { !$0.isRejected }.map(\.kind) == ["video"])
    #expect(fired(b) == 0)
    for _ in 0..<3 {
      try pair.negotiate(from: 1)
      #expect(fired(b) == 0)
    }
  }

  @Test func `a connection that is closed needs nothing`() throws {
    Self.noteEvent("closed")
    let pair = try negotiated()
    pair.a.core.addTransceiver(.audio, direction: .sendrecv)
    pair.close(0)
    #expect(fired(pair.a) == 0)
  }
}
