import Foundation
import Synchronization
import WebHost

/// A server on a thread and a free port of its own.
final class RunningServer: Sendable {
  private struct State {
    var port: UInt16 = 0
    var isStopped = false
    var lines: [String] = []
  }

  private let state = Mutex(State())
  private let started = DispatchSemaphore(value: 0)
  private let stopped = DispatchSemaphore(value: 0)

  /// - Parameter handler: By default it tells what it was asked.
  init(
    _ configuration: WebServer.Configuration = WebServer.Configuration(), sockets: SocketLog? = nil,
    handler: @escaping @Sendable (HTTPRequest) -> HTTPResponse = describe
  ) {
    let thread = Thread { [self] in
      do {
        let server = try WebServer(
          configuration, log: { line in self.log(line) }, webSockets: sockets?.handler, handler: handler)
        state.withLock { $0.port = server.port }
        started.signal()
        server.run { state.withLock { !$0.isStopped } }
      } catch {
        log("\(error)")
        started.signal()
      }
      stopped.signal()
    }
    thread.start()
    started.wait()
  }

  var port: UInt16 { state.withLock { $0.port } }

  /// What was logged.
  var lines: [String] { state.withLock { $0.lines } }

  private func log(_ line: String) { state.withLock { $0.lines.append(line) } }

  /// Ends the server and waits for it.
  func stop() {
    state.withLock { $0.isStopped = true }
    stopped.wait()
  }

  /// Sends one request on a connection of its own.
  func answer(to request: String) throws -> Answer { try answer(to: Array(request.utf8)) }

  func answer(to request: [UInt8]) throws -> Answer {
    let client = try Client(port: port)
    client.send(request)
    return try client.answer()
  }

  /// A request with the Host that the server expects.
  func request(_ line: String, _ fields: [String] = [], body: String = "") -> String {
    (["\(line) HTTP/1.1", "Host: 127.0.0.1:\(port)"] + fields + ["", body]).joined(separator: "\r\n")
  }

  func post(_ path: String, _ body: String, _ fields: [String] = []) -> String {
    request(
      "POST \(path)", ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] + fields, body: body)
  }
}

/// `/` is a page, `/large` is 2 MB, and everything under `/echo` tells what was asked.
@Sendable func describe(_ request: HTTPRequest) -> HTTPResponse {
  switch request.path {
  case "/": return .html("<h1>rtcsim</h1>")
  case "/large": return HTTPResponse(contentType: "application/octet-stream", body: largeBody)
  case let path where path.hasPrefix("/echo"):
    let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    let body = String(decoding: request.body, as: UTF8.self)
    return .text("\(request.method.rawValue) \(path) [\(query)] \(body)")
  default: return .notFound()
  }
}

let largeBody: [UInt8] = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
