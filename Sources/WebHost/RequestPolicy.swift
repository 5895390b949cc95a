/// What a request must look like before its body is read and the handler sees it.
///
/// A page of another site may send requests to this server from the visitor's browser. Host names are compared so that
/// no foreign name can be pointed at our address (DNS rebinding); what changes something must be JSON, which a browser
/// does not send across sites without asking, and must come from a page of ours.
struct RequestPolicy {
  /// In lower case, with the port.
  let hosts: Set<String>
  let maximumHeaderSize: Int
  let maximumBodySize: Int
  /// Where WebSockets are opened and nothing else is answered; `nil` for nowhere.
  let webSocketPath: String?

  init(_ configuration: WebServer.Configuration, port: UInt16, webSocketPath: String? = nil) {
    let names = configuration.allowedHosts.map { $0.lowercased() }
    hosts = Set(names.map { "\($0):\(port)" } + (port == 80 ? names : []))
    maximumHeaderSize = configuration.maximumHeaderSize
    maximumBodySize = configuration.maximumBodySize
    self.webSocketPath = webSocketPath
  }

  /// - Throws: The first objection.
  func accept(_ head: RequestHead) throws(Refusal) -> AcceptedHead {
    try checkHost(of: head)
    guard let method = HTTPRequest.Method(rawValue: head.method) else {
      throw Refusal(405, "Only GET, HEAD and POST are answered here.")
    }
    let target = try RequestTarget(parsing: head.target)
    let bodySize = try bodySize(of: head)
    let contentType = try head.value(of: "content-type")
    if method == .post { try checkPost(head, contentType: contentType, bodySize: bodySize) }
    guard method == .post || bodySize ?? 0 == 0 else { throw Refusal(400, "Only POST may have a body.") }
    guard bodySize ?? 0 <= maximumBodySize else {
      throw Refusal(413, "The body is larger than the \(maximumBodySize) bytes that are taken.")
    }
    return AcceptedHead(
      method: method, target: target, contentType: contentType, bodySize: bodySize ?? 0,
      handshake: target.path == webSocketPath ? try handshake(head) : nil,
      keepsAlive: head.minorVersion == 1 && !head.contains("close", in: "connection"))
  }

  private func checkHost(of head: RequestHead) throws(Refusal) {
    guard let host = try head.value(of: "host") else { throw Refusal(400, "The request names no host.") }
    guard hosts.contains(host.lowercased()) else {
      throw Refusal(403, "This server does not answer under the name of the request; use \(expectedHost).")
    }
  }

  /// Programs that are no browser state no origin.
  private func checkOrigin(of head: RequestHead) throws(Refusal) {
    guard let origin = try head.value(of: "origin") else { return }
    let scheme = "http://"
    guard origin.hasPrefix(scheme), hosts.contains(origin.dropFirst(scheme.count).lowercased()) else {
      throw Refusal(403, "Pages of other sites may not change anything here.")
    }
  }

  /// A browser lets any page open a WebSocket to anywhere; the origin tells whose page it is (RFC 6455 §10.2).
  private func handshake(_ head: RequestHead) throws(Refusal) -> WebSocketHandshake {
    try checkOrigin(of: head)
    guard let handshake = try WebSocketHandshake(head) else { throw WebSocketHandshake.refusal }
    return handshake
  }

  private func checkPost(_ head: RequestHead, contentType: String?, bodySize: Int?) throws(Refusal) {
    try checkOrigin(of: head)
    let mediaType = contentType?.prefix { $0 != ";" && $0 != " " && $0 != "\t" }.lowercased()
    guard mediaType == "application/json" else { throw Refusal(415, "Only application/json is taken.") }
    guard bodySize != nil else { throw Refusal(411, "The request must state the length of its body.") }
  }

  private func bodySize(of head: RequestHead) throws(Refusal) -> Int? {
    guard try head.value(of: "transfer-encoding") == nil else {
      throw Refusal(411, "The body must come in one piece, with its length.")
    }
    guard let length = try head.value(of: "content-length") else { return nil }
    guard !length.isEmpty, length.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
      throw .malformed("its length is not a number")
    }
    return Int(length) ?? .max
  }

  private var expectedHost: String { hosts.sorted().joined(separator: " or ") }
}

/// A head that the policy let pass.
struct AcceptedHead: Equatable {
  let method: HTTPRequest.Method
  let target: RequestTarget
  let contentType: String?
  /// In bytes.
  let bodySize: Int
  /// Every request to the path of WebSockets has one, and no other.
  let handshake: WebSocketHandshake?
  let keepsAlive: Bool
}
