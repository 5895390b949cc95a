import RTCPrimitives

/// What the header extensions that carry a source description item as text have in common (RFC 7941).
enum SDESText {
  /// Whether `text` has 1 to 255 characters, all of them allowed.
  static func isLegal(_ text: Span<UInt8>, _ isAllowed: (UInt8) -> Bool) -> Bool {
    guard text.count >= 1, text.count <= 255 else { return false }
    for index in 0..<text.count where !isAllowed(text[index]) { return false }
    return true
  }

  /// `token-char` of RFC 8866 §9.
  static func isTokenCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x30...0x39, 0x41...0x5A, 0x5E...0x7E: true
    default: false
    }
  }

  /// The characters of `rid-id`, RFC 8851 §10.
  static func isStreamIDCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x2D, 0x5F, 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }

  /// ASCII text as a string; nothing is allocated for up to 15 bytes.
  static func string(_ text: Span<UInt8>) -> String {
    String(unsafeUninitializedCapacity: text.count) { buffer in
      for index in 0..<text.count { buffer.initializeElement(at: index, to: text[index]) }
      return text.count
    }
  }

  static func encode(_ text: String, into bytes: inout MutableSpan<UInt8>, at offset: Int) {
    var index = offset
    for byte in text.utf8 {
      bytes[index] = byte
      index += 1
    }
  }
}
