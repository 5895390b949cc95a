import RTCPrimitives

/// REMB: how much a receiver believes that it can receive in total.
///
/// - SeeAlso: draft-alvestrand-rmcat-remb-03 §2.2
public struct ReceiverEstimatedMaximumBitrate: Hashable, Sendable {
  /// The four letters that tell REMB from other application layer feedback.
  static let identifier: UInt32 = 0x5245_4D42

  public var senderSSRC: UInt32
  /// Not negative; written with 18 significant bits, rounded down.
  public var bitrate: DataRate
  /// The sources that share it, at most 255.
  public var ssrcs: [UInt32]
  /// Not used.
  public var mediaSSRC: UInt32 = 0

  public init(senderSSRC: UInt32, bitrate: DataRate, ssrcs: [UInt32]) {
    self.senderSSRC = senderSSRC
    self.bitrate = bitrate
    self.ssrcs = ssrcs
  }

  init(parsing body: borrowing RTCPBody) throws(RTCPError) {
    try body.require(16)
    senderSSRC = body.uint32(at: 0)
    mediaSSRC = body.uint32(at: 4)
    let count = Int(body.uint8(at: 12))
    guard body.size == 16 + 4 * count else {
      throw .invalidSize(
        body.type, offset: body.position(0), size: body.size, expected: "\(16 + 4 * count) for \(count) REMB sources")
    }
    let exponent = body.uint8(at: 13) >> 2
    let mantissa = body.uint24(at: 13) & 0x3FFFF
    let bits = Int64(mantissa) << Int64(exponent)
    guard bits >= 0, bits >> Int64(exponent) == Int64(mantissa) else {
      throw .bitrateOverflow(mantissa: mantissa, exponent: exponent, offset: body.position(13))
    }
    bitrate = DataRate(bitsPerSecond: bits)
    ssrcs = []
    for index in 0..<count { ssrcs.append(body.uint32(at: 16 + 4 * index)) }
  }

  /// Appends the packet.
  ///
  /// - Precondition: the bitrate is not negative and there are at most 255 sources.
  public func write(into writer: inout ByteWriter) {
    precondition(bitrate.bitsPerSecond >= 0, "a REMB bitrate is not negative")
    precondition(ssrcs.count <= 255, "a REMB names at most 255 sources")
    let significant = Int64.bitWidth - bitrate.bitsPerSecond.leadingZeroBitCount
    let exponent = max(0, significant - 18)
    let mantissa = UInt32(bitrate.bitsPerSecond >> Int64(exponent))
    writer.appendRTCP(.payloadSpecificFeedback, count: Int(RTCPFeedbackFormat.applicationLayer)) { writer in
      writer.append(senderSSRC)
      writer.append(mediaSSRC)
      writer.append(Self.identifier)
      writer.append(UInt8(ssrcs.count))
      writer.appendUInt24(UInt32(exponent) << 18 | mantissa)
      for ssrc in ssrcs { writer.append(ssrc) }
    }
  }
}
