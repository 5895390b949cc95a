import RTCPrimitives

/// PLI: the receiver of a video stream has lost its picture and needs a new one.
///
/// - SeeAlso: RFC 4585 §6.3.1
public struct PictureLossIndication: Hashable, Sendable {
  public var senderSSRC: UInt32
  /// The source whose picture is lost.
  public var mediaSSRC: UInt32

  public init(senderSSRC: UInt32, mediaSSRC: UInt32) {
    self.senderSSRC = senderSSRC
    self.mediaSSRC = mediaSSRC
  }

  init(parsing body: borrowing RTCPBody) throws(RTCPError) {
    try body.require(8)
    senderSSRC = body.uint32(at: 0)
    mediaSSRC = body.uint32(at: 4)
  }

  /// Appends the packet.
  public func write(into writer: inout ByteWriter) {
    writer.appendRTCP(.payloadSpecificFeedback, count: Int(RTCPFeedbackFormat.pictureLossIndication)) { writer in
      writer.append(senderSSRC)
      writer.append(mediaSSRC)
    }
  }
}
