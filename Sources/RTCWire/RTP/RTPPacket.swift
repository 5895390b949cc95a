import RTCPrimitives

/// Where the parts of an RTP packet lie: a header and ranges into the bytes that it was parsed from.
///
/// - SeeAlso: RFC 3550 §5, RFC 8285
public struct RTPPacket: Hashable, Sendable {
  public let header: RTPHeader
  /// The first 16 bits of the extension block ("defined by profile"); 0 without a block.
  public let extensionProfile: UInt16
  /// The extension block without its first four bytes; empty without a block.
  public let extensionBlockRange: Range<Int>
  /// The bytes of the payload that exist, without padding.
  public let payloadRange: Range<Int>
  /// How many bytes of padding end the packet, their count included.
  public let paddingLength: Int
  /// How many bytes of the payload follow on the wire without being stored (see `Datagram.elided`).
  public let elided: Int

  /// Parses a packet and checks its extension elements; nothing is copied.
  ///
  /// - Parameter elided: bytes that follow on the wire without being stored. They belong to the payload.
  /// - Throws: an `RTPError` that names offset and reason.
  public init(parsing bytes: Span<UInt8>, elided: Int = 0) throws(RTPError) {
    let header = try RTPHeader(parsing: bytes)
    var offset = header.size
    var profile: UInt16 = 0
    var blockRange = offset..<offset
    if header.hasExtension {
      guard bytes.count >= offset + 4 else {
        throw .truncated(at: offset, needed: 4, available: bytes.count - offset)
      }
      profile = bytes.bigEndianUInt16(at: offset)
      let length = 4 * Int(bytes.bigEndianUInt16(at: offset + 2))
      offset += 4
      guard bytes.count >= offset + length else {
        throw .truncated(at: offset, needed: length, available: bytes.count - offset)
      }
      blockRange = offset..<offset + length
      if let form = RTPExtensionForm(profile: profile) {
        var elements = RTPExtensionElements(form: form, range: blockRange)
        try elements.validate(in: bytes)
      }
      offset += length
    }
    var paddingLength = 0
    if header.hasPadding {
      guard elided == 0 else { throw .paddingElided(count: elided) }
      let available = bytes.count - offset
      paddingLength = available > 0 ? Int(bytes[bytes.count - 1]) : 0
      guard paddingLength > 0, paddingLength <= available else {
        throw .invalidPadding(length: paddingLength, offset: bytes.count - 1, available: available)
      }
    }
    self.header = header
    extensionProfile = profile
    extensionBlockRange = blockRange
    payloadRange = offset..<bytes.count - paddingLength
    self.paddingLength = paddingLength
    self.elided = elided
  }

  /// The size of the payload on the wire, in bytes, without padding.
  @inlinable public var payloadSize: Int { payloadRange.count + elided }

  /// How the extension block writes its elements; `nil` without a block, or when it is none of RFC 8285.
  @inlinable public var extensionForm: RTPExtensionForm? { RTPExtensionForm(profile: extensionProfile) }

  /// The elements of the extension block; none when the block is not one of RFC 8285.
  @inlinable public var extensionElements: RTPExtensionElements {
    guard let form = extensionForm else { return RTPExtensionElements(form: .oneByte, range: 0..<0) }
    return RTPExtensionElements(form: form, range: extensionBlockRange)
  }

  /// Where the value of the first element called `id` lies in `bytes`, the bytes that this was parsed from.
  @inlinable public func extensionRange(id: UInt8, in bytes: Span<UInt8>) -> Range<Int>? {
    var elements = extensionElements
    while let element = elements.next(in: bytes) {
      if element.id == id { return element.range }
    }
    return nil
  }

  /// The value of the extension that was negotiated as `id`; `nil` when the packet has none.
  ///
  /// - Throws: `invalidExtensionValue`.
  @inlinable public func headerExtension<Extension: RTPHeaderExtension>(
    _ type: Extension.Type, id: UInt8, in bytes: Span<UInt8>
  ) throws(RTPError) -> Extension? {
    guard let range = extensionRange(id: id, in: bytes) else { return nil }
    return try Extension(parsing: bytes.extracting(range))
  }
}
