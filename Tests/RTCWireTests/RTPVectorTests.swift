import Foundation
import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct RTPVectorTests {
  /// Packets that a writer would not have made so, and why.
  private let notCanonical = [
    "dev/ext-one-byte-pad-between": "padding stands between elements; written, it stands at the end",
    "dev/ext-id-15-stop": "identifier 15 and what follows it are not elements",
    "aiortc/rtp_only_padding": "the padding holds random bytes; written, it holds zeros",
  ]

  @Test func `packets parse to the fields of the vectors`() throws {
    let vectors = try RTPVectorFile.all()
    #expect(vectors.count >= 32)
    for vector in vectors {
      let data = bytes(hex: vector.hex)
      switch vector.verdict {
      case "valid":
        let packet = try RTPPacket(data)
        #expect(RTPFields(packet, of: data) == vector.expected, "\(vector.id)")
      case "malformed":
        #expect(throws: RTPError.self, "\(vector.id)") { try RTPPacket(data) }
      default: Issue.record("\(vector.id): verdict \(vector.verdict)")
      }
    }
  }

  @Test func `packets are written to the bytes of the vectors`() throws {
    for vector in try RTPVectorFile.all() where vector.verdict == "valid" {
      let data = bytes(hex: vector.hex)
      let packet = try RTPPacket(data)
      let written = try packet.rewritten(from: data)
      if notCanonical[vector.id] == nil {
        #expect(hex(written) == vector.hex, "\(vector.id)")
      } else {
        #expect(hex(written) != vector.hex, "\(vector.id) is canonical after all")
        let again = try RTPPacket(written)
        #expect(again.header == packet.header, "\(vector.id)")
        #expect(again.elementList(of: written) == packet.elementList(of: data), "\(vector.id)")
        #expect(again.paddingLength == packet.paddingLength, "\(vector.id)")
        #expect(written[again.payloadRange] == data[packet.payloadRange], "\(vector.id)")
      }
    }
  }

  @Test func `every cut of a valid packet parses or is refused`() throws {
    for vector in try RTPVectorFile.all() where vector.verdict == "valid" {
      let data = bytes(hex: vector.hex)
      let headerSize = try RTPPacket(data).payloadRange.lowerBound
      for count in 0..<headerSize {
        let cut = [UInt8](data.prefix(count))
        #expect(throws: RTPError.self, "\(vector.id) cut to \(count)") { try RTPPacket(cut) }
      }
    }
  }

  @Test func `the values of the generated header extensions are understood`() throws {
    let file = try Vectors.decode(RTPVectorFile.self, from: "rtp/generated.json")
    func element(_ id: String, _ extensionID: UInt8) throws -> [UInt8] {
      let data = bytes(hex: try #require(file.vectors.first { $0.id == id }).hex)
      let packet = try RTPPacket(data)
      let range = packet.extensionRange(id: extensionID, in: data.span)
      return [UInt8](data[try #require(range)])
    }
    func check<Extension: RTPHeaderExtension>(_ value: Extension, _ data: [UInt8]) throws {
      #expect(try parsed(Extension.self, data) == value)
      var writer = ByteWriter()
      try RTPExtensionBlock(opening: &writer, form: .oneByte).append(value, id: 1, into: &writer)
      #expect([UInt8](writer.bytes.dropFirst(5)) == data)
    }
    try check(#require(MediaIdentification("0")), element("dev/mid", 4))
    try check(#require(RTPStreamID("hi")), element("dev/rid", 10))
    try check(#require(RepairedRTPStreamID("mid")), element("dev/rid", 11))
    try check(AudioLevel(level: 42, hasVoice: true), element("dev/audio-level", 1))
    try check(TransportSequenceNumber(65534), element("dev/twcc-seq", 3))
    let sendTime = AbsoluteSendTime(rawValue: UInt32(14.590328216552734 * 0x1p18))
    try check(sendTime, element("dev/abs-send-time", 2))
    #expect(sendTime.sinceWrap == .nanoseconds(14_590_328_216))
  }

  @Test(.enabled(if: Vectors.hasPublicData))
  func `public extension blocks yield the elements of the vectors`() throws {
    struct File: Decodable {
      struct Vector: Decodable {
        let id: String
        let hex: String
        let elements: [RTPFields.Element]
        let rest_hex: String
      }
      let vectors: [Vector]
    }
    let notCanonical = [
      "pion-rtp/TestHeaderExtension_RFC8285OneByteMultipleExtensionsWithPadding": "padding stands between elements",
      "pion-rtp/TestHeaderExtension_RFC8285TwoByteMultipleExtensionsWithPadding": "padding stands between elements",
    ]
    let data = try #require(Vectors.publicData("rtp/header_extensions_public.json"))
    for vector in try JSONDecoder().decode(File.self, from: data).vectors {
      let packet = bytes(hex: "906000010000000200000003" + vector.hex)
      let view = try RTPPacket(packet)
      #expect(view.elementList(of: packet) == vector.elements, "\(vector.id)")
      #expect(hex(packet[view.payloadRange]) == vector.rest_hex, "\(vector.id)")
      #expect((try view.rewritten(from: packet) == packet) == (notCanonical[vector.id] == nil), "\(vector.id)")
    }
  }
}
