import RTCPrimitives

/// When a packet left its sender, in a 24-bit clock that wraps every 64 s.
///
/// - SeeAlso: http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
public struct AbsoluteSendTime: RTPHeaderExtension {
  public static let uri = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"

  /// Seconds as a 6.18 fixed-point number.
  public let rawValue: UInt32

  /// The lower 24 bits of `rawValue`.
  public init(rawValue: UInt32) { self.rawValue = rawValue & 0xFF_FFFF }

  /// The middle bits of an NTP timestamp, rounded down.
  public init(_ time: NTPTimestamp) { self.init(rawValue: UInt32(truncatingIfNeeded: time.rawValue >> 14)) }

  public init(parsing value: Span<UInt8>) throws(RTPError) {
    guard value.count == 3 else {
      throw .invalidExtensionValue(uri: Self.uri, size: value.count, expected: "3 bytes")
    }
    rawValue = UInt32(value[0]) << 16 | UInt32(value.bigEndianUInt16(at: 1))
  }

  /// The time since the clock last wrapped, rounded down to nanoseconds.
  public var sinceWrap: Duration { .nanoseconds((Int64(rawValue) * 1_000_000_000) >> 18) }

  /// How much later than `other` this is, in −32 s ..< 32 s.
  public func duration(since other: AbsoluteSendTime) -> Duration {
    let difference = Int32(bitPattern: (rawValue &- other.rawValue) << 8) >> 8
    return .nanoseconds((Int64(difference) * 1_000_000_000) >> 18)
  }

  public var size: Int { 3 }

  public func encode(into bytes: inout MutableSpan<UInt8>, at offset: Int) {
    bytes[offset] = UInt8(truncatingIfNeeded: rawValue >> 16)
    bytes.store(UInt16(truncatingIfNeeded: rawValue), at: offset + 1)
  }
}
