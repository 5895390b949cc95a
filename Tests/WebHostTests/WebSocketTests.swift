import Testing

@testable import WebHost

/// WebSockets as their clients see them, over sockets of this machine.
@Suite(.timeLimit(.minutes(1)))
struct WebSocketTests {
  private func withServer(
    _ configuration: WebServer.Configuration = WebServer.Configuration(),
    _ body: (RunningServer, SocketLog) throws -> Void
  ) throws {
    let log = SocketLog()
    let server = RunningServer(configuration, sockets: log)
    defer { server.stop() }
    try body(server, log)
  }

  /// RFC 6455 §1.3.
  @Test func `the handshake of the RFC is answered as the RFC answers it`() throws {
    try withServer { (server, log) throws in
      let client = try Client(port: server.port)
      client.send(server.request("GET /socket", Client.upgrade + ["Origin: http://127.0.0.1:\(server.port)"]))
      let answer = try client.answer(hasBody: false)
      #expect(answer.statusLine == "HTTP/1.1 101 Switching Protocols")
      #expect(
        answer.fields == [
          "upgrade": "websocket", "connection": "Upgrade", "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        ])
      #expect(log.wait(for: 1) == ["opened 1"])
    }
  }

  @Test func `a message is handed over and answered, also one that came with the handshake`() throws {
    try withServer { (server, log) throws in
      let client = try Client(port: server.port)
      client.send(Array(server.request("GET /socket", Client.upgrade).utf8) + masked(0x81, Array("a".utf8)))
      #expect(try client.answer(hasBody: false).status == 101)
      #expect(try client.frame() == ServerFrame(0x81, "a"))
      client.frame(0x01, "lä")
      client.frame(0x80, "nger")
      #expect(try client.frame() == ServerFrame(0x81, "länger"))
      #expect(log.wait(for: 3) == ["opened 1", "1: a", "1: länger"])
    }
  }

  @Test func `a ping is answered with what it carries`() throws {
    try withServer { (server, _) throws in
      let client = try Client(opening: server)
      client.frame(0x89, "are you there?")
      #expect(try client.frame() == ServerFrame(0x8A, "are you there?"))
    }
  }

  @Test func `closing is answered with the same code, and the connection ends`() throws {
    try withServer { (server, log) throws in
      let client = try Client(opening: server)
      client.frame(0x88, [0x03, 0xE8])
      #expect(try client.frame().code == 1000)
      #expect(try client.isClosed())
      client.finishSending()
      #expect(log.wait(for: 2) == ["opened 1", "closed 1"])
    }
  }

  @Test func `the server closes, waits for the answer, and hears nothing more`() throws {
    try withServer { (server, log) throws in
      let client = try Client(opening: server)
      client.frame(0x81, "close")
      #expect(try client.frame() == ServerFrame(0x88, [0x03, 0xE9] + Array("as you wish".utf8)))
      client.frame(0x81, "too late")
      client.frame(0x88, [0x03, 0xE9])
      #expect(try client.isClosed())
      client.finishSending()
      #expect(log.wait(for: 3) == ["opened 1", "1: close", "closed 1"])
    }
  }

  @Test func `a client that goes without a word is told of`() throws {
    try withServer { (server, log) throws in
      do { _ = try Client(opening: server) }
      #expect(log.wait(for: 2) == ["opened 1", "closed 1"])
    }
  }

  @Test func `garbage ends its own WebSocket and no other`() throws {
    try withServer { (server, _) throws in
      let (good, bad) = (try Client(opening: server), try Client(opening: server))
      bad.send((0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 193 >> 1) | 0x70 })
      #expect(try bad.frame().code == 1002)
      good.frame(0x81, "still here")
      #expect(try good.frame() == ServerFrame(0x81, "still here"))
    }
  }

