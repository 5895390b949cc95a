import RTCPrimitives

/// An SCTP packet: its common header and chunks, which name parts of the packet instead of copying them.
///
/// - SeeAlso: RFC 9260 §3
public struct SCTPPacket: Hashable, Sendable {
  /// Bytes of the common header.
  public static let headerSize = 12
  private static let checksumRange = 8..<12

  public let sourcePort: UInt16
  public let destinationPort: UInt16
  /// 0 in a packet with INIT.
  public let verificationTag: UInt32
  /// What the packet states: CRC32c, its lowest byte first.
  public let checksum: UInt32
  /// Whether the checksum is that of the packet.
  public let hasValidChecksum: Bool
  public let chunks: [SCTPChunk]

  /// Parses a whole packet. One with a wrong checksum is read all the same; the padding of the last chunk may be missing.
  public init(parsing bytes: Span<UInt8>) throws(SCTPPacketError) {
    var reader = ByteReader(bytes)
    do throws(TruncatedInput) {
      sourcePort = try reader.readUInt16()
      destinationPort = try reader.readUInt16()
      verificationTag = try reader.readUInt32()
      checksum = try reader.readUInt32().byteSwapped
    } catch {
      throw .truncated(error)
    }
    hasValidChecksum = checksum == CRC32c.checksum(of: bytes, asZero: Self.checksumRange)
    guard !reader.isAtEnd else { throw .noChunk }
    var chunks: [SCTPChunk] = []
    while !reader.isAtEnd {
      let chunk = try SCTPChunk(parsing: bytes, at: reader.offset)
      chunks.append(chunk)
      reader.offset = min(bytes.count, chunk.range.lowerBound + (chunk.range.count + 3) & ~3)
    }
    self.chunks = chunks
  }

  /// Whether the chunks of a packet lie inside it, one behind the other; nothing else is looked at.
  public static func isWellFormed(_ bytes: Span<UInt8>) -> Bool {
    var offset = headerSize
    guard bytes.count > offset else { return false }
    while offset < bytes.count {
      guard bytes.count - offset >= SCTPChunk.headerSize else { return false }
      let length = Int(bytes.bigEndianUInt16(at: offset + 2))
      guard length >= SCTPChunk.headerSize, length <= bytes.count - offset else { return false }
      offset += (length + 3) & ~3
    }
    return true
  }

  /// The DATA chunks of a packet, whose checksum is not looked at.
  public static func dataChunks(of bytes: Span<UInt8>) throws(SCTPPacketError) -> [SCTPData] {
    var found: [SCTPData] = []
    var offset = headerSize
    while offset < bytes.count {
      let chunk = try SCTPChunk(parsing: bytes, at: offset)
      if case .data(let data) = chunk.content { found.append(data) }
      offset = chunk.range.lowerBound + (chunk.range.count + 3) & ~3
    }
    return found
  }

  /// Writes the checksum that a packet needs into its header.
  public static func writeChecksum(into packet: inout [UInt8]) {
    precondition(packet.count >= headerSize, "a packet has a header")
    let checksum = CRC32c.checksum(of: packet.span, asZero: checksumRange)
    for index in 0..<4 { packet[checksumRange.lowerBound + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index)) }
  }
}
