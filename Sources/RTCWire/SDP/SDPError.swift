/// Why a text is no session description, and where.
public enum SDPError: Error, Hashable, Sendable {
  /// Where in the text something is wrong.
  public struct Location: Hashable, Sendable {
    /// Counted from 1.
    public let line: Int
    /// Counted from 1, in bytes.
    public let column: Int
    /// Counted from 0, in bytes of the whole text.
    public let offset: Int
  }

  /// Something else stands where `expected` should.
  case unexpected(Location, found: String, expected: String)
  /// The text is larger than any session description we want to read.
  case limitExceeded(Location, what: String, limit: Int)

  public var location: Location {
    switch self {
    case .unexpected(let location, _, _), .limitExceeded(let location, _, _): location
    }
  }
}

extension SDPError: CustomStringConvertible {
  public var description: String {
    let place = "line \(location.line), column \(location.column) (offset \(location.offset))"
    switch self {
    case .unexpected(_, let found, let expected): return "\(place): found \(found), expected \(expected)"
    case .limitExceeded(_, let what, let limit): return "\(place): more than \(limit) \(what)"
    }
  }
}
