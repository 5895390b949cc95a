/// A value of a JSON5 text, with the line on which it begins.
///
/// Foundation's `JSONDecoder` reads JSON5 too, but on Linux it tells neither where nor why a text is broken, and takes
/// the first of two equal fields in silence.
/// - SeeAlso: https://spec.json5.org
struct JSON5Value: Hashable, Sendable {
  struct Member: Hashable, Sendable {
    let name: String
    let line: Int
    let value: JSON5Value
  }

  enum Content: Hashable, Sendable {
    case object([Member])
    case array([JSON5Value])
    case string(String)
    /// The number as it is written, and its nearest value.
    case number(String, Double)
    case boolean(Bool)
    case null
  }

  /// From 1.
  let line: Int
  let content: Content

  /// What stands there, for messages.
  var found: String {
    switch content {
    case .object: "an object"
    case .array(let elements): "a list of \(elements.count)"
    case .string(let text): "'\(text)'"
    case .number(let text, _): text
    case .boolean(let value): "\(value)"
    case .null: "null"
    }
  }
}

/// Where and why a text is not JSON5.
struct JSON5Error: Error, Hashable {
  let line: Int
  let column: Int
  let reason: String
}
