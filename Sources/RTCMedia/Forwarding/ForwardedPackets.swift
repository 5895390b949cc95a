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
    let source: Int
    /// In bytes before protection, whether they exist or not.
    package let size: Int
    /// Bytes that follow the stored ones without existing.
    package let elided: Int
  }

  private var ring = SequenceRing<Packet>(capacity: 4096, largestAge: .seconds(3))
  private var sources: [SharedPackets] = []

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

  private mutating func place(of source: SharedPackets) -> Int {
    for index in sources.indices where sources[index] === source { return index }
    sources.append(source)
    return sources.count - 1
  }

  /// The packet with this number, if it is still there, here and with its source.
  package func packet(_ number: SequenceNumber) -> Packet? { ring[number].flatMap { isWithSource($0) ? $0 : nil } }

  /// The packet that is to be sent again; `nil` when it is gone, or was sent again less than a round trip ago.
  package mutating func retransmit(_ number: SequenceNumber, at now: Instant, roundTripTime: Duration) -> Packet? {
    ring.repeat(number, at: now, roundTripTime: roundTripTime).flatMap { isWithSource($0) ? $0 : nil }
  }

  private func isWithSource(_ packet: Packet) -> Bool {
    sources[packet.source].buffer.packet(packet.original) != nil
  }

  /// Calls `body` with the bytes of a packet that is there, as the source sent it.
  package func withSource(of packet: Packet, _ body: (Span<UInt8>) -> Void) {
    let source = sources[packet.source]
    guard let kept = source.buffer.packet(packet.original) else { return }
    source.buffer.withBytes(of: kept, body)
  }
}
