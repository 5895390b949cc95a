import RTCPrimitives

/// The UDP datagram that a captured packet carries.
struct CapturedDatagram {
  let source: Endpoint
  let destination: Endpoint
  /// The size of the UDP payload on the wire.
  let size: Int
  /// Where those bytes of the payload that were captured stand in the file.
  let payload: Range<Int>

  /// `nil` when the packet is no whole UDP datagram: another protocol, or a later fragment.
  init?(_ packet: Capture.Packet, in bytes: [UInt8]) {
    guard let network = Self.networkOffset(of: packet, in: bytes) else { return nil }
    let end = packet.range.upperBound
    guard network < end else { return nil }
    switch bytes[network] >> 4 {
    case 4: self.init(ipv4: network, end: end, in: bytes)
    case 6: self.init(ipv6: network, end: end, in: bytes)
    default: return nil
    }
  }

  /// The link types that can be read (draft-ietf-opsawg-pcaplinktype).
  static func supports(_ linkType: UInt16) -> Bool { [1, 101, 113, 228, 229, 276].contains(linkType) }

  /// Where the IP header begins.
  private static func networkOffset(of packet: Capture.Packet, in bytes: [UInt8]) -> Int? {
    let begin = packet.range.lowerBound
    let room = packet.range.count
    switch packet.linkType {
    case 101, 228, 229: return begin
    case 1:
      var offset = 12
      while room >= offset + 2, uint16(bytes, begin + offset) == 0x8100 { offset += 4 }
      guard room >= offset + 2, [0x0800, 0x86DD].contains(uint16(bytes, begin + offset)) else { return nil }
      return begin + offset + 2
    case 113: return room >= 16 ? begin + 16 : nil
    case 276: return room >= 20 ? begin + 20 : nil
    default: return nil
    }
  }

  private init?(ipv4 begin: Int, end: Int, in bytes: [UInt8]) {
    guard end - begin >= 20 else { return nil }
    let header = Int(bytes[begin] & 0x0F) * 4
    let isLaterFragment = Self.uint16(bytes, begin + 6) & 0x1FFF != 0
    guard header >= 20, bytes[begin + 9] == 17, !isLaterFragment else { return nil }
    self.init(
      udp: begin + header, end: end, in: bytes, from: IPAddress(v4: Self.uint32(bytes, begin + 12)),
      to: IPAddress(v4: Self.uint32(bytes, begin + 16)))
  }

  private init?(ipv6 begin: Int, end: Int, in bytes: [UInt8]) {
    guard end - begin >= 40 else { return nil }
    var next = bytes[begin + 6]
    var offset = begin + 40
    while [0, 43, 60].contains(next), offset + 8 <= end {
      next = bytes[offset]
      offset += 8 + Int(bytes[offset + 1]) * 8
    }
    guard next == 17 else { return nil }
    self.init(
      udp: offset, end: end, in: bytes, from: Self.ipv6(bytes, begin + 8), to: Self.ipv6(bytes, begin + 24))
  }

  private init?(udp begin: Int, end: Int, in bytes: [UInt8], from source: IPAddress, to destination: IPAddress) {
    guard end - begin >= 8 else { return nil }
    let length = Int(Self.uint16(bytes, begin + 4))
    guard length >= 8 else { return nil }
    self.source = Endpoint(source, Self.uint16(bytes, begin))
    self.destination = Endpoint(destination, Self.uint16(bytes, begin + 2))
    size = length - 8
    payload = begin + 8..<min(begin + length, end)
  }

  private static func ipv6(_ bytes: [UInt8], _ offset: Int) -> IPAddress {
    IPAddress(
      v6High: UInt64(uint32(bytes, offset)) << 32 | UInt64(uint32(bytes, offset + 4)),
      low: UInt64(uint32(bytes, offset + 8)) << 32 | UInt64(uint32(bytes, offset + 12)))
  }

  private static func uint16(_ bytes: [UInt8], _ offset: Int) -> UInt16 { bytes.span.bigEndianUInt16(at: offset) }
  private static func uint32(_ bytes: [UInt8], _ offset: Int) -> UInt32 { bytes.span.bigEndianUInt32(at: offset) }
}
