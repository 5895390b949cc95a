/// All WebSockets of a server, and what each event on one of them leads to; `nil` for a connection that is none.
final class WebSocketService {
  private let handler: WebSocketHandler
  private let limits: WebServer.WebSocketLimits
  private let log: (String) -> Void
  private var sessions: [Service.ID: WebSocketSession] = [:]
  private var connections: [WebSocketID: Service.ID] = [:]
  private var opened = 0

  init(_ handler: WebSocketHandler, limits: WebServer.WebSocketLimits, log: @escaping (String) -> Void) {
    self.handler = handler
    self.limits = limits
    self.log = log
  }

  var count: Int { sessions.count }

  /// Takes a connection over from HTTP, with what came behind the request.
  func open(
    _ handshake: WebSocketHandshake, received rest: [UInt8], on connection: Service.ID
  ) throws(Refusal) -> Service.Action {
    guard sessions.count < limits.maximumCount else {
      throw Refusal(503, "There are \(limits.maximumCount) WebSockets already, which is all that are taken.")
    }
    opened += 1
    let id = WebSocketID(number: opened)
    sessions[connection] = WebSocketSession(id, greeting: handshake.response, limits: limits)
    connections[id] = connection
    handler.opened(id)
    return rest.isEmpty
      ? .awaitWritable(reads: true) : received(rest, on: connection) ?? .awaitWritable(reads: true)
  }

  func closed(_ connection: Service.ID) {
    guard let session = sessions.removeValue(forKey: connection) else { return }
    connections[session.id] = nil
    handler.closed(session.id)
  }

  func received(_ bytes: [UInt8], on connection: Service.ID) -> Service.Action? {
    guard let id = sessions[connection]?.id, let input = sessions[connection]?.receive(bytes) else { return nil }
    switch input {
    case .tooMuch: return drop(id, "it sends more than it reads")
    case .messages(let texts, let hasEnded):
      // A handler may not close the connection itself, so that the session is still there.
      for text in texts { handler.received(text, id) }
      return hasEnded || sessions[connection]?.hasOutput == true ? .awaitWritable(reads: true) : .nothing
    }
  }

  func writable(_ connection: Service.ID) -> Service.Action? {
    switch sessions[connection]?.takeOutput(Service.chunkSize) {
    case .none: nil
    case .chunk(let bytes): .send(bytes)
    case .closing: .linger
    case .finished, .nothing: .nothing
    }
  }

  /// The timer of a connection ran out.
  func expired(_ connection: Service.ID) -> Service.Action? {
    guard let id = sessions[connection]?.id else { return nil }
    guard sessions[connection]?.isOpen == true else { return .close }
    return sessions[connection]?.ping() == true ? .awaitWritable(reads: true) : drop(id, "it gave no sign of life")
  }

  /// What the outbox wants sent, by connection.
  func takeOutbox() -> [(Service.ID, Service.Action)] {
    handler.outbox.take().compactMap { id, item in
      guard let connection = connections[id] else { return nil }
      switch item {
      case .text(let text):
        guard sessions[connection]?.send(text) == true else {
          return (connection, drop(id, "it does not read what it is sent"))
        }
      case .close(let code, let reason): sessions[connection]?.close(code, reason)
      }
      return (connection, .awaitWritable(reads: true))
    }
  }

  private func drop(_ id: WebSocketID, _ why: String) -> Service.Action {
    connections[id] = nil
    log("WebSocket \(id) was dropped: \(why)")
    return .close
  }
}
