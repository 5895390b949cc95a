import RTCMedia
import RTCPrimitives
import RTCWire

/// A packet that a sender may send, for the first time or again.
enum KeptPacket {
  case own(RetransmissionBuffer.Packet, size: Int)
  case forwarded(ForwardedPackets.Packet)

  var number: SequenceNumber {
    switch self {
    case .own(let packet, _): packet.sequenceNumber
    case .forwarded(let packet): packet.numbers.number
    }
  }

  /// In bytes before protection, whether they exist or not.
  var size: Int {
    switch self {
    case .own(_, let size): size
    case .forwarded(let packet): packet.size
    }
  }

  /// Bytes that follow the stored ones without existing.
  var elided: Int {
    switch self {
    case .own(let packet, _): packet.elided
    case .forwarded(let packet): packet.elided
    }
  }
}

/// Where a sender's last packets are: with it, or with the source that it forwards.
extension RTPStreamSender {
  /// The packet with this number, if it is still there.
  func kept(_ number: SequenceNumber) -> KeptPacket? {
    if forwarded != nil { return forwarded?.packet(number).map { .forwarded($0) } }
    return sent.packet(number).map { .own($0, size: sent.size(of: $0)) }
  }

  /// The packet that is to be sent again; `nil` when it is gone, or was sent again less than a round trip ago.
  func keptForRepair(_ number: SequenceNumber, at now: Instant) -> KeptPacket? {
    if forwarded != nil {
      return forwarded?.retransmit(number, at: now, roundTripTime: roundTripTime).map { .forwarded($0) }
    }
    return sent.retransmit(number, at: now, roundTripTime: roundTripTime).map { .own($0, size: sent.size(of: $0)) }
  }

  /// Writes a packet as it is before protection.
  ///
  /// - Returns: the size of its header with all extensions.
  func write(_ packet: KeptPacket, _ control: SendControl, at now: Instant, into writer: inout ByteWriter) -> Int {
    var headerSize = 0
    switch packet {
    case .own(let packet, _):
      sent.withBytes(of: packet) { bytes in
        writer.append(bytes)
        headerSize = (try? RTPPacket(parsing: bytes))?.payloadRange.lowerBound ?? bytes.count
      }
    case .forwarded(let packet):
      forwarded?.withSource(of: packet) { bytes in
        guard let original = try? RTPPacket(parsing: bytes) else { return }
        headerSize = write(original, bytes, as: packet.numbers, control, at: now, into: &writer)
      }
    }
    return headerSize
  }
}
