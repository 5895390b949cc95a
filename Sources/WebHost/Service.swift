/// All connections of a server, and what each event on one of them leads to.
final class Service {
  /// What the owner of the sockets does.
  enum Action: Equatable {
    case nothing
    /// Sets the connection's timer anew.
    case restartTimer
    /// Sets the timer anew and asks when the socket can be written; nothing is read meanwhile unless `reads`.
    case awaitWritable(reads: Bool)
    /// Writes, sets the timer anew and asks when the socket can be written.
    case send(ArraySlice<UInt8>)
    /// Sets the timer anew and reads again.
    case resume
    /// Says that nothing will follow, and reads on for a short time.
    case linger
    case close
  }

  /// Names a connection while it is open.
  typealias ID = Int

  static let chunkSize = 64 << 10

  private let policy: RequestPolicy
  private let maximumConnections: Int
  private let log: (String) -> Void
  private let handler: (HTTPRequest) -> HTTPResponse
  private var connections: [ID: Connection] = [:]
  private let webSockets: WebSocketService?

  init(
    _ configuration: WebServer.Configuration, port: UInt16, log: @escaping (String) -> Void,
    webSockets: WebSocketHandler? = nil, handler: @escaping (HTTPRequest) -> HTTPResponse
  ) {
    policy = RequestPolicy(configuration, port: port, webSocketPath: webSockets?.path)
    maximumConnections = configuration.maximumConnections
    self.log = log
    self.webSockets = webSockets.map { WebSocketService($0, limits: configuration.webSockets, log: log) }
    self.handler = handler
  }

  /// What the outbox wants sent, by connection.
  func takeOutbox() -> [(ID, Action)] { webSockets?.takeOutbox() ?? [] }

  /// Whether one more client is taken.
  func admits() -> Bool {
    guard connections.count + (webSockets?.count ?? 0) >= maximumConnections else { return true }
    log("a connection was refused: \(maximumConnections) are open")
    return false
  }

  func opened(_ id: ID) -> Action {
    connections[id] = Connection()
    return .restartTimer
  }

  func closed(_ id: ID) {
    connections[id] = nil
    webSockets?.closed(id)
  }

  func received(_ bytes: [UInt8], on id: ID) -> Action {
    if let action = webSockets?.received(bytes, on: id) { return action }
    guard var connection = connections.removeValue(forKey: id) else { return .close }
    let wasIdle = connection.isIdle
    let isWelcome = connection.receive(bytes)
    connections[id] = connection
    guard isWelcome else { return .close }
    return answer(id) ?? (wasIdle ? .restartTimer : .nothing)
  }

  func writable(_ id: ID) -> Action {
    if let action = webSockets?.writable(id) { return action }
    guard var connection = connections.removeValue(forKey: id) else { return .close }
    let output = connection.takeOutput(Self.chunkSize)
    connections[id] = connection
    switch output {
    case .chunk(let bytes): return .send(bytes)
    case .finished: return answer(id) ?? .resume
    case .closing: return .linger
    case .nothing: return .nothing
    }
  }

  /// The timer of a connection ran out.
  func expired(_ id: ID) -> Action {
    if let action = webSockets?.expired(id) { return action }
    guard var connection = connections.removeValue(forKey: id) else { return .close }
    defer { connections[id] = connection }
    if connection.isAnswering { log("a client was dropped: it did not read its answer in time") }
    guard connection.isReading else { return .close }
    return refuse(&connection, Refusal(408, "The request did not come in time."))
  }

  /// Answers the next request, if it came whole.
  private func answer(_ id: ID) -> Action? {
    guard var connection = connections.removeValue(forKey: id) else { return .close }
    do throws(Refusal) {
      guard let request = try connection.next(policy) else {
        connections[id] = connection
        return nil
      }
      if let webSockets, let upgrade = connection.upgrade {
        return try webSockets.open(upgrade.handshake, received: upgrade.rest, on: id)
      }
      connection.answer(handler(request))
      connections[id] = connection
      return .awaitWritable(reads: false)
    } catch {
      defer { connections[id] = connection }
      return refuse(&connection, error)
    }
  }

  private func refuse(_ connection: inout Connection, _ refusal: Refusal) -> Action {
    log("\(refusal.status) \(refusal.sentence)")
    connection.refuse(refusal)
    return .awaitWritable(reads: true)
  }
}
