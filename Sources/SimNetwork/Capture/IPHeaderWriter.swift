import RTCPrimitives

/// Writes the IP and UDP headers of a datagram, with checksums.
///
/// - SeeAlso: RFC 791, RFC 8200, RFC 768, RFC 1071 (checksum)
struct IPHeaderWriter {
  private(set) var bytes: [UInt8] = []
  private let identification: UInt16

  init(identification: UInt16) { self.identification = identification }

  /// - Parameter elided: bytes after `payload` that count for the lengths; the UDP checksum of such a datagram cannot be
  ///   known and is left out (0) over IPv4, and taken over zeros over IPv6.
  mutating func write(from source: Endpoint, to destination: Endpoint, payload: Span<UInt8>, elided: Int) {
    let udpLength = UInt16(8 + payload.count + elided)
    var writer = ByteWriter(reserving: 48)
    switch source.address.family {
    case .ipv4:
      writer.append(0x4500 as UInt16)
      writer.append(20 + udpLength)
      writer.append(identification)
      writer.append(0x4000 as UInt16)
      writer.append(64 as UInt8)
      writer.append(17 as UInt8)
      writer.append(0 as UInt16)
      writer.append(source.address.v4Bits)
      writer.append(destination.address.v4Bits)
      var sum = InternetChecksum()
      sum.add(writer.bytes.span)
      writer.replaceUInt16(at: 10, with: sum.value)
    case .ipv6:
      writer.append(0x6000_0000 as UInt32)
      writer.append(udpLength)
      writer.append(17 as UInt8)
      writer.append(64 as UInt8)
      for address in [source.address, destination.address] {
        writer.append(address.high)
        writer.append(address.low)
      }
    }
    let udp = writer.count
    writer.append(source.port)
    writer.append(destination.port)
    writer.append(udpLength)
    writer.append(0 as UInt16)
    if elided == 0 || source.address.family == .ipv6 {
      var sum = InternetChecksum()
      addAddress(source.address, to: &sum)
      addAddress(destination.address, to: &sum)
      sum.add(17)
      sum.add(udpLength)
      sum.add(writer.bytes.span.extracting(udp..<udp + 8))
      sum.add(payload)
      writer.replaceUInt16(at: udp + 6, with: sum.value == 0 ? 0xFFFF : sum.value)
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
