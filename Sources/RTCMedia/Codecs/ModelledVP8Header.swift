import RTCPrimitives

/// The header at the beginning of a VP8 frame, to be written; `VP8PayloadHeader` reads it.
///
/// - SeeAlso: RFC 6386 §9.1, RFC 7741 §4.3
enum ModelledVP8Header {
  /// Appends the header of a shown frame of version 0: ten bytes with dimensions (a key frame), three without.
  static func write(
    keyFrameDimensions dimensions: (width: Int, height: Int)?, firstPartitionSize: Int, into output: inout ByteWriter
  ) {
    let tag = (dimensions == nil ? 1 : 0) | 1 << 4 | min(firstPartitionSize, 1 << 19 - 1) << 5
    append(tag, bytes: 3, to: &output)
    guard let dimensions else { return }
    for byte: UInt8 in [0x9D, 0x01, 0x2A] { output.append(byte) }
    append(dimensions.width & 0x3FFF, bytes: 2, to: &output)
    append(dimensions.height & 0x3FFF, bytes: 2, to: &output)
  }

  private static func append(_ value: Int, bytes: Int, to output: inout ByteWriter) {
    for byte in 0..<bytes { output.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
  }
}
