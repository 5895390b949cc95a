extension SessionDescription {
  /// How much is read at most; a meeting of hundreds of participants stays far below.
  enum Limit {
    static let bytes = 8 << 20
    static let lines = 200_000
    static let media = 4096
    /// Every section may ask for each of them.
    static let sessionAttributes = 1024
  }

  /// Parses the text of a session description.
  ///
  /// Lines end with CRLF, or with a lone LF (RFC 8866 §5); the last line may lack its end. Everything else follows the
  /// grammar: a line out of order or of an unknown type is an error, an unknown attribute is kept as it is.
  public init(parsing text: some StringProtocol) throws(SDPError) { try self.init(parsing: Array(text.utf8)) }

  /// Parses the UTF-8 bytes of a session description.
  public init(parsing bytes: [UInt8]) throws(SDPError) {
    var parser = SDPParser(bytes)
    self = try parser.parse()
  }
}

/// Reads the lines of RFC 8866 §9 in their order.
private struct SDPParser {
  private struct Line {
    let type: UInt8
    let scanner: SDPScanner
  }

  private let bytes: [UInt8]
  private var nextStart = 0
  private var number = 0
  private var current: Line?
  /// The attributes of the section at hand.
  private var collected: [SDPAttribute] = []

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func parse() throws(SDPError) -> SessionDescription {
    guard bytes.count <= SessionDescription.Limit.bytes else {
      let start = SDPError.Location(line: 1, column: 1, offset: 0)
      throw .limitExceeded(start, what: "bytes", limit: SessionDescription.Limit.bytes)
    }
    var version = try require("v", "v=0")
    try version.expect(UInt8(ascii: "0"), "version 0")
    try version.expectEnd()
    var session = try SessionDescription(origin: origin())
    var name = try require("s", "the s= line")
    session.name = name.rest()
    session.information = try text("i")
    session.uri = try text("u")
    while let email = try text("e") { session.emails.append(email) }
    while let phone = try text("p") { session.phones.append(phone) }
    session.connection = try connection()
    session.bandwidths = try bandwidths()
    session.timings = try timings()
    session.key = try text("k")
    session.attributes = try attributes(limit: SessionDescription.Limit.sessionAttributes)
    while var scanner = try take("m") {
      guard session.media.count < SessionDescription.Limit.media else {
        throw tooMany("media descriptions", limit: SessionDescription.Limit.media)
      }
      var section = try MediaDescription(&scanner)
      section.information = try text("i")
      while let connection = try connection() { section.connections.append(connection) }
      section.bandwidths = try bandwidths()
      section.key = try text("k")
      section.attributes = try attributes()
      session.media.append(section)
    }
    if let line = try peek() {
      throw line.scanner.error(expected: expectedInOrder(after: session), at: startOfLine(line))
    }
    return session
  }

  private func expectedInOrder(after session: SessionDescription) -> String {
    session.media.isEmpty
      ? "a known line in the order v o s i u e p c b t r z k a m"
      : "a known line in the order m i c b k a"
  }

  private mutating func origin() throws(SDPError) -> SessionDescription.Origin {
    var scanner = try require("o", "the o= line")
    let username = try scanner.word("a user name")
    try scanner.expectSpace()
    let sessionID: UInt64 = try scanner.number("a session id")
    try scanner.expectSpace()
    let version: UInt64 = try scanner.number("a session version")
    try scanner.expectSpace()
    let address = try ConnectionData(&scanner)
    try scanner.expectEnd()
    return .init(username: username, sessionID: sessionID, sessionVersion: version, address: address)
  }

  private mutating func connection() throws(SDPError) -> ConnectionData? {
    guard var scanner = try take("c") else { return nil }
    let connection = try ConnectionData(&scanner, allowMulticast: true)
    try scanner.expectEnd()
    return connection
  }

  private mutating func bandwidths() throws(SDPError) -> [Bandwidth] {
    var result: [Bandwidth] = []
    while var scanner = try take("b") {
      try result.append(Bandwidth(&scanner))
      try scanner.expectEnd()
    }
    return result
  }

  private mutating func timings() throws(SDPError) -> [SessionDescription.Timing] {
    var result: [SessionDescription.Timing] = []
    var first = try require("t", "a t= line")
    try result.append(timing(&first))
    while var scanner = try take("t") { try result.append(timing(&scanner)) }
    return result
  }

  private mutating func timing(_ scanner: inout SDPScanner) throws(SDPError) -> SessionDescription.Timing {
    let start: UInt64 = try scanner.number("a start time")
    try scanner.expectSpace()
    var timing = SessionDescription.Timing(start: start, stop: try scanner.number("a stop time"))
    try scanner.expectEnd()
    while let line = try text("r") { timing.repeats.append(line) }
    timing.timeZones = try text("z")
    return timing
  }

