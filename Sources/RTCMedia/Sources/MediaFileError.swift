/// Why bytes are no Y4M or WAV file that can be used, and where.
public enum MediaFileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file does not begin with what its format begins with.
  case wrongSignature(offset: Int, expected: String)
  case truncated(offset: Int, expected: Int, actual: Int)
  /// A header field that is missing.
  case missing(offset: Int, field: String)
  /// A header field whose value is malformed or not supported.
  case unsupported(offset: Int, field: String, found: String, allowed: String)
  /// A well-formed file without any picture or sample.
  case empty

  public var description: String {
    switch self {
    case .wrongSignature(let offset, let expected): "at offset \(offset): \(expected) expected"
    case .truncated(let offset, let expected, let actual):
      "at offset \(offset): \(expected) bytes expected, \(actual) left"
    case .missing(let offset, let field): "at offset \(offset): \(field) is missing"
    case .unsupported(let offset, let field, let found, let allowed):
      "at offset \(offset): \(field) is \(found), allowed: \(allowed)"
    case .empty: "the file holds no picture and no sample"
    }
  }
}
