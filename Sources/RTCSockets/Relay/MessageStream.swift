import RTCPrimitives
import RTCTransport
import RTCWire

/// TURN messages over a TCP connection, inside TLS where it is wanted.
///
/// - SeeAlso: RFC 8656 §3.1, RFC 8489 §6.2.2
final class MessageStream {
  /// Is told each whole message.
  var messageHandler: (Span<UInt8>) -> Void = { _ in }
  /// Is told once that nothing passes any more.
  var endHandler: () -> Void = {}
  /// Messages that were thrown away because those before them had not left.
  private(set) var dropped = 0
  private(set) var isEnded = false

  private let stream: StreamSocket
  private let tls: TLSConnection?
  private let clock: SystemClock
  private var reader = TURNMessageReader()
  /// Messages that wait for the handshakes, framed.
  private var waiting = ByteWriter()
  private var scratch = ByteWriter()

  /// What may wait to leave, in bytes, as libwebrtc's sockets allow: late media is of no use.
  private static let longestBacklog = 64 << 10

  init(_ stream: StreamSocket, tls: TLSConnection?, clock: SystemClock) {
    self.stream = stream
    self.tls = tls
    self.clock = clock
    stream.connectHandler = { [unowned self] in connected() }
    stream.receiveHandler = { [unowned self] in receive($0) }
    stream.endHandler = { [unowned self] in end() }
  }

  var local: Endpoint { stream.local }
  var remote: Endpoint { stream.remote }

  /// Since when the peer has taken nothing of what waits for it; `nil` when nothing waits.
  var stalledSince: Instant? { stream.backlog.isEmpty ? nil : stream.lastProgress }

  /// Sends a message, or keeps it for the end of the handshakes; beyond the longest backlog it is dropped.
  func send(_ message: Span<UInt8>) {
    guard !isEnded else { return }
    guard isReady else {
      guard waiting.count + message.count <= Self.longestBacklog else { return dropped += 1 }
      return TURNMessageReader.write(message, into: &waiting)
    }
    guard stream.backlog.count < Self.longestBacklog else { return dropped += 1 }
    scratch.removeAll()
    TURNMessageReader.write(message, into: &scratch)
    write(scratch)
  }

  /// Ends the connection; what the kernel has taken still arrives.
  func close() {
    guard !isEnded else { return }
    tls?.close(at: clock.now)
    flushTLS()
    end()
  }

  private var isReady: Bool { stream.state == .open && tls.map { $0.state == .connected } ?? true }

  private func connected() {
    tls?.start(at: clock.now)
    flushTLS()
    flushWaiting()
  }

  private func receive(_ bytes: Span<UInt8>) {
    guard !isEnded else { return }
    guard let tls else { return parse(bytes) }
    tls.receive(bytes, at: clock.now)
    flushTLS()
    flushWaiting()
    var plain = ByteWriter()
    tls.takeReceived { plain.append($0) }
    if plain.count > 0 { parse(plain.bytes.span) }
    switch tls.state {
    case .handshaking, .connected: break
    case .closed, .failed: end()
    }
  }

  private func parse(_ bytes: Span<UInt8>) {
    do {
      try reader.append(bytes) { if !isEnded { messageHandler($0) } }
    } catch {
      end()
    }
  }

  private func flushWaiting() {
    guard isReady, waiting.count > 0 else { return }
    let framed = waiting
    waiting.removeAll()
    write(framed)
  }

  private func write(_ framed: ByteWriter) {
    guard let tls else { return stream.send(framed.bytes.span) }
    tls.write(framed.bytes.span, at: clock.now)
    flushTLS()
  }

  private func flushTLS() {
    tls?.takeOutgoing { stream.send($0) }
  }

  private func end() {
    guard !isEnded else { return }
    isEnded = true
    stream.shutDown()
    endHandler()
  }
}
