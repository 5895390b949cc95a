import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct SDPTests {
  /// Test arguments cannot throw: a file that is not understood gives none.
  @Test func `every description of the conformance data is read`() {
    #expect(SDPVector.own("rfc9429_ab").count == 6 && SDPVector.own("generated").count == 10)
    guard Vectors.hasPublicData else { return }
    let counts = ["valid_public", "corpus_offer_answer", "malformed_public"].map { SDPVector.fromPublicSuite($0).count }
    #expect(counts == [70, 53, 82])
  }

  @Test(arguments: SDPVector.valid)
  func `a valid description has the facts that its author states`(vector: SDPVector) throws {
    vector.noteRun()
    let session = try SessionDescription(parsing: vector.sdp)
    let expected = try #require(vector.expected)
    #expect(String(session.origin.sessionID) == expected.sessionID)
    #expect(String(session.origin.sessionVersion) == expected.sessionVersion)
    #expect(session.bundleGroups.first == expected.bundle)
    #expect(session.attributes.contains(.iceLite) == expected.iceLite)
    #expect(session.attributes.iceOptions == expected.iceOptions)
    #expect(session.attributes.contains(.extmapAllowMixed) == expected.extmapAllowMixed)
    #expect(session.media.map { SDPVector.Media($0, in: session) } == expected.media)
  }

  @Test(arguments: SDPVector.valid)
  func `what is written parses to the same value`(vector: SDPVector) throws {
    let session = try SessionDescription(parsing: vector.sdp)
    #expect(try SessionDescription(parsing: session.description) == session)
  }

  @Test(arguments: SDPVector.own("rfc9429_ab") + SDPVector.own("generated"))
  func `canonical text is written as it was read`(vector: SDPVector) throws {
    #expect(try SessionDescription(parsing: vector.sdp).description == vector.sdp)
  }

  @Test(.enabled(if: !SDPVector.references.isEmpty))
  func `text of real implementations is written as it was read`() throws {
    for (name, text) in SDPVector.references {
      #expect(try SessionDescription(parsing: text).description == text, "\(name)")
    }
  }

  @Test(.enabled(if: Vectors.hasPublicData))
  func `a malformed description of a public suite is refused`() {
    for vector in SDPVector.fromPublicSuite("malformed_public") where Self.accepted[vector.id] == nil {
      vector.noteRun()
      #expect(throws: SDPError.self, "\(vector.id)") { try SessionDescription(parsing: vector.sdp) }
    }
  }

  @Test(.enabled(if: Vectors.hasPublicData))
  func `a contested description that its grammar allows is accepted`() throws {
    for vector in SDPVector.fromPublicSuite("malformed_public") where Self.accepted[vector.id] != nil {
      vector.noteRun()
      #expect(throws: Never.self, "\(vector.id)") { try SessionDescription(parsing: vector.sdp) }
    }
  }

  /// What some implementation refuses although RFC 8866 allows it (all are of medium confidence).
  private static let accepted = [
    "libwebrtc/replace-25": "an extension value of a candidate is any text (RFC 8839 §5.1)",
    "libwebrtc/short-0": "which transports a kind of media has is no matter of syntax",
    "libwebrtc/short-1": "which transports a kind of media has is no matter of syntax",
    "libwebrtc/short-2": "an unknown transport is refused in the answer, not by the parser",
    "libwebrtc/short-3": "the number of channels has no limit in the grammar",
    "libwebrtc/short-4": "conflicting rtpmap lines are no matter of syntax",
    "libwebrtc/short-5": "conflicting rtpmap lines are no matter of syntax",
    "libwebrtc/no-final-newline": "lenient where nothing is ambiguous",
    "mozilla/5": "an attribute at the wrong level is not looked at, and 14.sdp of the same suite counts as valid",
    "mozilla/8": "an attribute at the wrong level is not looked at, and 14.sdp of the same suite counts as valid",
    "mozilla/4": "an unknown media type is refused in the answer, not by the parser",
    "mozilla/7": "0.a.b.0 is a host name",
  ]

  @Test func `lines may end with LF alone`() throws {
    let text = SDPVector.own("rfc9429_ab")[0].sdp
    let lenient = text.filter { $0 != "\r" }.map { $0 == "\r\n" ? "\n" : $0 }
    #expect(try SessionDescription(parsing: String(lenient)).description == text)
  }

  @Test func `an unknown attribute stays where it was`() throws {
    let text = Self.minimal + "a=zzz\r\na=mid:0\r\na=x-y: some text \r\na=rtcp-mux\r\n"
    let session = try SessionDescription(parsing: text)
    #expect(
      session.media[0].attributes == [
        .other(name: "zzz", value: nil), .mid("0"), .other(name: "x-y", value: " some text "), .rtcpMux,
      ])
    #expect(session.description == text)
  }

  @Test func `an error names line, column, offset, found and expected`() {
    let text = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 zero\r\n"
    #expect {
      try SessionDescription(parsing: text)
    } throws: { error in
      "\(error)" == "line 4, column 5 (offset 40): found 'zero', expected a stop time"
    }
  }

  @Test(arguments: [
    ("", 1), ("v=0\r\n", 2), ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\r\n", 5),
    (minimal + "t=0 0\r\n", 6), (minimal + "q=1\r\n", 6), (minimal + "a=\r\n", 6),
    (minimal + "a=mid:0\r\na=x\0y\r\n", 7),
  ])
  func `the line of an error is the first wrong one`(text: String, line: Int) {
    #expect {
      try SessionDescription(parsing: text)
    } throws: { error in
      (error as? SDPError)?.location.line == line
    }
  }

  @Test func `bytes that are no UTF-8 are refused`() {
    var bytes = Array(Self.minimal.utf8)
    bytes += Array("a=x:".utf8) + [0xC3, 0x28, 0x0D, 0x0A]
    #expect(throws: SDPError.self) { try SessionDescription(parsing: bytes) }
  }

  @Test func `milliseconds keep their fraction`() throws {
    let attribute = try SDPAttribute(parsing: "ptime:2.25")
    #expect(attribute == .ptime(.microseconds(2250)))
    #expect(attribute.description == "ptime:2.25")
  }

  @Test func `format parameters are found by name`() throws {
    guard case .fmtp(let parameters) = try SDPAttribute(parsing: "fmtp:111 minptime=10; UseInbandFEC=1;cbr") else {
      Issue.record("no fmtp")
      return
    }
    #expect(parameters["useinbandfec"] == "1")
    #expect(parameters["cbr"] == "")
    #expect(parameters["stereo"] == nil)
  }

  static let minimal =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
}
