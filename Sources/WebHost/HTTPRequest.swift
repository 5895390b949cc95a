/// A request that passed all checks.
public struct HTTPRequest: Equatable, Sendable {
  /// What the server takes; anything else is answered with 405.
  public enum Method: String, CaseIterable, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
  }

  /// One `name=value` of the query, decoded; the value of a name without `=` is empty.
  public struct QueryItem: Equatable, Sendable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public let method: Method
  /// Decoded; begins with `/` and has neither control characters nor segments `.` and `..`.
  public let path: String
  public let query: [QueryItem]
  /// As the client wrote it, with parameters.
  public let contentType: String?
  public let body: [UInt8]

  public init(
    _ method: Method, _ path: String, query: [QueryItem] = [], contentType: String? = nil, body: [UInt8] = []
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.contentType = contentType
    self.body = body
  }

  /// The first value of `name` in the query.
  public func query(_ name: String) -> String? { query.first { $0.name == name }?.value }
}
