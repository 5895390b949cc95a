public import RTCPrimitives

/// Why bytes are no SCTP packet; offsets count from the first byte of the packet.
public enum SCTPPacketError: Error, Hashable, Sendable {
  case truncated(TruncatedInput)
  /// A packet has at least one chunk.
  case noChunk
  /// A chunk is shorter than what its type needs, or longer than what is left of the packet.
  case wrongChunkLength(Int, type: UInt8, offset: Int)
  /// The same of a parameter inside a chunk.
  case wrongParameterLength(Int, type: UInt16, offset: Int)
}

extension SCTPPacketError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let error): "\(error)"
    case .noChunk: "there is no chunk behind the header"
    case .wrongChunkLength(let length, let type, let offset):
      "at offset \(offset): a chunk of type \(type) cannot be \(length) bytes long here"
    case .wrongParameterLength(let length, let type, let offset):
      "at offset \(offset): a parameter of type \(type) cannot be \(length) bytes long here"
    }
  }
}
