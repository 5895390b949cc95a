import Foundation
import RTCPrimitives
import RTCTransport
import TestSupport
import Testing

@testable import rtcsim

/// `rtcsim inspect` against the conformance vectors, read from its own JSON output.
struct VectorTests {
  private typealias Object = [String: Any]

  private func vectors(_ path: String) throws -> [Object] {
    let file = try #require(try JSONSerialization.jsonObject(with: Vectors.data(path)) as? Object)
    return try #require(file["vectors"] as? [Object])
  }

  private func inspect(
    _ bytes: [UInt8], as format: InspectionFormat = .auto, key: MessageIntegrityKey? = nil
  ) throws -> Object {
    let inspection = try Inspector(integrityKey: key).inspect(bytes, as: format)
    #expect(!inspection.text.isEmpty)
    return try #require(try JSONSerialization.jsonObject(with: Data(inspection.json.text().utf8)) as? Object)
  }

  /// Compares the members of `expected` that `names` maps to members of `found`; an absent member and null are one.
  private func compare(_ found: Object, _ expected: Object, _ names: KeyValuePairs<String, String>, _ id: String) {
    for (ours, theirs) in names {
      let left = found[ours] as? NSObject ?? NSNull()
      let right = expected[theirs] as? NSObject ?? NSNull()
      #expect(left == right, "\(id): \(ours)")
    }
  }

  private func expectRefusal(_ vector: Object, as format: InspectionFormat) throws {
    let bytes = bytes(hex: try #require(vector["hex"] as? String))
    let error = #expect(throws: InspectionError.self, "\(vector["id"] ?? "")") {
      try Inspector().inspect(bytes, as: format)
    }
    #expect("\(try #require(error))".contains(" at offset "), "\(vector["id"] ?? "")")
  }

