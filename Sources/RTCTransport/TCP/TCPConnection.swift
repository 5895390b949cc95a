public import RTCPrimitives
import RTCWire

/// One end of a TCP connection: bytes in, segments out, and back.
///
/// It is sans-IO as every core here; the owner hands it the segments of its packets and sends what it transmits. What has
/// arrived in order waits in `received`.
/// ```
///            open                    SYN, ACK                   close                ACK
///   closed ───────► synSent ──────────────────► established ───────────► finWait1 ───────► finWait2
///                                                 ▲      │ FIN               │ FIN             │ FIN
///            SYN                      ACK         │      ▼                   ▼                 ▼
///   listen ───────► synReceived ──────────────────┘   closeWait           closing ──────► timeWait
///                                                        │ close              ACK
///                                                        ▼         ACK
///                                                     lastAck ───────────► closed
/// ```
/// - SeeAlso: RFC 9293; RFC 5681, 6582, 6928 and 9438 (congestion), RFC 6298 (timer), RFC 5961 §3 (blind resets)
/// - Note: Left out: timestamps, limited transmit (RFC 3042), keep-alives, urgent data,
///   explicit congestion notification. Segments are sent at once, as with Nagle's algorithm switched off. The owner is
///   taken to read at once, so the window that is offered stays what it is.
public struct TCPConnection: Sendable {
  public struct Configuration: Hashable, Sendable {
    /// The largest data of a segment, in bytes: 1500 of Ethernet without 40 of IPv4 and TCP.
    public var maximumSegmentSize = 1460
    /// What the peer may have on its way, rounded down to whole kibibytes (2^7 times the window field).
    public var receiveWindow = DataSize.kibibytes(4096)
    public var congestionControl = TCPCongestionControl.reno
    /// Whether selective acknowledgments are offered and, if the peer does so too, used (RFC 2018, RFC 6675).
    public var offersSelectiveAcknowledgment = false
    /// RFC 6298 §2.4
    public var minimumRetransmissionTimeout = Duration.seconds(1)
    /// How long an acknowledgment may wait for data to travel with (RFC 9293 §3.8.6.3: at most 500 ms).
    public var acknowledgmentDelay = Duration.milliseconds(40)
    /// How long data may stay unacknowledged before the connection is given up (R2 of RFC 9293 §3.8.3).
    public var patience = Duration.seconds(100)
    /// The same for the handshake.
    public var handshakePatience = Duration.seconds(180)
    /// How long a closed end answers late segments (2 MSL of RFC 9293 §3.4.2; Linux waits 60 s).
    public var timeWait = Duration.seconds(60)

    public init() {}
  }

  /// RFC 9293 §3.3.2
  public enum State: String, Hashable, Sendable {
    case closed, listen, synSent, synReceived, established, finWait1, finWait2, closeWait, closing, lastAck, timeWait
  }

  public enum Failure: String, Error, Hashable, Sendable {
    /// Nobody listens there.
    case refused
    case reset
    case timeout
  }

  public enum Event: Hashable, Sendable {
    case connected
    /// The peer sends no more; what it sent has arrived.
    case finished
    /// There is no connection any more.
    case closed(Failure?)
  }

  public let configuration: Configuration
  public let local: Endpoint
  public let remote: Endpoint
  public internal(set) var state: State
  /// What has arrived in order since it was taken last.
  public internal(set) var received = ByteWriter()
  /// Segments with data or SYN that were sent again.
  public internal(set) var retransmissions = 0

  // Places in the two streams: 0 is the SYN, 1 the first byte. Numbers on the wire are these plus the initial ones.
  var initialSent: UInt32
  var initialReceived: UInt32 = 0
  /// The first place that is not acknowledged (SND.UNA), the next that is sent, which goes back to the first after a
  /// timeout, and the end of what ever was (SND.NXT).
  var unacknowledged: Int64 = 0
  var nextSent: Int64 = 0
  var sentEnd: Int64 = 0
  /// The next place that is expected (RCV.NXT).
  var nextReceived: Int64 = 0
  var sendBuffer = SendBuffer()
  var isFinishing = false
  var peerEnd: Int64?
  var reassembly = ReassemblyQueue()

  var segmentSize: Int
  var peerWindow = 0
  var peerWindowScale: UInt8 = 0
  var scalesWindow = true
  var usesSelectiveAcknowledgment = false
  var scoreboard = TCPScoreboard()
  var reduction = ProportionalRateReduction(flight: 0, deliveredBefore: 0)
  var congestion: TCPCongestion
  var timeout: RetransmissionTimeout
  /// The segment whose round trip is being measured.
  var timed: (end: Int64, sentAt: Instant)?
  var lastSent = Instant.start

  var retransmissionDue: Instant?
  var acknowledgmentDue: Instant?
  var endOfTimeWait: Instant?
  /// Since when nothing has been acknowledged although something is on its way.
  var stalledSince: Instant?
  var segmentsToAcknowledge = 0
  var owesAcknowledgment = false
  var lostHandshake = false
  var isRepeatedTimeout = false

