import RTCPrimitives

/// How loud the audio of a packet is.
///
/// - SeeAlso: RFC 6464 §3
public struct AudioLevel: RTPHeaderExtension {
  public static let uri = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

  /// The attenuation in −dBov: 0 is the loudest, 127 is silence.
  public let level: UInt8
  /// Whether the sender believes that the packet holds speech.
  public let hasVoice: Bool

  /// - Parameter level: −dBov; more than 127 counts as 127.
  public init(level: UInt8, hasVoice: Bool) {
    self.level = min(level, 127)
    self.hasVoice = hasVoice
  }

  public init(parsing value: Span<UInt8>) throws(RTPError) {
    guard value.count == 1 else {
      throw .invalidExtensionValue(uri: Self.uri, size: value.count, expected: "1 byte")
    }
    level = value[0] & 0x7F
    hasVoice = value[0] & 0x80 != 0
  }

  public var size: Int { 1 }

  public func encode(into bytes: inout MutableSpan<UInt8>, at offset: Int) {
    bytes[offset] = (hasVoice ? 0x80 : 0) | level
  }
}
