import RTCPrimitives
import RTCWire

/// Compound RTCP packets.
///
/// - SeeAlso: RFC 3550 §6, RFC 4585 §6
extension Inspector {
  func inspectRTCP(_ bytes: [UInt8]) throws(InspectionError) -> Inspection {
    let packets: [RTCPPacket]
    do throws(RTCPError) {
      packets = try RTCPCompound.parse(bytes.span)
    } catch {
      throw .malformed(.rtcp, reason: Self.reason(error))
    }
    var fields: [Inspection.Field] = []
    var offset = 0
    for packet in packets {
      let end = offset + 4 * (Int(bytes.span.bigEndianUInt16(at: offset + 2)) + 1)
      fields.append(
        .init(
          offset..<end, packet.name, "\(end - offset) bytes, count \(bytes[offset] & 0x1F)", packet.inspectedMeaning))
      fields += packet.inspectedFields(at: offset + 4)
      offset = end
    }
    return Inspection(
      title: "RTCP, \(packets.map(\.name).joined(separator: ", ")), \(bytes.count) bytes (RFC 3550 §6)", fields: fields,
      of: bytes, json: ["kind": "rtcp", "packets": .array(packets.map { $0.json })])
  }

  private static func reason(_ error: RTCPError) -> String {
    switch error {
    case .truncated(let type, let input): "\(input)" + (type.map { " in \($0)" } ?? "")
    case .unsupportedVersion, .paddingBeforeEnd, .invalidPadding, .invalidSize, .bitrateOverflow, .reducedSize:
      "\(error)"
    }
  }
}

extension RTCPPacket {
  fileprivate var inspectedMeaning: String {
    switch self {
    case .senderReport: "sender report, RFC 3550 §6.4.1"
    case .receiverReport: "receiver report, RFC 3550 §6.4.2"
    case .sourceDescription: "source description, RFC 3550 §6.5"
    case .goodbye: "sources leave, RFC 3550 §6.6"
    case .applicationDefined: "application-defined, RFC 3550 §6.7"
    case .genericNACK: "asks for lost packets, RFC 4585 §6.2.1"
    case .transportFeedback: "arrival times, draft-holmer-rmcat-transport-wide-cc-extensions-01"
    case .pictureLossIndication: "the picture is lost, RFC 4585 §6.3.1"
    case .fullIntraRequest: "commands a key frame, RFC 5104 §4.3.1"
    case .receiverEstimatedMaximumBitrate: "estimated bitrate, draft-alvestrand-rmcat-remb-03"
    case .extendedReport: "extended report, RFC 3611 §2"
    case .unknown: "not decoded"
    }
  }

  /// The rows of what follows the header at `begin`.
  fileprivate func inspectedFields(at begin: Int) -> [Inspection.Field] {
    func word(_ index: Int) -> Range<Int> { begin + 4 * index..<begin + 4 * index + 4 }
    func feedback(_ sender: UInt32, _ media: UInt32) -> [Inspection.Field] {
      [
        .init(word(0), "sender SSRC", "\(sender)", "who asks, RFC 4585 §6.1"),
        .init(word(1), "media SSRC", "\(media)", "about which source, RFC 4585 §6.1"),
      ]
    }
    switch self {
    case .senderReport(let report):
      let fields: [Inspection.Field] = [
        .init(word(0), "SSRC", "\(report.ssrc)", "who sends"),
        .init(begin + 4..<begin + 12, "NTP timestamp", "\(report.ntpTimestamp)", "seconds since 1900, hexadecimal"),
        .init(word(3), "RTP timestamp", "\(report.rtpTimestamp)", "the same time on the RTP clock"),
        .init(word(4), "packet count", "\(report.packetCount)", "RTP packets sent"),
        .init(word(5), "octet count", "\(report.octetCount)", "payload bytes sent"),
      ]
      return fields + report.reports.inspectedFields(at: begin + 24)
    case .receiverReport(let report):
      return [.init(word(0), "SSRC", "\(report.ssrc)", "who reports")] + report.reports.inspectedFields(at: begin + 4)
    case .sourceDescription(let description):
      return description.chunks.flatMap { chunk in
        chunk.items.map { .init(nil, $0.type.inspectedName, "\"\($0.text)\"", "of SSRC \(chunk.ssrc)") }
      }
    case .goodbye(let goodbye):
      let sources = goodbye.sources.enumerated().map { index, source in
        Inspection.Field(word(index), "SSRC", "\(source)", "leaves")
      }
      return sources + (goodbye.reasonText.map { [.init(nil, "reason", "\"\($0)\"")] } ?? [])
    case .applicationDefined(let message):
      return [
        .init(word(0), "SSRC", "\(message.ssrc)"), .init(word(1), "name", message.nameText),
        .init(begin + 8..<begin + 8 + message.data.count, "data", "\(message.data.count) bytes"),
      ]
    case .genericNACK(let nack):
      return feedback(nack.senderSSRC, nack.mediaSSRC)
        + nack.entries.enumerated().map { index, entry in
          let following = String(entry.followingLost, radix: 2)
          return .init(
            word(2 + index), "PID, BLP", "\(entry.packetID), 0b\(following)", "lost, and which of the next 16")
        } + [.init(nil, "lost", nack.lost.map(\.description).joined(separator: " "))]
    case .pictureLossIndication(let message): return feedback(message.senderSSRC, message.mediaSSRC)
    case .fullIntraRequest(let request):
      return feedback(request.senderSSRC, request.mediaSSRC)
        + request.entries.enumerated().map { index, entry in
          .init(
            begin + 8 + 8 * index..<begin + 16 + 8 * index, "command",
            "SSRC \(entry.ssrc), number \(entry.sequenceNumber)", "a repeated number is one command")
        }
    case .receiverEstimatedMaximumBitrate(let message):
      return feedback(message.senderSSRC, message.mediaSSRC) + [
        .init(
          begin + 12..<begin + 16, "bitrate", "\(message.bitrate.bitsPerSecond) bit/s", "of all these sources together"),
        .init(
          begin + 16..<begin + 16 + 4 * message.ssrcs.count, "SSRCs",
          message.ssrcs.map(\.description).joined(separator: " ")),
      ]
    case .transportFeedback(let message):
      return feedback(message.senderSSRC, message.mediaSSRC) + [
        .init(begin + 8..<begin + 10, "base sequence number", "\(message.baseSequenceNumber)", "of the first packet"),
        .init(begin + 10..<begin + 12, "packet status count", "\(message.statuses.count)", "packets told about"),
        .init(begin + 12..<begin + 15, "reference time", "\(message.referenceTime)", "in 64 ms"),
        .init(begin + 15..<begin + 16, "feedback packet count", "\(message.feedbackPacketCount)"),
        .init(nil, "received", message.inspectedArrivals, "sequence number @ ms"),
      ]
    case .extendedReport(let report):
      return [.init(word(0), "SSRC", "\(report.ssrc)", "who reports")] + report.inspectedFields(at: begin + 4)
    case .unknown(let message):
      return [.init(begin..<begin + message.body.count, "body", "\(message.body.count) bytes")]
    }
  }
}

