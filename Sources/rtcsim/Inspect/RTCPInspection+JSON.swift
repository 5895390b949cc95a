import RTCPrimitives
import RTCWire

extension RTCPPacket {
  /// The message's fields behind its `type`.
  var json: JSON {
    var json: JSON = ["type": .string(name)]
    switch self {
    case .senderReport(let report):
      json.append("ssrc", JSON(report.ssrc))
      json.append("ntp", .string("\(report.ntpTimestamp.rawValue)"))
      json.append("rtpTimestamp", JSON(report.rtpTimestamp))
      json.append("packetCount", JSON(report.packetCount))
      json.append("octetCount", JSON(report.octetCount))
      json.append("reports", .array(report.reports.map { $0.json }))
    case .receiverReport(let report):
      json.append("ssrc", JSON(report.ssrc))
      json.append("reports", .array(report.reports.map { $0.json }))
    case .sourceDescription(let description):
      json.append("chunks", .array(description.chunks.map { $0.json }))
    case .goodbye(let goodbye):
      json.append("sources", .array(goodbye.sources.map { JSON($0) }))
      json.append("reason", JSON(goodbye.reasonText))
    case .applicationDefined(let message):
      json.append("subtype", JSON(message.subtype))
      json.append("ssrc", JSON(message.ssrc))
      json.append("name", .string(message.nameText))
      json.append("hex", .string(message.data.hexadecimal))
    case .genericNACK(let nack):
      json.append(sender: nack.senderSSRC, media: nack.mediaSSRC)
      json.append("lost", .array(nack.lost.map { JSON($0.rawValue) }))
    case .pictureLossIndication(let message): json.append(sender: message.senderSSRC, media: message.mediaSSRC)
    case .fullIntraRequest(let request):
      json.append(sender: request.senderSSRC, media: request.mediaSSRC)
      json.append(
        "entries",
        .array(request.entries.map { ["ssrc": JSON($0.ssrc), "sequenceNumber": JSON($0.sequenceNumber)] }))
    case .receiverEstimatedMaximumBitrate(let message):
      json.append(sender: message.senderSSRC, media: message.mediaSSRC)
      json.append("bitrate", JSON(message.bitrate.bitsPerSecond))
      json.append("ssrcs", .array(message.ssrcs.map { JSON($0) }))
    case .transportFeedback(let message):
      json.append(sender: message.senderSSRC, media: message.mediaSSRC)
      json.append("baseSequenceNumber", JSON(message.baseSequenceNumber.rawValue))
      json.append("packetStatusCount", JSON(message.statuses.count))
      json.append("referenceTime", JSON(message.referenceTime))
      json.append("feedbackPacketCount", JSON(message.feedbackPacketCount))
      json.append(
        "received",
        .array(
          message.arrivals.map {
            ["sequenceNumber": JSON($0.number.rawValue), "arrivalMicroseconds": JSON($0.time.nanoseconds / 1000)]
          }))
    case .extendedReport(let report):
      json.append("ssrc", JSON(report.ssrc))
      json.append("blocks", .array(report.blocks.map { $0.json }))
    case .unknown(let message):
      json.append("packetType", JSON(message.type.rawValue))
      json.append("count", JSON(message.count))
      json.append("hex", .string(message.body.hexadecimal))
    }
    return json
  }
}

extension JSON {
  fileprivate mutating func append(sender: UInt32, media: UInt32) {
    append("senderSsrc", JSON(sender))
    append("mediaSsrc", JSON(media))
  }
}

extension ReportBlock {
  fileprivate var json: JSON {
    [
      "ssrc": JSON(ssrc), "fractionLost": JSON(fractionLost), "packetsLost": JSON(cumulativeLost),
      "highestSequence": JSON(highestSequenceNumber), "jitter": JSON(jitter), "lsr": JSON(lastSenderReport.rawValue),
      "dlsr": JSON(delaySinceLastSenderReport.rawValue),
    ]
  }
}

extension ExtendedReport.Block {
  fileprivate var json: JSON {
    switch self {
    case .receiverReferenceTime(let time): ["type": JSON(4), "ntp": .string("\(time.rawValue)")]
    case .delaySinceLastReceiverReport(let delays):
      [
        "type": JSON(5),
        "delays": .array(
          delays.map {
            ["ssrc": JSON($0.ssrc), "lrr": JSON($0.lastReference.rawValue), "dlrr": JSON($0.delay.rawValue)]
          }),
      ]
    case .unknown(let type, _, let content): ["type": JSON(type), "hex": .string(content.hexadecimal)]
    }
  }
}

extension SourceDescription.Chunk {
  fileprivate var json: JSON {
    [
      "ssrc": JSON(ssrc),
      "items": .array(
        items.map {
          ["type": JSON($0.type.rawValue), "hex": .string($0.value.hexadecimal), "text": .string($0.text)]
        }),
    ]
  }
}
