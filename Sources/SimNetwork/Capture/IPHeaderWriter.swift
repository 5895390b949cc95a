import RTCPrimitives

/// Writes the IP and UDP or TCP headers of a packet, with checksums.
///
/// - SeeAlso: RFC 791, RFC 8200, RFC 768, RFC 9293 §3.1, RFC 1071 (checksum)
struct IPHeaderWriter {
  private(set) var bytes: [UInt8] = []
  /// How many bytes of the payload `bytes` holds already: those of a TCP header.
  private(set) var payloadOffset = 0
  private let identification: UInt16

  /// The fixed part of a TCP header.
  private static let tcpHeaderSize = 20

  init(identification: UInt16) { self.identification = identification }

  /// - Parameters:
  ///   - payload: what follows the UDP header, or a TCP segment. The ports and the checksum of a segment, which a NAT
  ///     would have changed, are written anew.
  ///   - elided: bytes after `payload` that count for the lengths; the UDP checksum of such a datagram cannot be known
  ///     and is left out (0) over IPv4, and taken over zeros over IPv6.
  mutating func write(
    _ transport: TransportProtocol, from source: Endpoint, to destination: Endpoint, payload: Span<UInt8>, elided: Int
  ) {
    let length = UInt16(transport.headerSize + payload.count + elided)
    var writer = ByteWriter(reserving: 64)
    switch source.address.family {
    case .ipv4:
      writer.append(0x4500 as UInt16)
      writer.append(20 + length)
      writer.append(identification)
      writer.append(0x4000 as UInt16)
      writer.append(64 as UInt8)
      writer.append(transport.number)
      writer.append(0 as UInt16)
      writer.append(source.address.v4Bits)
      writer.append(destination.address.v4Bits)
      var sum = InternetChecksum()
      sum.add(writer.bytes.span)
      writer.replaceUInt16(at: 10, with: sum.value)
    case .ipv6:
      writer.append(0x6000_0000 as UInt32)
      writer.append(length)
      writer.append(transport.number)
      writer.append(64 as UInt8)
      for address in [source.address, destination.address] {
        writer.append(address.high)
        writer.append(address.low)
      }
    }
    var sum = InternetChecksum()
    addAddress(source.address, to: &sum)
    addAddress(destination.address, to: &sum)
    sum.add(UInt16(transport.number))
    sum.add(length)
    let header = writer.count
    switch transport {
    case .udp:
      writer.append(source.port)
      writer.append(destination.port)
      writer.append(length)
      writer.append(0 as UInt16)
      guard elided == 0 || source.address.family == .ipv6 else { break }
      sum.add(writer.bytes.span.extracting(header..<header + 8))
      sum.add(payload)
      writer.replaceUInt16(at: header + 6, with: sum.value == 0 ? 0xFFFF : sum.value)
    case .tcp:
      guard payload.count >= Self.tcpHeaderSize else { break }
      payloadOffset = Self.tcpHeaderSize
      writer.append(payload.extracting(0..<Self.tcpHeaderSize))
      writer.replaceUInt16(at: header, with: source.port)
      writer.replaceUInt16(at: header + 2, with: destination.port)
      writer.replaceUInt16(at: header + 16, with: 0)
      sum.add(writer.bytes.span.extracting(header..<header + Self.tcpHeaderSize))
      sum.add(payload.extracting(Self.tcpHeaderSize..<payload.count))
      writer.replaceUInt16(at: header + 16, with: sum.value)
    }
    bytes = writer.bytes
  }

  private func addAddress(_ address: IPAddress, to sum: inout InternetChecksum) {
    for word in [address.high, address.low] {
      for shift in [48, 32, 16, 0] as [UInt64] { sum.add(UInt16(truncatingIfNeeded: word >> shift)) }
    }
  }
}

/// The ones' complement sum of RFC 1071.
private struct InternetChecksum {
  private var sum: UInt64 = 0

  mutating func add(_ word: UInt16) { sum += UInt64(word) }

  mutating func add(_ bytes: Span<UInt8>) {
    var index = 0
    while index + 1 < bytes.count {
      sum += UInt64(bytes.bigEndianUInt16(at: index))
      index += 2
    }
    if index < bytes.count { sum += UInt64(bytes[index]) << 8 }
  }

  var value: UInt16 {
    var folded = sum
    while folded > 0xFFFF { folded = (folded & 0xFFFF) + folded >> 16 }
    return ~UInt16(folded)
  }
}
