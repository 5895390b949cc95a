import RTCPrimitives

/// DATA: a message of a stream, or a fragment of one.
///
/// - SeeAlso: RFC 9260 §3.3.1
public struct SCTPData: Hashable, Sendable {
  /// Bytes of the chunk before its payload.
  public static let headerSize = 16

  public let isUnordered: Bool
  public let isBeginning: Bool
  public let isEnd: Bool
  /// Numbers the chunks of an association.
  public let tsn: UInt32
  public let stream: UInt16
  /// Numbers the ordered messages of a stream.
  public let streamSequenceNumber: UInt16
  /// What the message is, for the application (RFC 8831 §8).
  public let ppid: UInt32
  /// Where the payload lies in the packet.
  public let payload: Range<Int>

  init(_ reader: inout ByteReader, flags: UInt8) throws(TruncatedInput) {
    isUnordered = flags & 4 != 0
    isBeginning = flags & 2 != 0
    isEnd = flags & 1 != 0
    tsn = try reader.readUInt32()
    stream = try reader.readUInt16()
    streamSequenceNumber = try reader.readUInt16()
    ppid = try reader.readUInt32()
    payload = reader.offset..<reader.end
    // A DATA chunk without data is an error (RFC 9260 §3.3.1).
    guard !reader.isAtEnd else { throw TruncatedInput(offset: reader.offset, needed: 1, available: 0) }
  }
}
