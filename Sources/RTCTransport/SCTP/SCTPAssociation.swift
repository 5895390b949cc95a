public import RTCPrimitives
public import RTCWire

/// One SCTP association as data channels need it, sans I/O: packets in and out, no sockets, no clock.
///
/// Packets travel as application data of a DTLS connection (RFC 8261). Both ends begin; the handshakes meet.
/// - SeeAlso: RFC 9260, RFC 8831
public protocol SCTPAssociation: ~Copyable {
  var state: SCTPAssociationState { get }

  /// When `handleTimeout` wants to be called; `nil` when no timer can be running.
  var nextTimeout: Instant? { get }

  /// Begins the association.
  mutating func connect(at now: Instant, into output: inout SCTPOutput)

  /// Takes a packet of the peer. What is none, or of another association, is dropped.
  mutating func handle(_ packet: Span<UInt8>, at now: Instant, into output: inout SCTPOutput)

  /// Does everything that is due at `now`; harmless when called early.
  mutating func handleTimeout(at now: Instant, into output: inout SCTPOutput)

  /// Sends a message of at least one byte, or has it wait for room.
  ///
  /// - Throws: `SCTPError` when it is too large, when too much waits, or when there is no such stream.
  mutating func send(
    _ message: SCTPMessage, isOrdered: Bool, reliability: DataChannelReliability, at now: Instant,
    into output: inout SCTPOutput
  ) throws(SCTPError)

  /// Resets outgoing streams once what was sent on them has gone; `.outgoingStreamsReset` tells when that is done.
  mutating func resetStreams(_ streams: [UInt16], at now: Instant, into output: inout SCTPOutput)

  /// Bytes of messages of a stream that were not yet transmitted for the first time.
  func bufferedAmount(of stream: UInt16) -> Int

  /// The same of all streams.
  var bufferedAmount: Int { get }

  /// Says whether what the peer sends is taken. What is not taken fills the receive window, which the peer is told with
  /// every SACK (`a_rwnd`, RFC 9260 §6.2), until it may send no more.
  mutating func setReading(_ isReading: Bool, at now: Instant, into output: inout SCTPOutput)

  /// Aborts the association.
  mutating func close(at now: Instant, into output: inout SCTPOutput)
}

public enum SCTPAssociationState: Hashable, Sendable { case new, connecting, connected, closed }

/// A message of a stream.
public struct SCTPMessage: Hashable, Sendable {
  public var stream: UInt16
  public var ppid: UInt32
  public var bytes: [UInt8]

  public init(stream: UInt16, ppid: UInt32, bytes: [UInt8]) {
    self.stream = stream
    self.ppid = ppid
    self.bytes = bytes
  }
}

/// What an association tells.
public enum SCTPEvent: Hashable, Sendable {
  /// How many streams there are in each direction.
  case connected(outboundStreams: Int, inboundStreams: Int)
  case message(SCTPMessage)
  /// The peer has begun these streams of its anew: nothing more comes on what they were.
  case incomingStreamsReset([UInt16])
  /// The peer has agreed that ours begin anew.
  case outgoingStreamsReset([UInt16])
  case closed(SCTPClosure)
}

/// Why an association ended.
public enum SCTPClosure: Hashable, Sendable {
  /// This side closed it.
  case local
  /// The peer aborted or shut it down, or never answered.
  case remote
  /// The peer sent a message of more bytes than our description allows.
  case messageTooLarge(limit: Int)
  /// The library failed.
  case failed(SCTPError)
}

/// Packets for the peer, and events, in order. Owned and reused by the caller.
public struct SCTPOutput: Sendable {
  public private(set) var events: [SCTPEvent] = []
  private var buffer = ByteWriter()
  private var ranges: [Range<Int>] = []

  public init() {}

  public var packetCount: Int { ranges.count }

  /// The bytes of one packet.
  @_lifetime(borrow self)
  public func packet(_ index: Int) -> Span<UInt8> { buffer.bytes.span.extracting(ranges[index]) }

  /// Hands over the events, leaving none.
  public mutating func takeEvents() -> [SCTPEvent] {
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }

  /// Forgets everything, keeping the capacity.
  public mutating func removeAll() {
    events.removeAll(keepingCapacity: true)
    removePackets()
  }

  /// Forgets the packets, keeping the capacity.
  public mutating func removePackets() {
    ranges.removeAll(keepingCapacity: true)
    buffer.removeAll()
  }

  public mutating func emit(_ event: SCTPEvent) { events.append(event) }

  public mutating func append(packet: Span<UInt8>) {
    let begin = buffer.count
    buffer.append(packet)
    ranges.append(begin..<buffer.count)
  }
}
