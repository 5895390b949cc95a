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
  /// Makes the end of TLS, once there is a connection for it: before, nobody has shown to be more than a SYN.
  private let secure: (() -> TLSConnection)?
  private var tls: TLSConnection?
  private var reader = TURNMessageReader()
  /// Messages that wait for the handshakes, framed.
  private var waiting = ByteWriter()
  private var scratch = ByteWriter()
  /// Whether anything has come in it; until then the other end may be nothing but a handshake.
  private(set) var hasReceived = false

  /// How much may wait to leave, as libwebrtc's sockets allow: what comes then is dropped, for late media is of no use.
  static let longestBacklog = DataSize.kibibytes(64)
  /// How much more when it is STUN: a TURN request is sent once over a stream (RFC 8489 §6.2.2).
  static let reserve = DataSize.kibibytes(16)

  /// - Parameter secure: makes the end of TLS; `nil` for messages over TCP alone.
  init(_ tcp: TCPConnection, secure: (() -> TLSConnection)? = nil) {
    self.tcp = tcp
    self.secure = secure
  }

  var isReady: Bool {
    switch tcp.state {
    case .established, .closeWait: secure == nil || tls?.state == .connected
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
  ///
  /// - Returns: false when it was thrown away because those before it have not left.
  mutating func send(_ message: Span<UInt8>, at now: Instant, into output: inout Output<TCPConnection.Event>) -> Bool {
    guard end == nil else { return true }
    let backlog = isReady ? tcp.backlog : .bytes(waiting.count)
    guard backlog < Self.longestBacklog || backlog < Self.longestBacklog + Self.reserve && Self.isSTUN(message) else {
      return false
    }
    guard isReady else {
      TURNMessageReader.write(message, into: &waiting)
      return true
    }
    scratch.removeAll()
    TURNMessageReader.write(message, into: &scratch)
    write(at: now, into: &output)
    return true
  }

  /// Whether a message is STUN itself, or brings the peer STUN: requests of TURN, and checks and consent of ICE.
  ///
  /// The latter are repeated, but into the same queue: where media alone fills it, a call would be given up for want of
  /// consent (RFC 7675) that works. libwebrtc's sockets make no such difference.
  private static func isSTUN(_ message: Span<UInt8>) -> Bool {
    switch Demultiplexer.classify(message) {
    case .turnChannel:
      guard let data = try? ChannelData(parsing: message), let first = data.range.first else { return false }
      return message[first] <= largestFirstByteOfSTUN
    case .stun:
      guard let indication = try? RelayIndication(parsing: message) else { return true }
      guard let first = indication.range.first else { return false }
      return message[first] <= largestFirstByteOfSTUN
    case .dtls, .zrtp, .quic, .rtp, .rtcp, .unknown: return false
    }
  }

  /// RFC 7983 §7
  private static let largestFirstByteOfSTUN: UInt8 = 3

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

  /// Ends the connection in good order, because this side wants it: its end is told to nobody.
  mutating func hangUp(at now: Instant, into output: inout Output<TCPConnection.Event>) {
    isEndTold = true
    close(at: now, into: &output)
    _ = output.takeEvents()
  }

  private mutating func close(at now: Instant, into output: inout Output<TCPConnection.Event>) {
    if end == nil { end = .closed }
    tls?.close(at: now)
    flushTLS(at: now, into: &output)
    tcp.close(at: now, into: &output)
  }

  private mutating func advance(
    at now: Instant, into output: inout Output<TCPConnection.Event>, _ body: (Span<UInt8>) -> Void
  ) {
    let events = output.takeEvents()
    // Before what came with the last segment of TCP's handshake is read.
    if events.contains(.connected), tls == nil, let secure {
      tls = secure()
      tls?.start(at: now)
    }
    read(at: now, into: &output, body)
    for event in events + output.takeEvents() {
      switch event {
      case .connected: break
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
    guard secure != nil else { return parse(bytes.span, into: &output, body) }
    guard let tls else { return }
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
    hasReceived = true
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
