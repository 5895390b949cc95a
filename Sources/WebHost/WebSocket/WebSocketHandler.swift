import CWebSockets
import Synchronization

/// Names a WebSocket; never given again by the same server.
public struct WebSocketID: Hashable, Sendable {
  let number: Int
}

extension WebSocketID: CustomStringConvertible {
  public var description: String { "\(number)" }
}

/// What becomes of the WebSockets that are opened at one path. All is called on the thread that runs the server; no
/// client is served meanwhile.
public struct WebSocketHandler {
  let path: String
  let outbox: WebSocketOutbox
  let opened: (WebSocketID) -> Void
  let received: (String, WebSocketID) -> Void
  let closed: (WebSocketID) -> Void

  /// - Parameters:
  ///   - path: Where they are opened; nothing else is answered there.
  ///   - outbox: Takes what is to be sent.
  ///   - opened: The handshake is done.
  ///   - received: A whole message of text came.
  ///   - closed: It is gone, however it ended; told once for each that was opened, as long as the server runs.
  public init(
    path: String, outbox: WebSocketOutbox, opened: @escaping (WebSocketID) -> Void,
    received: @escaping (String, WebSocketID) -> Void, closed: @escaping (WebSocketID) -> Void
  ) {
    self.path = path
    self.outbox = outbox
    self.opened = opened
    self.received = received
    self.closed = closed
  }
}

/// Sends on the WebSockets of a server, from any thread. What is meant for one that is gone is dropped.
public final class WebSocketOutbox: Sendable {
  enum Item {
    case text(String)
    case close(WebSocketCloseCode, reason: String)
  }

  private struct State {
    var items: [(WebSocketID, Item)] = []
    /// The context of the loop to wake, as a number; `nil` while no server runs.
    var context: Int?
  }

  private let state = Mutex(State())

  public init() {}

  public func send(_ text: String, on id: WebSocketID) { put(.text(text), id) }

  /// - Parameter reason: At most 123 bytes of it are told.
  public func close(_ id: WebSocketID, _ code: WebSocketCloseCode, reason: String) {
    put(.close(code, reason: reason), id)
  }

  private func put(_ item: Item, _ id: WebSocketID) {
    state.withLock { state in
      guard let context = state.context else { return }
      state.items.append((id, item))
      // Of libwebsockets' functions this is the one that any thread may call.
      if state.items.count == 1 { lws_cancel_service(OpaquePointer(bitPattern: context)) }
    }
  }

  func take() -> [(WebSocketID, Item)] {
    state.withLock { state in
      defer { state.items.removeAll(keepingCapacity: true) }
      return state.items
    }
  }

  func attach(to context: OpaquePointer) { state.withLock { $0.context = Int(bitPattern: context) } }

  /// Nothing is taken any more.
  func detach() { state.withLock { $0 = State() } }
}
