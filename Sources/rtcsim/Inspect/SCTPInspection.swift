import RTCPrimitives
import RTCWire

/// SCTP packets as they are inside DTLS, and what data channels say in them.
///
/// - SeeAlso: RFC 9260 §3, RFC 8832 §5
extension Inspector {
  func inspectSCTP(_ bytes: [UInt8]) throws(InspectionError) -> Inspection {
    let packet: SCTPPacket
    do throws(SCTPPacketError) {
      packet = try SCTPPacket(parsing: bytes.span)
    } catch {
      let place = error == .noChunk ? "at offset \(SCTPPacket.headerSize): " : ""
      throw .malformed(.sctp, reason: "\(place)\(error)")
    }
    let header: [Inspection.Field] = [
      .init(0..<2, "source port", "\(packet.sourcePort)", "a=sctp-port, RFC 8841 §5"),
      .init(2..<4, "destination port", "\(packet.destinationPort)", "a=sctp-port of the peer"),
      .init(
        4..<8, "verification tag", packet.verificationTag.hexadecimalNumber, "what the receiver chose; 0 with INIT"),
      .init(
        8..<12, "checksum", packet.checksum.hexadecimalNumber,
        packet.hasValidChecksum ? "CRC32c, right" : "CRC32c, WRONG"),
    ]
    let names = packet.chunks.map(\.name).joined(separator: ", ")
    return Inspection(
      title: "SCTP, \(bytes.count) bytes (RFC 9260): \(names)",
      fields: header + packet.chunks.flatMap { Self.fields(of: $0, in: bytes) }, of: bytes,
      json: [
        "kind": "sctp", "sourcePort": JSON(packet.sourcePort), "destinationPort": JSON(packet.destinationPort),
        "verificationTag": JSON(packet.verificationTag), "checksumValid": .boolean(packet.hasValidChecksum),
        "chunks": .array(packet.chunks.map { Self.json(of: $0, in: bytes) }),
      ])
  }

  private static func fields(of chunk: SCTPChunk, in bytes: [UInt8]) -> [Inspection.Field] {
    let begin = chunk.range.lowerBound
    func field(_ offset: Int, _ length: Int, _ name: String, _ value: some CustomStringConvertible, _ meaning: String)
      -> Inspection.Field
    {
      .init(begin + offset..<begin + offset + length, name, "\(value)", meaning)
    }
    let head = field(
      0, SCTPChunk.headerSize, chunk.name, "type \(chunk.type), flags \(chunk.flags), \(chunk.range.count) bytes",
      "RFC 9260 §3.2")
    switch chunk.content {
    case .data(let data):
      let fields = [
        field(4, 4, "TSN", data.tsn, "numbers the chunks of the association"),
        field(8, 2, "stream", data.stream, data.isUnordered ? "unordered" : "ordered"),
        field(10, 2, "stream sequence number", data.streamSequenceNumber, "numbers the ordered messages of the stream"),
        field(12, 4, "PPID", data.ppid, DataChannelPayload(rawValue: data.ppid)?.meaning ?? "none of WebRTC's"),
      ]
      return [head] + fields + payload(of: data, in: bytes)
    case .initiation(let initiation):
      return [
        head, field(4, 4, "initiate tag", initiation.initiateTag.hexadecimalNumber, "the peer's packets bear it"),
        field(8, 4, "advertised window", initiation.advertisedWindow, "bytes that there is room for"),
        field(12, 2, "outbound streams", initiation.outboundStreams, "RFC 9260 §3.3.2"),
        field(14, 2, "inbound streams", initiation.inboundStreams, "at most"),
        field(16, 4, "initial TSN", initiation.initialTSN, "of the first chunk of data"),
        .init(
          initiation.parameters, "parameters", "\(initiation.parameters.count) bytes",
          "what the sender knows beyond RFC 9260, and in INIT ACK the cookie"),
      ]
    case .selectiveAcknowledgement(let report):
      let gaps = report.gaps.map { "+\($0.first)…+\($0.last)" }.joined(separator: " ")
      return [
        head, field(4, 4, "cumulative TSN", report.cumulativeTSN, "all up to it have arrived"),
        field(8, 4, "advertised window", report.advertisedWindow, "bytes that there is room for"),
        field(12, 2, "gaps", report.gaps.count, gaps.isEmpty ? "nothing is missing" : "arrived behind a gap: \(gaps)"),
        field(14, 2, "duplicates", report.duplicates.count, "arrived more than once"),
      ]
    case .shutdown(let tsn): return [head, field(4, 4, "cumulative TSN", tsn, "all up to it have arrived")]
    case .forwardTSN(let forward):
      return [
        head,
        field(4, 4, "new cumulative TSN", forward.cumulativeTSN, "what lies before it is given up, RFC 3758 §3.2"),
        .init(nil, "streams skipped", "\(forward.skips.count)", "ordered ones, in which messages are missing"),
      ]
    case .reconfiguration(let parameters):
      return [head] + parameters.map { .init(nil, $0.name, $0.value, "RFC 6525 §4; a data channel is closed so") }
    case .opaque:
      guard !chunk.body.isEmpty else { return [head] }
      return [head, .init(chunk.body, "value", "\(chunk.body.count) bytes", chunk.kind?.bodyMeaning ?? "")]
    }
  }