  @Test func `another thread can send`() throws {
    try withServer { (server, log) throws in
      let client = try Client(opening: server)
      client.frame(0x81, "1")
      #expect(try client.frame() == ServerFrame(0x81, "1"))
      // The first WebSocket of a server has number 1; one that was never opened takes nothing.
      log.outbox.send("to nobody", on: WebSocketID(number: 7))
      log.outbox.send(String(repeating: "x", count: 60_000), on: WebSocketID(number: 1))
      #expect(try client.frame() == ServerFrame(0x81, String(repeating: "x", count: 60_000)))
    }
  }

  @Test func `who does not read is dropped`() throws {
    try withServer { (server, log) throws in
      let client = try Client(port: server.port, receiveBuffer: 4096)
      client.send(server.request("GET /socket", Client.upgrade))
      #expect(try client.answer(hasBody: false).status == 101)
      // More than the kernel and the queue hold together.
      for _ in 0..<200 { log.outbox.send(String(repeating: "x", count: 60_000), on: WebSocketID(number: 1)) }
      #expect(log.wait(for: 2) == ["opened 1", "closed 1"])
      #expect(server.lines == ["WebSocket 1 was dropped: it does not read what it is sent"])
    }
  }

  @Test func `who gives no sign of life is dropped, and who answers stays`() throws {
    var configuration = WebServer.Configuration()
    configuration.timeout = .milliseconds(200)
    try withServer(configuration) { server, log in
      let client = try Client(opening: server)
      #expect(try client.frame() == ServerFrame(0x89, ""))
      client.frame(0x8A, "")
      #expect(try client.frame() == ServerFrame(0x89, ""))
      #expect(log.wait(for: 2) == ["opened 1", "closed 1"])
      #expect(server.lines == ["WebSocket 1 was dropped: it gave no sign of life"])
    }
  }

  @Test func `no more than the allowed number are open at once`() throws {
    var configuration = WebServer.Configuration()
    configuration.webSockets.maximumCount = 2
    try withServer(configuration) { server, log in
      var clients = [try Client(opening: server), try Client(opening: server)]
      #expect(try server.answer(to: server.request("GET /socket", Client.upgrade)).status == 503)
      clients.removeLast()
      #expect(log.wait(for: 3).last == "closed 2")
      clients.append(try Client(opening: server))
      #expect(log.wait(for: 4).last == "opened 3")
    }
  }

  @Test(arguments: [
    ([String](), 426), (["Sec-WebSocket-Version: 8"], 426), (["Sec-WebSocket-Key: short"], 400),
    (["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ!="], 400), (["Connection: keep-alive"], 426),
    (["Upgrade: h2c"], 426), (["Origin: http://evil.example"], 403), (["Origin: null"], 403),
    (["Host: evil.example"], 403),
  ])
  func `a handshake that is not right is refused`(changes: [String], expected: Int) throws {
    try withServer { (server, _) throws in
      var fields = ["Host: 127.0.0.1:\(server.port)"] + (changes.isEmpty ? [] : Client.upgrade)
      for change in changes {
        fields.removeAll { $0.prefix { $0 != ":" } == change.prefix { $0 != ":" } }
        fields.append(change)
      }
      let request = (["GET /socket HTTP/1.1"] + fields + ["", ""]).joined(separator: "\r\n")
      let answer = try server.answer(to: request)
      #expect(answer.status == expected)
      if expected == 426 {
        #expect(answer.fields["upgrade"] == "websocket")
        #expect(answer.fields["sec-websocket-version"] == "13")
      }
    }
  }

  @Test func `other paths open none, and are answered as ever`() throws {
    try withServer { (server, _) throws in
      #expect(try server.answer(to: server.request("GET /", Client.upgrade)).text == "<h1>rtcsim</h1>")
      #expect(try server.answer(to: server.request("GET /nowhere", Client.upgrade)).status == 404)
    }
    let server = RunningServer()
    defer { server.stop() }
    #expect(try server.answer(to: server.request("GET /socket", Client.upgrade)).status == 404)
  }
}
