/// One open WebSocket: what came in, what goes out, and how it ends. It has no socket and no clock.
///
/// libwebsockets' own WebSocket takes no connection over whose head was read already: the raw socket would have to be
/// closed first, and closing it ends the TCP connection under every copy of its descriptor. So frames are ours, as
/// the request before them is.
///
/// ```
///  open ──close (theirs), violation, overflow──► saidLastWord ──sent──► lingering
///    └────────close (ours)──► closing ──close (theirs), silence──────────▲
/// ```
struct WebSocketSession {
  private enum Phase {
    case open
    /// Our Close frame is on its way, and theirs is awaited.
    case closing
    /// A Close frame is the last thing in the queue; input is thrown away.
    case saidLastWord
    case lingering(allowance: Int)
  }

  /// What a client may still send after the last word, in bytes.
  private static let lingeringAllowance = 1 << 20

  let id: WebSocketID
  private var phase = Phase.open
  private var reader: WebSocketReader
  private let maximumQueueSize: Int
  private var output: [UInt8]
  private var sent = 0
  /// Whether anything came since the timer ran out last.
  private var wasHeard = true

  /// - Parameter greeting: What is sent first, the answer to the handshake.
  init(_ id: WebSocketID, greeting: [UInt8], limits: WebServer.WebSocketLimits) {
    self.id = id
    reader = WebSocketReader(maximumMessageSize: limits.maximumMessageSize)
    maximumQueueSize = limits.maximumQueueSize
    output = greeting
  }

  enum Input {
    /// Messages to hand over, and whether this was the last of them.
    case messages([String], ended: Bool)
    /// The client goes on sending after the end.
    case tooMuch
  }

  var isOpen: Bool {
    if case .open = phase { true } else { false }
  }

  /// Whether something waits to be sent.
  var hasOutput: Bool { sent < output.count || isLastWordSaid }

  mutating func receive(_ bytes: [UInt8]) -> Input {
    wasHeard = true
    switch phase {
    case .open, .closing: break
    case .saidLastWord: return .messages([], ended: false)
    case .lingering(let allowance):
      phase = .lingering(allowance: allowance - bytes.count)
      return allowance >= bytes.count ? .messages([], ended: false) : .tooMuch
    }
    reader.append(bytes)
    var texts: [String] = []
    do throws(WebSocketViolation) {
      while let event = try reader.next() {
        switch event {
        case .text(let text): if case .open = phase { texts.append(text) }
        case .ping(let payload): guard enqueue(WebSocketFrame.bytes(.pong, payload)) else { return .tooMuch }
        case .pong: break
        case .close(let code):
          if case .open = phase { output += WebSocketFrame.close(code, "") }
          phase = .saidLastWord
          return .messages(texts, ended: true)
        }
      }
    } catch {
      close(error.code, error.reason)
      phase = .saidLastWord
      return .messages(texts, ended: true)
    }
    return .messages(texts, ended: false)
  }

  /// - Returns: Whether there was room for it; a client that does not read is to be dropped.
  mutating func send(_ text: String) -> Bool {
    guard case .open = phase else { return true }
    return enqueue(WebSocketFrame.bytes(.text, text.utf8))
  }

  /// Begins the closing handshake.
  mutating func close(_ code: WebSocketCloseCode, _ reason: String) {
    guard case .open = phase else { return }
    output += WebSocketFrame.close(code, reason)
    phase = .closing
  }

  /// Asks for a sign of life.
  ///
  /// - Returns: Whether one came since the last time.
  mutating func ping() -> Bool {
    guard wasHeard else { return false }
    wasHeard = false
    return enqueue(WebSocketFrame.bytes(.ping, []))
  }

  /// What the socket is given next, at most `limit` bytes.
  mutating func takeOutput(_ limit: Int) -> Connection.Output {
    guard sent == output.count else {
      let chunk = output[sent...].prefix(limit)
      sent = chunk.endIndex
      return .chunk(chunk)
    }
    output.removeAll()
    sent = 0
    guard isLastWordSaid else { return .nothing }
    phase = .lingering(allowance: Self.lingeringAllowance)
    return .closing
  }

  private var isLastWordSaid: Bool {
    if case .saidLastWord = phase { true } else { false }
  }

  private mutating func enqueue(_ frame: [UInt8]) -> Bool {
    output.removeFirst(sent)
    sent = 0
    guard output.count + frame.count <= maximumQueueSize else { return false }
    output += frame
    return true
  }
}
