import RTCPrimitives

/// When the first frame of a packet was captured, on the clock of the one who captured it.
///
/// - SeeAlso: http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time
public struct AbsoluteCaptureTime: RTPHeaderExtension {
  public static let uri = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"

  public let captureTime: NTPTimestamp
  /// What must be added to `captureTime` to reach the sender's clock, in 2⁻³² s; `nil` when it is not sent.
  public let clockOffset: Int64?

  public init(captureTime: NTPTimestamp, clockOffset: Int64? = nil) {
    self.captureTime = captureTime
    self.clockOffset = clockOffset
  }

  public init(parsing value: Span<UInt8>) throws(RTPError) {
    guard value.count == 8 || value.count == 16 else {
      throw .invalidExtensionValue(uri: Self.uri, size: value.count, expected: "8 or 16 bytes")
    }
    captureTime = NTPTimestamp(
      rawValue: UInt64(value.bigEndianUInt32(at: 0)) << 32 | UInt64(value.bigEndianUInt32(at: 4)))
    clockOffset =
      value.count == 8
      ? nil
      : Int64(
        bitPattern: UInt64(value.bigEndianUInt32(at: 8)) << 32 | UInt64(value.bigEndianUInt32(at: 12)))
  }

  public var size: Int { clockOffset == nil ? 8 : 16 }

  public func encode(into bytes: inout MutableSpan<UInt8>, at offset: Int) {
    bytes.store(captureTime.rawValue, at: offset)
    if let clockOffset { bytes.store(UInt64(bitPattern: clockOffset), at: offset + 8) }
  }
}
