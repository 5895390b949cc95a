import RTCPrimitives

/// The header of a TCP segment, and where its data lies.
///
/// Ports and checksum are not among the fields: as with UDP the ports are those of the packet, where a NAT changes them,
/// and the checksum is left to whoever puts the segment on a real wire. In bytes that this type writes they are zero.
/// - SeeAlso: RFC 9293 §3.1, RFC 7323 §2 (window scale), RFC 2018 §2, §3 (selective acknowledgments)
/// - Note: Read and written are the options maximum segment size, window scale, SACK-permitted and SACK; others are skipped.
public struct TCPSegment: Hashable, Sendable {
  public struct Flags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let finish = Flags(rawValue: 1 << 0)
    public static let synchronize = Flags(rawValue: 1 << 1)
    public static let reset = Flags(rawValue: 1 << 2)
    public static let push = Flags(rawValue: 1 << 3)
    public static let acknowledge = Flags(rawValue: 1 << 4)
    public static let urgent = Flags(rawValue: 1 << 5)

    /// Those of a segment with its header, for whoever wants nothing else of it; `nil` of fewer bytes than a header has.
    public init?(ofSegment bytes: Span<UInt8>) {
      guard bytes.count >= TCPSegment.minimumHeaderSize else { return nil }
      self.init(rawValue: bytes[Self.offset] & Self.mask)
    }

