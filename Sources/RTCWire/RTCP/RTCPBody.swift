import RTCPrimitives

/// One packet of a compound packet: its header's fields, and its bytes between header and padding.
///
/// Offsets count from the end of the header.
struct RTCPBody: ~Escapable {
  static let headerSize = 4

  let type: RTCPPacketType
  /// The five bits after the padding bit: a count, a subtype or a feedback format.
  let count: UInt8
  /// The number of bytes without padding.
  let size: Int
  /// The number of padding bytes that follow.
  let paddingLength: Int
  private let bytes: Span<UInt8>
  private let begin: Int

  /// Parses the packet at `offset`.
  @_lifetime(copy bytes)
  init(parsing bytes: Span<UInt8>, at offset: Int) throws(RTCPError) {
    guard bytes.count - offset >= Self.headerSize else {
      throw .truncated(
        nil, TruncatedInput(offset: offset, needed: Self.headerSize, available: bytes.count - offset))
    }
    let first = bytes[offset]
    guard first >> 6 == 2 else { throw .unsupportedVersion(first >> 6, offset: offset) }
    type = RTCPPacketType(rawValue: bytes[offset + 1])
    count = first & 0x1F
    let length = 4 * Int(bytes.bigEndianUInt16(at: offset + 2))
    begin = offset + Self.headerSize
    guard bytes.count - begin >= length else {
      throw .truncated(type, TruncatedInput(offset: begin, needed: length, available: bytes.count - begin))
    }
    self.bytes = bytes
    guard first & 0x20 != 0 else {
      paddingLength = 0
      size = length
      return
    }
    guard begin + length == bytes.count else { throw .paddingBeforeEnd(offset: offset) }
    paddingLength = length > 0 ? Int(bytes[bytes.count - 1]) : 0
    guard paddingLength > 0, paddingLength <= length else {
      throw .invalidPadding(length: paddingLength, offset: bytes.count - 1, available: length)
    }
    size = length - paddingLength
  }

  /// Where the next packet begins, from the first byte of the compound packet.
  var end: Int { begin + size + paddingLength }

  func uint8(at offset: Int) -> UInt8 { bytes[begin + offset] }
  func uint16(at offset: Int) -> UInt16 { bytes.bigEndianUInt16(at: begin + offset) }
  func uint24(at offset: Int) -> UInt32 { UInt32(uint8(at: offset)) << 16 | UInt32(uint16(at: offset + 1)) }
  func uint32(at offset: Int) -> UInt32 { bytes.bigEndianUInt32(at: begin + offset) }
  func uint64(at offset: Int) -> UInt64 { UInt64(uint32(at: offset)) << 32 | UInt64(uint32(at: offset + 4)) }
  func array(_ range: Range<Int>) -> [UInt8] { bytes.array(begin + range.lowerBound..<begin + range.upperBound) }

  /// Throws `truncated` unless `count` bytes exist at `offset`.
  func require(_ count: Int, at offset: Int = 0) throws(RTCPError) {
    guard size - offset >= count else {
      throw .truncated(
        type, TruncatedInput(offset: begin + offset, needed: count, available: max(0, size - offset)))
    }
  }

  /// The offset of `offset` from the first byte of the compound packet, for errors.
  func position(_ offset: Int) -> Int { begin + offset }
}

extension ByteWriter {
  /// Appends an RTCP packet with the given body.
  ///
  /// A body that is not whole words is padded, with the padding bit set, as libwebrtc does for its feedback.
  /// - Precondition: `count` is at most 31, and the body shorter than 256 KiB.
  mutating func appendRTCP(_ type: RTCPPacketType, count: Int, body: (inout ByteWriter) -> Void) {
    precondition(count >= 0 && count <= 31, "an RTCP header counts up to 31")
    let begin = self.count
    append(0x80 | UInt8(count))
    append(type.rawValue)
    append(0 as UInt16)
    body(&self)
    let rest = -(self.count - begin) & 3
    if rest > 0 {
      bytes[begin] |= 0x20
      RTPHeader.writePadding(rest, into: &self)
    }
    enterRTCPLength(at: begin)
  }

  /// Enters the length of the RTCP packet that reaches from `begin` to the end.
  mutating func enterRTCPLength(at begin: Int) {
    let words = (count - begin) / 4 - 1
    precondition(words <= Int(UInt16.max), "an RTCP packet is at most 256 KiB long")
    replaceUInt16(at: begin + 2, with: UInt16(words))
  }
}
