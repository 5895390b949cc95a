public import RTCPrimitives

/// The uncompressed data chunk at the beginning of a VP8 frame: enough to tell a key frame and its size.
///
/// - SeeAlso: RFC 6386 §9.1
public struct VP8FrameHeader: Hashable, Sendable {
  /// Pixels in each direction; only a key frame says so.
  public struct Dimensions: Hashable, Sendable {
    public let width: Int
    public let height: Int

    @inlinable public init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }
  }

  /// Bytes of a key frame's header.
  public static let keyFrameSize = 10
  /// Bytes of the header of any other frame.
  public static let deltaFrameSize = 3

  /// Present in a key frame only.
  public let dimensions: Dimensions?
  /// Bytes of the first partition, 19 bits.
  public let firstPartitionSize: Int

  public var isKeyFrame: Bool { dimensions != nil }

  /// - Precondition: `firstPartitionSize` fits 19 bits, dimensions fit 14 bits.
  public init(dimensions: Dimensions?, firstPartitionSize: Int) {
    precondition(0..<1 << 19 ~= firstPartitionSize, "the first partition's size has 19 bits")
    if let dimensions {
      precondition(1..<1 << 14 ~= dimensions.width && 1..<1 << 14 ~= dimensions.height, "dimensions have 14 bits")
    }
    self.dimensions = dimensions
    self.firstPartitionSize = firstPartitionSize
  }

  /// Reads the header of the frame that begins with `bytes`.
  public init(parsing bytes: Span<UInt8>) throws(VP8FrameHeaderError) {
    guard bytes.count >= Self.deltaFrameSize else {
      throw .truncated(expected: Self.deltaFrameSize, actual: bytes.count)
    }
    let tag = Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16
    firstPartitionSize = tag >> 5
    guard tag & 1 == 0 else {
      dimensions = nil
      return
    }
    guard bytes.count >= Self.keyFrameSize else {
      throw .truncated(expected: Self.keyFrameSize, actual: bytes.count)
    }
    guard bytes[3] == 0x9D, bytes[4] == 0x01, bytes[5] == 0x2A else {
      throw .noStartCode(actual: UInt32(bytes[3]) << 16 | UInt32(bytes[4]) << 8 | UInt32(bytes[5]))
    }
    dimensions = Dimensions(
      width: (Int(bytes[6]) | Int(bytes[7]) << 8) & 0x3FFF, height: (Int(bytes[8]) | Int(bytes[9]) << 8) & 0x3FFF)
  }

  /// Whether a frame that begins with `bytes` is a key frame; false without any byte.
  @inlinable public static func isKeyFrame(_ bytes: Span<UInt8>) -> Bool { bytes.count > 0 && bytes[0] & 1 == 0 }

  /// Appends the header of a shown frame of version 0, without scaling.
  public func append(to output: inout ByteWriter) {
    let tag = (isKeyFrame ? 0 : 1) | 1 << 4 | firstPartitionSize << 5
    for shift in [0, 8, 16] { output.append(UInt8(truncatingIfNeeded: tag >> shift)) }
    guard let dimensions else { return }
    for byte: UInt8 in [0x9D, 0x01, 0x2A] { output.append(byte) }
    for value in [dimensions.width, dimensions.height] {
      output.append(UInt8(truncatingIfNeeded: value))
      output.append(UInt8(truncatingIfNeeded: value >> 8))
    }
  }
}

/// Why bytes are no VP8 frame header.
public enum VP8FrameHeaderError: Error, Hashable, Sendable, CustomStringConvertible {
  case truncated(expected: Int, actual: Int)
  /// A key frame without 9d 01 2a after its tag.
  case noStartCode(actual: UInt32)

  public var description: String {
    switch self {
    case .truncated(let expected, let actual): "at offset 0: a VP8 frame header of \(expected) bytes, \(actual) left"
    case .noStartCode(let actual): "at offset 3: start code 9d012a expected, \(String(actual, radix: 16)) found"
    }
  }
}
