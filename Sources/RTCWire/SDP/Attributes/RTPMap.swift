import RTCPrimitives

/// `a=rtpmap`: which codec a payload type stands for.
///
/// - SeeAlso: RFC 8866 §6.6
public struct RTPMap: Hashable, Sendable {
  public var payloadType: UInt8
  public var encodingName: String
  /// In hertz.
  public var clockRate: UInt32
  /// Audio channels, where stated; 1 otherwise.
  public var channels: UInt16?

  public init(payloadType: UInt8, encodingName: String, clockRate: UInt32, channels: UInt16? = nil) {
    self.payloadType = payloadType
    self.encodingName = encodingName
    self.clockRate = clockRate
    self.channels = channels
  }

  init(_ scanner: inout SDPScanner) throws(SDPError) {
    payloadType = try scanner.payloadType()
    try scanner.expectSpace()
    encodingName = try scanner.token("an encoding name")
    try scanner.expect(.slash, "a slash and a clock rate")
    clockRate = try scanner.number("a clock rate", in: 1...UInt32.max)
    if scanner.skip(.slash) { channels = try scanner.number("a number of channels", in: 1...UInt16.max) }
  }

  func write(into writer: inout ByteWriter) {
    writer.append(":\(payloadType) \(encodingName)/\(clockRate)")
    if let channels { writer.append("/\(channels)") }
  }
}

extension SDPScanner {
  mutating func payloadType() throws(SDPError) -> UInt8 {
    try number("a payload type of 0 to 127", in: 0...127)
  }
}
