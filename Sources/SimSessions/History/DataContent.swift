import RTCWire

/// What an SCTP packet of data channels is, in a few words.
enum DataContent {
  /// The names of its chunks, each once; of DATA also what it carries.
  static func title(of packet: [UInt8]) -> String {
    guard let parsed = try? SCTPPacket(parsing: packet.span) else { return "malformed SCTP" }
    var names: [String] = []
    for chunk in parsed.chunks {
      let name = Self.name(of: chunk, in: packet)
      if !names.contains(name) { names.append(name) }
    }
    return "SCTP " + names.joined(separator: ", ")
  }

  private static func name(of chunk: SCTPChunk, in packet: [UInt8]) -> String {
    guard case .data(let data) = chunk.content else { return chunk.name }
    switch DataChannelPayload(rawValue: data.ppid) {
    case .dcep:
      switch try? DCEPMessage(parsing: packet.span.extracting(data.payload)) {
      case .open: return "DATA_CHANNEL_OPEN"
      case .acknowledgement: return "DATA_CHANNEL_ACK"
      case nil: return "DATA"
      }
    case .string, .stringPartial, .stringEmpty: return "DATA (text)"
    case .binary, .binaryPartial, .binaryEmpty: return "DATA (binary)"
    case nil: return "DATA"
    }
  }
}