  @Test func `SCTP packets are decoded as the vectors say, once they are named`() throws {
    for vector in try vectors("sctp/generated.json") {
      let id = "\(vector["id"] ?? "")"
      guard let expected = vector["expected"] as? Object else {
        try expectRefusal(vector, as: .sctp)
        continue
      }
      let found = try inspect(bytes(hex: try #require(vector["hex"] as? String)), as: .sctp)
      compare(
        found, expected,
        [
          "sourcePort": "source_port", "destinationPort": "destination_port", "verificationTag": "verification_tag",
          "checksumValid": "checksum_ok",
        ], id)
      let chunks = try #require(found["chunks"] as? [Object])
      let wanted = try #require(expected["chunks"] as? [Object])
      #expect(chunks.count == wanted.count, "\(id)")
      for (chunk, expected) in zip(chunks, wanted) {
        compare(chunk, expected, ["type": "name", "flags": "flags", "length": "length"], id)
        guard chunk["tsn"] != nil else { continue }
        compare(chunk, expected, ["tsn": "tsn", "stream": "stream_id", "ppid": "ppid"], id)
      }
    }
  }

  @Test func `a data channel that is opened is named in its packet`() throws {
    // Common header, and DATA on stream 1: DATA_CHANNEL_OPEN, unordered, at most 3 times again, label "moves".
    var packet = bytes(hex: "13881388aabbccdd0000000000070021000000010001000000000032")
    packet += bytes(hex: "038101000000000300050000") + Array("moves".utf8) + [0, 0, 0]
    let found = try inspect(packet, as: .sctp)
    #expect(found["checksumValid"] as? Bool == false)
    let chunk = try #require((found["chunks"] as? [Object])?.first)
    let open = try #require(chunk["dcep"] as? Object)
    #expect(open["label"] as? String == "moves" && open["ordered"] as? Bool == false)
    #expect(open["reliability"] as? String == "at most 3 times again" && open["priority"] as? Int == 256)
    #expect(try Inspector().inspect(packet, as: .sctp).text.contains("DATA_CHANNEL_OPEN"))
  }

  @Test(arguments: ["stun/rfc5769.json", "stun/generated.json"])
  func `STUN messages are decoded as the vectors say`(path: String) throws {
    for vector in try vectors(path) {
      let id = "\(vector["id"] ?? "")"
      guard vector["verdict"] as? String != "malformed" else {
        try expectRefusal(vector, as: .stun)
        continue
      }
      let expected = try #require(vector["expected"] as? Object)
      let key = (vector["key_hex"] as? String).map { MessageIntegrityKey(bytes: bytes(hex: $0)) }
      let found = try inspect(bytes(hex: try #require(vector["hex"] as? String)), as: .stun, key: key)
      #expect(found["kind"] as? String == "stun")
      compare(found, expected, ["class": "class", "method": "method", "transactionId": "transaction_id"], id)
      let attributes = try #require(found["attributes"] as? [Object])
      let wanted = try #require(expected["attributes"] as? [Object])
      #expect(attributes.count == wanted.count, "\(id)")
      for (attribute, expected) in zip(attributes, wanted) {
        compare(
          attribute, expected,
          [
            "type": "type", "name": "name", "length": "length", "hex": "value_hex", "text": "text",
            "address": "address",
            "uint64": "uint64", "code": "code", "reason": "reason", "types": "types", "channel": "channel",
            "protocol": "protocol",
          ], id)
      }
      let verify = try #require(vector["verify"] as? Object)
      #expect(found["fingerprint"] as? String == status(of: [verify["fingerprint"]]), "\(id)")
      guard key != nil else { continue }
      let integrity = status(of: [verify["message_integrity"], verify["message_integrity_sha256"]])
      #expect(found["integrity"] as? String == integrity, "\(id)")
    }
  }

  private func status(of verdicts: [Any?]) -> String {
    let known = verdicts.compactMap { $0 as? Bool }
    return known.contains(false) ? "bad" : known.isEmpty ? "none" : "ok"
  }

  @Test func `RTP packets are decoded as the vectors say`() throws {
    for vector in try vectors("rtp/generated.json") {
      let id = "\(vector["id"] ?? "")"
      guard vector["verdict"] as? String != "malformed" else {
        try expectRefusal(vector, as: .rtp)
        continue
      }
      let expected = try #require(vector["expected"] as? Object)
      let found = try inspect(bytes(hex: try #require(vector["hex"] as? String)), as: .rtp)
      compare(
        found, expected,
        [
          "payloadType": "payload_type", "sequenceNumber": "sequence_number", "timestamp": "timestamp", "ssrc": "ssrc",
          "marker": "marker", "csrcs": "csrc", "payloadLength": "payload_length", "padding": "padding_size",
        ], id)
      let elements = expected["ext_elements"] as? [NSDictionary] ?? []
      #expect(found["extensions"] as? [NSDictionary] == elements, "\(id)")
    }
  }

  /// The types that WebRTC does not use are kept as they are, under their packet type.
  private static let understood: Set = ["SR", "RR", "SDES", "BYE", "APP", "NACK", "PLI", "FIR", "REMB", "TWCC"]

  @Test func `RTCP packets are decoded as the vectors say`() throws {
    for vector in try vectors("rtcp/generated.json") {
      let id = "\(vector["id"] ?? "")"
      let wanted = vector["parsed"] as? [Object] ?? []
      let isUnderstood = wanted.allSatisfy { Self.understood.contains($0["type"] as? String ?? "") }
      guard vector["verdict"] as? String != "malformed" else {
        if id != "dev/ccfb-overrun" { try expectRefusal(vector, as: .rtcp) }
        continue
      }
      let found = try inspect(bytes(hex: try #require(vector["hex"] as? String)), as: .rtcp)
      let packets = try #require(found["packets"] as? [Object])
      #expect(packets.count == wanted.count, "\(id)")
      for (packet, expected) in zip(packets, wanted) where isUnderstood {
        compare(
          packet, expected,
          [
            "type": "type", "ssrc": "ssrc", "ntp": "ntp", "rtpTimestamp": "rtp_timestamp",
            "packetCount": "packet_count", "octetCount": "octet_count", "sources": "sources", "subtype": "subtype",
            "name": "name", "senderSsrc": "sender_ssrc", "mediaSsrc": "media_ssrc", "lost": "lost",
            "ssrcs": "ssrcs", "baseSequenceNumber": "base_sequence_number",
            "packetStatusCount": "packet_status_count", "referenceTime": "reference_time",
            "feedbackPacketCount": "feedback_packet_count",
          ], id)
        #expect((packet["bitrate"] as? Int).map(String.init) == expected["bitrate"] as? String, "\(id)")
        for (report, expected) in zip(packet["reports"] as? [Object] ?? [], expected["reports"] as? [Object] ?? []) {
          compare(
            report, expected,
            [
              "ssrc": "ssrc", "fractionLost": "fraction_lost", "packetsLost": "packets_lost",
              "highestSequence": "highest_sequence", "jitter": "jitter", "lsr": "lsr", "dlsr": "dlsr",
            ], id)
        }
        for (chunk, expected) in zip(packet["chunks"] as? [Object] ?? [], expected["chunks"] as? [Object] ?? []) {
          #expect(chunk["ssrc"] as? Int == expected["ssrc"] as? Int, "\(id)")
          let items = (chunk["items"] as? [Object] ?? []).map { $0["hex"] as? String }
          #expect(items == (expected["items"] as? [Object] ?? []).map { $0["hex"] as? String }, "\(id)")
        }
        let arrivals = (packet["received"] as? [Object] ?? []).map { $0["arrivalMicroseconds"] as? Int }
        #expect(arrivals == (expected["packets"] as? [Object] ?? []).compactMap { $0["arrival_us"] as? Int }, "\(id)")
      }
    }
  }

  @Test(arguments: ["sdp/generated.json", "sdp/rfc9429_ab.json"])
  func `session descriptions are decoded as the vectors say`(path: String) throws {
    for vector in try vectors(path) {
      let id = "\(vector["id"] ?? "")"
      let text = try #require(vector["sdp"] as? String)
      let expected = try #require(vector["expected"] as? Object)
      let found = try inspect(Array(text.utf8))
      #expect(found["bundle"] as? [String] == expected["bundle"] as? [String] ?? [], "\(id)")
      let sections = try #require(found["media"] as? [Object])
      let wanted = try #require(expected["media"] as? [Object])
      #expect(sections.count == wanted.count, "\(id)")
      for (section, expected) in zip(sections, wanted) {
        compare(
          section, expected,
          [
            "mid": "mid", "type": "media", "direction": "direction", "port": "port", "rejected": "rejected",
            "iceUfrag": "ice_ufrag", "setup": "setup", "candidates": "candidates",
          ], id)
        #expect(section["fingerprint"] as? String == (expected["fingerprints"] as? [String])?.first, "\(id)")
        let codecs = try #require(section["codecs"] as? [Object])
        let maps = try #require(expected["rtpmaps"] as? [String])
        for map in maps {
          let name = map.split(separator: " ")[1].split(separator: "/").map(String.init)
          let type = Int(map.prefix { $0 != " " })
          let codec = try #require(codecs.first { $0["payloadType"] as? Int == type }, "\(id): \(map)")
          #expect(codec["name"] as? String == name[0])
          #expect(codec["clockRate"] as? Int == Int(name[1]))
          if name.count > 2 { #expect(codec["channels"] as? Int == Int(name[2])) }
        }
      }
    }
  }

  @Test func `ChannelData is decoded as the vectors say`() throws {
    for vector in try vectors("turn/channel_data.json") {
      guard vector["verdict"] as? String == "valid" else {
        try expectRefusal(vector, as: .channelData)
        continue
      }
      let found = try inspect(bytes(hex: try #require(vector["hex"] as? String)))
      #expect(found["channel"] as? Int == vector["channel"] as? Int)
      #expect((found["data"] as? Object)?["hex"] as? String == vector["data_hex"] as? String)
    }
  }

  /// The first bytes are those of RFC 7983's ranges.
  @Test func `no input of any kind traps, whatever is changed or cut`() throws {
    var dice = SeededGenerator(seed: 7, stream: "inspect/mutations")
    var seeds: [[UInt8]] = []
    for path in [
      "stun/generated.json", "rtp/generated.json", "rtcp/generated.json", "turn/channel_data.json",
      "sctp/generated.json",
    ] {
      seeds += try vectors(path).compactMap { ($0["hex"] as? String).map { bytes(hex: $0) } }
    }
    seeds += try vectors("sdp/generated.json").compactMap { ($0["sdp"] as? String).map { Array($0.utf8) } }
    seeds.append(CaptureSample.blocks(of: [(1, CaptureSample.stunBinding)]))
    var refused = 0
    for seed in seeds {
      for _ in 0..<10 {
        var bytes = seed
        for _ in 0..<Int.random(in: 0...3, using: &dice) where !bytes.isEmpty {
          bytes[Int.random(in: bytes.indices, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
        }
        bytes.removeLast(Int.random(in: 0...bytes.count, using: &dice) / 4)
        for format in [InspectionFormat.auto, .stun, .rtp, .rtcp, .dtls, .sctp, .channelData, .pcap] {
          do throws(InspectionError) {
            #expect(!(try Inspector().inspect(bytes, as: format)).json.text().isEmpty)
          } catch {
            refused += 1
          }
        }
      }
    }
    #expect(refused > seeds.count)
  }
}
