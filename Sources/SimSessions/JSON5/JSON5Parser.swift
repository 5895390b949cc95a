/// Reads one JSON5 text into values.
///
/// Never traps; nesting deeper than `depthLimit` is refused.
struct JSON5Parser {
  private static let depthLimit = 100

  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var line = 1
  private var lineStart = 0

  static func parse(_ text: String) throws(JSON5Error) -> JSON5Value {
    var parser = JSON5Parser(scalars: Array(text.unicodeScalars))
    if parser.peek == "\u{FEFF}" { parser.position += 1 }
    let value = try parser.value(depth: 0)
    try parser.skipBlanks()
    guard parser.peek == nil else { throw parser.unexpected("the end of the text") }
    return value
  }

  private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private func failure(_ reason: String) -> JSON5Error {
    JSON5Error(line: line, column: position - lineStart + 1, reason: reason)
  }

  private func unexpected(_ wanted: String) -> JSON5Error {
    failure("found \(peek.map { "'\($0)'" } ?? "the end of the text") where \(wanted) is expected")
  }

  // MARK: Values

  private mutating func value(depth: Int) throws(JSON5Error) -> JSON5Value {
    try skipBlanks()
    guard depth < Self.depthLimit else { throw failure("nested deeper than \(Self.depthLimit) levels") }
    let begin = line
    let content: JSON5Value.Content =
      switch peek {
      case "{": .object(try members(depth: depth))
      case "[": .array(try elements(depth: depth))
      case "\"", "'": .string(try string())
      case .some(let scalar) where scalar == "+" || scalar == "-" || scalar == "." || isDigit(scalar): try number()
      case .some(let scalar) where isIdentifierStart(scalar): try word()
      default: throw unexpected("a value")
      }
    return JSON5Value(line: begin, content: content)
  }

  private mutating func members(depth: Int) throws(JSON5Error) -> [JSON5Value.Member] {
    position += 1
    var members: [JSON5Value.Member] = []
    var names: Set<String> = []
    while true {
      try skipBlanks()
      if take("}") { return members }
      let nameLine = line
      let here = failure("")
      let name: String
      switch peek {
      case "\"", "'": name = try string()
      case .some(let scalar) where isIdentifierStart(scalar): name = identifier()
      default: throw unexpected("a field name or '}'")
      }
      guard names.insert(name).inserted else {
        throw JSON5Error(line: here.line, column: here.column, reason: "the field '\(name)' stands here twice")
      }
      try skipBlanks()
      guard take(":") else { throw unexpected("':' after the field '\(name)'") }
      members.append(.init(name: name, line: nameLine, value: try value(depth: depth + 1)))
      try skipBlanks()
      guard take(",") || peek == "}" else { throw unexpected("',' or '}' after the field '\(name)'") }
    }
  }

  private mutating func elements(depth: Int) throws(JSON5Error) -> [JSON5Value] {
    position += 1
    var elements: [JSON5Value] = []
    while true {
      try skipBlanks()
      if take("]") { return elements }
      elements.append(try value(depth: depth + 1))
      try skipBlanks()
      guard take(",") || peek == "]" else { throw unexpected("',' or ']'") }
    }
  }

  private mutating func word() throws(JSON5Error) -> JSON5Value.Content {
    let start = position
    let word = identifier()
    switch word {
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    case "null": return .null
    case "Infinity": return .number(word, .infinity)
    case "NaN": return .number(word, .nan)
    default:
      position = start
      throw failure("found the word '\(word)' where a value is expected; texts stand in quotes")
    }
  }

  private mutating func number() throws(JSON5Error) -> JSON5Value.Content {
    let start = position
    if peek == "+" || peek == "-" { position += 1 }
    while let scalar = peek, isIdentifierPart(scalar) || scalar == "." || isExponentSign(scalar) { position += 1 }
    let text = text(from: start)
    let isNegative = text.hasPrefix("-")
    let magnitude = text.drop { $0 == "+" || $0 == "-" }
    if let value = Self.magnitude(magnitude) { return .number(text, isNegative ? -value : value) }
    position = start
    throw failure("found '\(text)', which is no number")
  }

  private static func magnitude(_ text: Substring) -> Double? {
    if text == "Infinity" { return .infinity }
    if text == "NaN" { return .nan }
    if text.hasPrefix("0x") || text.hasPrefix("0X") { return UInt64(text.dropFirst(2), radix: 16).map { Double($0) } }
    let whole = text.prefix { $0 != "." && $0 != "e" && $0 != "E" }
    guard text.allSatisfy({ "0123456789.eE+-".contains($0) }), text.contains(where: \.isNumber),
      whole.count < 2 || !whole.hasPrefix("0"), text.first != "e", text.first != "E"
    else { return nil }
    let digits = text.hasPrefix(".") ? "0" + text : text
    return Double(digits.split(separator: ".", omittingEmptySubsequences: false).count == 2 ? closed(digits) : digits)
  }

