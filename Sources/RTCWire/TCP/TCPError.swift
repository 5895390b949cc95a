import RTCPrimitives

/// Why bytes are no TCP segment; offsets count from the first byte of the header.
public enum TCPError: Error, Hashable, Sendable {
  case truncated(TruncatedInput)
  /// The data offset, in bytes, lies inside the fixed header or behind the end of the segment.
  case wrongDataOffset(Int, available: Int)
  /// An option is shorter than its own head or longer than the header has room for.
  case malformedOption(kind: UInt8, offset: Int)
}
