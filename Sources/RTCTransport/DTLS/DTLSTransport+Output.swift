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

  /// Datagrams for the peer, and events, in order. Owned and reused by the caller, who knows where the peer is.
  public struct Output: Sendable {
    public private(set) var events: [Event] = []
    private var buffer = ByteWriter()
    private var ranges: [Range<Int>] = []

    public init() {}

    /// How many datagrams there are.
    public var datagramCount: Int { ranges.count }

    /// The bytes of one datagram.
    @_lifetime(borrow self)
    public func datagram(_ index: Int) -> Span<UInt8> { buffer.bytes.span.extracting(ranges[index]) }

    /// Forgets everything, keeping the capacity.
    public mutating func removeAll() {
      events.removeAll(keepingCapacity: true)
      ranges.removeAll(keepingCapacity: true)
      buffer.removeAll()
    }

    mutating func emit(_ event: Event) { events.append(event) }

    mutating func append(_ datagram: Span<UInt8>) {
      let begin = buffer.count
      buffer.append(datagram)
      ranges.append(begin..<buffer.count)
    }
  }
}
