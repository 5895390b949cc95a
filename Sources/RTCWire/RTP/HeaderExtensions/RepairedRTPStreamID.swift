import RTCPrimitives

/// The `rid` of the encoding that a retransmission or repair packet repairs.
///
/// - SeeAlso: RFC 8852 §3.2
public struct RepairedRTPStreamID: RTPHeaderExtension {
  public static let uri = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"

  /// The identifier: letters, digits, `-` and `_`. At most 15 bytes are kept without allocating.
  public let value: String

  /// `nil` when `value` is not 1 to 255 letters, digits, - or _.
  public init?(_ value: String) {
    guard SDESText.isLegal(value.utf8.span, SDESText.isStreamIDCharacter) else { return nil }
    self.value = value
  }

  public init(parsing value: Span<UInt8>) throws(RTPError) {
    guard SDESText.isLegal(value, SDESText.isStreamIDCharacter) else {
      throw .invalidExtensionValue(uri: Self.uri, size: value.count, expected: "1 to 255 letters, digits, - or _")
    }
    self.value = SDESText.string(value)
  }

  public var size: Int { value.utf8.count }

  public func encode(into bytes: inout MutableSpan<UInt8>, at offset: Int) {
    SDESText.encode(value, into: &bytes, at: offset)
  }
}
