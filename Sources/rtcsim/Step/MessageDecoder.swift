import RTCPrimitives
import RTCWire
import SimSessions

/// What is in a message, by the decoders of `inspect`.
enum MessageDecoder {
  /// The decoded fields; `nil` where the bytes cannot be read, or are not there.
  static func inspection(of message: Message) -> Inspection? {
    switch message.kind {
    case .signaling: message.description == nil ? nil : try? Inspector().inspect(message.bytes, as: .sdp)
    case .stun, .turn, .dtls, .rtp, .rtcp, .unknown: try? Inspector().inspect(message.bytes, as: .auto)
    }
  }

  static func text(of message: Message) -> String {
    if let inspection = inspection(of: message) { return inspection.text }
    guard message.kind == .signaling else { return "the bytes cannot be decoded\n" }
    return String(decoding: message.bytes, as: UTF8.self).printable + "\n"
  }
}

/// Bytes as hexadecimal digits and characters.
enum HexDump {
  static func text(of bytes: [UInt8]) -> String {
    stride(from: 0, to: bytes.count, by: 16).map { offset in
      let row = bytes[offset..<min(offset + 16, bytes.count)]
      let digits = row.map(\.hexadecimal).joined(separator: " ")
      let characters = row.map { (0x20..<0x7F).contains($0) ? String(UnicodeScalar($0)) : "." }.joined()
      let offsetText = String(offset, radix: 16)
      return "  " + String(repeating: "0", count: 4 - min(4, offsetText.count)) + offsetText + "  " + digits
        + String(repeating: " ", count: 49 - digits.count) + characters + "\n"
    }.joined()
  }
}
