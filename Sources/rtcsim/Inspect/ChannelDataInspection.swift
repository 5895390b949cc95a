import RTCPrimitives
import RTCWire

/// What a TURN client and its server send each other on a bound channel.
///
/// - SeeAlso: RFC 8656 §12.4
extension Inspector {
  func inspectChannelData(_ bytes: [UInt8]) throws(InspectionError) -> Inspection {
    let message: ChannelData
    do throws(STUNError) {
      message = try ChannelData(parsing: bytes.span)
    } catch {
      throw .malformed(.channelData, reason: "\(error)")
    }
    let content = Self.summary(of: Array(bytes[message.range]))
    var fields: [Inspection.Field] = [
      .init(0..<2, "channel number", message.channel.hexadecimalNumber, "0x4000 to 0x4fff, RFC 8656 §12"),
      .init(2..<4, "length", "\(message.range.count)", "bytes of application data, RFC 8656 §12.4"),
      .init(message.range, "application data", content.kind, content.text),
    ]
    if message.range.upperBound < bytes.count {
      fields.append(
        .init(
          message.range.upperBound..<bytes.count, "padding", "\(bytes.count - message.range.upperBound) bytes",
          "RFC 8656 §12.5"))
    }
    return Inspection(
      title: "TURN ChannelData, \(bytes.count) bytes (RFC 8656 §12.4)", fields: fields, of: bytes,
      json: [
        "kind": "channelData", "channel": JSON(message.channel), "length": JSON(message.range.count),
        "data": ["kind": .string(content.kind), "hex": .string(bytes[message.range].hexadecimal)],
      ])
  }
}
