import RTCPrimitives

/// The four-byte framing of relayed data on a bound channel (RFC 8656 §12.4).
///
/// It names a part of the datagram instead of copying it: relaying ChannelData allocates nothing.
public struct ChannelData: Hashable, Sendable {
  public static let headerSize = 4
  /// The channel numbers that may be bound (RFC 8656 §12).
  public static let channels: ClosedRange<UInt16> = 0x4000...0x4FFF

  public let channel: UInt16
  /// Where the application data that exists lies in the datagram.
  public let range: Range<Int>
  /// How many bytes of application data follow on the wire without being stored (`Datagram.elided`).
  public let elided: Int

  /// Parses a datagram of which `elided` further bytes are on the wire only.
  ///
  /// Bytes behind the declared length are padding, which UDP may carry too (RFC 8656 §12.5).
  @inlinable
  public init(parsing bytes: Span<UInt8>, elided: Int = 0) throws(STUNError) {
    guard bytes.count >= Self.headerSize else {
      throw .truncated(offset: 0, needed: Self.headerSize, available: bytes.count)
    }
    let channel = bytes.bigEndianUInt16(at: 0)
    guard channel >= 0x4000, channel <= 0x4FFF else { throw .invalidChannel(channel) }
    let length = Int(bytes.bigEndianUInt16(at: 2))
    let stored = bytes.count - Self.headerSize
    guard length <= stored + elided else {
      throw .truncated(offset: Self.headerSize, needed: length, available: stored + elided)
    }
    let present = min(length, stored)
    self.channel = channel
    self.range = Self.headerSize..<Self.headerSize + present
    self.elided = length - present
  }

  /// Appends the header of a message that carries `length` bytes, those that are not stored included.
  ///
  /// - Precondition: `length` is at most 65535.
  @inlinable
  public static func writeHeader(channel: UInt16, length: Int, into writer: inout ByteWriter) {
    writer.append(channel)
    writer.append(UInt16(length))
  }

  /// Appends header and data without padding, as over UDP.
  @inlinable
  public static func write(channel: UInt16, _ data: Span<UInt8>, elided: Int = 0, into writer: inout ByteWriter) {
    writeHeader(channel: channel, length: data.count + elided, into: &writer)
    writer.append(data)
  }
}
