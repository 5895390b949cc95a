/// One client: what came in, what goes out, and what is to be done next. It has no socket and no clock.
///
/// ```
///            ┌──────────── sent, keeps alive ─────────────┐
///            ▼                                            │
///  readingHead ──next──► readingBody ──next, answer──► answering ──sent, closes──► lingering
///       └───────────────── refuse ─────────────────────────▲
/// ```
struct Connection {
  private enum Phase {
    case readingHead
    case readingBody(AcceptedHead)
    case answering(closes: Bool)
    /// Our last word is said. What the client still sends is thrown away: a socket that is closed before its input was read
    /// resets the connection, and the client may lose the answer.
    case lingering(allowance: Int)
  }

  /// What a client may still send after the last answer, in bytes.
  private static let lingeringAllowance = 16 << 20
  private static let endOfHead = Array("\r\n\r\n".utf8)

  private var phase = Phase.readingHead
  private var input: [UInt8] = []
  /// Where the search for the end of the head goes on.
  private var searched = 0
  private var output: [UInt8] = []
  private var sent = 0

  /// No byte of a request has come.
  var isIdle: Bool {
    if case .readingHead = phase { input.isEmpty } else { false }
  }

  /// Part of a request has come.
  var isReading: Bool {
    switch phase {
    case .readingHead: !input.isEmpty
    case .readingBody: true
    case .answering, .lingering: false
    }
  }

  /// An answer is under way.
  var isAnswering: Bool {
    if case .answering = phase { true } else { false }
  }

  /// - Returns: Whether the client may go on.
  mutating func receive(_ bytes: [UInt8]) -> Bool {
    switch phase {
    case .readingHead, .readingBody, .answering(closes: false): input += bytes
    case .answering(closes: true): break
    case .lingering(let allowance):
      phase = .lingering(allowance: allowance - bytes.count)
      return allowance >= bytes.count
    }
    return true
  }

  /// The next request that came whole, if an answer is not still due.
  mutating func next(_ policy: RequestPolicy) throws(Refusal) -> HTTPRequest? {
    if case .readingHead = phase, let head = try takeHead(policy) { phase = .readingBody(head) }
    guard case .readingBody(let head) = phase, input.count >= head.bodySize else { return nil }
    let request = HTTPRequest(
      head.method, head.target.path, query: head.target.query, contentType: head.contentType,
      body: Array(input.prefix(head.bodySize)))
    input.removeFirst(head.bodySize)
    return request
  }

  /// Answers the request that `next` gave.
  mutating func answer(_ response: HTTPResponse) {
    guard case .readingBody(let head) = phase else { preconditionFailure("There is no request to answer.") }
    write(response.bytes(omitsBody: head.method == .head, closes: !head.keepsAlive), closes: !head.keepsAlive)
  }

  /// The handshake of the request that `next` gave, and what came behind it; the connection is no longer HTTP's then.
  var upgrade: (handshake: WebSocketHandshake, rest: [UInt8])? {
    guard case .readingBody(let head) = phase, let handshake = head.handshake else { return nil }
    return (handshake, input)
  }

  /// Answers what is no request, and the last thing on this connection.
  mutating func refuse(_ refusal: Refusal) {
    input = []
    write(refusal.response.bytes(closes: true), closes: true)
  }

  enum Output {
    case chunk(ArraySlice<UInt8>)
    /// All was sent, and the next request may come.
    case finished
    /// All was sent, and nothing will follow.
    case closing
    case nothing
  }

  /// What the socket is given next, at most `limit` bytes.
  mutating func takeOutput(_ limit: Int) -> Output {
    guard case .answering(let closes) = phase else { return .nothing }
    guard sent == output.count else {
      let chunk = output[sent...].prefix(limit)
      sent = chunk.endIndex
      return .chunk(chunk)
    }
    output = []
    phase = closes ? .lingering(allowance: Self.lingeringAllowance) : .readingHead
    return closes ? .closing : .finished
  }

  private mutating func write(_ bytes: [UInt8], closes: Bool) {
    output = bytes
    sent = 0
    searched = 0
    phase = .answering(closes: closes)
  }

  /// Takes the head off the input, once its empty line is there.
  private mutating func takeHead(_ policy: RequestPolicy) throws(Refusal) -> AcceptedHead? {
    // An empty line before a request is allowed (RFC 9112 §2.2).
    if input.starts(with: "\r\n".utf8) { input.removeFirst(2) }
    while searched < input.count, !input[searched...].starts(with: Self.endOfHead) {
      let byte = input[searched]
      let isBlank = byte == .tab || byte == .carriageReturn || byte == .lineFeed
      guard isBlank || !byte.isControl else { throw .malformed("its head contains a control character") }
      guard searched < policy.maximumHeaderSize else {
        throw Refusal(431, "The headers are larger than the \(policy.maximumHeaderSize) bytes that are taken.")
      }
      searched += 1
    }
    guard searched < input.count else {
      // The end of the head may have come in part.
      searched = max(0, searched - Self.endOfHead.count + 1)
      return nil
    }
    let head = try policy.accept(RequestHead(parsing: input[..<searched]))
    input.removeFirst(searched + Self.endOfHead.count)
    searched = 0
    return head
  }
}