  /// An end that opens the connection (`open`), or waits for the other to do so.
  public init(
    _ configuration: Configuration = Configuration(), local: Endpoint, remote: Endpoint, listens: Bool = false,
    entropy: inout EntropySource
  ) {
    self.configuration = configuration
    self.local = local
    self.remote = remote
    state = listens ? .listen : .closed
    initialSent = UInt32(truncatingIfNeeded: entropy.next())
    segmentSize = configuration.maximumSegmentSize
    congestion = TCPCongestion(configuration.congestionControl, segmentSize: segmentSize)
    timeout = RetransmissionTimeout(minimum: configuration.minimumRetransmissionTimeout)
  }

  /// When `handleTimeout` has something to do.
  public var nextTimeout: Instant? {
    var next = retransmissionDue
    for due in [acknowledgmentDue, endOfTimeWait] {
      if let due { next = min(next ?? .distantFuture, due) }
    }
    return next
  }

  /// Bytes that were handed over and have not been sent yet.
  public var backlog: DataSize { .bytes(Int(max(0, sendBuffer.end - nextSent))) }
  /// Bytes on their way.
  public var flight: DataSize { .bytes(Int(sentEnd - unacknowledged)) }
  /// Bytes that the peer has; its acknowledgment of a FIN counts as one.
  public var acknowledged: DataSize { .bytes(Int(max(0, unacknowledged - 1))) }
  public var congestionWindow: DataSize { .bytes(congestion.window) }
  public var smoothedRoundTripTime: Duration? { timeout.smoothed }

  /// Whether `send` takes bytes.
  public var isWritable: Bool {
    switch state {
    case .synSent, .synReceived, .established, .closeWait: !isFinishing
    case .closed, .listen, .finWait1, .finWait2, .closing, .lastAck, .timeWait: false
    }
  }

  /// Sends a SYN.
  ///
  /// - Precondition: the connection was not opened before and does not listen.
  public mutating func open(at now: Instant, into output: inout Output<Event>) {
    precondition(state == .closed && sentEnd == 0, "a connection is opened once")
    state = .synSent
    nextSent = 1
    sentEnd = 1
    sendSynchronize(at: now, into: &output)
  }

  /// Queues bytes and sends what the windows allow.
  ///
  /// - Returns: false when the connection takes none any more, or does not yet.
  @discardableResult
  public mutating func send(_ bytes: Span<UInt8>, at now: Instant, into output: inout Output<Event>) -> Bool {
    guard isWritable else { return false }
    sendBuffer.append(bytes)
    transmitPending(at: now, into: &output)
    return true
  }

  /// Sends a FIN behind what was queued; the peer may still send.
  public mutating func close(at now: Instant, into output: inout Output<Event>) {
    switch state {
    case .closed, .listen, .synSent: end(nil, into: &output)
    case .synReceived, .established, .closeWait:
      guard !isFinishing else { return }
      isFinishing = true
      if state == .closeWait { state = .lastAck }
      if state == .established { state = .finWait1 }
      transmitPending(at: now, into: &output)
    case .finWait1, .finWait2, .closing, .lastAck, .timeWait: break
    }
  }

  /// Ends the connection at once, with a RST if the peer knows of it.
  public mutating func abort(into output: inout Output<Event>) {
    switch state {
    case .synReceived, .established, .finWait1, .finWait2, .closeWait, .closing, .lastAck:
      emit(flags: [.reset, .acknowledge], at: sentEnd, into: &output)
    case .closed, .listen, .synSent, .timeWait: break
    }
    if state != .closed { end(nil, into: &output) }
  }

  /// Does what is due; harmless when called early.
  public mutating func handleTimeout(at now: Instant, into output: inout Output<Event>) {
    if let due = endOfTimeWait, due <= now { return end(nil, into: &output) }
    if let due = acknowledgmentDue, due <= now { acknowledge(into: &output) }
    if let due = retransmissionDue, due <= now { handleRetransmissionTimeout(at: now, into: &output) }
  }

  mutating func end(_ failure: Failure?, into output: inout Output<Event>) {
    state = .closed
    retransmissionDue = nil
    acknowledgmentDue = nil
    endOfTimeWait = nil
    sendBuffer = SendBuffer()
    reassembly = ReassemblyQueue()
    output.emit(.closed(failure))
  }
}

/// What is to be sent and not yet acknowledged, by its place in the stream.
struct SendBuffer: Sendable {
  private var bytes: [UInt8] = []
  /// How many bytes at the front are gone already.
  private var offset = 0
  /// The place of the first byte.
  private(set) var begin: Int64 = 1

  var end: Int64 { begin + Int64(bytes.count - offset) }

  mutating func append(_ span: Span<UInt8>) {
    span.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
  }

  /// Forgets what lies before `place`.
  mutating func drop(upTo place: Int64) {
    let count = Int(min(max(place - begin, 0), end - begin))
    begin += Int64(count)
    offset += count
    // Moved seldom, so that each byte is moved once on average.
    guard offset > bytes.count / 2 else { return }
    bytes.removeFirst(offset)
    offset = 0
  }

  /// Calls `body` with `count` bytes from `place` on.
  func withBytes(at place: Int64, count: Int, _ body: (Span<UInt8>) -> Void) {
    let first = offset + Int(place - begin)
    body(bytes.span.extracting(first..<first + count))
  }
}
