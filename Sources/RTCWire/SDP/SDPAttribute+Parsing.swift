extension SDPAttribute {
  /// Parses `name` or `name:value`, what follows `a=`.
  ///
  /// - Note: An attribute is read at any level; who needs it looks where it belongs.
  public init(parsing text: some StringProtocol) throws(SDPError) {
    var scanner = SDPScanner(text)
    try self.init(&scanner)
  }

  init(_ scanner: inout SDPScanner) throws(SDPError) {
    let name = try scanner.token("an attribute name")
    let hasValue = scanner.skip(.colon)
    guard hasValue != scanner.isAtEnd else {
      throw scanner.error(expected: hasValue ? "a value of \(name)" : "a colon or the end of the line")
    }
    if hasValue {
      self = try Self.valued(name, &scanner)
      try scanner.expectEnd()
    } else {
      guard let flag = Self.flag(named: name) else { throw scanner.error(expected: "a colon and a value of \(name)") }
      self = flag
    }
  }

  private static func flag(named name: String) -> SDPAttribute? {
    switch name {
    case "sendrecv": .direction(.sendrecv)
    case "sendonly": .direction(.sendonly)
    case "recvonly": .direction(.recvonly)
    case "inactive": .direction(.inactive)
    case "extmap-allow-mixed": .extmapAllowMixed
    case "rtcp-mux": .rtcpMux
    case "rtcp-mux-only": .rtcpMuxOnly
    case "rtcp-rsize": .rtcpRsize
    case "bundle-only": .bundleOnly
    case "ice-lite": .iceLite
    case "end-of-candidates": .endOfCandidates
    case _ where needsValue.contains(name): nil
    default: .other(name: name, value: nil)
    }
  }

  private static func valued(_ name: String, _ scanner: inout SDPScanner) throws(SDPError) -> SDPAttribute {
    switch name {
    case "rtcp-fb": try .rtcpFeedback(RTCPFeedback(&scanner))
    case "rtpmap": try .rtpmap(RTPMap(&scanner))
    case "fmtp": try .fmtp(FormatParameters(&scanner))
    case "extmap": try .extmap(HeaderExtensionMap(&scanner))
    case "ssrc": try .ssrc(SourceAttribute(&scanner))
    case "mid": try .mid(scanner.token("an identification tag"))
    case "msid": try .msid(MediaStreamIdentification(&scanner))
    case "ssrc-group": try .ssrcGroup(SourceGroup(&scanner))
    case "rid": try .rid(RestrictionIdentifier(&scanner))
    case "simulcast": try .simulcast(SimulcastDescription(&scanner))
    case "rtcp": try .rtcp(RTCPPort(&scanner))
    case "ptime": try .ptime(scanner.milliseconds("a packet time"))
    case "maxptime": try .maxptime(scanner.milliseconds("a packet time"))
    case "group": try .group(MediaGroup(&scanner))
    case "ice-ufrag": try .iceUfrag(scanner.iceText(length: 4...256, "4 to 256 ICE characters"))
    case "ice-pwd": try .icePwd(scanner.iceText(length: 22...256, "22 to 256 ICE characters"))
    case "ice-options": try .iceOptions(scanner.tokens("an ICE option"))
    case "candidate": try .candidate(ICECandidate(&scanner))
    case "fingerprint": try .fingerprint(CertificateFingerprint(&scanner))
    case "setup": try .setup(scanner.keyword(SetupRole.self, "active, passive, actpass or holdconn"))
    case "tls-id": try .tlsID(scanner.run("a TLS id") { $0.isICECharacter || $0 == 0x2D || $0 == 0x5F })
    case "sctp-port": try .sctpPort(scanner.number("a port of 0 to 65535"))
    case "max-message-size": try .maxMessageSize(scanner.number("a size in bytes"))
    default: try uninterpreted(name, &scanner)
    }
  }

  private static func uninterpreted(_ name: String, _ scanner: inout SDPScanner) throws(SDPError) -> SDPAttribute {
    if case .other? = flag(named: name) { return .other(name: name, value: scanner.rest()) }
    throw scanner.error(expected: "no value of \(name)")
  }

  /// The typed attributes that say nothing without a value.
  private static let needsValue: Set<String> = [
    "mid", "msid", "ssrc", "ssrc-group", "rid", "simulcast", "rtpmap", "fmtp", "rtcp-fb", "extmap", "rtcp", "ptime",
    "maxptime", "group", "ice-ufrag", "ice-pwd", "ice-options", "candidate", "fingerprint", "setup", "tls-id",
    "sctp-port", "max-message-size",
  ]
}

extension SDPScanner {
  fileprivate mutating func iceText(length: ClosedRange<Int>, _ expected: String) throws(SDPError) -> String {
    let start = offset
    let text = try run(expected, of: \.isICECharacter)
    guard length.contains(offset - start) else { throw error(expected: expected, at: start) }
    return text
  }

  /// One or more tokens with a space between two.
  mutating func tokens(_ expected: String) throws(SDPError) -> [String] {
    var result = try [token(expected)]
    while skip(.space) { try result.append(token(expected)) }
    return result
  }
}
