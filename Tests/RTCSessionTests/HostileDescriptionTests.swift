import RTCPrimitives
import RTCWire
import Testing

@testable import RTCSession

/// Offers of half a megabyte and more that are made to be expensive: they cost little more than a harmless one of the same size.
@Suite(.serialized) struct HostileDescriptionTests {
  private static let size = 1 << 19

  private static let head =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
    + "a=fingerprint:sha-256 \(Array(repeating: "AB", count: 32).joined(separator: ":"))\r\na=setup:actpass\r\n"

  private static func section(_ mid: String, formats: String = "96", lines: String = "") -> String {
    "m=video 9 UDP/TLS/RTP/SAVPF \(formats)\r\na=mid:\(mid)\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n" + lines
  }

  /// One section with so many of the lines that `line` gives that the text has its size.
  private static func filled(formats: String = "96", _ line: (Int) -> String) -> String {
    var lines = ""
    var number = 0
    while lines.utf8.count < size {
      lines += line(number) + "\r\n"
      number += 1
    }
    return head + "a=group:BUNDLE 0\r\n" + section("0", formats: formats, lines: lines)
  }

  private static let everyFormat = (0...127).map(String.init).joined(separator: " ")

  /// Many tags in the group, and as many sections as there may be, which leave everything to the session.
  private static func sections() -> String {
    let sections = (0..<4096).map { section("\($0)", lines: "a=x-\(String(repeating: "x", count: 150))\r\n") }
    let mids = (0..<100_000).map(String.init).joined(separator: " ")
    return head + "a=group:BUNDLE \(mids)\r\n" + sections.joined()
  }

  private static let hostile: [(name: String, text: @Sendable () -> String)] = [
    ("feedback for all formats", { filled(formats: everyFormat) { _ in "a=rtcp-fb:* nack" } }),
    ("kinds of feedback", { filled(formats: everyFormat) { "a=rtcp-fb:* kind-\($0)" } }),
    ("sources", { filled { "a=ssrc:\($0) cname:x" } }),
    ("header extensions", { filled { "a=extmap:\($0 % 14 + 1) urn:\($0)" } }),
    ("one header extension", { filled { _ in "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level" } }),
    ("sections", { sections() }),
  ]

  /// Takes an offer and answers it as far as that goes; how long it took, and the answer.
  private func answer(_ text: String) throws -> (time: Duration, answer: SessionDescription?, pair: ConnectedPair) {
    let pair = try ConnectedPair()
    let side = pair.b
    var answer: SessionDescription?
    let time = try ContinuousClock().measure {
      let offer = try SessionDescription(parsing: text)
      try side.core.setRemote(.offer(offer), at: pair.now, into: &side.output)
      let made = try side.core.createAnswer()
      try side.core.setLocal(.answer(made), at: pair.now, into: &side.output)
      answer = made
    }
    return (time, answer, pair)
  }

  @Test func `an offer that is made to be expensive costs a small multiple of a harmless one`() throws {
    let harmless = try answer(Self.filled { "a=x-number:\($0) of a line that nobody reads" })
    for (name, text) in Self.hostile {
      let (time, answer, pair) = try answer(text())
      #expect(time < harmless.time * 10, "\(name): \(time), a harmless one \(harmless.time)")
      // What is kept of it in the answer is what we know.
      let made = try #require(answer)
      #expect(made.media.allSatisfy { $0.attributes.count < 40 }, "\(name)")
      #expect(made.media.contains { !$0.isRejected }, "\(name)")
      #expect(pair.b.core.transceivers.count == made.media.count)
    }
  }

  @Test func `feedback is kept once for each format, and not more kinds than there can be`() throws {
    for line in [{ _ in "a=rtcp-fb:* nack" }, { "a=rtcp-fb:* kind-\($0)" }] as [(Int) -> String] {
      let offer = try SessionDescription(parsing: Self.filled(formats: Self.everyFormat, line))
      let codecs = offer.media[0].codecs
      #expect(codecs.reduce(0) { $0 + $1.feedback.count } <= 128 * 64)
      #expect(codecs.allSatisfy { Set($0.feedback).count == $0.feedback.count })
    }
    let section = Self.section(
      "0", lines: "a=rtcp-fb:96 nack\r\na=rtcp-fb:* ccm fir\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:* nack\r\n")
    let codec = try #require(SessionDescription(parsing: Self.head + section).media[0].codecs.first)
    #expect(codec.feedback == [.init("nack"), .init("ccm", "fir"), .init("nack", "pli")])
  }

  @Test func `a payload type that is named twice is refused with its place`() {
    let text = Self.head + Self.section("0", formats: "96 97 96")
    #expect {
      try SessionDescription(parsing: text)
    } throws: { error in
      "\(error)".contains("column 35") && "\(error)".contains("found '96', expected each payload type once")
    }
  }

  @Test func `a session has at most 1024 attributes of its own, because every section looks through them`() throws {
    func text(_ count: Int) -> String {
      Self.head + String(repeating: "a=x\r\n", count: count) + Self.section("0")
    }
    #expect(try SessionDescription(parsing: text(1020)).attributes.count == 1024)
    #expect(throws: SDPError.self) { try SessionDescription(parsing: text(1021)) }
  }
}
