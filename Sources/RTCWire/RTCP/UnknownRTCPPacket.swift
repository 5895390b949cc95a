import RTCPrimitives

/// An RTCP packet of a type or feedback format that is not understood, kept as it is.
public struct UnknownRTCPPacket: Hashable, Sendable {
  public let type: RTCPPacketType
  /// The five bits after the padding bit: a count, or a feedback format (FMT).
  public let count: UInt8
  /// What follows the header, without padding.
  public let body: [UInt8]

  /// - Precondition: `count` is at most 31.
  public init(type: RTCPPacketType, count: UInt8, body: [UInt8]) {
    precondition(count <= 31, "an RTCP header counts up to 31")
    self.type = type
    self.count = count
    self.body = body
  }

  init(parsing body: borrowing RTCPBody) throws(RTCPError) {
    // Feedback of any format begins with two SSRCs (RFC 4585 §6.1).
    if body.type == .transportLayerFeedback || body.type == .payloadSpecificFeedback { try body.require(8) }
    type = body.type
    count = body.count
    self.body = body.array(0..<body.size)
  }

  /// Appends the packet.
  public func write(into writer: inout ByteWriter) {
    writer.appendRTCP(type, count: Int(count)) { $0.append(body) }
  }
}
