import RTCPrimitives

/// What a receiver needs to check FINGERPRINT and MESSAGE-INTEGRITY on the bytes that came in.
extension STUNMessage {
  /// The outcome of comparing FINGERPRINT with the message.
  public enum FingerprintStatus: Hashable, Sendable {
    case valid
    case invalid
    case absent
  }

  /// What MESSAGE-INTEGRITY authenticates and what it claims.
  public struct IntegrityInput: Hashable, Sendable {
    /// The message up to the attribute, its length field ending just behind the attribute (RFC 8489 §14.5).
    public let bytes: [UInt8]
    /// The code that came with the message.
    public let code: [UInt8]
  }

  /// Compares the first FINGERPRINT with the CRC-32 of what stands before it (RFC 8489 §14.7).
  public static func fingerprintStatus(of bytes: Span<UInt8>) -> FingerprintStatus {
    guard let range = valueRange(of: .fingerprint, in: bytes), range.count == 4 else { return .absent }
    let crc = CRC32.checksum(of: prefix(of: bytes, before: range).span)
    return bytes.bigEndianUInt32(at: range.lowerBound) == crc ^ STUNWire.fingerprintMask ? .valid : .invalid
  }

  /// What the first MESSAGE-INTEGRITY (or MESSAGE-INTEGRITY-SHA256) covers; `nil` when there is none.
  ///
  /// Compare `code` in constant time with the HMAC over `bytes`; a SHA-256 code may be cut to its first 16 bytes.
  public static func integrityInput(
    of bytes: Span<UInt8>, attribute: STUNAttributeType = .messageIntegrity
  ) -> IntegrityInput? {
    guard let range = valueRange(of: attribute, in: bytes) else { return nil }
    return IntegrityInput(bytes: prefix(of: bytes, before: range), code: bytes.array(range))
  }

  private static func valueRange(of type: STUNAttributeType, in bytes: Span<UInt8>) -> Range<Int>? {
    guard bytes.count >= STUNWire.headerSize else { return nil }
    var walk = STUNAttributeWalk(bytes)
    while let attribute = try? walk.next() {
      if attribute.type == type { return attribute.range }
    }
    return nil
  }

  /// The bytes before the attribute whose value is `range`, with a length field that includes that attribute.
  private static func prefix(of bytes: Span<UInt8>, before range: Range<Int>) -> [UInt8] {
    var writer = ByteWriter()
    writer.bytes = bytes.array(0..<range.lowerBound - STUNWire.attributeHeaderSize)
    writer.replaceUInt16(at: 2, with: UInt16(truncatingIfNeeded: range.upperBound - STUNWire.headerSize))
    return writer.bytes
  }
}
