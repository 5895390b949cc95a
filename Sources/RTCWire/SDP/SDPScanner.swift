import RTCPrimitives

/// A cursor over one line of a session description; what it refuses, it names with its place.
struct SDPScanner {
  private let bytes: [UInt8]
  private let line: Int
  private let lineStart: Int
  private(set) var offset: Int
  private let end: Int

  /// Scans `range` of `bytes`, which lies in line number `line` that begins at `lineStart`.
  init(_ bytes: [UInt8], in range: Range<Int>, line: Int, lineStart: Int) {
    self.bytes = bytes
    self.line = line
    self.lineStart = lineStart
    offset = range.lowerBound
    end = range.upperBound
  }

  /// Scans a single line that stands alone.
  init(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    self.init(bytes, in: bytes.indices, line: 1, lineStart: 0)
  }

  var isAtEnd: Bool { offset >= end }
  var next: UInt8? { isAtEnd ? nil : bytes[offset] }

  /// The error that something else than `expected` stands at `place`, by default where the scanner is.
  func error(expected: String, at place: Int? = nil) -> SDPError {
    let place = place ?? offset
    let location = SDPError.Location(line: line, column: place - lineStart + 1, offset: place)
    return .unexpected(location, found: excerpt(from: place), expected: expected)
  }

  private func excerpt(from place: Int) -> String {
    guard place < end else { return "the end of the line" }
    var stop = place + 1
    while stop < end, stop - place < 40, bytes[stop] != UInt8(ascii: " ") { stop += 1 }
    return "'\(String(decoding: bytes[place..<stop], as: UTF8.self))'"
  }

  /// Passes over `byte` if it comes next.
  mutating func skip(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    offset += 1
    return true
  }

  mutating func skipSpaces() {
    while skip(.space) {}
  }

  mutating func expect(_ byte: UInt8, _ expected: String) throws(SDPError) {
    guard skip(byte) else { throw error(expected: expected) }
  }

  mutating func expectSpace() throws(SDPError) { try expect(.space, "a space") }

  func expectEnd() throws(SDPError) {
    guard isAtEnd else { throw error(expected: "the end of the line") }
  }

  /// The longest run of bytes of one kind, at least one.
  mutating func run(_ expected: String, of matches: (UInt8) -> Bool) throws(SDPError) -> String {
    let start = offset
    while let byte = next, matches(byte) { offset += 1 }
    guard offset > start else { throw error(expected: expected) }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  /// A `token` (RFC 8866 §9).
  mutating func token(_ expected: String) throws(SDPError) -> String { try run(expected, of: \.isToken) }

  /// Everything up to the next space, at least one byte.
  mutating func word(_ expected: String) throws(SDPError) -> String { try run(expected) { $0 != .space } }

  /// The line from a place on.
  func text(from start: Int) -> String { String(decoding: bytes[start..<end], as: UTF8.self) }

  /// Everything that is left, perhaps nothing.
  mutating func rest() -> String {
    defer { offset = end }
    return String(decoding: bytes[min(offset, end)..<end], as: UTF8.self)
  }

  /// Everything that is left, at least one byte.
  mutating func nonEmptyRest(_ expected: String) throws(SDPError) -> String {
    guard !isAtEnd else { throw error(expected: expected) }
    return rest()
  }

  /// A decimal number in `range`.
  mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
    _ expected: String, in range: ClosedRange<Number> = Number.min...Number.max
  ) throws(SDPError) -> Number {
    let start = offset
    var value: Number = 0
    while let byte = next, byte.isDigit {
      let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = product.addingReportingOverflow(Number(byte - UInt8(ascii: "0")))
      guard !tooLarge, !overflow else { throw error(expected: expected, at: start) }
      value = sum
      offset += 1
    }
    guard offset > start, range.contains(value) else { throw error(expected: expected, at: start) }
    return value
  }

  /// One of the raw values of an enumeration, up to the next space or any byte of `stop`.
  mutating func keyword<Value: RawRepresentable<String>>(
    _ type: Value.Type, _ expected: String
  ) throws(SDPError) -> Value {
    let start = offset
    guard let value = try Value(rawValue: token(expected)) else { throw error(expected: expected, at: start) }
    return value
  }

  /// A number of milliseconds with at most six decimals, more than zero.
  mutating func milliseconds(_ expected: String) throws(SDPError) -> Duration {
    let start = offset
    var nanoseconds: Int64 = try Int64(number(expected, in: 0...UInt64(UInt32.max))) * 1_000_000
    if skip(UInt8(ascii: ".")) {
      var unit: Int64 = 100_000
      let decimals = offset
      while let byte = next, byte.isDigit {
        nanoseconds += Int64(byte - UInt8(ascii: "0")) * unit
        unit /= 10
        offset += 1
      }
      guard offset > decimals else { throw error(expected: expected, at: start) }
    }
    guard nanoseconds > 0 else { throw error(expected: expected, at: start) }
    return .nanoseconds(nanoseconds)
  }
}

extension UInt8 {
  static let space = UInt8(ascii: " ")
  static let colon = UInt8(ascii: ":")
  static let slash = UInt8(ascii: "/")
  static let semicolon = UInt8(ascii: ";")
  static let comma = UInt8(ascii: ",")

  var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
  var isLetter: Bool { (self | 0x20) >= UInt8(ascii: "a") && (self | 0x20) <= UInt8(ascii: "z") }
  var isAlphanumeric: Bool { isDigit || isLetter }

  /// `ice-char` of RFC 8839 §5.4.
  var isICECharacter: Bool { isAlphanumeric || self == UInt8(ascii: "+") || self == .slash }

  /// `token-char` of RFC 8866 §9.
  var isToken: Bool {
    switch self {
    case 0x21, 0x23...0x27, 0x2A...0x2B, 0x2D...0x2E, 0x30...0x39, 0x41...0x5A, 0x5E...0x7E: true
    default: false
    }
  }

  /// A character of a host name or an IPv4 address.
  var isHostName: Bool { isAlphanumeric || self == UInt8(ascii: "-") || self == UInt8(ascii: ".") }
}

extension ByteWriter {
  mutating func append(joined parts: [String], separator: String) {
    for (index, part) in parts.enumerated() {
      if index > 0 { append(separator) }
      append(part)
    }
  }

  mutating func append(milliseconds duration: Duration) {
    let nanoseconds = duration.nanoseconds
    append(String(nanoseconds / 1_000_000))
    var fraction = nanoseconds % 1_000_000
    guard fraction > 0 else { return }
    append(".")
    var unit: Int64 = 100_000
    while fraction > 0 {
      append(String(fraction / unit))
      fraction %= unit
      unit /= 10
    }
  }
}
