import RTCPrimitives

/// INIT and INIT ACK: what one side begins an association with.
///
/// - SeeAlso: RFC 9260 §3.3.2, §3.3.3
public struct SCTPInitiation: Hashable, Sendable {
  /// The verification tag of packets to this side.
  public let initiateTag: UInt32
  /// How many bytes this side has room for.
  public let advertisedWindow: UInt32
  public let outboundStreams: UInt16
  public let inboundStreams: UInt16
  public let initialTSN: UInt32
  /// Where the optional parameters lie in the packet.
  public let parameters: Range<Int>

  init(_ reader: inout ByteReader) throws(TruncatedInput) {
    initiateTag = try reader.readUInt32()
    advertisedWindow = try reader.readUInt32()
    outboundStreams = try reader.readUInt16()
    inboundStreams = try reader.readUInt16()
    initialTSN = try reader.readUInt32()
    parameters = reader.offset..<reader.end
  }
}
