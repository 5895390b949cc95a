import RTCPrimitives

/// What bytes were found to be.
struct Inspection {
  /// What can be inspected.
  enum Kind: String, CaseIterable {
    case sdp, stun, rtp, rtcp, dtls, sctp, channelData, pcap
  }

  /// One field, as a row of the text output.
  struct Field {
    /// Where it stands; `nil` for what follows from several fields.
    let range: Range<Int>?
    let name: String
    let value: String
    let meaning: String

    init(_ range: Range<Int>?, _ name: String, _ value: String, _ meaning: String = "") {
      self.range = range
      self.name = name
      self.value = value
      self.meaning = meaning
    }
  }

  /// What it is, in one line.
  let title: String
  let table: Table
  let json: JSON
  /// Its fields; empty for texts and captures.
  let fields: [Field]

  init(title: String, table: Table, json: JSON, fields: [Field] = []) {
    self.title = title
    self.table = table
    self.json = json
    self.fields = fields
  }

  /// What the fields of `bytes` are.
  init(title: String, fields: [Field], of bytes: [UInt8], json: JSON) {
    var table = Table([.right("offset"), .left("bytes"), .left("field"), .left("value"), .left("meaning")])
    for field in fields {
      table.append([
        field.range.map { "\($0.lowerBound)" } ?? "", field.range.map { Self.excerpt(of: bytes[$0]) } ?? "", field.name,
        field.value.printable, field.meaning,
      ])
    }
    self.init(title: title, table: table, json: json, fields: fields)
  }

  /// The title and the table.
  var text: String { Terminal.styled(title, .bold) + "\n\n" + table.text() }

  /// The first bytes in hexadecimal.
  private static func excerpt(of bytes: ArraySlice<UInt8>) -> String {
    let limit = 8
    let shown = bytes.prefix(limit).map { $0.hexadecimal }.joined(separator: " ")
    return bytes.count > limit ? shown + " …" : shown
  }
}

/// Why an input cannot be decoded.
enum InspectionError: Error, Hashable, CustomStringConvertible {
  /// The parser of `kind` refuses the bytes; `reason` begins with the offset.
  case malformed(Inspection.Kind, reason: String)
  case unrecognized(reason: String)
  case badInput(found: String)
  case brokenHexadecimal(offset: Int, found: String)
  case missingOption(String, because: String)

  var description: String {
    switch self {
    case .malformed(let kind, let reason): "\(kind.rawValue) \(reason)"
    case .unrecognized(let reason): "at offset 0: \(reason); allowed with --as: \(InspectionFormat.allowed)"
    case .badInput(let found):
      "<file|-|hex>: found '\(found)', allowed: a file that can be read, -, or hexadecimal digits"
    case .brokenHexadecimal(let offset, let found):
      "<file|-|hex>: at digit \(offset): found \(found), allowed: pairs of hexadecimal digits"
    case .missingOption(let name, let because): "\(name) is missing: \(because)"
    }
  }
}

extension UInt8 {
  /// Two lower-case hexadecimal digits.
  var hexadecimal: String { (self < 16 ? "0" : "") + String(self, radix: 16) }
}

extension Sequence<UInt8> {
  /// Lower-case hexadecimal digits.
  var hexadecimal: String { reduce(into: "") { $0 += $1.hexadecimal } }
}

extension FixedWidthInteger {
  /// `0x` and all hexadecimal digits of the type.
  var hexadecimalNumber: String {
    let digits = String(self, radix: 16)
    return "0x" + String(repeating: "0", count: Swift.max(0, Self.bitWidth / 4 - digits.count)) + digits
  }
}

extension String {
  /// The same without control characters, so that no input can steer the terminal.
  var printable: String {
    String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
  }
}
