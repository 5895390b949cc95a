import RTCPrimitives
import RTCWire
import Testing

@testable import RTCSession

/// What is agreed on of encodings, line by line.
///
/// - SeeAlso: RFC 8851 §6, RFC 8853 §5
@Suite struct SimulcastNegotiationTests {
  /// What a unit that forwards answers to an offer of three encodings whose text is edited.
  private func answer(_ edit: (String) -> String) throws -> (pair: ConnectedPair, section: MediaDescription) {
    let pair = try ConnectedPair.simulcast()
    let offer = try SessionDescription(parsing: edit(pair.a.core.createOffer().description))
    try pair.b.core.setRemote(.offer(offer), at: pair.now, into: &pair.b.output)
    let answer = try SessionDescription(parsing: pair.b.core.createAnswer().description)
    try pair.b.core.setLocal(.answer(answer), at: pair.now, into: &pair.b.output)
    return (pair, answer.media[0])
  }

  private static func without(_ part: String) -> (String) -> String {
    { text in text.split(separator: "\r\n").filter { !$0.contains(part) }.map { "\($0)\r\n" }.joined() }
  }

  private func received(_ pair: ConnectedPair) -> [String]? { pair.b.core.transceivers[0].expected?.receiveRIDs }

  private func lines(_ section: MediaDescription) -> [String] {
    section.attributes.map(\.description).filter { $0.hasPrefix("rid:") || $0.hasPrefix("simulcast:") }
  }

  // MARK: Header extensions

  @Test(arguments: [":sdes:rtp-stream-id", ":sdes:mid"])
  func `what packets do not name is not taken apart`(_ uri: String) throws {
    let (pair, section) = try answer(Self.without(uri))
    #expect(lines(section).isEmpty && received(pair) == [])
    let other = try answer { $0.replacing("a=extmap:10/sendonly ", with: "a=extmap:10/recvonly ") }
    #expect(lines(other.section).isEmpty && received(other.pair) == [])
  }

  @Test func `a section that shares its transport with none needs no tag in its packets`() throws {
    let edit = { (text: String) in Self.without(":sdes:mid")(Self.without("a=group:BUNDLE")(text)) }
    #expect(try received(answer(edit).pair) == ["q", "h", "f"])
    let pair = try ConnectedPair.simulcast()
    try pair.connect(editing: edit)
    pair.sendEncodings(for: .seconds(1))
    #expect(pair.receivedSources == pair.a.core.transceivers[0].senders.map(\.parameters.ssrc))
    #expect(pair.receivedSources.count == 3 && pair.b.core.drops.unknownSource == 0)
  }

  @Test func `where packets do not say what they repair, repetitions come on the stream itself`() throws {
    let edit = Self.without(":repaired-rtp-stream-id")
    let (pair, section) = try answer(edit)
    #expect(received(pair) == ["q", "h", "f"] && section.payloadTypes == [96])
    let connected = try ConnectedPair.simulcast()
    try connected.connect(editing: edit)
    let source = connected.a.core.transceivers[0].senders[1].parameters.ssrc
    var seen = 0
    connected.fate = { sent in
      guard sent.side == 0, sent.rtp?.header.ssrc == source else { return (.zero, false) }
      seen += 1
      return (.zero, seen.isMultiple(of: 10))
    }
    connected.sendEncodings(for: .seconds(2))
    connected.run(for: .seconds(1))
    let statistics = connected.b.core.transceivers[0].receivers[1]?.statistics(at: connected.now)
    #expect(connected.a.core.transceivers[0].senders[1].statistics.retransmittedPacketsSent >= seen / 10)
    #expect(try #require(statistics?.retransmittedPacketsReceived) >= seen / 12 && seen > 50)
  }

  @Test func `an answer that takes encodings that packets cannot name gets one`() throws {
    let pair = try ConnectedPair.simulcast()
    try pair.negotiate { text in
      text.contains("a=simulcast:recv") ? Self.without(":sdes:rtp-stream-id")(text) : text
    }
    #expect(pair.a.core.transceivers[0].senders.map(\.place.encoding) == [0])
    #expect(received(pair) == [])
  }

  // MARK: Lines of an offer

  @Test(arguments: [
    ("a=rid:h send", "rid:h recv"),
    ("a=rid:h send pt=96", "rid:h recv pt=96"),
    ("a=rid:h send pt=97,96,100,96", "rid:h recv pt=97,96"),
    // What restricts the sender need not be understood (RFC 8851 §6.2.2).
    ("a=rid:h send pt=96;max-width=640;mood=blue", "rid:h recv pt=96;max-width=640;mood=blue"),
    ("a=rid:h send pt=100", nil),
    ("a=rid:h send pt=97", nil),
    ("a=rid:h send depend=q", nil),
    ("a=rid:h send\r\na=rid:h send max-width=640", nil),
    ("a=rid:h send\r\na=rid:h recv", nil),
    ("a=rid:h recv", nil),
    ("a=rid:h", nil),
    ("a=rid:h sideways", nil),
    ("a=rid:h! send", nil),
    ("a=rid:h send max-width=wide", nil),
  ])
  func `a line of an offer is answered, or left out with its place in the simulcast`(
    _ offered: String, _ answered: String?
  ) throws {
    let (pair, section) = try answer { $0.replacing("a=rid:h send", with: offered) }
    let middle = answered.map { [$0] } ?? []
    let simulcast = answered == nil ? "simulcast:recv q;f" : "simulcast:recv q;h;f"
    #expect(lines(section) == ["rid:q recv"] + middle + ["rid:f recv", simulcast])
    #expect(received(pair) == (answered == nil ? ["q", "f"] : ["q", "h", "f"]))
  }

