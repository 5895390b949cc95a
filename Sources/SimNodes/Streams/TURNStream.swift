import RTCPrimitives
import RTCTransport
import RTCWire
import SimKernel

/// One connection between a TURN client and its server: messages over, where it is wanted, TLS over TCP.
struct TURNStream {
  enum End: Hashable {
    /// The peer has closed it.
    case closed
    case tcp(TCPConnection.Failure)
    case tls(reason: String)
    /// What came was no TURN message.
    case malformed(STUNError)
  }

  private(set) var tcp: TCPConnection
  private var isEndTold = false
  /// How it ended; nothing passes it any more.
  private(set) var end: End?
  private let tls: TLSConnection?
  private var reader = TURNMessageReader()
  /// Messages that wait for the handshakes, framed.
  private var waiting = ByteWriter()
  private var scratch = ByteWriter()
  /// Messages that were thrown away because those before them had not left.
  private(set) var dropped = 0

  /// How much may wait to leave, as libwebrtc's sockets allow: what comes then is dropped, for late media is of no use.
  static let longestBacklog = DataSize.kibibytes(64)

  init(_ tcp: TCPConnection, tls: TLSConnection?) {
    self.tcp = tcp
    self.tls = tls
  }

  var isReady: Bool {
    switch tcp.state {
    case .established, .closeWait: tls.map { $0.state == .connected } ?? true
    case .closed, .listen, .synSent, .synReceived, .finWait1, .finWait2, .closing, .lastAck, .timeWait: false
    }
  }

  /// How it ended, once.
  mutating func takeEnd() -> End? {
    guard let end, !isEndTold else { return nil }
    isEndTold = true
    return end
  }

  /// Ends the connection at once.
  mutating func abort(into output: inout Output<TCPConnection.Event>) {
    if end == nil { end = .closed }
    tcp.abort(into: &output)
    _ = output.takeEvents()
  }

  /// Whether nothing is left to be done.
  var isOver: Bool { tcp.state == .closed }

  mutating func open(at now: Instant, into output: inout Output<TCPConnection.Event>) {
    tcp.open(at: now, into: &output)
  }

  /// Sends a message, or keeps it for the end of the handshakes.
  mutating func send(_ message: Span<UInt8>, at now: Instant, into output: inout Output<TCPConnection.Event>) {
    guard end == nil else { return }
    guard isReady else {
      guard waiting.count + message.count <= Self.longestBacklog.bytes else { return dropped += 1 }
      return TURNMessageReader.write(message, into: &waiting)
    }
    guard tcp.backlog < Self.longestBacklog else { return dropped += 1 }
    scratch.removeAll()
    TURNMessageReader.write(message, into: &scratch)
    write(at: now, into: &output)
  }

  /// Takes a segment and tells `body` each message that is whole now.
  mutating func receive(
    _ segment: Span<UInt8>, at now: Instant, into output: inout Output<TCPConnection.Event>,
    _ body: (Span<UInt8>) -> Void
  ) {
    tcp.handle(segment, at: now, into: &output)
    advance(at: now, into: &output, body)
  }

  mutating func handleTimeout(at now: Instant, into output: inout Output<TCPConnection.Event>) {
    tcp.handleTimeout(at: now, into: &output)
    advance(at: now, into: &output) { _ in }
  }

  /// Ends the connection in good order.
  mutating func close(at now: Instant, into output: inout Output<TCPConnection.Event>) {
    if end == nil { end = .closed }
    tls?.close(at: now)
    flushTLS(at: now, into: &output)
    tcp.close(at: now, into: &output)
  }

  private mutating func advance(
    at now: Instant, into output: inout Output<TCPConnection.Event>, _ body: (Span<UInt8>) -> Void
  ) {
    read(at: now, into: &output, body)
    for event in output.takeEvents() {
      switch event {
      case .connected: tls?.start(at: now)
      case .finished: close(at: now, into: &output)
      case .closed(let failure):
        if end == nil { end = failure.map { .tcp($0) } ?? .closed }
      }
    }
    flushTLS(at: now, into: &output)
    guard end == nil, isReady, waiting.count > 0 else { return }
    swap(&waiting, &scratch)
    write(at: now, into: &output)
    waiting.removeAll()
  }

  /// Reads what came in order: through TLS, then as messages.
  private mutating func read(
    at now: Instant, into output: inout Output<TCPConnection.Event>, _ body: (Span<UInt8>) -> Void
  ) {
    guard tcp.received.count > 0 else { return }
    let bytes = tcp.takeReceived()
    guard end == nil else { return }
    guard let tls else { return parse(bytes.span, into: &output, body) }
    tls.receive(bytes.span, at: now)
    var plain = ByteWriter()
    tls.takeReceived { plain.append($0) }
    if plain.count > 0 { parse(plain.bytes.span, into: &output, body) }
    switch tls.state {
    case .handshaking, .connected: break
    case .closed: close(at: now, into: &output)
    case .failed(let reason):
      flushTLS(at: now, into: &output)
      if end == nil { end = .tls(reason: reason) }
      tcp.close(at: now, into: &output)
    }
  }

  private mutating func parse(
    _ bytes: Span<UInt8>, into output: inout Output<TCPConnection.Event>, _ body: (Span<UInt8>) -> Void
  ) {
    do {
      try reader.append(bytes, body)
    } catch {
      end = .malformed(error)
      tcp.abort(into: &output)
    }
  }

  /// Sends the framed messages in `scratch`.
  private mutating func write(at now: Instant, into output: inout Output<TCPConnection.Event>) {
    if let tls {
      tls.write(scratch.bytes.span, at: now)
      flushTLS(at: now, into: &output)
    } else {
      // A local variable, because the compiler cannot tell the buffer from the connection inside `self`.
      var bytes = ByteWriter()
      swap(&bytes, &scratch)
      tcp.send(bytes.bytes.span, at: now, into: &output)
      swap(&bytes, &scratch)
    }
  }

  private mutating func flushTLS(at now: Instant, into output: inout Output<TCPConnection.Event>) {
    guard let tls, tls.outgoing.count > 0 else { return }
    var bytes = ByteWriter()
    tls.takeOutgoing { bytes.append($0) }
    tcp.send(bytes.bytes.span, at: now, into: &output)
  }
}
