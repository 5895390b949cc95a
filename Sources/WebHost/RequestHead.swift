/// Request line and header fields, as they were written.
///
/// libwebsockets has a parser of its own, which this replaces: it turns `+` in a path into a space, ends the path at `&`
/// and `;`, drops an encoded NUL after a slash, and answers what it dislikes with its own page or not at all.
///
/// - SeeAlso: RFC 9112 §3, §5
struct RequestHead: Equatable {
  struct Field: Equatable {
    /// In lower case.
    let name: String
    let value: String
  }

  let method: String
  let target: [UInt8]
  /// The x of HTTP/1.x.
  let minorVersion: Int
  let fields: [Field]

  /// - Parameter lines: All up to the empty line, whose line end they do not contain.
  init(parsing lines: ArraySlice<UInt8>) throws(Refusal) {
    let lines = try Self.split(lines)
    let words = lines[0].split(separator: .space, omittingEmptySubsequences: false)
    guard words.count == 3 else { throw .malformed("the first line is not a method, a target and a version") }
    guard words[0].isToken else { throw .malformed("its method is not a word") }
    method = String(decoding: words[0], as: UTF8.self)
    target = Array(words[1])
    switch String(decoding: words[2], as: UTF8.self) {
    case "HTTP/1.0": minorVersion = 0
    case "HTTP/1.1": minorVersion = 1
    case let version where version.hasPrefix("HTTP/"):
      throw Refusal(505, "Only HTTP/1.1 is spoken here.")
    default: throw .malformed("the first line does not end in a version of HTTP")
    }
    var fields: [Field] = []
    for line in lines.dropFirst() { fields.append(try Self.field(in: line)) }
    self.fields = fields
  }

  /// The value of a field that may stand only once.
  func value(of name: String) throws(Refusal) -> String? {
    let values = fields.filter { $0.name == name }
    guard values.count <= 1 else { throw .malformed("\(name) stands in it more than once") }
    return values.first?.value
  }

  /// Whether the list in the fields `name` contains `word`.
  func contains(_ word: String, in name: String) -> Bool {
    fields.contains { field in
      field.name == name && field.value.split(separator: ",").contains { $0.trimmed.lowercased() == word }
    }
  }

  private static func split(_ bytes: ArraySlice<UInt8>) throws(Refusal) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    for line in bytes.split(separator: .lineFeed, omittingEmptySubsequences: false) {
      let isLast = line.endIndex == bytes.endIndex
      guard isLast || line.last == .carriageReturn else { throw .malformed("a line does not end in CR LF") }
      let line = isLast ? line : line.dropLast()
      guard !line.contains(.carriageReturn) else { throw .malformed("a carriage return stands alone") }
      lines.append(line)
    }
    return lines
  }

  private static func field(in line: ArraySlice<UInt8>) throws(Refusal) -> Field {
    guard let colon = line.firstIndex(of: .colon) else { throw .malformed("a header has no colon") }
    let name = line[..<colon]
    guard name.isToken else { throw .malformed("the name of a header is not a word") }
    return Field(
      name: String(decoding: name, as: UTF8.self).lowercased(),
      value: String(decoding: line[(colon + 1)...], as: UTF8.self).trimmed)
  }
}

extension UInt8 {
  static let tab = Self(ascii: "\t")
  static let lineFeed = Self(ascii: "\n")
  static let carriageReturn = Self(ascii: "\r")
  static let space = Self(ascii: " ")
  static let colon = Self(ascii: ":")

  var isControl: Bool { self < 0x20 || self == 0x7F }
}

extension ArraySlice<UInt8> {
  /// - SeeAlso: RFC 9110 §5.6.2
  fileprivate var isToken: Bool {
    !isEmpty
      && allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains($0)
        }
      }
  }
}

extension StringProtocol {
  /// Without the spaces and tabs around it.
  fileprivate var trimmed: String {
    func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
    let start = drop(while: isBlank)
    return String(start[..<(start.lastIndex { !isBlank($0) }.map(start.index(after:)) ?? start.startIndex)])
  }
}
