import RTCPrimitives
import RTCTransport
import RTCWire

/// One end of a connection that carries cross traffic: a request of a fixed size from the client, which says how much the
/// server is to send, and then bytes without a meaning in one direction.
struct TCPTransfer {
  private(set) var tcp: TCPConnection
  /// Bytes that are still to be handed to TCP.
  private var toSend = 0
  private var hasBeenAsked = false
  private var request: [UInt8] = []
  private(set) var received = 0
  private var events: [TCPConnection.Event] = []
  private var output = Output<TCPConnection.Event>()

  init(_ tcp: TCPConnection) { self.tcp = tcp }

  /// A size that no transfer reaches.
  static let endless = Int.max / 2
  /// About what a browser's request for a page has.
  static let requestSize = 400

  mutating func open(at now: Instant, into segments: inout Transmissions) {
    tcp.open(at: now, into: &output)
    flush(into: &segments)
  }

  /// Asks the other end for `size` bytes.
  mutating func request(_ size: Int, at now: Instant, into segments: inout Transmissions) {
    var writer = ByteWriter()
    writer.append(UInt64(size))
    writer.appendZeros(Self.requestSize - writer.count)
    tcp.send(writer.bytes.span, at: now, into: &output)
    flush(into: &segments)
  }

  /// Sends `size` bytes, as fast as TCP lets them go.
  mutating func send(_ size: Int, at now: Instant, into segments: inout Transmissions) {
    toSend = size
    hasBeenAsked = size > 0
    refill(at: now)
    flush(into: &segments)
  }

  mutating func handle(_ segment: Span<UInt8>, at now: Instant, into segments: inout Transmissions) {
    tcp.handle(segment, at: now, into: &output)
    refill(at: now)
    flush(into: &segments)
  }

  mutating func handleTimeout(at now: Instant, into segments: inout Transmissions) {
    tcp.handleTimeout(at: now, into: &output)
    refill(at: now)
    flush(into: &segments)
  }

  mutating func close(at now: Instant, into segments: inout Transmissions) {
    tcp.close(at: now, into: &output)
    flush(into: &segments)
  }

  mutating func abort(into segments: inout Transmissions) {
    toSend = 0
    tcp.abort(into: &output)
    flush(into: &segments)
  }

  mutating func takeEvents() -> [TCPConnection.Event] {
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }

  /// The server's: how much the client asked for, once its request has arrived.
  mutating func takeRequest() -> Int? {
    guard request.count < Self.requestSize, tcp.received.count > 0 else { return nil }
    request += tcp.takeReceived()
    guard request.count >= Self.requestSize else { return nil }
    received = request.count - Self.requestSize
    var reader = ByteReader(request.span)
    guard let size = try? reader.readUInt64() else { return nil }
    return Int(clamping: min(size, UInt64(Self.endless)))
  }

  /// Counts what has arrived, and forgets it.
  mutating func count() { received += tcp.discardReceived().bytes }

  /// Hands TCP more than its window lets go, but not all at once.
  private mutating func refill(at now: Instant) {
    while toSend > 0, tcp.isWritable, tcp.backlog < .bytes(Self.filler.count) {
      let size = min(toSend, Self.filler.count)
      tcp.send(Self.filler.span.extracting(0..<size), at: now, into: &output)
      toSend -= size
    }
  }

  /// Whether what was asked for has been handed to TCP, which may be closed behind it.
  var hasSentAll: Bool { hasBeenAsked && toSend == 0 }

  /// Answers a segment that belongs to no connection.
  static func refuse(
    _ segment: TCPSegment, from local: Endpoint, to remote: Endpoint, into segments: inout Transmissions
  ) {
    guard let refusal = segment.refusal else { return }
    segments.append(over: .tcp, from: local, to: remote) { refusal.write([UInt8]().span, into: &$0) }
  }

  private mutating func flush(into segments: inout Transmissions) {
    segments.take(&output.datagrams)
    events += output.takeEvents()
  }

  private static let filler = [UInt8](repeating: 0x55, count: 65_536)
}