extension [ReportBlock] {
  fileprivate func inspectedFields(at begin: Int) -> [Inspection.Field] {
    enumerated().flatMap { index, block -> [Inspection.Field] in
      let offset = begin + 24 * index
      return [
        .init(offset..<offset + 4, "report on SSRC", "\(block.ssrc)", "RFC 3550 §6.4.1"),
        .init(offset + 4..<offset + 5, "fraction lost", "\(block.fractionLost)/256", "since the last report"),
        .init(offset + 5..<offset + 8, "cumulative lost", "\(block.cumulativeLost)", "packets since the beginning"),
        .init(
          offset + 8..<offset + 12, "highest sequence", "\(block.highestSequenceNumber)", "wraps in the upper 16 bits"),
        .init(offset + 12..<offset + 16, "jitter", "\(block.jitter)", "ticks of the RTP clock"),
        .init(
          offset + 16..<offset + 20, "last SR", block.lastSenderReport.rawValue.hexadecimalNumber,
          "middle of its NTP time"),
        .init(
          offset + 20..<offset + 24, "delay since last SR",
          "\(block.delaySinceLastSenderReport.duration.milliseconds) ms",
          "in 1/65536 s"),
      ]
    }
  }
}

extension ExtendedReport {
  fileprivate func inspectedFields(at begin: Int) -> [Inspection.Field] {
    var offset = begin
    return blocks.flatMap { block -> [Inspection.Field] in
      let content = offset + 4
      switch block {
      case .receiverReferenceTime(let time):
        offset = content + 8
        return [.init(content..<offset, "reference time", "\(time)", "when a receiver sent this, RFC 3611 §4.4")]
      case .delaySinceLastReceiverReport(let delays):
        offset = content + 12 * delays.count
        return delays.enumerated().map { index, delay in
          .init(
            content + 12 * index..<content + 12 * index + 12, "delay since last RRTR",
            "\(delay.delay.duration.milliseconds) ms", "to receiver \(delay.ssrc), RFC 3611 §4.5")
        }
      case .unknown(let type, _, let bytes):
        offset = content + bytes.count
        return [.init(content..<offset, "block of type \(type)", "\(bytes.count) bytes", "not decoded")]
      }
    }
  }
}

extension TransportFeedback {
  fileprivate var inspectedArrivals: String {
    arrivals.map { "\($0.number)@\(Double($0.time.nanoseconds / 1000) / 1000)" }.joined(separator: " ")
  }
}

extension SourceDescription.ItemType {
  fileprivate var inspectedName: String {
    switch self {
    case .canonicalName: "CNAME"
    case .name: "NAME"
    case .email: "EMAIL"
    case .phone: "PHONE"
    case .location: "LOC"
    case .tool: "TOOL"
    case .note: "NOTE"
    case .privateExtension: "PRIV"
    case .rtpStreamID: "RtpStreamId"
    case .repairedRTPStreamID: "RepairedRtpStreamId"
    case .mediaIdentification: "MID"
    default: "item \(rawValue)"
    }
  }
}