  @Test(arguments: [
    // Neither y nor z is described, and x cannot be used.
    ("send x,~h;f", "simulcast:recv ~h;f", ["h", "f"]),
    ("send h,f;f,q", "simulcast:recv h;f", ["h", "f"]),
    ("send q;q;q,h", "simulcast:recv q;h", ["q", "h"]),
    ("send y;h,q;x,z", "simulcast:recv h", ["h"]),
    ("send ~f", "simulcast:recv ~f", ["f"]),
    ("send x,y;z", nil, []),
    ("recv q;h", nil, []),
  ])
  func `of each stream the first alternative is taken that can be used`(
    _ offered: String, _ answered: String?, _ rids: [String]
  ) throws {
    let (pair, section) = try answer {
      $0.replacing("a=simulcast:send q;h;f", with: "a=rid:x send pt=100\r\na=simulcast:\(offered)")
    }
    #expect(lines(section).last == answered && lines(section).count == (rids.isEmpty ? 0 : rids.count + 1))
    #expect(received(pair) == rids)
  }

  @Test func `names that fit into no packet name nothing`() throws {
    let long = String(repeating: "a", count: 17)
    let tagged = try answer {
      $0.replacing("a=mid:0", with: "a=mid:\(long)").replacing("BUNDLE 0", with: "BUNDLE \(long)")
    }
    #expect(lines(tagged.section).isEmpty && received(tagged.pair) == [])
    let named = try answer {
      $0.replacing("rid:h send", with: "rid:\(long) send").replacing("q;h;f", with: "q;\(long);f")
    }
    #expect(received(named.pair) == ["q", "f"])
  }

  @Test func `no more encodings are taken than are handled`() throws {
    let names = (0..<9).map { "r\($0)" }
    let (pair, section) = try answer { text in
      text.replacing(
        "a=simulcast:send q;h;f",
        with: names.map { "a=rid:\($0) send\r\n" }.joined() + "a=simulcast:send \(names.joined(separator: ";"))")
    }
    #expect(received(pair) == Array(names.prefix(4)) && lines(section).count == 5)
  }

  // MARK: Lines of an answer

  @Test(arguments: [
    (["rid:q recv", "rid:h recv", "rid:f recv", "simulcast:recv f;q;h"], ["q", "h", "f"]),
    (["rid:q recv", "rid:f recv", "simulcast:recv q;f"], ["q", "f"]),
    (["rid:f recv", "simulcast:recv f"], ["f"]),
    (["rid:h recv", "simulcast:recv h"], ["h"]),
    (["rid:q recv", "rid:h recv", "simulcast:recv q,h"], ["q"]),
    // Nothing may be restricted that was not offered so (RFC 8851 §6.4), and formats least of all.
    (["rid:q recv max-width=320", "rid:h recv", "simulcast:recv q;h"], ["h"]),
    (["rid:q recv pt=96", "rid:h recv", "simulcast:recv q;h"], ["h"]),
    // What was not offered is ignored, and so is what the simulcast does not name.
    (["rid:q recv", "rid:x recv", "rid:f recv", "simulcast:recv x;f"], ["f"]),
    (["rid:q send", "rid:h recv", "simulcast:recv q;h"], ["h"]),
    // Who takes no encoding by name gets the first one.
    (["rid:q recv", "rid:h recv"], [nil]),
    (["simulcast:recv q;h"], [nil]),
    ([], [nil]),
  ])
  func `an answer decides which encodings are sent`(_ answered: [String], _ rids: [String?]) throws {
    let pair = try ConnectedPair.simulcast()
    try pair.negotiate { text in
      guard text.contains("a=simulcast:recv") else { return text }
      let rest = Self.without("a=simulcast")(Self.without("a=rid:")(text))
      return rest + answered.map { "a=\($0)\r\n" }.joined()
    }
    let senders = pair.a.core.transceivers[0].senders
    #expect(senders.map(\.statistics.rid) == rids)
    let numbers = rids.map { $0.map { ["q", "h", "f"].firstIndex(of: $0) } ?? 0 }
    #expect(senders.map(\.place.encoding) == numbers && senders.allSatisfy(\.isActive))
    #expect(pair.a.core.senders.map(\.parameters.ssrc) == senders.map(\.parameters.ssrc))
  }
}
