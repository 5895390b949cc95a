import Foundation
import RTCPrimitives
import RTCWire
import Testing

@testable import RTCSession

/// Offers of a quarter of a megabyte that are made to be expensive: they cost what their size costs.
@Suite(.serialized) struct HostileDescriptionTests {
  private static let size = 1 << 18

  private static let head =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
    + "a=fingerprint:sha-256 \(Array(repeating: "AB", count: 32).joined(separator: ":"))\r\na=setup:actpass\r\n"

  private static func section(_ mid: String, formats: String = "96", lines: String = "") -> String {
    "m=video 9 UDP/TLS/RTP/SAVPF \(formats)\r\na=mid:\(mid)\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n" + lines
  }

  /// One section with so many of the lines that `line` gives that the text has its size.
  private static func filled(_ size: Int = size, formats: String = "96", _ line: (Int) -> String) -> String {
    var lines = ""
    var number = 0
    while lines.utf8.count < size {
      lines += line(number) + "\r\n"
      number += 1
    }
    return head + "a=group:BUNDLE 0\r\n" + section("0", formats: formats, lines: lines)
  }

  private static let everyFormat = (0...127).map(String.init).joined(separator: " ")

  /// Many tags in the group, and sections which leave everything to the session.
  private static func sections(_ size: Int) -> String {
    let sections = (0..<size / 128).map { section("\($0)") }
    let mids = (0..<size / 16).map(String.init).joined(separator: " ")
    return head + "a=group:BUNDLE \(mids)\r\n" + sections.joined()
  }

  /// A section that may have several encodings.
  private static func encodings(_ lines: String, simulcast: String) -> String {
    let names =
      "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=extmap:2 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
    return head + "a=group:BUNDLE 0\r\n"
      + section("0", lines: names + lines + "a=simulcast:send \(simulcast)\r\n")
  }

  private static func many(_ size: Int, _ separator: String, _ part: (Int) -> String) -> String {
    (0..<size).map(part).joined(separator: separator)
  }

  /// Each of any size.
  private static let hostile: [(name: String, text: @Sendable (Int) -> String)] = [
    ("feedback for all formats", { filled($0, formats: everyFormat) { _ in "a=rtcp-fb:* nack" } }),
    ("kinds of feedback", { filled($0, formats: everyFormat) { "a=rtcp-fb:* kind-\($0)" } }),
    ("sources", { filled($0) { "a=ssrc:\($0) cname:x" } }),
    ("header extensions", { filled($0) { "a=extmap:\($0 % 14 + 1) urn:\($0)" } }),
    ("one header extension", { filled($0) { _ in "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level" } }),
    ("sections", { sections($0) }),
    (
      "encodings",
      { size in
        encodings(
          many(size / 40, "") { "a=rid:r\($0) send pt=96\r\n" }, simulcast: many(size / 40, ";") { "x\($0),r\($0)" })
      }
    ),
    (
      "encodings that cannot be used",
      { size in
        encodings(
          many(size / 40, "") { "a=rid:r\($0 / 2) send\r\n" }, simulcast: many(size / 40, ",") { "r\($0),r\($0)" })
      }
    ),
    ("restrictions", { encodings("a=rid:q send \(many($0 / 8, ";") { "x\($0)=1" })\r\n", simulcast: "q") }),
    ("formats of an encoding", { encodings("a=rid:q send pt=\(many($0 / 3, ",") { _ in "96" })\r\n", simulcast: "q") }),
  ]

  /// Takes an offer and answers it; the CPU time of this thread that it took, in seconds, and the answer.
  private func answer(_ text: String) throws -> (time: Double, answer: SessionDescription, pair: ConnectedPair) {
    let pair = try ConnectedPair { configuration, side in if side == 1 { configuration.purpose = .forwarding } }
    let side = pair.b
    let begin = Self.threadTime
    let offer = try SessionDescription(parsing: text)
    try side.core.setRemote(.offer(offer), at: pair.now, into: &side.output)
    let answer = try side.core.createAnswer()
    try side.core.setLocal(.answer(answer), at: pair.now, into: &side.output)
    return (Self.threadTime - begin, answer, pair)
  }

  private static var threadTime: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  @Test func `an offer that is made to be expensive costs twice as much when it is twice as long, not four times`()
    throws
  {
    for (name, text) in Self.hostile {
      let half = try answer(text(Self.size / 2))
      let whole = try answer(text(Self.size))
      #expect(whole.time < 3.2 * half.time, "\(name): \(half.time) s, then \(whole.time) s")
      // What is kept of it in the answer is what we know.
      #expect(whole.answer.media.allSatisfy { $0.attributes.count < 40 && !$0.isRejected }, "\(name)")
      #expect(whole.pair.b.core.transceivers.count == whole.answer.media.count)
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
