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

  /// Whether the chunks of a packet lie inside it, one behind the other, and so do the parameters of a chunk inside it;
  /// nothing else is looked at.
  public static func isWellFormed(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count > headerSize else { return false }
    return isList(bytes, in: headerSize..<bytes.count) { chunk in
      let fields: Int
      switch SCTPChunk.Kind(rawValue: bytes[chunk.lowerBound]) {
      case .initiation, .initiationAcknowledgement: fields = 16
      case .heartbeat, .heartbeatAcknowledgement, .abort, .error, .reconfiguration: fields = 0
      case .data, .selectiveAcknowledgement, .shutdown, .shutdownAcknowledgement, .cookieEcho,
        .cookieAcknowledgement, .shutdownComplete, .forwardTSN, nil:
        return true
      }
      let begin = chunk.lowerBound + SCTPChunk.headerSize + fields
      return begin <= chunk.upperBound && isList(bytes, in: begin..<chunk.upperBound) { _ in true }
    }
  }

  /// Whether `range` is a row of entries with their length in bytes 2 and 3, each of which `isGood`; chunks and
  /// parameters have the same form.
  private static func isList(
    _ bytes: Span<UInt8>, in range: Range<Int>, where isGood: (Range<Int>) -> Bool
  ) -> Bool {
    var offset = range.lowerBound
    while offset < range.upperBound {
      guard range.upperBound - offset >= SCTPChunk.headerSize else { return false }
      let length = Int(bytes.bigEndianUInt16(at: offset + 2))
      guard length >= SCTPChunk.headerSize, length <= range.upperBound - offset,
        isGood(offset..<offset + length)
      else { return false }
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
