/// A JSON value whose members keep their order.
///
/// - SeeAlso: RFC 8259
enum JSON: Hashable, Sendable {
  struct Member: Hashable, Sendable {
    let name: String
    let value: JSON
  }

  case object([Member])
  case array([JSON])
  case string(String)
  case integer(Int64)
  case unsigned(UInt64)
  /// Written as `null` unless it is finite.
  case number(Double)
  case boolean(Bool)
  case null

  init(_ value: some FixedWidthInteger & SignedInteger) { self = .integer(Int64(value)) }
  init(_ value: some FixedWidthInteger & UnsignedInteger) { self = .unsigned(UInt64(value)) }
  init(_ text: String) { self = .string(text) }
  init(_ text: String?) { self = text.map(JSON.string) ?? .null }

  /// `value` rounded to `decimals`, or `null`.
  init(_ value: Double?, decimals: Int) {
    guard let value, value.isFinite else {
      self = .null
      return
    }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    self = .number((value * scale).rounded() / scale)
  }

  /// Adds a member to an object.
  ///
  /// - Precondition: this is an object.
  mutating func append(_ name: String, _ value: JSON) {
    guard case .object(let members) = self else { preconditionFailure("only an object has members") }
    self = .object(members + [Member(name: name, value: value)])
  }

  /// The text; indented by two blanks per level when `isPretty`, where what has no members in it stays on one line.
  func text(isPretty: Bool = true) -> String {
    var text = ""
    write(to: &text, level: isPretty ? 0 : nil)
    return text
  }

  private var isScalar: Bool {
    switch self {
    case .object, .array: false
    case .string, .integer, .unsigned, .number, .boolean, .null: true
    }
  }

  private func write(to text: inout String, level: Int?) {
    switch self {
    case .object(let members):
      let level = members.allSatisfy(\.value.isScalar) && level != 0 ? nil : level
      Self.write(members, in: "{}", to: &text, level: level) { member, text, level in
        Self.write(member.name, to: &text)
        text += level == nil ? ":" : ": "
        member.value.write(to: &text, level: level)
      }
    case .array(let values):
      let level = values.allSatisfy(\.isScalar) ? nil : level
      Self.write(values, in: "[]", to: &text, level: level) { $0.write(to: &$1, level: $2) }
    case .string(let string): Self.write(string, to: &text)
    case .integer(let value): text += "\(value)"
    case .unsigned(let value): text += "\(value)"
    case .number(let value) where !value.isFinite: text += "null"
    case .number(let value):
      text += value == value.rounded() && value.magnitude < 1e15 ? "\(Int64(value))" : "\(value)"
    case .boolean(let value): text += value ? "true" : "false"
    case .null: text += "null"
    }
  }

  private static func write<Item>(
    _ items: [Item], in brackets: String, to text: inout String, level: Int?,
    each: (Item, inout String, Int?) -> Void
  ) {
    let inner = level.map { $0 + 1 }
    text.append(brackets.first!)
    for (index, item) in items.enumerated() {
      if index > 0 { text += "," }
      if let inner, !items.isEmpty { text += "\n" + String(repeating: "  ", count: inner) }
      each(item, &text, inner)
    }
    if let level, !items.isEmpty { text += "\n" + String(repeating: "  ", count: level) }
    text.append(brackets.last!)
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
  init(dictionaryLiteral members: (String, JSON)...) { self = .object(members.map { Member(name: $0.0, value: $0.1) }) }
  init(arrayLiteral values: JSON...) { self = .array(values) }
  init(stringLiteral text: String) { self = .string(text) }
  init(integerLiteral value: Int64) { self = .integer(value) }
  init(booleanLiteral value: Bool) { self = .boolean(value) }
  init(nilLiteral: ()) { self = .null }
}
