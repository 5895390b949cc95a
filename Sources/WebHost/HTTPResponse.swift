/// What a handler answers; the server adds the length, the security headers and what concerns the connection.
public struct HTTPResponse: Equatable, Sendable {
  public struct Header: Equatable, Sendable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public var status: Int
  public var contentType: String
  public var body: [UInt8]
  /// Beyond those of the server. Control characters in them are left out.
  public var headers: [Header]

  public init(status: Int = 200, contentType: String, body: [UInt8], headers: [Header] = []) {
    self.status = status
    self.contentType = contentType
    self.body = body
    self.headers = headers
  }

  public static func html(_ page: String) -> Self {
    Self(contentType: "text/html; charset=utf-8", body: Array(page.utf8))
  }

  /// - Parameter document: JSON that is encoded already.
  public static func json(_ document: [UInt8], status: Int = 200) -> Self {
    Self(status: status, contentType: "application/json", body: document)
  }

  public static func text(_ text: String, status: Int = 200) -> Self {
    Self(status: status, contentType: "text/plain; charset=utf-8", body: Array("\(text)\n".utf8))
  }

  public static func notFound(_ sentence: String = "There is nothing here.") -> Self { text(sentence, status: 404) }
}

extension HTTPResponse {
  /// Pages may use what they carry themselves and nothing from elsewhere, and nobody may frame them.
  private static let securityHeaders = [
    Header("Cache-Control", "no-store"),
    Header("X-Content-Type-Options", "nosniff"),
    Header("X-Frame-Options", "DENY"),
    Header("Referrer-Policy", "no-referrer"),
    Header(
      "Content-Security-Policy",
      "default-src 'self'; script-src 'self' 'unsafe-inline' data:; style-src 'self' 'unsafe-inline'; "
        + "img-src 'self' data:"),
  ]

  /// As HTTP/1.1 writes it.
  ///
  /// - Parameter omitsBody: For HEAD: the length is stated and the body left out.
  func bytes(omitsBody: Bool = false, closes: Bool) -> [UInt8] {
    var all = [Header("Content-Type", contentType), Header("Content-Length", "\(body.count)")]
    all.append(Header("Connection", closes ? "close" : "keep-alive"))
    all += Self.securityHeaders + headers
    var bytes = Array("HTTP/1.1 \(status) \(reason)\r\n".utf8)
    bytes.reserveCapacity(1024 + body.count)
    for header in all {
      bytes += header.name.utf8.filter(isPrintable)
      bytes += Array(": ".utf8)
      bytes += header.value.utf8.filter(isPrintable)
      bytes += Array("\r\n".utf8)
    }
    bytes += Array("\r\n".utf8)
    if !omitsBody { bytes += body }
    return bytes
  }

  private func isPrintable(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F }

  /// RFC 9110 §15; it may be empty.
  private var reason: String {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 302: "Found"
    case 303: "See Other"
    case 400: "Bad Request"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 411: "Length Required"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 422: "Unprocessable Content"
    case 426: "Upgrade Required"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 503: "Service Unavailable"
    case 505: "HTTP Version Not Supported"
    default: ""
    }
  }
}
