import RTCPrimitives

/// The last packets of one encoding of a source, kept once for all to whom they are forwarded.
package final class SharedPackets {
  /// Long enough for a receiver's own three seconds behind a pacer in which packets wait for two.
  @exclusivity(unchecked) package var buffer = RetransmissionBuffer(capacity: 4096, largestAge: .seconds(5))

  package init() {}
}

/// What was forwarded to one receiver lately, and under which numbers; the bytes are kept with the source.
package struct ForwardedPackets {
  /// A packet that may be sent again.
  package struct Packet: Hashable, Sendable {
    /// What it is called here.
    package let numbers: ForwardedNumbers
    /// Its number in the source's stream, and whose that is.
    let original: SequenceNumber
    let source: UInt8
    private let wholeSize: UInt16
    private let elidedSize: UInt16

    /// In bytes before protection, whether they exist or not.
    package var size: Int { Int(wholeSize) }
    /// Bytes that follow the stored ones without existing.
    package var elided: Int { Int(elidedSize) }

    /// - Precondition: fewer than 64 KiB, as any datagram has.
    init(numbers: ForwardedNumbers, original: SequenceNumber, source: UInt8, size: Int, elided: Int) {
      self.numbers = numbers
      self.original = original
      self.source = source
      wholeSize = UInt16(size)
      elidedSize = UInt16(elided)
    }
  }

  private var ring = emptyRing
  private static let emptyRing = SequenceRing<Packet>(capacity: 4096, largestAge: .seconds(3))
  /// Usually as many as a source has encodings; one that begins anew again and again makes everything be forgotten.
  private var sources: [SharedPackets] = []
  private static let largestSourceCount = 16
  /// The one that was forwarded last, which nearly always is forwarded next.
  private var last: (source: ObjectIdentifier, place: UInt8)?

  package init() {}

  /// Notes a packet that is forwarded; gives it as it may be sent.
  ///
  /// - Parameters:
  ///   - original: its number at the source, in whose buffer it lies.
  ///   - size: of the packet as it is forwarded, before protection, whether its bytes exist or not.
  package mutating func store(
    _ numbers: ForwardedNumbers, of source: SharedPackets, _ original: SequenceNumber, size: Int, elided: Int,
    at now: Instant
  ) -> Packet {
    let packet = Packet(
      numbers: numbers, original: original, source: place(of: source), size: size, elided: elided)
    _ = ring.store(packet, at: numbers.number, now)
    return packet
  }

  private mutating func place(of source: SharedPackets) -> UInt8 {
    if let last, last.source == ObjectIdentifier(source) { return last.place }
    if !sources.contains(where: { $0 === source }) {
      if sources.count == Self.largestSourceCount {
        sources.removeAll()
        ring = Self.emptyRing
      }
      sources.append(source)
    }
    let place = UInt8(sources.firstIndex { $0 === source } ?? 0)
    last = (ObjectIdentifier(source), place)
    return place
  }

  /// The packet with this number, if it is still there, here and with its source.
  package func packet(_ number: SequenceNumber) -> Packet? { ring[number].flatMap { isWithSource($0) ? $0 : nil } }

  /// The packet that is to be sent again; `nil` when it is gone, or was sent again less than a round trip ago.
  package mutating func retransmit(_ number: SequenceNumber, at now: Instant, roundTripTime: Duration) -> Packet? {
    ring.repeat(number, at: now, roundTripTime: roundTripTime).flatMap { isWithSource($0) ? $0 : nil }
  }

  private func isWithSource(_ packet: Packet) -> Bool {
    sources[Int(packet.source)].buffer.packet(packet.original) != nil
  }

  /// Calls `body` with the bytes of a packet that is there, as the source sent it.
  package func withSource(of packet: Packet, _ body: (Span<UInt8>) -> Void) {
    let source = sources[Int(packet.source)]
    guard let kept = source.buffer.packet(packet.original) else { return }
    source.buffer.withBytes(of: kept, body)
  }
}
