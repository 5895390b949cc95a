import RTCMedia
import RTCPrimitives
import RTCWire
import Testing

@testable import RTCSession

/// Which source is which encoding, at both ends and over several negotiations.
///
/// - SeeAlso: RFC 8852, RFC 8853 §5.3.4
@Suite struct EncodingSourceTests {
  private static func replacing(_ lines: [String: String?]) -> (String) -> String {
    { text in
      text.split(separator: "\r\n").compactMap { line in
        guard let found = lines.first(where: { line.hasPrefix($0.key) }) else { return "\(line)\r\n" }
        return found.value.map { "\($0)\r\n" }
      }.joined()
    }
  }

  /// Leaves one of three encodings in an answer.
  private static func keeping(_ rid: String) -> (String) -> String {
    { text in
      guard text.contains("a=simulcast:recv") else { return text }
      let others = ["q", "h", "f"].filter { $0 != rid }
      let edits = others.map { ("a=rid:\($0) ", nil as String?) } + [("a=simulcast:", "a=simulcast:recv \(rid)")]
      return replacing(Dictionary(uniqueKeysWithValues: edits))(text)
    }
  }

  private func senders(_ pair: ConnectedPair) -> [RTPStreamSender] { pair.a.core.transceivers[0].senders }

  private func received(_ pair: ConnectedPair) -> [InboundStreamStatistics?] {
    pair.b.core.transceivers[0].receivers.map { $0?.statistics(at: pair.now) }
  }

  // MARK: Announced sources

  /// Announces sources and retransmissions beside the encodings, as Firefox does.
  private func announcing(_ pair: ConnectedPair) -> (String) -> String {
    let encodings = pair.a.core.transceivers[0].media.encodings
    let lines = encodings.flatMap { encoding -> [String] in
      guard let repair = encoding.retransmissionSSRC else { return [] }
      return [
        "a=ssrc-group:FID \(encoding.ssrc) \(repair)", "a=ssrc:\(encoding.ssrc) cname:fox",
        "a=ssrc:\(repair) cname:fox",
      ]
    }
    return { text in text.contains("a=simulcast:send") ? text + lines.map { "\($0)\r\n" }.joined() : text }
  }

  @Test func `all encodings are received where sources are announced, too`() throws {
    let pair = try ConnectedPair.simulcast()
    try pair.connect(editing: announcing(pair))
    pair.sendEncodings(for: .seconds(2))
    pair.run(for: .seconds(1))
    #expect(pair.receivedSources == senders(pair).map(\.parameters.ssrc) && pair.receivedSources.count == 3)
    #expect(received(pair).map { $0?.packetsLost } == [0, 0, 0] && pair.b.core.drops.unknownSource == 0)
  }

  @Test func `the announced streams of retransmissions belong to their encodings before they say so`() throws {
    let pair = try ConnectedPair.simulcast()
    let announce = announcing(pair)
    let edit = { (text: String) in
      Self.replacing(["a=extmap:11": nil])(announce(text))
    }
    let repairs = pair.a.core.transceivers[0].media.encodings.map(\.retransmissionSSRC)
    try pair.connect(editing: edit)
    // The answer keeps their format, because they can be told apart.
    #expect(pair.b.core.signaling.currentLocal?.media[0].payloadTypes == [96, 97])
    pair.sendEncodings(for: .milliseconds(400))
    let known = pair.b.core.transceivers[0].receivers.map { $0?.parameters.retransmission?.ssrc }
    #expect(known == repairs && known.count == 3)
  }

  // MARK: Fewer encodings

