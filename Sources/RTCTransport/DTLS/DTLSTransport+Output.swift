import RTCPrimitives
public import RTCWire

extension DTLSTransport {
  /// What a DTLS transport tells.
  public enum Event: Hashable, Sendable {
    /// Messages were put into the datagrams of this call.
    case sent(DTLSFlight, isRetransmission: Bool)
    /// The handshake is finished and the peer's certificate is the announced one.
    case connected(SRTPKeys)
    case failed(DTLSFailure)
    /// The peer said close_notify.
    case closed
  }

  /// Datagrams for the peer, messages of the peer, and events, each in order. Owned and reused by the caller, who knows where the peer is.
  public struct Output: Sendable {
    public private(set) var events: [Event] = []
    private var buffer = ByteWriter()
    private var ranges: [Range<Int>] = []
    private var messages = ByteWriter()
    private var messageRanges: [Range<Int>] = []

    public init() {}

    /// How many datagrams there are.
    public var datagramCount: Int { ranges.count }

    /// The bytes of one datagram.
    @_lifetime(borrow self)
    public func datagram(_ index: Int) -> Span<UInt8> { buffer.bytes.span.extracting(ranges[index]) }

    /// How many messages of application data the peer has sent.
    public var messageCount: Int { messageRanges.count }

    /// The bytes of one message of application data.
    @_lifetime(borrow self)
    public func message(_ index: Int) -> Span<UInt8> { messages.bytes.span.extracting(messageRanges[index]) }

    /// Forgets everything, keeping the capacity.
    public mutating func removeAll() {
      events.removeAll(keepingCapacity: true)
      ranges.removeAll(keepingCapacity: true)
      buffer.removeAll()
      messageRanges.removeAll(keepingCapacity: true)
      messages.removeAll()
    }

    mutating func emit(_ event: Event) { events.append(event) }

    mutating func append(message: Span<UInt8>) {
      let begin = messages.count
      messages.append(message)
      messageRanges.append(begin..<messages.count)
    }

    mutating func append(_ datagram: Span<UInt8>) {
      let begin = buffer.count
      buffer.append(datagram)
      ranges.append(begin..<buffer.count)
    }
  }
}
