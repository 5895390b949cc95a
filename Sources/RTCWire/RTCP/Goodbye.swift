import RTCPrimitives

/// BYE: sources that leave.
///
/// - SeeAlso: RFC 3550 §6.6
public struct Goodbye: Hashable, Sendable {
  /// At most 31.
  public var sources: [UInt32]
  /// Why they leave: at most 255 bytes, UTF-8 if the sender obeys.
  public let reason: [UInt8]?

  /// - Precondition: `reason` has at most 255 bytes.
  public init(sources: [UInt32], reason: [UInt8]? = nil) {
    precondition(reason.map { $0.count <= 255 } ?? true, "the length of a BYE reason is one byte")
    self.sources = sources
    self.reason = reason
  }

  init(parsing body: borrowing RTCPBody) throws(RTCPError) {
    let size = 4 * Int(body.count)
    try body.require(size)
    sources = []
    for index in 0..<Int(body.count) { sources.append(body.uint32(at: 4 * index)) }
    guard body.size > size else {
      reason = nil
      return
    }
    let length = Int(body.uint8(at: size))
    try body.require(1 + length, at: size)
    reason = body.array(size + 1..<size + 1 + length)
  }

  /// The reason, with replacement characters where it is not UTF-8.
  public var reasonText: String? { reason.map { String(decoding: $0, as: UTF8.self) } }

  /// Appends the packet.
  ///
  /// - Precondition: there are at most 31 sources.
  public func write(into writer: inout ByteWriter) {
    writer.appendRTCP(.goodbye, count: sources.count) { writer in
      for source in sources { writer.append(source) }
      guard let reason else { return }
      writer.append(UInt8(reason.count))
      writer.append(reason)
      writer.appendZeros(-(1 + reason.count) & 3)
    }
  }
}
