import RTCPrimitives

/// `a=rid`: one encoding of a stream, and what restricts it.
///
/// - SeeAlso: RFC 8851 §4, §10
public struct RestrictionIdentifier: Hashable, Sendable {
  public enum Direction: String, Hashable, Sendable { case send, recv }

  /// `max-width=1280` and the like; a restriction without a value only asks to be understood.
  public struct Restriction: Hashable, Sendable {
    public var name: String
    public var value: String?

    public init(name: String, value: String? = nil) {
      self.name = name
      self.value = value
    }
  }

  public var id: String
  public var direction: Direction
  /// The formats of `pt=`; empty for all of the section.
  public var formats: [String]
  public var restrictions: [Restriction]

  public init(id: String, direction: Direction, formats: [String] = [], restrictions: [Restriction] = []) {
    self.id = id
    self.direction = direction
    self.formats = formats
    self.restrictions = restrictions
  }

  init(_ scanner: inout SDPScanner) throws(SDPError) {
    id = try scanner.ridID()
    try scanner.expectSpace()
    direction = try scanner.keyword(Direction.self, "send or recv")
    formats = []
    restrictions = []
    guard scanner.skip(.space) else { return }
    repeat {
      scanner.skipSpaces()
      let name = try scanner.run("a restriction") { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
      if name == "pt", formats.isEmpty, restrictions.isEmpty {
        try scanner.expect(UInt8(ascii: "="), "an equals sign and formats")
        repeat {
          scanner.skipSpaces()
          try formats.append(scanner.token("a format"))
        } while scanner.skip(.comma)
      } else {
        try restrictions.append(Restriction(name: name, value: scanner.restrictionValue(of: name)))
      }
      scanner.skipSpaces()
    } while scanner.skip(.semicolon)
  }

  func write(into writer: inout ByteWriter) {
    writer.append(":\(id) \(direction.rawValue)")
    var separator = " "
    if !formats.isEmpty {
      writer.append(" pt=")
      writer.append(joined: formats, separator: ",")
      separator = ";"
    }
    for restriction in restrictions {
      writer.append("\(separator)\(restriction.name)")
      if let value = restriction.value { writer.append("=\(value)") }
      separator = ";"
    }
  }
}

extension SDPScanner {
  /// `rid-id` of RFC 8851 §10 (as erratum 5877 has it): letters, digits, `-` and `_`.
  mutating func ridID() throws(SDPError) -> String {
    try run("a restriction identifier") { $0.isAlphanumeric || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
  }

  fileprivate mutating func restrictionValue(of name: String) throws(SDPError) -> String? {
    guard skip(UInt8(ascii: "=")) else { return nil }
    switch name {
    case "max-width", "max-height", "max-fps", "max-fs", "max-br", "max-pps":
      let value: UInt64 = try number("a number")
      return String(value)
    default:
      guard next != nil, next != .semicolon else { return "" }
      let text = try run("a value") { $0 != .semicolon }
      return text[...].trimmed
    }
  }
}