  @Test(arguments: ["q", "h", "f"]) func `of one encoding that is left, its own picture is sent`(_ rid: String) throws {
    let number = try #require(["q", "h", "f"].firstIndex(of: rid))
    let pair = try ConnectedPair.simulcast()
    let source = pair.a.core.transceivers[0].media.encodings[number].ssrc
    try pair.connect(editing: Self.keeping(rid))
    let coded = pair.sendEncodings(for: .seconds(2))
    pair.run(for: .seconds(1))
    #expect(pair.receivedSources == [source] && senders(pair).map(\.statistics.rid) == [rid])
    let bytes = try #require(received(pair)[0]).bytesReceived
    #expect(abs(Double(bytes) / Double(coded[number]) - 1) < 0.05, "\(bytes) of \(coded)")

    // A later offer has one source, which it announces, and the stream goes on.
    try pair.negotiate()
    let section = try #require(pair.a.core.signaling.currentLocal?.media[0].attributes)
    #expect(section.rids.isEmpty && section.simulcast == nil && section.sources.first?.ssrc == source)
    pair.sendEncodings(for: .seconds(1))
    pair.run(for: .seconds(1))
    #expect(pair.receivedSources == [source] && received(pair)[0]?.packetsLost == 0)
    #expect(try #require(received(pair)[0]).bytesReceived > bytes)
    #expect(pair.b.core.receivers.count == 1 && pair.b.core.drops.unknownSource == 0)
  }

  @Test func `a peer that takes no encodings knows the one that it gets by the tag in its packets`() throws {
    let pair = try ConnectedPair.simulcast(purpose: .playout)
    // Another section has the same formats.
    pair.a.core.addTransceiver(.video, direction: .sendonly)
    try pair.connect()
    pair.startVideo(0, on: 1)
    pair.sendEncodings(for: .seconds(1))
    pair.run(for: .seconds(1))
    let received = pair.b.core.transceivers.map { $0.receiver?.statistics(at: pair.now) }
    #expect(received[0]?.framesDecoded == 25 && received[0]?.ssrc == senders(pair)[0].parameters.ssrc)
    #expect(try #require(received[1]).framesDecoded > 40 && pair.b.core.drops.unknownSource == 0)
    // It is told of no stream of retransmissions, so that none is used.
    #expect(senders(pair)[0].parameters.retransmission == nil)
  }

  @Test(arguments: [("", [0, 1, 2]), (" max-width=640", [0, 2]), (" pt=97", [0, 2]), (" pt=96", [0, 1, 2])])
  func `a peer that begins may ask for the encodings`(_ restriction: String, _ numbers: [Int]) throws {
    let pair = try ConnectedPair.simulcast()
    pair.b.core.addTransceiver(.video, direction: .recvonly)
    let lines = [
      "a=extmap:10 \(RTPStreamID.uri)", "a=extmap:11 \(RepairedRTPStreamID.uri)", "a=rid:f recv", "a=rid:x recv",
      "a=rid:h recv\(restriction)", "a=rid:q recv", "a=simulcast:recv q;x;h;f",
    ]
    try pair.negotiate(from: 1) { text in
      text.contains("a=setup:actpass") ? text + lines.map { "\($0)\r\n" }.joined() : text
    }
    pair.run(for: .seconds(1))
    #expect(senders(pair).map(\.place.encoding) == numbers)
    pair.sendEncodings(for: .seconds(1))
    #expect(pair.receivedSources == senders(pair).map(\.parameters.ssrc) && pair.b.core.drops.unknownSource == 0)
    let named = pair.a.core.signaling.currentLocal?.media[0].attributes.simulcast?.streams(.send).map { $0.map(\.rid) }
    #expect(named == numbers.map { [["q", "h", "f"][$0]] })
  }

  @Test func `a provisional answer may take less than the final one`() throws {
    let pair = try ConnectedPair.simulcast()
    let offer = try pair.a.core.createOffer()
    try pair.a.core.setLocal(.offer(offer), at: pair.now, into: &pair.a.output)
    try pair.b.core.setRemote(.offer(offer), at: pair.now, into: &pair.b.output)
    let answer = try pair.b.core.createAnswer()
    let provisional = try SessionDescription(parsing: Self.keeping("h")(answer.description))
    try pair.a.core.setRemote(.pranswer(provisional), at: pair.now, into: &pair.a.output)
    #expect(senders(pair).map(\.place.encoding) == [1])
    try pair.a.core.setRemote(.answer(answer), at: pair.now, into: &pair.a.output)
    #expect(senders(pair).map(\.place.encoding) == [0, 1, 2] && senders(pair).allSatisfy(\.isActive))
    #expect(senders(pair).map(\.parameters.ssrc) == pair.a.core.transceivers[0].media.encodings.map(\.ssrc))
  }

  // MARK: Later offers

