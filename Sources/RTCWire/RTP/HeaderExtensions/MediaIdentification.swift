import RTCPrimitives

/// The `mid` of the media section that a packet belongs to.
///
/// - SeeAlso: RFC 9143 §15
public struct MediaIdentification: RTPHeaderExtension {
  public static let uri = "urn:ietf:params:rtp-hdrext:sdes:mid"

  /// The identification tag, an SDP token. At most 15 bytes are kept without allocating.
  public let value: String

  /// `nil` when `value` is not an SDP token of 1 to 255 characters.
  public init?(_ value: String) {
    guard SDESText.isLegal(value.utf8.span, SDESText.isTokenCharacter) else { return nil }
    self.value = value
  }

  public init(parsing value: Span<UInt8>) throws(RTPError) {
    guard SDESText.isLegal(value, SDESText.isTokenCharacter) else {
      throw .invalidExtensionValue(uri: Self.uri, size: value.count, expected: "an SDP token of 1 to 255 characters")
    }
    self.value = SDESText.string(value)
  }

  public var size: Int { value.utf8.count }

  public func encode(into bytes: inout MutableSpan<UInt8>, at offset: Int) {
    SDESText.encode(value, into: &bytes, at: offset)
  }
}
