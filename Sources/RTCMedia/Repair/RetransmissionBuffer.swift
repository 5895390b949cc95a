public import RTCPrimitives

/// The last packets that were sent on one stream, for those who ask for them again.
///
/// A packet is kept for `largestAge`, and until as many newer ones were sent as the buffer holds. What is kept is the
/// packet before protection; it may travel again with its own SSRC and sequence number.
///
/// - SeeAlso: RFC 4585 §6.2.1
/// - Note: Where a stream of retransmissions was agreed on (RFC 4588), the sender gives the copy that stream's header.
public struct RetransmissionBuffer: ~Copyable, Sendable {
  /// A packet that may be sent again.
  public struct Packet: Hashable, Sendable {
    public let sequenceNumber: SequenceNumber
    /// Bytes that follow the stored ones without existing.
    public let elided: Int
    let copy: PacketPool.Copy
  }

  private var ring: SequenceRing<Packet>
  private var pool = PacketPool()

  /// - Parameter capacity: packets, a power of two; memory grows up to it on demand.
  public init(capacity: Int = 512, largestAge: Duration = .seconds(1)) {
    ring = SequenceRing(capacity: capacity, largestAge: largestAge)
  }

  /// Keeps a copy of a packet that is sent for the first time.
  public mutating func store(_ number: SequenceNumber, bytes: Span<UInt8>, elided: Int = 0, at now: Instant) {
    let packet = Packet(sequenceNumber: number, elided: elided, copy: pool.store(bytes))
    if let old = ring.store(packet, at: number, now) { pool.release(old.copy) }
  }

  /// The packet that is to be sent again; `nil` when it is gone, or was sent again less than a round trip ago.
  public mutating func retransmit(
    _ number: SequenceNumber, at now: Instant, roundTripTime: Duration
  ) -> Packet? {
    ring.repeat(number, at: now, roundTripTime: roundTripTime)
  }

  /// The packet with this number, if it is still there.
  public func packet(_ number: SequenceNumber) -> Packet? { ring[number] }

  /// The bytes of a packet before protection, whether they exist or not.
  public func size(of packet: Packet) -> Int { packet.copy.count + packet.elided }

  /// Calls `body` with the stored bytes of `packet`, which are there until the next `store`.
  @inlinable
  public func withBytes<Result>(of packet: Packet, _ body: (Span<UInt8>) -> Result) -> Result {
    body(bytes(of: packet))
  }

  @_lifetime(borrow self)
  @usableFromInline
  func bytes(of packet: Packet) -> Span<UInt8> { pool.bytes(of: packet.copy) }
}
