import Foundation
import Testing

@testable import WebHost

/// The server as its clients see it, over sockets of this machine.
@Suite(.timeLimit(.minutes(1)))
struct WebServerTests {
  @Test func `a page is served with its length and all security headers`() throws {
    let server = RunningServer()
    defer { server.stop() }
    let answer = try server.answer(to: server.request("GET /"))
    #expect(answer.statusLine == "HTTP/1.1 200 OK")
    #expect(answer.text == "<h1>rtcsim</h1>")
    #expect(
      answer.fields == [
        "content-type": "text/html; charset=utf-8", "content-length": "15", "connection": "keep-alive",
        "cache-control": "no-store", "x-content-type-options": "nosniff", "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "content-security-policy": "default-src 'self'; script-src 'self' 'unsafe-inline' data:; "
          + "style-src 'self' 'unsafe-inline'; img-src 'self' data:",
      ])
    #expect(server.lines == [])
  }

  @Test func `HEAD is answered with the length and without the body`() throws {
    let server = RunningServer()
    defer { server.stop() }
    let client = try Client(port: server.port)
    client.send(server.request("HEAD /"))
    #expect(try client.answer(hasBody: false).fields["content-length"] == "15")
    client.send(server.request("GET /echo"))
    #expect(try client.answer().text == "GET /echo [] \n")
  }

  @Test func `a connection serves several requests, also when they come together or byte by byte`() throws {
    let server = RunningServer()
    defer { server.stop() }
    let client = try Client(port: server.port)
    for number in 1...3 {
      client.send(server.request("GET /echo/\(number)"))
      #expect(try client.answer().text == "GET /echo/\(number) [] \n")
    }
    client.send(server.post("/echo/a", "{}") + server.request("GET /large") + server.post("/echo/b", "[1]"))
    #expect(try client.answer().text == "POST /echo/a [] {}\n")
    #expect(try client.answer().body == largeBody)
    #expect(try client.answer().text == "POST /echo/b [] [1]\n")
    for byte in server.post("/echo/c", "[2]").utf8 { client.send([byte]) }
    #expect(try client.answer().text == "POST /echo/c [] [2]\n")
    client.send(server.request("GET /echo", ["Connection: close"]))
    #expect(try client.answer().fields["connection"] == "close")
    #expect(try client.isClosed())
  }

  @Test func `a client that ends its side after the request gets its answer`() throws {
    let server = RunningServer()
    defer { server.stop() }
    let client = try Client(port: server.port)
    client.send(server.request("GET /large"))
    client.finishSending()
    #expect(try client.answer().body == largeBody)
  }

  @Test func `the handler's own answer to an unknown path is sent`() throws {
    let server = RunningServer()
    defer { server.stop() }
    let answer = try server.answer(to: server.request("GET /nowhere"))
    #expect(answer.status == 404)
    #expect(answer.text == "There is nothing here.\n")
  }

  @Test func `a refused request gets a sentence, one line in the log, and the end of the connection`() throws {
    let server = RunningServer()
    defer { server.stop() }
    let client = try Client(port: server.port)
    client.send("GET / HTTP/1.1\r\nHost: evil.example:\(server.port)\r\n\r\n" + server.request("GET /"))
    let answer = try client.answer()
    #expect(answer.status == 403)
    #expect(answer.fields["connection"] == "close")
    #expect(answer.text.hasPrefix("This server does not answer under the name of the request; use 127.0.0.1:"))
    #expect(try client.isClosed())
    #expect(server.lines == ["403 \(answer.text.dropLast())"])
  }

  @Test func `the answer to a body that is too large arrives although the body was not read`() throws {
    let server = RunningServer()
    defer { server.stop() }
    let answer = try server.answer(to: server.post("/echo", String(repeating: " ", count: 2_000_000)))
    #expect(answer.status == 413)
    #expect(try server.answer(to: server.post("/echo", String(repeating: "x", count: 64 << 10))).status == 200)
  }

  @Test func `1,000 mutated requests are survived`() throws {
    let seed: UInt64 = 0x5EED
    let server = RunningServer()
    defer { server.stop() }
    var dice = Dice(state: seed)
    let originals = [
      server.request("GET /echo?a=1&b=%20", ["Accept: */*", "Connection: keep-alive"]),
      server.post("/echo/%C3%A4", "{\"a\": [1, 2]}", ["Origin: http://localhost:\(server.port)"]),
    ].map { Array($0.utf8) }
    for round in 0..<1_000 {
      var request = originals[round % 2]
      for _ in 0...(dice.next() % 4) {
        let position = Int(dice.next() % UInt64(request.count))
        switch dice.next() % 4 {
        case 0: request[position] = UInt8(truncatingIfNeeded: dice.next())
        case 1: request.remove(at: position)
        case 2: request.insert(UInt8(truncatingIfNeeded: dice.next()), at: position)
        default: request.replaceSubrange(position..., with: request[(position / 2)...])
        }
      }
      let client = try Client(port: server.port)
      client.send(request)
      client.finishSending()
      if let answer = try? client.answer(hasBody: false) {
        #expect([200, 400, 403, 404, 405, 411, 413, 415, 505].contains(answer.status), "seed \(seed), round \(round)")
      }
    }
    #expect(try server.answer(to: server.request("GET /echo")).status == 200, "seed \(seed)")
  }

  @Test func `noise is answered with 400`() throws {
    let server = RunningServer()
    defer { server.stop() }
    #expect(try server.answer(to: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01]).status == 400)
    #expect(try server.answer(to: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status == 505)
    #expect(try server.answer(to: "hello\r\n\r\n").status == 400)
    #expect(server.lines.count == 3)
  }

  @Test func `headers without end are refused`() throws {
    let server = RunningServer()
    defer { server.stop() }
    let answer = try server.answer(to: server.request("GET /", ["X: \(String(repeating: "x", count: 100_000))"]))
    #expect(answer.status == 431)
  }

  @Test func `one connection more than allowed is closed, and the next is taken when one ends`() throws {
    var configuration = WebServer.Configuration()
    configuration.maximumConnections = 4
    let server = RunningServer(configuration)
    defer { server.stop() }
    var clients: [Client] = []
    for _ in 0..<4 {
      let client = try Client(port: server.port)
      client.send(server.request("GET /"))
      #expect(try client.answer().status == 200)
      clients.append(client)
    }
    #expect(try Client(port: server.port).isClosed())
    #expect(server.lines == ["a connection was refused: 4 are open"])
    clients.removeFirst()
    #expect(try clients[0].answerAfter { clients[0].send(server.request("GET /")) }.status == 200)
    #expect(try server.answer(to: server.request("GET /")).status == 200)
  }

  @Test func `a request that does not come in time is refused, and an idle connection is closed`() throws {
    var configuration = WebServer.Configuration()
    configuration.timeout = .milliseconds(300)
    let server = RunningServer(configuration)
    defer { server.stop() }
    let idle = try Client(port: server.port)
    let slow = try Client(port: server.port)
    slow.send("GET / HTTP/1.1\r\n")
    #expect(try slow.answer().status == 408)
    #expect(try idle.isClosed())
    #expect(server.lines == ["408 The request did not come in time."])
  }

  @Test func `a client that does not read blocks nobody and is dropped in time`() throws {
    var configuration = WebServer.Configuration()
    configuration.timeout = .seconds(1)
    let server = RunningServer(configuration) { _ in
      HTTPResponse(contentType: "text/plain", body: Array(repeating: UInt8(ascii: "x"), count: 8_000_000))
    }
    defer { server.stop() }
    let stuck = try Client(port: server.port, receiveBuffer: 4096)
    stuck.send(server.request("GET /"))
    var others = 0
    while server.lines == [], others < 1_000 {
      #expect(try server.answer(to: server.request("GET /")).body.count == 8_000_000)
      others += 1
    }
    #expect(others >= 1)
    withExtendedLifetime(stuck) {}
    #expect(server.lines == ["a client was dropped: it did not read its answer in time"])
  }

  @Test func `a port in use is named, with what can be done`() throws {
    let server = RunningServer()
    defer { server.stop() }
    var configuration = WebServer.Configuration()
    configuration.port = server.port
    let error = #expect(throws: WebServerError.self) {
      _ = try WebServer(configuration) { _ in .notFound() }
    }
    #expect(error == .portInUse(address: "127.0.0.1", port: server.port))
    #expect(
      error?.description == "port \(server.port) of 127.0.0.1 is in use; stop the program that listens there, "
        + "or choose another port (0 takes any)")
  }

  @Test func `an address that is none, or not of this machine, is named`() {
    func error(_ address: String) -> WebServerError? {
      var configuration = WebServer.Configuration()
      configuration.address = address
      return #expect(throws: WebServerError.self) { _ = try WebServer(configuration) { _ in .notFound() } }
    }
    #expect(error("localhost") == .notAnAddress("localhost"))
    #expect(error("eth0") == .notAnAddress("eth0"))
    #expect(error("192.0.2.1")?.description.hasPrefix("cannot listen on port 0 of 192.0.2.1: ") == true)
  }

  @Test func `a server listens on IPv6, where the machine has it`() throws {
    var configuration = WebServer.Configuration()
    configuration.address = "::1"
    do throws(WebServerError) {
      let server = try WebServer(configuration) { _ in .notFound() }
      #expect(server.port > 0)
      #expect(throws: Client.Failure.self) { try Client(port: server.port) }
    } catch .cannotListen {
      // This machine has no IPv6.
    }
  }

  @Test func `a server can be started again on its port at once`() throws {
    let first = RunningServer()
    #expect(try first.answer(to: first.request("GET /", ["Connection: close"])).status == 200)
    var configuration = WebServer.Configuration()
    configuration.port = first.port
    first.stop()
    let second = RunningServer(configuration)
    defer { second.stop() }
    #expect(second.port == first.port)
    #expect(try second.answer(to: second.request("GET /")).status == 200)
  }
}

extension Client {
  fileprivate func answerAfter(_ action: () -> Void) throws -> Answer {
    action()
    return try answer()
  }
}

/// SplitMix64.
private struct Dice {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