    fileprivate static let offset = 13
    fileprivate static let mask: UInt8 = 0x3F
  }

  /// Sequence numbers of a run of bytes that has arrived.
  public struct Block: Hashable, Sendable {
    public var begin: UInt32
    /// That of the first byte behind it.
    public var end: UInt32

    public init(begin: UInt32, end: UInt32) {
      self.begin = begin
      self.end = end
    }
  }

  /// The size of a header without options.
  public static let minimumHeaderSize = 20

  public var sequenceNumber: UInt32
  /// Meaningful with `.acknowledge`.
  public var acknowledgmentNumber: UInt32
  public var flags: Flags
  /// The window field as it stands in the header, before scaling.
  public var window: UInt16
  /// The largest segment that the sender of this one takes, in bytes of data; only with `.synchronize`.
  public var maximumSegmentSize: UInt16?
  /// The power of two by which windows are to be multiplied, at most 14; only with `.synchronize`.
  public var windowScale: UInt8?
  /// Whether the sender of this one reads selective acknowledgments; only with `.synchronize`.
  public var permitsSelectiveAcknowledgment = false
  /// What has arrived behind a gap: first what arrived last, at most four.
  public var selectiveAcknowledgments: [Block] = []
  /// Where the data lies in the bytes that were parsed; empty in a segment that was made.
  public private(set) var dataRange = 0..<0

  public init(
    sequenceNumber: UInt32, acknowledgmentNumber: UInt32 = 0, flags: Flags, window: UInt16,
    maximumSegmentSize: UInt16? = nil, windowScale: UInt8? = nil
  ) {
    self.sequenceNumber = sequenceNumber
    self.acknowledgmentNumber = acknowledgmentNumber
    self.flags = flags
    self.window = window
    self.maximumSegmentSize = maximumSegmentSize
    self.windowScale = windowScale
  }

  /// Parses a segment with its header.
  public init(parsing bytes: Span<UInt8>) throws(TCPError) {
    do throws(TruncatedInput) {
      var reader = ByteReader(bytes)
      try reader.skip(4)
      sequenceNumber = try reader.readUInt32()
      acknowledgmentNumber = try reader.readUInt32()
      let offset = Int(try reader.readUInt8() >> 4) * 4
      flags = Flags(rawValue: try reader.readUInt8() & Flags.mask)
      window = try reader.readUInt16()
      try reader.skip(4)
      dataRange = offset..<max(offset, bytes.count)
    } catch {
      throw .truncated(error)
    }
    guard dataRange.lowerBound >= Self.minimumHeaderSize, dataRange.lowerBound <= bytes.count else {
      throw .wrongDataOffset(dataRange.lowerBound, available: bytes.count)
    }
    try parseOptions(bytes)
  }

  /// What a host answers that has no connection for this segment; `nil` to a reset (RFC 9293 §3.10.7.1).
  public var refusal: TCPSegment? {
    guard !flags.contains(.reset) else { return nil }
    let acknowledges = flags.contains(.acknowledge)
    return TCPSegment(
      sequenceNumber: acknowledges ? acknowledgmentNumber : 0,
      acknowledgmentNumber: acknowledges ? 0 : sequenceNumber &+ UInt32(length),
      flags: acknowledges ? .reset : [.reset, .acknowledge], window: 0)
  }

  /// How much of the sequence space the segment takes: its data, and one each for SYN and FIN (RFC 9293 §3.4).
  public var length: Int {
    dataRange.count + (flags.contains(.synchronize) ? 1 : 0) + (flags.contains(.finish) ? 1 : 0)
  }

  /// Appends header and data.
  ///
  /// - Precondition: the window scale is at most 14, and there is room for the blocks.
  public func write(_ data: Span<UInt8>, into writer: inout ByteWriter) {
    precondition((windowScale ?? 0) <= Self.maximumWindowScale, "a window is scaled by at most 2^14")
    let blocks = selectiveAcknowledgments
    let optionSize =
      (maximumSegmentSize == nil ? 0 : 4) + (windowScale == nil ? 0 : 4) + (permitsSelectiveAcknowledgment ? 4 : 0)
      + (blocks.isEmpty ? 0 : 4 + 8 * blocks.count)
    precondition(optionSize <= 40, "the options of a segment have 40 bytes at most")
    writer.append(0 as UInt32)
    writer.append(sequenceNumber)
    writer.append(acknowledgmentNumber)
    writer.append(UInt8((Self.minimumHeaderSize + optionSize) / 4) << 4)
    writer.append(flags.rawValue)
    writer.append(window)
    writer.append(0 as UInt32)
    if let maximumSegmentSize {
      writer.append(OptionKind.maximumSegmentSize)
      writer.append(4 as UInt8)
      writer.append(maximumSegmentSize)
    }
    if let windowScale {
      writer.append(OptionKind.noOperation)
      writer.append(OptionKind.windowScale)
      writer.append(3 as UInt8)
      writer.append(windowScale)
    }
    if permitsSelectiveAcknowledgment {
      writer.append(OptionKind.noOperation)
      writer.append(OptionKind.noOperation)
      writer.append(OptionKind.selectiveAcknowledgmentPermitted)
      writer.append(2 as UInt8)
    }
    if !blocks.isEmpty {
      writer.append(OptionKind.noOperation)
      writer.append(OptionKind.noOperation)
      writer.append(OptionKind.selectiveAcknowledgment)
      writer.append(UInt8(2 + 8 * blocks.count))
      for block in blocks {
        writer.append(block.begin)
        writer.append(block.end)
      }
    }
    writer.append(data)
  }

  private static let maximumWindowScale: UInt8 = 14

  private enum OptionKind {
    static let endOfList: UInt8 = 0
    static let noOperation: UInt8 = 1
    static let maximumSegmentSize: UInt8 = 2
    static let windowScale: UInt8 = 3
    static let selectiveAcknowledgmentPermitted: UInt8 = 4
    static let selectiveAcknowledgment: UInt8 = 5
  }

  private mutating func parseOptions(_ bytes: Span<UInt8>) throws(TCPError) {
    var offset = Self.minimumHeaderSize
    let end = dataRange.lowerBound
    while offset < end {
      let kind = bytes[offset]
      if kind == OptionKind.endOfList { return }
      if kind == OptionKind.noOperation {
        offset += 1
        continue
      }
      guard offset + 1 < end, bytes[offset + 1] >= 2, offset + Int(bytes[offset + 1]) <= end else {
        throw .malformedOption(kind: kind, offset: offset)
      }
      let length = Int(bytes[offset + 1])
      if kind == OptionKind.maximumSegmentSize {
        guard length == 4 else { throw .malformedOption(kind: kind, offset: offset) }
        maximumSegmentSize = bytes.bigEndianUInt16(at: offset + 2)
      }
      if kind == OptionKind.windowScale {
        guard length == 3 else { throw .malformedOption(kind: kind, offset: offset) }
        // RFC 7323 §2.3: a larger scale is used as 14.
        windowScale = min(bytes[offset + 2], Self.maximumWindowScale)
      }
      if kind == OptionKind.selectiveAcknowledgmentPermitted {
        guard length == 2 else { throw .malformedOption(kind: kind, offset: offset) }
        permitsSelectiveAcknowledgment = true
      }
      if kind == OptionKind.selectiveAcknowledgment {
        guard length > 2, (length - 2).isMultiple(of: 8) else { throw .malformedOption(kind: kind, offset: offset) }
        for place in stride(from: offset + 2, to: offset + length, by: 8) {
          selectiveAcknowledgments.append(
            Block(begin: bytes.bigEndianUInt32(at: place), end: bytes.bigEndianUInt32(at: place + 4)))
        }
      }
      offset += length
    }
  }
}