  private mutating func attributes(limit: Int = .max) throws(SDPError) -> [SDPAttribute] {
    collected.removeAll(keepingCapacity: true)
    var hasSimulcast = false
    while var scanner = try take("a") {
      let start = scanner.offset
      let attribute: SDPAttribute
      do throws(SDPError) {
        attribute = try SDPAttribute(&scanner)
      } catch {
        // A restriction identifier that is not well formed is discarded, and the description stands (RFC 8851 §6.2.2).
        let text = scanner.text(from: start)
        guard text.hasPrefix("rid:") else { throw error }
        attribute = .other(name: "rid", value: String(text.dropFirst("rid:".count)))
      }
      if case .simulcast = attribute {
        guard !hasSimulcast else {
          throw scanner.error(expected: "only one a=simulcast in a section (RFC 8853 §5.1)")
        }
        hasSimulcast = true
      }
      guard collected.count < limit else { throw tooMany("attributes of the session", limit: limit) }
      collected.append(attribute)
    }
    // As long as it needs to be: descriptions are kept for a whole call.
    var result: [SDPAttribute] = []
    result.reserveCapacity(collected.count)
    result += collected
    return result
  }

  // MARK: Lines

  private mutating func text(_ type: Unicode.Scalar) throws(SDPError) -> String? {
    guard var scanner = try take(type) else { return nil }
    return scanner.rest()
  }

  private mutating func require(_ type: Unicode.Scalar, _ expected: String) throws(SDPError) -> SDPScanner {
    if let scanner = try take(type) { return scanner }
    if let line = try peek() { throw line.scanner.error(expected: expected, at: startOfLine(line)) }
    let end = SDPScanner(bytes, in: bytes.count..<bytes.count, line: number + 1, lineStart: bytes.count)
    throw end.error(expected: expected)
  }

  private func startOfLine(_ line: Line) -> Int { line.scanner.offset - 2 }

  /// The next line's value if the line is of this type.
  private mutating func take(_ type: Unicode.Scalar) throws(SDPError) -> SDPScanner? {
    guard let line = try peek(), line.type == UInt8(ascii: type) else { return nil }
    current = nil
    return line.scanner
  }

  /// The next line that nobody has taken.
  private mutating func peek() throws(SDPError) -> Line? {
    if current == nil, nextStart < bytes.count { current = try readLine() }
    return current
  }

  private mutating func readLine() throws(SDPError) -> Line {
    let start = nextStart
    number += 1
    guard number <= SessionDescription.Limit.lines else {
      throw tooMany("lines", limit: SessionDescription.Limit.lines)
    }
    var end = start
    var isASCII = true
    while end < bytes.count, bytes[end] != UInt8(ascii: "\n") {
      if bytes[end] >= 0x80 { isASCII = false }
      end += 1
    }
    nextStart = end + 1
    if end > start, end < bytes.count, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    let whole = SDPScanner(bytes, in: start..<end, line: number, lineStart: start)
    if let bad = bytes[start..<end].firstIndex(where: { $0 == 0 || $0 == UInt8(ascii: "\r") }) {
      throw whole.error(expected: "neither NUL nor CR inside a line", at: bad)
    }
    guard isASCII || String(validating: bytes[start..<end], as: UTF8.self) != nil else {
      throw whole.error(expected: "UTF-8")
    }
    guard end - start >= 2, bytes[start + 1] == UInt8(ascii: "="), bytes[start] >= UInt8(ascii: "a"),
      bytes[start] <= UInt8(ascii: "z")
    else { throw whole.error(expected: "a line <type>=<value>") }
    let value = SDPScanner(bytes, in: start + 2..<end, line: number, lineStart: start)
    return Line(type: bytes[start], scanner: value)
  }

  private func tooMany(_ what: String, limit: Int) -> SDPError {
    .limitExceeded(.init(line: number, column: 1, offset: min(nextStart, bytes.count)), what: what, limit: limit)
  }
}

extension MediaDescription {
  /// Parses the value of an `m=` line.
  init(_ scanner: inout SDPScanner) throws(SDPError) {
    let kind = try scanner.token("a media type")
    try scanner.expectSpace()
    let port: UInt16 = try scanner.number("a port of 0 to 65535")
    let count: UInt16? = try scanner.skip(.slash) ? scanner.number("a number of ports", in: 1...UInt16.max) : nil
    try scanner.expectSpace()
    let transport = try scanner.run("a transport") { $0.isToken || $0 == .slash }
    var formats: [String] = []
    var seen: Set<UInt8> = []
    let isRTP = Self.isRTP(transport)
    repeat {
      try scanner.expectSpace()
      if isRTP {
        let start = scanner.offset
        let payloadType: UInt8 = try scanner.number("a payload type of 0 to 127", in: 0...127)
        guard seen.insert(payloadType).inserted else {
          throw scanner.error(expected: "each payload type once", at: start)
        }
        formats.append(String(payloadType))
      } else {
        try formats.append(scanner.token("a format"))
      }
    } while !scanner.isAtEnd
    self.init(kind: kind, port: port, transport: transport, formats: formats)
    portCount = count
  }
}
