import RTCPrimitives

/// Compound RTCP packets: what one datagram carries.
///
/// - SeeAlso: RFC 3550 §6.1, RFC 5506
public enum RTCPCompound {
  /// Parses a whole datagram.
  ///
  /// - Parameter allowsReducedSize: whether `a=rtcp-rsize` was negotiated; if not, SR or RR must come first.
  /// - Throws: an `RTCPError` that names offset and reason; nothing of such a datagram is to be used.
  public static func parse(
    _ bytes: Span<UInt8>, allowsReducedSize: Bool = true
  ) throws(RTCPError) -> [RTCPPacket] {
    var packets: [RTCPPacket] = []
    var offset = 0
    repeat {
      let body = try RTCPBody(parsing: bytes, at: offset)
      if offset == 0, !allowsReducedSize, body.type != .senderReport, body.type != .receiverReport {
        throw .reducedSize(body.type)
      }
      packets.append(try RTCPPacket(parsing: body))
      offset = body.end
    } while offset < bytes.count
    return packets
  }

  /// Appends the packets of one datagram.
  ///
  /// A message before the last one that is not whole words is filled with zeros, as only the last one may be padded.
  /// - Parameter padding: bytes to add to the last packet, a multiple of 4 up to 248.
  /// - Precondition: `packets` is not empty.
  public static func write(_ packets: [RTCPPacket], padding: Int = 0, into writer: inout ByteWriter) {
    precondition(!packets.isEmpty, "a compound packet has at least one packet")
    precondition(
      padding >= 0 && padding <= 248 && padding.isMultiple(of: 4), "RTCP padding is whole words, up to 248 bytes")
    for (index, packet) in packets.enumerated() {
      let begin = writer.count
      packet.write(into: &writer)
      let isPadded = writer.bytes[begin] & 0x20 != 0
      if index < packets.count - 1 {
        guard isPadded else { continue }
        writer.bytes[begin] &= ~0x20
        writer.bytes[writer.count - 1] = 0
      } else if padding > 0 {
        let present = isPadded ? Int(writer.bytes[writer.count - 1]) : 0
        writer.truncate(to: writer.count - present)
        writer.bytes[begin] |= 0x20
        RTPHeader.writePadding(present + padding, into: &writer)
        writer.enterRTCPLength(at: begin)
      }
    }
  }
}
