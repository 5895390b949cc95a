import RTCPrimitives
import RTCWire
import SimSessions

/// What is in a message, by the decoders of `inspect`.
enum MessageDecoder {
  /// The decoded fields; `nil` where the bytes cannot be read, or are not there.
  static func inspection(of message: Message) -> Inspection? {
    switch message.kind {
    case .signaling: message.description == nil ? nil : try? Inspector().inspect(message.bytes, as: .sdp)
    case .rtcp: protectedReport(message.bytes)
    case .tcp: segment(message.bytes)
    case .stun, .turn, .dtls, .rtp, .unknown: try? Inspector().inspect(message.bytes, as: .auto)
    }
  }

  /// What is encrypted in it, where the simulation knows that.
  static func content(of message: Message) -> Inspection? {
    message.plaintext.flatMap { try? Inspector().inspect($0, as: .sctp) }
  }

  /// The header of a TCP segment; ports and checksum are those of the packet.
  private static func segment(_ bytes: [UInt8]) -> Inspection? {
    guard let segment = try? TCPSegment(parsing: bytes.span) else { return nil }
    let fields = [
      Inspection.Field(4..<8, "sequence number", "\(segment.sequenceNumber)", "RFC 9293 §3.1"),
      Inspection.Field(8..<12, "acknowledgment number", "\(segment.acknowledgmentNumber)", "RFC 9293 §3.1"),
      Inspection.Field(13..<14, "flags", "\(segment.flags.rawValue)", "FIN 1, SYN 2, RST 4, PSH 8, ACK 16"),
      Inspection.Field(14..<16, "window", "\(segment.window)", "RFC 9293 §3.1, scaled as the SYN said (RFC 7323 §2)"),
      Inspection.Field(segment.dataRange, "data", "\(segment.dataRange.count) bytes", "a part of a stream"),
    ]
    return Inspection(
      title: "TCP segment, \(bytes.count) bytes (RFC 9293)", fields: fields, of: bytes,
      json: ["kind": "tcp", "sequenceNumber": JSON(segment.sequenceNumber), "flags": JSON(segment.flags.rawValue)])
  }

  /// What of SRTCP can be read without the keys (RFC 3711 §3.4).
  private static func protectedReport(_ bytes: [UInt8]) -> Inspection? {
    guard bytes.count > 8 else { return nil }
    func field(_ range: Range<Int>, _ name: String, _ value: some CustomStringConvertible, _ meaning: String)
      -> Inspection.Field
    {
      Inspection.Field(range, name, "\(value)", meaning)
    }
    let number = bytes[4..<8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let words = Int(bytes[2]) << 8 | Int(bytes[3])
    let fields = [
      field(0..<1, "version, count", "\(bytes[0] >> 6), \(bytes[0] & 31)", "RFC 3550 §6.4.1"),
      field(1..<2, "packet type", bytes[1], "200 sender report, 201 receiver report, 205 and 206 feedback"),
      field(2..<4, "length", words, "32-bit words that follow, of the first packet"),
      field(4..<8, "SSRC of the sender", number, "RFC 3550 §6.4.1"),
      field(
        8..<bytes.count, "protected", "\(bytes.count - 8) bytes",
        "encrypted reports, authentication tag and SRTCP index, RFC 3711 §3.4"),
    ]
    return Inspection(
      title: "SRTCP, \(bytes.count) bytes (RFC 3711): type \(bytes[1])", fields: fields, of: bytes,
      json: ["kind": "rtcp", "packetType": JSON(bytes[1]), "ssrc": JSON(number)])
  }

  static func text(of message: Message) -> String {
    if let inspection = inspection(of: message) {
      let content = content(of: message).map { "\nencrypted in it, as both ends know it: \($0.text)" }
      return inspection.text + (content ?? "")
    }
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
