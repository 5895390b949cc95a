import Foundation
import RTCSockets
import Synchronization
import WebHost

/// The page and its signaling, served on a thread of its own.
final class PeerWeb: Sendable {
  private let outbox: WebSocketOutbox
  private let isStopped = Atomic(false)
  private let isDone = DispatchSemaphore(value: 0)

  /// WebSockets beyond this many are refused.
  static let mostCalls = 8
  static let path = "/signaling"

  init(outbox: WebSocketOutbox) { self.outbox = outbox }

  /// Serves until `stop`.
  ///
  /// - Throws: `WebServerError` when it cannot listen.
  /// - Returns: The port.
  func start(
    _ configuration: WebServer.Configuration, mailbox: Mailbox<PeerHost.Message>
  ) throws(WebServerError) -> UInt16 {
    let started = Started()
    Thread.detachNewThread { self.serve(configuration, mailbox, started) }
    started.semaphore.wait()
    return try started.result.withLock { $0 }.get()
  }

  /// Sends what waits and ends.
  func stop() {
    isStopped.store(true, ordering: .relaxed)
    _ = isDone.wait(timeout: .now() + .seconds(2))
  }

  /// Where the thread tells how its beginning went.
  private final class Started: Sendable {
    let semaphore = DispatchSemaphore(value: 0)
    let result = Mutex(Result<UInt16, WebServerError>.failure(.noContext))
  }

  private func serve(
    _ configuration: WebServer.Configuration, _ mailbox: Mailbox<PeerHost.Message>, _ started: Started
  ) {
    defer { isDone.signal() }
    func log(_ line: String) { Terminal.writeError("rtcsim peer: \(line)\n") }
    let handler = WebSocketHandler(
      path: Self.path, outbox: outbox, opened: { self.post(.opened($0), to: mailbox) },
      received: { self.post(.received($0, $1), to: mailbox) }, closed: { self.post(.closed($0), to: mailbox) })
    do throws(WebServerError) {
      let server = try WebServer(configuration, log: log, webSockets: handler, handler: Self.answer)
      started.result.withLock { $0 = .success(server.port) }
      started.semaphore.signal()
      server.run { !isStopped.load(ordering: .relaxed) }
      // What was said last is sent in the next turns.
      var turns = 3
      server.run {
        turns -= 1
        return turns >= 0
      }
    } catch {
      started.result.withLock { $0 = .failure(error) }
      started.semaphore.signal()
    }
  }

  /// Waits until there is room: whoever sends more than is handled waits for his next message to be read.
  private func post(_ message: PeerHost.Message, to mailbox: Mailbox<PeerHost.Message>) {
    while !mailbox.post(message), !isStopped.load(ordering: .relaxed) { usleep(1000) }
  }

  private static let files = BundledFiles("PeerPage")

  @Sendable private static func answer(_ request: HTTPRequest) -> HTTPResponse {
    let parts = request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
    let name: String? =
      switch (parts.first ?? "", parts.count) {
      case ("", 1): "index.html"
      case ("page", 2): parts[1]
      default: nil
      }
    guard request.method != .post, let name, let content = files.content(of: name) else { return .notFound() }
    return HTTPResponse(contentType: BundledFiles.type(of: name), body: content)
  }
}
