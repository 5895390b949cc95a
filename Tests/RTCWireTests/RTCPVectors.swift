import Foundation
import RTCPrimitives
import RTCWire
import TestSupport

/// The RTCP files of `Tests/Vectors/rtcp` and of the public suites.
struct RTCPVectorFile: Decodable {
  struct Vector: Decodable {
    let id: String
    let hex: String
    let kind: String?
    let parsed: [RTCPFields]?
    let requested_bitrate: Int64?
  }

  let vectors: [Vector]

  static let publicFiles = ["aiortc_rtcp", "libwebrtc_rtcp", "pion_rtcp"]

  /// The vectors of our own file and, when they are there, those of the public suites.
  static func all() throws -> [Vector] {
    let own = try Vectors.decode(RTCPVectorFile.self, from: "rtcp/generated.json").vectors
    return try own
      + publicFiles.flatMap { name -> [Vector] in
        guard let data = Vectors.publicData("rtcp/\(name).json") else { return [] }
        return try JSONDecoder().decode(RTCPVectorFile.self, from: data).vectors
      }
  }
}

/// An RTCP packet in the words of the vectors: the union of the fields of all types.
struct RTCPFields: Decodable {
  struct Report: Decodable {
    let ssrc: UInt32, fraction_lost: UInt8, packets_lost: Int32, highest_sequence: UInt32
    let jitter: UInt32, lsr: UInt32, dlsr: UInt32
  }
  struct Chunk: Decodable {
    struct Item: Decodable { let type: UInt8, hex: String }
    let ssrc: UInt32, items: [Item]
  }
  struct Pair: Decodable { let pid: UInt16, blp: UInt16 }
  struct Entry: Decodable { let ssrc: UInt32?, seq: UInt8? }
  struct Arrival: Decodable { let seq: UInt16, status: UInt8, delta_us: Int64?, arrival_us: Int64? }

  let type: String
  let pt: UInt8, count: UInt8, length_words: Int
  let padding_length: Int?, padding_multiple_of_4: Bool?
  let ssrc: UInt32?, sender_ssrc: UInt32?, media_ssrc: UInt32?
  let ntp: String?, rtp_timestamp: UInt32?, packet_count: UInt32?, octet_count: UInt32?
  let reports: [Report]?
  let chunks: [Chunk]?
  let sources: [UInt32]?, reason: String?
  let subtype: UInt8?, name: String?, data_hex: String?
  let pairs: [Pair]?, lost: [UInt16]?
  let entries: [Entry]?
  let bitrate: String?, ssrcs: [UInt32]?
  let base_sequence_number: UInt16?, packet_status_count: Int?, reference_time: Int32?
  let feedback_packet_count: UInt8?, packets: [Arrival]?

  enum CodingKeys: CodingKey {
    case type, pt, count, length_words, padding_length, padding_multiple_of_4, ssrc, sender_ssrc, media_ssrc
    case ntp, rtp_timestamp, packet_count, octet_count, reports, chunks, sources, reason, subtype, name, data_hex
    case pairs, lost, entries, bitrate, ssrcs, base_sequence_number, packet_status_count, reference_time
    case feedback_packet_count, packets
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<T: Decodable>(_ key: CodingKeys) throws -> T? { try values.decodeIfPresent(T.self, forKey: key) }
    type = try values.decode(String.self, forKey: .type)
    pt = try values.decode(UInt8.self, forKey: .pt)
    count = try values.decode(UInt8.self, forKey: .count)
    length_words = try values.decode(Int.self, forKey: .length_words)
    padding_length = try value(.padding_length)
    padding_multiple_of_4 = try value(.padding_multiple_of_4)
    ssrc = try value(.ssrc)
    sender_ssrc = try value(.sender_ssrc)
    media_ssrc = try value(.media_ssrc)
    ntp = try value(.ntp)
    rtp_timestamp = try value(.rtp_timestamp)
    packet_count = try value(.packet_count)
    octet_count = try value(.octet_count)
    reports = try value(.reports)
    // The same keys mean other things in types that are kept as they are.
    chunks = type == "SDES" ? try value(.chunks) : nil
    sources = try value(.sources)
    reason = try value(.reason)
    subtype = try value(.subtype)
    name = try value(.name)
    data_hex = try value(.data_hex)
    pairs = try value(.pairs)
    lost = try value(.lost)
    entries = type == "FIR" ? try value(.entries) : nil
    bitrate = try value(.bitrate)
    ssrcs = try value(.ssrcs)
    base_sequence_number = try value(.base_sequence_number)
    packet_status_count = try value(.packet_status_count)
    reference_time = try value(.reference_time)
    feedback_packet_count = try value(.feedback_packet_count)
    packets = type == "TWCC" ? try value(.packets) : nil
  }

