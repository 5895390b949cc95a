import RTCPrimitives

/// Why bytes are no RTP packet, or why a value does not fit into one. Offsets count from the first byte of the packet.
public enum RTPError: Error, Hashable, Sendable {
  /// A field is cut off.
  case truncated(TruncatedInput)
  /// The first two bits do not say 2.
  case unsupportedVersion(UInt8)
  /// The padding count is zero or larger than what follows the header (RFC 3550 §5.1).
  case invalidPadding(length: Int, offset: Int, available: Int)
  /// The padding bit is set although the packet's last byte is elided, so the padding count is unknown.
  case paddingElided(count: Int)
  /// A header extension element is longer than its block (RFC 8285 §4.2, §4.3).
  case extensionOverrun(id: UInt8, offset: Int, length: Int, available: Int)
  /// A header extension's value is not what its specification allows.
  case invalidExtensionValue(uri: String, size: Int, expected: String)
  /// A header extension element cannot be written in the chosen form.
  case extensionDoesNotFit(id: UInt8, size: Int, form: RTPExtensionForm)

  @usableFromInline
  static func truncated(at offset: Int, needed: Int, available: Int) -> RTPError {
    .truncated(TruncatedInput(offset: offset, needed: needed, available: available))
  }
}

extension RTPError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let input): "RTP truncated \(input)"
    case .unsupportedVersion(let version): "at offset 0: RTP version \(version), expected 2"
    case .invalidPadding(let length, let offset, let available):
      "at offset \(offset): padding of \(length) bytes, allowed are 1 to \(available)"
    case .paddingElided(let count): "at offset 0: padding bit set, but the last \(count) bytes are elided"
    case .extensionOverrun(let id, let offset, let length, let available):
      "at offset \(offset): header extension element \(id) of \(length) bytes, \(available) left in its block"
    case .invalidExtensionValue(let uri, let size, let expected):
      "header extension \(uri): \(size) bytes, expected \(expected)"
    case .extensionDoesNotFit(let id, let size, let form):
      "header extension element \(id) of \(size) bytes cannot be written in the \(form) form"
    }
  }
}
