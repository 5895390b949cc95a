import RTCPrimitives
import RTCWire

/// RTP packets; payloads are not decoded, because only a session description tells their format.
///
/// - SeeAlso: RFC 3550 §5.1, RFC 8285
extension Inspector {
  func inspectRTP(_ bytes: [UInt8]) throws(InspectionError) -> Inspection {
    let packet: RTPPacket
    do throws(RTPError) {
      packet = try RTPPacket(parsing: bytes.span)
    } catch {
      throw .malformed(.rtp, reason: Self.reason(error))
    }
    var elements = packet.extensionElements
    var extensions: [(id: UInt8, range: Range<Int>)] = []
    while let element = elements.next(in: bytes.span) { extensions.append((element.id, element.range)) }
    let header = packet.header
    return Inspection(
      title: "RTP, \(bytes.count) bytes (RFC 3550 §5.1)",
      fields: Self.fields(of: header) + Self.fields(of: packet, extensions, in: bytes), of: bytes,
      json: [
        "kind": "rtp", "payloadType": JSON(header.payloadType), "sequenceNumber": JSON(header.sequenceNumber.rawValue),
        "timestamp": JSON(header.timestamp), "ssrc": JSON(header.ssrc), "marker": .boolean(header.marker),
        "csrcs": .array(header.csrcs.array.map { JSON($0) }),
        "extensions": .array(extensions.map { ["id": JSON($0.id), "hex": .string(bytes[$0.range].hexadecimal)] }),
        "payloadLength": JSON(packet.payloadRange.count), "padding": JSON(packet.paddingLength),
      ])
  }

  private static func reason(_ error: RTPError) -> String {
    if case .truncated(let input) = error { "\(input)" } else { "\(error)" }
  }

  private static func fields(of header: RTPHeader) -> [Inspection.Field] {
    let flags = [
      header.hasPadding ? "padding" : nil, header.hasExtension ? "extension" : nil,
      header.csrcs.isEmpty ? nil : "\(header.csrcs.count) CSRCs",
    ].compactMap { $0 }
    return [
      .init(0..<1, "version and flags", (["2"] + flags).joined(separator: ", "), "RFC 3550 §5.1"),
      .init(
        1..<2, "marker, payload type", "\(header.marker ? "marker, " : "")\(header.payloadType)", "what a=rtpmap says"),
      .init(2..<4, "sequence number", "\(header.sequenceNumber)", "grows by one per packet"),
      .init(4..<8, "timestamp", "\(header.timestamp)", "ticks of the payload's clock"),
      .init(8..<12, "SSRC", "\(header.ssrc) (\(header.ssrc.hexadecimalNumber))", "the source of the stream"),
    ]
      + (0..<header.csrcs.count).map {
        .init(12 + 4 * $0..<16 + 4 * $0, "CSRC", "\(header.csrcs[$0])", "a source that a mixer took in")
      }
  }

  private static func fields(
    of packet: RTPPacket, _ extensions: [(id: UInt8, range: Range<Int>)], in bytes: [UInt8]
  ) -> [Inspection.Field] {
    var fields: [Inspection.Field] = []
    if packet.header.hasExtension {
      let begin = packet.extensionBlockRange.lowerBound - 4
      let form =
        switch packet.extensionForm {
        case .oneByte: "one-byte headers, RFC 8285 §4.2"
        case .twoByte: "two-byte headers, RFC 8285 §4.3"
        case nil: "not of RFC 8285"
        }
      fields.append(
        .init(
          begin..<begin + 4, "header extension",
          "\(packet.extensionProfile.hexadecimalNumber), \(packet.extensionBlockRange.count) bytes", form))
    }
    fields += extensions.map {
      .init($0.range, "extension \($0.id)", bytes[$0.range].hexadecimal, "what a=extmap:\($0.id) says")
    }
    fields.append(.init(packet.payloadRange, "payload", "\(packet.payloadRange.count) bytes", "encrypted in SRTP"))
    if packet.paddingLength > 0 {
      fields.append(
        .init(
          packet.payloadRange.upperBound..<bytes.count, "padding", "\(packet.paddingLength) bytes",
          "the last byte counts them"))
    }
    return fields
  }
}