  @Test(arguments: [0, 1]) func `another offer of either side changes nothing`(_ offerer: Int) throws {
    let pair = try ConnectedPair.simulcast()
    try pair.connect()
    pair.sendEncodings(for: .seconds(1))
    let sources = pair.receivedSources
    try pair.negotiate(from: offerer)
    let direction: RestrictionIdentifier.Direction = offerer == 0 ? .send : .recv
    let offer = offerer == 0 ? pair.a.core.signaling.currentLocal : pair.b.core.signaling.currentLocal
    #expect(offer?.media[0].attributes.simulcast?.streams(direction).map { $0.map(\.rid) } == [["q"], ["h"], ["f"]])
    pair.sendEncodings(for: .seconds(1))
    pair.run(for: .seconds(1))
    #expect(pair.receivedSources == sources && sources.count == 3 && pair.firstPackets.sorted() == [0, 1, 2])
    #expect(received(pair).map { $0?.packetsLost } == [0, 0, 0] && senders(pair).count == 3)
  }

  @Test func `who receives may ask for fewer encodings later, and each stays what it is`() throws {
    let pair = try ConnectedPair.simulcast()
    try pair.connect()
    pair.sendEncodings(for: .seconds(1))
    let sources = pair.receivedSources
    try pair.negotiate(
      from: 1, editing: Self.replacing(["a=rid:h recv": nil, "a=simulcast:recv": "a=simulcast:recv q;f"]))
    #expect(senders(pair).map(\.place.encoding) == [0, 2] && pair.receivedSources == [sources[0], sources[2]])
    pair.sendEncodings(for: .seconds(1))
    pair.run(for: .seconds(1))
    #expect(pair.b.core.receivers.count == 2 && pair.b.core.drops.unknownSource == 0)
    #expect(received(pair).map { $0?.packetsLost } == [0, 0])
    // The largest picture has another place, which its packets begin anew.
    #expect(pair.firstPackets.sorted() == [0, 1, 1, 2])

    // Without simulcast the first one goes on.
    try pair.negotiate(from: 1, editing: Self.replacing(["a=rid:": nil, "a=simulcast:": nil]))
    pair.sendEncodings(for: .seconds(1))
    #expect(senders(pair).map(\.place.encoding) == [0] && pair.receivedSources == [sources[0]])
    #expect(pair.b.core.drops.unknownSource == 0)
  }

  @Test func `a peer may offer more encodings later, and others`() throws {
    let pair = try ConnectedPair.simulcast()
    let text = try pair.a.core.createOffer().description
    func offer(_ simulcast: String) throws -> [String]? {
      let edited = Self.replacing(["a=simulcast": "a=rid:x send\r\na=simulcast:send \(simulcast)"])(text)
      try pair.b.core.setRemote(.offer(SessionDescription(parsing: edited)), at: pair.now, into: &pair.b.output)
      let answer = try pair.b.core.createAnswer()
      try pair.b.core.setLocal(.answer(answer), at: pair.now, into: &pair.b.output)
      return pair.b.core.transceivers[0].expected?.receiveRIDs
    }
    #expect(try offer("q;h") == ["q", "h"])
    #expect(try offer("f;q;h") == ["f", "q", "h"])
    #expect(try offer("x") == ["x"])
  }

  @Test func `a track that rests comes back with all its encodings`() throws {
    let pair = try ConnectedPair.simulcast()
    try pair.connect()
    pair.sendEncodings(for: .seconds(1))
    let sources = pair.receivedSources
    pair.a.core.removeTrack(of: 0)
    try pair.negotiate()
    #expect(pair.a.core.signaling.currentLocal?.media[0].attributes.simulcast == nil)
    #expect(pair.sendEncodings(for: .milliseconds(200)).count == 3 && senders(pair).allSatisfy { !$0.isActive })
    pair.a.core.setDirection(.sendonly, of: 0)
    try pair.negotiate()
    pair.sendEncodings(for: .seconds(1))
    #expect(senders(pair).count == 3 && pair.receivedSources == sources && pair.b.core.drops.unknownSource == 0)
  }

  // MARK: Sources that change

