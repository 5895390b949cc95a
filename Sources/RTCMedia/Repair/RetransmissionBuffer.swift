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

  private struct Slot {
    var packet: Packet?
    var sentAt = Instant.start
    var lastRetransmission: Instant?
  }

  private let largestAge: Int64
  private let capacity: Int
  private var slots: [Slot]
  private var pool = PacketPool()
  /// Packets sent, oldest and newest, as numbers that only grow.
  private var oldest: Int64 = 0
  private var extender = SequenceExtender()

  /// - Parameter capacity: packets, a power of two; memory grows up to it on demand.
  public init(capacity: Int = 512, largestAge: Duration = .seconds(1)) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0 && capacity <= 32_768, "a power of two")
    self.largestAge = largestAge.nanoseconds
    self.capacity = capacity
    slots = [Slot()]
  }

  /// Keeps a copy of a packet that is sent for the first time.
  public mutating func store(_ number: SequenceNumber, bytes: Span<UInt8>, elided: Int = 0, at now: Instant) {
    let isFirst = extender.highest == nil
    let extended = extender.extend(number)
    if isFirst { oldest = extended }
    expire(before: now, newest: extended)
    if slots.count < capacity, slots[slotIndex(number)].packet != nil { grow() }
    let index = slotIndex(number)
    if let packet = slots[index].packet { pool.release(packet.copy) }
    slots[index] = Slot(
      packet: Packet(sequenceNumber: number, elided: elided, copy: pool.store(bytes)), sentAt: now)
  }

  /// The packet that is to be sent again; `nil` when it is gone, or was sent again less than a round trip ago.
  public mutating func retransmit(
    _ number: SequenceNumber, at now: Instant, roundTripTime: Duration
  ) -> Packet? {
    let index = slotIndex(number)
    guard let packet = slots[index].packet, packet.sequenceNumber == number, !isTooOld(slots[index], now) else {
      return nil
    }
    if roundTripTime > .zero, let last = slots[index].lastRetransmission, now - last < roundTripTime { return nil }
    slots[index].lastRetransmission = now
    return packet
  }

  /// The packet with this number, if it is still there.
  public func packet(_ number: SequenceNumber) -> Packet? {
    guard let packet = slots[slotIndex(number)].packet, packet.sequenceNumber == number else { return nil }
    return packet
  }

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

  private func isTooOld(_ slot: Slot, _ now: Instant) -> Bool {
    now.nanoseconds - slot.sentAt.nanoseconds > largestAge
  }

  private func slotIndex(_ number: SequenceNumber) -> Int { Int(number.rawValue) & (slots.count - 1) }

  /// Frees what is too old, so that memory follows the age and not the capacity.
  private mutating func expire(before now: Instant, newest: Int64) {
    oldest = max(oldest, newest - Int64(slots.count))
    while oldest < newest {
      let index = slotIndex(SequenceNumber(UInt16(truncatingIfNeeded: oldest)))
      if let packet = slots[index].packet {
        guard isTooOld(slots[index], now) else { return }
        pool.release(packet.copy)
        slots[index].packet = nil
      }
      oldest += 1
    }
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: Slot(), count: old.count * 2)
    for slot in old {
      guard let packet = slot.packet else { continue }
      slots[slotIndex(packet.sequenceNumber)] = slot
    }
  }
}