  /// The packet that these fields describe; `body` is what they do not tell: extensions of reports, and all of a
  /// packet that is not understood.
  func packet(body: [UInt8]) -> RTCPPacket {
    let reports = (reports ?? []).map {
      ReportBlock(
        ssrc: $0.ssrc, fractionLost: $0.fraction_lost, cumulativeLost: $0.packets_lost,
        highestSequenceNumber: $0.highest_sequence, jitter: $0.jitter, lastSenderReport: CompactNTP(rawValue: $0.lsr),
        delaySinceLastSenderReport: CompactNTP(rawValue: $0.dlsr))
    }
    switch type {
    case "SR":
      var report = SenderReport(
        ssrc: ssrc!, ntpTimestamp: NTPTimestamp(rawValue: UInt64(ntp!)!), rtpTimestamp: rtp_timestamp!,
        packetCount: packet_count!, octetCount: octet_count!, reports: reports)
      report.profileExtension = [UInt8](body.dropFirst(24 + 24 * reports.count))
      return .senderReport(report)
    case "RR":
      var report = ReceiverReport(ssrc: ssrc!, reports: reports)
      report.profileExtension = [UInt8](body.dropFirst(4 + 24 * reports.count))
      return .receiverReport(report)
    case "SDES":
      return .sourceDescription(
        SourceDescription(
          chunks: chunks!.map { chunk in
            .init(
              ssrc: chunk.ssrc,
              items: chunk.items.map { .init(.init(rawValue: $0.type), bytes(hex: $0.hex)) })
          }))
    case "BYE": return .goodbye(Goodbye(sources: sources!, reason: reason.map { Array($0.utf8) }))
    case "APP":
      return .applicationDefined(
        ApplicationDefined(
          subtype: subtype!, ssrc: ssrc!, name: name!.utf8.reduce(0) { $0 << 8 | UInt32($1) },
          data: bytes(hex: data_hex!)))
    case "NACK":
      return .genericNACK(
        GenericNACK(
          senderSSRC: sender_ssrc!, mediaSSRC: media_ssrc!,
          entries: pairs!.map { .init(packetID: SequenceNumber($0.pid), followingLost: $0.blp) }))
    case "PLI":
      return .pictureLossIndication(PictureLossIndication(senderSSRC: sender_ssrc!, mediaSSRC: media_ssrc!))
    case "FIR":
      return .fullIntraRequest(
        FullIntraRequest(
          senderSSRC: sender_ssrc!, mediaSSRC: media_ssrc!,
          entries: entries!.map { .init(ssrc: $0.ssrc!, sequenceNumber: $0.seq!) }))
    case "REMB":
      return .receiverEstimatedMaximumBitrate(
        ReceiverEstimatedMaximumBitrate(
          senderSSRC: sender_ssrc!, bitrate: .bitsPerSecond(Int64(bitrate!)!), ssrcs: ssrcs!))
    case "TWCC":
      return .transportFeedback(
        TransportFeedback(
          senderSSRC: sender_ssrc!, mediaSSRC: media_ssrc!,
          baseSequenceNumber: SequenceNumber(base_sequence_number!), referenceTime: reference_time!,
          feedbackPacketCount: feedback_packet_count!,
          statuses: packets!.map {
            switch $0.status {
            case 0: .notReceived
            case 3: .reserved
            default: .received(steps: Int16($0.delta_us! / 250))
            }
          }))
    case "XR" where body.count == 4:
      return .extendedReport(ExtendedReport(ssrc: body.span.bigEndianUInt32(at: 0), blocks: []))
    default: return .unknown(UnknownRTCPPacket(type: RTCPPacketType(rawValue: pt), count: count, body: body))
    }
  }
}

extension [RTCPFields] {
  /// The packets that the fields describe.
  func packets(of data: [UInt8]) -> [RTCPPacket] {
    var offset = 0
    return map { fields in
      let end = offset + 4 + 4 * fields.length_words
      defer { offset = end }
      return fields.packet(body: [UInt8](data[offset + 4..<end - (fields.padding_length ?? 0)]))
    }
  }
}

func rtcp(_ data: [UInt8], allowsReducedSize: Bool = true) throws(RTCPError) -> [RTCPPacket] {
  try RTCPCompound.parse(data.span, allowsReducedSize: allowsReducedSize)
}

func written(_ packets: [RTCPPacket], padding: Int = 0) -> [UInt8] {
  var writer = ByteWriter()
  RTCPCompound.write(packets, padding: padding, into: &writer)
  return writer.bytes
}
