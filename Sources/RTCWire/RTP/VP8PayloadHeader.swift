import RTCPrimitives

/// What the first bytes of a VP8 frame tell.
///
/// - SeeAlso: RFC 7741 §4.3, RFC 6386 §9.1
public struct VP8PayloadHeader: Hashable, Sendable {
  /// The size of the header of every frame, in bytes.
  public static let size = 3
  /// The size of the header of a key frame, in bytes.
  public static let keyFrameSize = 10

  /// The P bit is clear: the frame depends on no other.
  public let isKeyFrame: Bool
  /// The picture's width and height in pixels, without scaling; `nil` unless a key frame's start code follows.
  public let width: UInt16?
  public let height: UInt16?
  /// The bytes of the first partition.
  public let firstPartitionSize: UInt32

  /// Parses what follows the descriptor of a packet that begins a frame.
  ///
  /// - Throws: `TruncatedInput` for less than three bytes.
  public init(parsing bytes: Span<UInt8>) throws(TruncatedInput) {
    guard bytes.count >= Self.size else {
      throw TruncatedInput(offset: 0, needed: Self.size, available: bytes.count)
    }
    isKeyFrame = bytes[0] & 1 == 0
    firstPartitionSize = UInt32(bytes[0]) >> 5 | UInt32(bytes[1]) << 3 | UInt32(bytes[2]) << 11
    let hasStartCode =
      isKeyFrame && bytes.count >= Self.keyFrameSize && bytes[3] == 0x9D && bytes[4] == 0x01 && bytes[5] == 0x2A
    width = hasStartCode ? UInt16(bytes[7] & 0x3F) << 8 | UInt16(bytes[6]) : nil
    height = hasStartCode ? UInt16(bytes[9] & 0x3F) << 8 | UInt16(bytes[8]) : nil
  }
}