  @Test func `an encoding goes on with the source that names it last`() throws {
    let pair = try ConnectedPair.simulcast()
    try pair.connect()
    pair.sendEncodings(for: .seconds(1))
    let sources = pair.receivedSources
    pair.sendPacket(5000, rid: "h")
    pair.run(for: .milliseconds(100))
    #expect(pair.receivedSources == [sources[0], 5000, sources[2]] && pair.b.core.receivers.count == 3)
    #expect(received(pair)[1]?.packetsReceived == 1 && pair.firstPackets.sorted() == [0, 1, 1, 2])
    let before = try #require(sources[1])
    #expect(pair.b.core.remoteSources.find(before) == nil)
    // Late packets of the one before are nobody's.
    pair.sendPacket(before, 30_000, rid: "h")
    pair.run(for: .milliseconds(100))
    #expect(pair.receivedSources[1] == 5000 && pair.b.core.drops.unknownSource == 1)
    // A key frame is asked for of the new one.
    pair.b.core.requestKeyFrame(on: 0, encoding: 1, at: pair.now, into: &pair.b.output)
    pair.run(for: .milliseconds(100))
    let asked = pair.rtcp(1).compactMap { sent in
      if case .pictureLossIndication(let request) = sent.packet { request.mediaSSRC } else { nil }
    }
    #expect(asked.last == 5000)
  }

  @Test func `a source that comes again is known by what it has sent`() throws {
    let pair = try ConnectedPair.simulcast()
    try pair.connect()
    for (ssrc, number) in [(700, 1), (800, 1), (700, 1), (700, 2)] as [(UInt32, UInt16)] {
      pair.sendPacket(ssrc, number, rid: "q")
      pair.run(for: .milliseconds(1100))
    }
    #expect(pair.receivedSources[0] == 700 && received(pair)[0]?.packetsReceived == 1)
    #expect(pair.b.core.drops.replayed == 1)
  }

  @Test func `the stream of retransmissions of an encoding may change its source`() throws {
    let pair = try ConnectedPair.simulcast()
    try pair.connect()
    pair.sendPacket(700, rid: "q")
    func repair(_ ssrc: UInt32) -> UInt32? {
      pair.sendPacket(ssrc, payloadType: 97, rid: "q", repairs: true)
      pair.run(for: .milliseconds(300))
      return pair.b.core.transceivers[0].receivers[0]?.parameters.retransmission?.ssrc
    }
    // One change at once, no other for a second.
    #expect([701, 702, 703, 704, 705, 706].map { repair($0) } == [701, 702, 702, 702, 702, 706])
    #expect(pair.b.core.remoteSources.find(701) == nil && pair.b.core.drops.unknownSource == 3)
  }

  @Test(arguments: [Fidelity.model, .wire])
  func `a peer that invents sources changes an encoding once a second and takes no room`(_ fidelity: Fidelity) throws {
    let pair = try ConnectedPair.simulcast(fidelity)
    try pair.connect()
    var seen: Set<UInt32?> = []
    for number in 0..<2000 as Range<UInt32> {
      pair.sendPacket(10_000 + number, rid: "f")
      pair.run(for: .milliseconds(2))
      if let receiver = pair.b.core.transceivers[0].receivers.last { seen.insert(receiver?.parameters.ssrc) }
    }
    pair.run(for: .milliseconds(100))
    // 4 s: the first, a change at once, and one each second.
    #expect((5...6).contains(seen.count) && pair.b.core.receivers.count == 1, "\(seen.count)")
    #expect(pair.b.core.drops.unknownSource + seen.count == 2000)
    guard fidelity == .wire else { return }
    // SRTP remembers some of the others against replays, and not the rest.
    let sent = pair.sent(0, .rtp)
    let before = pair.b.core.transport.drops.unauthenticated
    for place in [100, 1900] {
      let bytes = sent[place].bytes
      let datagram = Datagram(
        from: Endpoint(IPAddress(192, 0, 2, 1), 5000), to: Endpoint(IPAddress(192, 0, 2, 2), 5000),
        bytes: bytes.span)
      _ = pair.b.core.receive(datagram, at: pair.now, into: &pair.b.output)
    }
    #expect(pair.b.core.transport.drops.unauthenticated == before + 1)
  }
}