  /// `5.` and `5.e3` as Swift reads them.
  private static func closed(_ text: Substring) -> Substring {
    guard let point = text.firstIndex(of: ".") else { return text }
    let after = text[text.index(after: point)...]
    guard after.first?.isNumber != true else { return text }
    return text[..<point] + after
  }

  private func isExponentSign(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar == "+" || scalar == "-", position > 0 else { return false }
    return scalars[position - 1] == "e" || scalars[position - 1] == "E"
  }

  // MARK: Texts

  private mutating func string() throws(JSON5Error) -> String {
    let opening = failure("this text has no end")
    let quote = peek
    position += 1
    var text = String.UnicodeScalarView()
    while let scalar = peek {
      if scalar == quote {
        position += 1
        return String(text)
      }
      if isLineEnd(scalar), scalar != "\u{2028}", scalar != "\u{2029}" { break }
      position += 1
      if scalar == "\\" { try escape(into: &text) } else { text.append(scalar) }
    }
    throw opening
  }

  private mutating func escape(into text: inout String.UnicodeScalarView) throws(JSON5Error) {
    guard let scalar = peek else { throw unexpected("an escaped character") }
    if isLineEnd(scalar) { return takeLineEnd() }
    position += 1
    switch scalar {
    case "b": text.append("\u{8}")
    case "f": text.append("\u{C}")
    case "n": text.append("\n")
    case "r": text.append("\r")
    case "t": text.append("\t")
    case "v": text.append("\u{B}")
    case "0" where peek.map(isDigit) != true: text.append("\0")
    case "x": text.append(try Unicode.Scalar(hexadecimal(2)) ?? "\u{FFFD}")
    case "u": text.append(try unicodeEscape())
    case _ where isDigit(scalar): throw failure("found a digit after a backslash")
    default: text.append(scalar)
    }
  }

  private mutating func unicodeEscape() throws(JSON5Error) -> Unicode.Scalar {
    let first = try hexadecimal(4)
    guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
    guard take("\\"), take("u") else { throw failure("half of a surrogate pair is missing") }
    let second = try hexadecimal(4)
    guard (0xDC00..<0xE000).contains(second) else { throw failure("half of a surrogate pair is missing") }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
  }

  private mutating func hexadecimal(_ count: Int) throws(JSON5Error) -> UInt32 {
    let start = position
    while position < start + count, let scalar = peek, Character(scalar).isHexDigit { position += 1 }
    guard position == start + count, let value = UInt32(text(from: start), radix: 16) else {
      throw unexpected("a hexadecimal digit")
    }
    return value
  }

  private mutating func identifier() -> String {
    let start = position
    while let scalar = peek, isIdentifierPart(scalar) { position += 1 }
    return text(from: start)
  }

  private func text(from start: Int) -> String {
    String(String.UnicodeScalarView(scalars[start..<position]))
  }

  // MARK: Blanks

  private mutating func skipBlanks() throws(JSON5Error) {
    while let scalar = peek {
      if isLineEnd(scalar) {
        takeLineEnd()
      } else if scalar.properties.isWhitespace || scalar == "\u{FEFF}" {
        position += 1
      } else if scalar == "/" {
        try skipComment()
      } else {
        return
      }
    }
  }

  private mutating func skipComment() throws(JSON5Error) {
    let opening = failure("this comment has no end")
    position += 1
    if take("/") {
      while let scalar = peek, !isLineEnd(scalar) { position += 1 }
      return
    }
    guard take("*") else {
      position -= 1
      throw unexpected("a value or a comment")
    }
    while let scalar = peek {
      if isLineEnd(scalar) {
        takeLineEnd()
      } else {
        position += 1
        if scalar == "*", take("/") { return }
      }
    }
    throw opening
  }

  private mutating func takeLineEnd() {
    if peek == "\r", position + 1 < scalars.count, scalars[position + 1] == "\n" { position += 1 }
    position += 1
    line += 1
    lineStart = position
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard peek == scalar else { return false }
    position += 1
    return true
  }

  private func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  private func isLineEnd(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\n" || scalar == "\r" || scalar == "\u{2028}" || scalar == "\u{2029}"
  }

  private func isIdentifierStart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "$" || scalar == "_" || scalar.properties.isAlphabetic
  }

  private func isIdentifierPart(_ scalar: Unicode.Scalar) -> Bool { isIdentifierStart(scalar) || isDigit(scalar) }
}