  /// A message of the establishment protocol field by field, any other by its length.
  private static func payload(of data: SCTPData, in bytes: [UInt8]) -> [Inspection.Field] {
    guard let message = dcep(of: data, in: bytes) else {
      let part = data.isBeginning && data.isEnd ? "a whole message" : "a part of a message"
      return [.init(data.payload, "payload", "\(data.payload.count) bytes", part)]
    }
    let begin = data.payload.lowerBound
    func field(_ offset: Int, _ length: Int, _ name: String, _ value: some CustomStringConvertible, _ meaning: String)
      -> Inspection.Field
    {
      .init(begin + offset..<begin + offset + length, name, "\(value)", meaning)
    }
    guard case .open(let open) = message else {
      return [field(0, 1, "DATA_CHANNEL_ACK", 2, "the channel is known here, too, RFC 8832 §5.2")]
    }
    let (label, subprotocol) = (open.label.utf8.count, open.subprotocol.utf8.count)
    let texts = [
      field(DataChannelOpen.headerSize, label, "label", open.label, "the application's name for it"),
      field(DataChannelOpen.headerSize + label, subprotocol, "protocol", open.subprotocol, "the application's"),
    ]
    return [
      field(0, 1, "DATA_CHANNEL_OPEN", 3, "RFC 8832 §5.1"),
      field(1, 1, "channel type", bytes[begin + 1].hexadecimal, open.isOrdered ? "ordered" : "unordered"),
      field(2, 2, "priority", open.priority, "RFC 8831 §6.4"),
      field(4, 4, "reliability", open.reliability.name, "RFC 8832 §5.1"),
      field(8, 2, "label length", label, "bytes"),
      field(10, 2, "protocol length", subprotocol, "bytes"),
    ] + texts.filter { $0.range?.isEmpty == false }
  }

  private static func dcep(of data: SCTPData, in bytes: [UInt8]) -> DCEPMessage? {
    guard data.ppid == DataChannelPayload.dcep.rawValue, data.isBeginning, data.isEnd else { return nil }
    return try? DCEPMessage(parsing: bytes.span.extracting(data.payload))
  }

  private static func json(of chunk: SCTPChunk, in bytes: [UInt8]) -> JSON {
    var json: JSON = [
      "type": .string(chunk.name), "flags": JSON(chunk.flags), "offset": JSON(chunk.range.lowerBound),
      "length": JSON(chunk.range.count),
    ]
    guard case .data(let data) = chunk.content else { return json }
    json.append("tsn", JSON(data.tsn))
    json.append("stream", JSON(data.stream))
    json.append("ppid", JSON(data.ppid))
    json.append("payloadLength", JSON(data.payload.count))
    switch dcep(of: data, in: bytes) {
    case .open(let open):
      json.append(
        "dcep",
        [
          "message": "DATA_CHANNEL_OPEN", "label": .string(open.label), "protocol": .string(open.subprotocol),
          "ordered": .boolean(open.isOrdered), "reliability": .string(open.reliability.name),
          "priority": JSON(open.priority),
        ])
    case .acknowledgement: json.append("dcep", ["message": "DATA_CHANNEL_ACK"])
    case nil: break
    }
    return json
  }
}

extension DataChannelPayload {
  fileprivate var meaning: String {
    switch self {
    case .dcep: "data channel establishment, RFC 8832"
    case .string: "a text, RFC 8831 §8"
    case .binary: "bytes, RFC 8831 §8"
    case .stringPartial: "a part of a text, deprecated"
    case .binaryPartial: "a part of bytes, deprecated"
    case .stringEmpty: "a text without any characters"
    case .binaryEmpty: "no bytes: the one that follows stands for none"
    }
  }
}

extension DataChannelReliability {
  fileprivate var name: String {
    switch self {
    case .reliable: "reliable"
    case .maxRetransmits(let count): "at most \(count) times again"
    case .maxPacketLifeTime(let time): "at most \(Int(time.milliseconds)) ms"
    }
  }
}

extension SCTPChunk.Kind {
  fileprivate var bodyMeaning: String {
    switch self {
    case .cookieEcho: "the cookie of INIT ACK, as it came, RFC 9260 §3.3.11"
    case .abort, .error: "causes, RFC 9260 §3.3.10"
    case .heartbeat, .heartbeatAcknowledgement: "comes back as it went, RFC 9260 §3.3.5"
    case .data, .initiation, .initiationAcknowledgement, .selectiveAcknowledgement, .shutdown,
      .shutdownAcknowledgement, .cookieAcknowledgement, .shutdownComplete, .reconfiguration, .forwardTSN:
      ""
    }
  }
}

extension SCTPReconfiguration {
  fileprivate var name: String {
    switch self {
    case .outgoingReset: "outgoing streams reset"
    case .incomingReset: "incoming streams reset"
    case .response: "response"
    case .addOutgoingStreams: "more outgoing streams"
    case .other(let type): "parameter \(type)"
    }
  }

  fileprivate var value: String {
    switch self {
    case .outgoingReset(let request, _, _, let streams), .incomingReset(let request, let streams):
      "request \(request), streams \(streams.isEmpty ? "all" : streams.map(String.init).joined(separator: ", "))"
    case .response(let request, let result): "to request \(request), result \(result)"
    case .addOutgoingStreams(let request, let count): "request \(request), \(count) more"
    case .other: ""
    }
  }
}
