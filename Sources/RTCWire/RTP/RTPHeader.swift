import RTCPrimitives

/// The fixed RTP header and its CSRC list, without the extension block that may follow.
///
/// - SeeAlso: RFC 3550 §5.1
public struct RTPHeader: Hashable, Sendable {
  /// The size of the header without CSRC identifiers, in bytes.
  public static let fixedSize = 12

  /// Whether padding ends the packet; whoever writes the header appends it.
  public var hasPadding = false
  /// Whether an extension block follows the header; whoever writes the header appends it.
  public var hasExtension = false
  public var marker: Bool
  /// The payload type, 0 ... 127.
  public var payloadType: UInt8
  public var sequenceNumber: SequenceNumber
  /// The sampling instant in ticks of the payload's clock; it wraps.
  public var timestamp: UInt32
  public var ssrc: UInt32
  public var csrcs = ContributingSources()

  public init(
    payloadType: UInt8, sequenceNumber: SequenceNumber, timestamp: UInt32, ssrc: UInt32, marker: Bool = false,
    csrcs: ContributingSources = ContributingSources()
  ) {
    self.marker = marker
    self.payloadType = payloadType
    self.sequenceNumber = sequenceNumber
    self.timestamp = timestamp
    self.ssrc = ssrc
    self.csrcs = csrcs
  }

  /// Parses the header at the beginning of `bytes`.
  ///
  /// - Throws: `truncated`, `unsupportedVersion`.
  public init(parsing bytes: Span<UInt8>) throws(RTPError) {
    guard bytes.count >= Self.fixedSize else {
      throw .truncated(at: 0, needed: Self.fixedSize, available: bytes.count)
    }
    let first = bytes[0]
    guard first >> 6 == 2 else { throw .unsupportedVersion(first >> 6) }
    let second = bytes[1]
    hasPadding = first & 0x20 != 0
    hasExtension = first & 0x10 != 0
    marker = second & 0x80 != 0
    payloadType = second & 0x7F
    sequenceNumber = SequenceNumber(bytes.bigEndianUInt16(at: 2))
    timestamp = bytes.bigEndianUInt32(at: 4)
    ssrc = bytes.bigEndianUInt32(at: 8)
    let count = Int(first & 0x0F)
    if count > 0 {
      guard bytes.count >= Self.fixedSize + 4 * count else {
        throw .truncated(at: Self.fixedSize, needed: 4 * count, available: bytes.count - Self.fixedSize)
      }
      for index in 0..<count { csrcs.append(bytes.bigEndianUInt32(at: Self.fixedSize + 4 * index)) }
    }
  }

  /// The size of the header with its CSRC list, in bytes.
  public var size: Int { Self.fixedSize + 4 * csrcs.count }

  /// Appends the header. Extension block, payload and padding are the caller's to append.
  public func write(into writer: inout ByteWriter) {
    var fixed = InlineArray<12, UInt8>(repeating: 0)
    var span = fixed.mutableSpan
    span[0] = 0x80 | (hasPadding ? 0x20 : 0) | (hasExtension ? 0x10 : 0) | UInt8(csrcs.count)
    span[1] = (marker ? 0x80 : 0) | payloadType & 0x7F
    span.store(sequenceNumber.rawValue, at: 2)
    span.store(timestamp, at: 4)
    span.store(ssrc, at: 8)
    writer.append(fixed.span)
    for index in 0..<csrcs.count { writer.append(csrcs[index]) }
  }

  /// Appends padding: zeros and, in the last byte, their count (RFC 3550 §5.1).
  ///
  /// - Precondition: `count` is in 1 ... 255.
  public static func writePadding(_ count: Int, into writer: inout ByteWriter) {
    precondition(count >= 1 && count <= 255, "the padding count is one byte and counts itself")
    writer.appendZeros(count - 1)
    writer.append(UInt8(count))
  }
}
