import Foundation
import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct RTPVP8Tests {
  private struct File: Decodable {
    struct Vector: Decodable {
      let id: String
      let codec: String
      let payload_hex: String
      let verdict: String
      let expected: Fields?

      enum CodingKeys: CodingKey { case id, codec, payload_hex, verdict, expected }

      // The other codecs of the file have other fields.
      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        codec = try container.decode(String.self, forKey: .codec)
        payload_hex = try container.decode(String.self, forKey: .payload_hex)
        verdict = try container.decode(String.self, forKey: .verdict)
        expected = codec == "VP8" ? try container.decodeIfPresent(Fields.self, forKey: .expected) : nil
      }
    }
    let vectors: [Vector]
  }

  private struct Fields: Decodable {
    let N: Int, S: Int, PID: UInt8
    let picture_id: UInt16?, picture_id_bits: Int?
    let tl0picidx: UInt8?
    let tid: UInt8?, y: Int?
    let keyidx: UInt8?
    let descriptor_length: Int
    let keyframe: Bool?

    var descriptor: VP8PayloadDescriptor {
      VP8PayloadDescriptor(
        startsPartition: S == 1, partitionIndex: PID, isNonReference: N == 1,
        pictureID: picture_id.map { picture_id_bits == 7 ? .short(UInt8($0)) : .long($0) },
        temporalLevelZeroIndex: tl0picidx,
        temporalLayer: tid.map { .init(index: $0, isSynchronizationPoint: y == 1) }, keyIndex: keyidx)
    }
  }

  /// Descriptors that a writer would not have made so, and why.
  private let notCanonical: [String: String] = {
    var reasons: [String: String] = [:]
    for id in ["dev/VP8/ILTK0000", "pion-rtp/VP8/2", "pion-rtp/VP8/12"] {
      reasons[id] = "the X bit announces extensions, but none is there"
    }
    for fields in ["0001", "0010", "0101", "0110", "1001", "1010", "1101", "1110"] {
      reasons["dev/VP8/ILTK\(fields)"] = "bits are set in the field (TID and Y, or KEYIDX) that is not there"
    }
    return reasons
  }()

  private func vectors() throws -> [File.Vector] {
    var vectors = try Vectors.decode(File.self, from: "rtp/payload_descriptors_generated.json").vectors
    if let data = Vectors.publicData("rtp/payload_descriptors_public.json") {
      vectors += try JSONDecoder().decode(File.self, from: data).vectors
    }
    return vectors.filter { $0.codec == "VP8" }
  }

  @Test func `descriptors parse to the fields of the vectors and are written back`() throws {
    let vectors = try vectors()
    #expect(vectors.count >= 26)
    for vector in vectors {
      let payload = bytes(hex: vector.payload_hex)
      guard vector.verdict == "valid" else {
        #expect(throws: TruncatedInput.self, "\(vector.id)") { try parsedVP8(payload) }
        continue
      }
      let expected = try #require(vector.expected)
      let (descriptor, size) = try parsedVP8(payload)
      #expect(descriptor == expected.descriptor, "\(vector.id)")
      #expect(size == expected.descriptor_length, "\(vector.id)")
      var writer = ByteWriter()
      descriptor.write(into: &writer)
      #expect(writer.count == descriptor.size, "\(vector.id)")
      if notCanonical[vector.id] != nil {
        #expect(writer.bytes != [UInt8](payload.prefix(expected.descriptor_length)), "\(vector.id) is canonical")
        #expect(try parsedVP8(writer.bytes).descriptor == descriptor, "\(vector.id)")
      } else {
        #expect(writer.bytes == [UInt8](payload.prefix(expected.descriptor_length)), "\(vector.id)")
      }
      if let isKeyFrame = expected.keyframe {
        let header = try VP8PayloadHeader(parsing: payload.span.extracting(size..<payload.count))
        #expect(header.isKeyFrame == isKeyFrame, "\(vector.id)")
      }
    }
  }

  // RFC 6386 §9.1: 3 bytes frame tag, start code, 14 bits width and 2 bits scale, the same for the height.
  @Test func `a key frame tells its size`() throws {
    let data = bytes(hex: "50 2a 00 9d 01 2a 80 02 68 41")
    let header = try VP8PayloadHeader(parsing: data.span)
    #expect(header.isKeyFrame)
    #expect(header.width == 640)
    #expect(header.height == 360)
    #expect(header.firstPartitionSize == 0x2a << 3 | 0x50 >> 5)
  }

  @Test func `picture identifiers wrap in their own size`() {
    #expect(VP8PayloadDescriptor.PictureID.short(127).next == .short(0))
    #expect(VP8PayloadDescriptor.PictureID.long(127).next == .long(128))
    #expect(VP8PayloadDescriptor.PictureID.long(0x7FFF).next == .long(0))
  }
}
