import RTCPrimitives

/// Why bytes are no RTCP. Offsets count from the first byte of the compound packet.
public enum RTCPError: Error, Hashable, Sendable {
  /// A field is cut off, or a count announces more than there is.
  case truncated(RTCPPacketType?, TruncatedInput)
  /// The first two bits of a packet do not say 2.
  case unsupportedVersion(UInt8, offset: Int)
  /// The padding bit is set on a packet that is not the last one (RFC 3550 §6.4.1).
  case paddingBeforeEnd(offset: Int)
  /// The padding count is zero or larger than the packet's body.
  case invalidPadding(length: Int, offset: Int, available: Int)
  /// The body's size cannot hold whole entries.
  case invalidSize(RTCPPacketType, offset: Int, size: Int, expected: String)
  /// A REMB bitrate exceeds 2⁶³ bit/s.
  case bitrateOverflow(mantissa: UInt32, exponent: UInt8, offset: Int)
  /// The first packet is neither SR nor RR, but reduced size was not negotiated (RFC 5506 §3.4).
  case reducedSize(RTCPPacketType)
}

extension RTCPError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(nil, let input): "RTCP truncated \(input)"
    case .truncated(let type?, let input): "RTCP \(type) truncated \(input)"
    case .unsupportedVersion(let version, let offset): "at offset \(offset): RTCP version \(version), expected 2"
    case .paddingBeforeEnd(let offset): "at offset \(offset): RTCP padding before the last packet"
    case .invalidPadding(let length, let offset, let available):
      "at offset \(offset): RTCP padding of \(length) bytes, allowed are 1 to \(available)"
    case .invalidSize(let type, let offset, let size, let expected):
      "at offset \(offset): RTCP \(type) with \(size) bytes, expected \(expected)"
    case .bitrateOverflow(let mantissa, let exponent, let offset):
      "at offset \(offset): REMB bitrate \(mantissa) · 2^\(exponent) bit/s is too large"
    case .reducedSize(let type): "at offset 0: RTCP begins with \(type), but reduced size was not negotiated"
    }
  }
}
