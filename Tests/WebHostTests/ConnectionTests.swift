import Testing

@testable import WebHost

/// What is taken and what is refused, decided without a socket.
struct ConnectionTests {
  private let policy: RequestPolicy

  init() {
    policy = RequestPolicy(WebServer.Configuration(), port: 7788)
  }

  private func request(_ text: String) throws(Refusal) -> HTTPRequest? {
    var connection = Connection()
    _ = connection.receive(Array(text.utf8))
    return try connection.next(policy)
  }

  private func get(_ target: String) throws(Refusal) -> HTTPRequest? {
    try request("GET \(target) HTTP/1.1\r\nHost: localhost:7788\r\n\r\n")
  }

  private func status(_ text: String) -> Int? {
    do throws(Refusal) {
      return try request(text) == nil ? nil : 200
    } catch {
      return error.status
    }
  }

  private func status(post fields: [String], body: String = "{}") -> Int? {
    status((["POST /a HTTP/1.1", "Host: localhost:7788"] + fields + ["", body]).joined(separator: "\r\n"))
  }

  @Test func `path and query are decoded`() throws {
    #expect(
      try get("/a+b;c/%C3%A4%20?x=1+2&y&z=%26=&&")
        == HTTPRequest(
          .get, "/a+b;c/ä ", query: [.init("x", "1 2"), .init("y", ""), .init("z", "&=")]))
  }

  @Test(arguments: [
    "/%00", "/a%00b", "/%zz", "/%4", "/%", "/%0a", "/%7f", "/%ff", "/%C3", "/../a", "/a/..", "/a/./b", "/%2e%2e/a",
    "/a%2f..%2fb", "/a%5c..%5cb", "a", "*", "http://localhost:7788/", "/#a", "/ä", "/?a=%", "/?%00",
  ])
  func `a target that is malformed or leads upwards is refused`(target: String) {
    #expect(throws: Refusal.self) { try get(target) }
    #expect(status("GET \(target) HTTP/1.1\r\nHost: localhost:7788\r\n\r\n") == 400)
  }

  @Test(arguments: [
    "127.0.0.1:7788", "localhost:7788", "LOCALHOST:7788", "[::1]:7788",
  ])
  func `the names of the configuration are taken`(host: String) {
    #expect(status("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") == 200)
  }

  @Test(arguments: [
    "evil.example:7788", "localhost", "localhost:80", "localhost:7788.evil.example", "127.0.0.1", "",
    "localhost:7788, evil.example",
  ])
  func `other names are refused`(host: String) {
    #expect(status("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") == 403)
  }

  @Test func `a request needs exactly one host`() {
    #expect(status("GET / HTTP/1.1\r\n\r\n") == 400)
    #expect(status("GET / HTTP/1.0\r\n\r\n") == 400)
    #expect(status("GET / HTTP/1.1\r\nHost: localhost:7788\r\nHost: localhost:7788\r\n\r\n") == 400)
  }

  @Test func `on port 80 the host may be named without port`() throws {
    let policy = RequestPolicy(WebServer.Configuration(), port: 80)
    #expect(policy.hosts.contains("localhost"))
    #expect(policy.hosts.contains("localhost:80"))
  }

  @Test(arguments: [
    (["Content-Type: application/json", "Content-Length: 2"], 200),
    (["content-type:application/JSON ; charset=utf-8", "content-length:2"], 200),
    (["Content-Type: application/json", "Content-Length: 2", "Origin: http://localhost:7788"], 200),
    (["Content-Type: application/json", "Content-Length: 2", "Origin: http://evil.example"], 403),
    (["Content-Type: application/json", "Content-Length: 2", "Origin: https://localhost:7788"], 403),
    (["Content-Type: application/json", "Content-Length: 2", "Origin: null"], 403),
    (["Content-Type: text/plain", "Content-Length: 2"], 415),
    (["Content-Type: application/jsonx", "Content-Length: 2"], 415),
    (["Content-Length: 2"], 415),
    (["Content-Type: application/json"], 411),
    (["Content-Type: application/json", "Transfer-Encoding: chunked"], 411),
    (["Content-Type: application/json", "Transfer-Encoding: chunked", "Content-Length: 2"], 411),
    (["Content-Type: application/json", "Content-Length: 65537"], 413),
    (["Content-Type: application/json", "Content-Length: 99999999999999999999"], 413),
    (["Content-Type: application/json", "Content-Length: -2"], 400),
    (["Content-Type: application/json", "Content-Length: +2"], 400),
    (["Content-Type: application/json", "Content-Length: "], 400),
    (["Content-Type: application/json", "Content-Length: 2", "Content-Length: 2"], 400),
    (["Content-Type: application/json", "Content-Length: 0"], 200),
  ])
  func `a POST is JSON of stated length from our own pages`(fields: [String], expected: Int) {
    #expect(status(post: fields) == expected)
  }

  @Test(arguments: ["DELETE", "PUT", "OPTIONS", "CONNECT", "get", "BREW"])
  func `other methods are refused with what is allowed`(method: String) {
    let refusal = #expect(throws: Refusal.self) {
      try request("\(method) / HTTP/1.1\r\nHost: localhost:7788\r\n\r\n")
    }
    #expect(refusal?.status == 405)
    #expect(refusal?.response.headers == [.init("Allow", "GET, HEAD, POST")])
  }

  @Test(arguments: [
    "GET /\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1 \r\n\r\n", "G\u{1}T / HTTP/1.1\r\n", "\u{0}", "\u{7F}",
    "GET / HTTP/1.1\nHost: localhost:7788\n\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost:7788\rX: y\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: localhost:7788\r\n folded\r\n\r\n", "GET / HTTP/1.1\r\nHost : localhost:7788\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: localhost:7788\r\n: y\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost:7788\r\nx\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: localhost:7788\r\nContent-Length: 1\r\n\r\nx", "Ä / HTTP/1.1\r\n\r\n",
    "GET / FTP/1.1\r\n\r\n", "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
  ])
  func `what is not HTTP is refused`(text: String) { #expect(status(text) == 400) }

  @Test func `a request is taken when its last byte came, and not before`() throws {
    let text =
      "\r\nPOST /a HTTP/1.1\r\nHost: localhost:7788\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    var connection = Connection()
    for byte in text.utf8.dropLast() {
      _ = connection.receive([byte])
      let request = try connection.next(policy)
      #expect(request == nil)
    }
    _ = connection.receive([UInt8(ascii: "}")])
    let request = try connection.next(policy)
    #expect(request == HTTPRequest(.post, "/a", contentType: "application/json", body: Array("{}".utf8)))
  }

  @Test func `headers of the allowed size are taken and larger ones are not`() {
    let start = "GET / HTTP/1.1\r\nHost: localhost:7788\r\nX: "
    let room = policy.maximumHeaderSize - start.utf8.count
    #expect(status(start + String(repeating: "x", count: room) + "\r\n\r\n") == 200)
    #expect(status(start + String(repeating: "x", count: room + 1) + "\r\n\r\n") == 431)
  }

  @Test func `who goes on sending after the last answer is cut off`() {
    var connection = Connection()
    connection.refuse(.malformed("it is a test"))
    while case .chunk = connection.takeOutput(1000) {}
    let megabyte = [UInt8](repeating: 0, count: 1 << 20)
    let taken = (0..<17).map { _ in connection.receive(megabyte) }
    #expect(taken == Array(repeating: true, count: 16) + [false])
  }

  @Test func `a handler cannot split a header`() {
    let response = HTTPResponse(contentType: "text/plain", body: [], headers: [.init("Location", "/a\r\nX: y")])
    #expect(String(decoding: response.bytes(closes: true), as: UTF8.self).contains("\r\nLocation: /aX: y\r\n"))
  }
}
