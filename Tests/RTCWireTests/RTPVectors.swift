import Foundation
import RTCPrimitives
import RTCWire
import TestSupport

/// The RTP files of `Tests/Vectors/rtp` and of the public suites.
struct RTPVectorFile: Decodable {
  struct Vector: Decodable {
    let id: String
    let hex: String
    let verdict: String
    let expected: RTPFields?
  }

  let vectors: [Vector]

  static let files = ["generated", "aiortc_rtp", "libwebrtc_rtp"]

  /// The vectors of our own file and, when they are there, those of the public suites.
  static func all() throws -> [Vector] {
    try files.flatMap { name -> [Vector] in
      if name == "generated" { return try Vectors.decode(RTPVectorFile.self, from: "rtp/generated.json").vectors }
      guard let data = Vectors.publicData("rtp/\(name).json") else { return [] }
      return try JSONDecoder().decode(RTPVectorFile.self, from: data).vectors
    }
  }
}

/// An RTP packet in the words of the vectors.
struct RTPFields: Decodable, Equatable {
  struct Element: Decodable, Equatable {
    let id: UInt8
    let hex: String
  }

  let version: Int
  let padding: Bool
  let `extension`: Bool
  let cc: Int
  let marker: Bool
  let payload_type: UInt8
  let sequence_number: UInt16
  let timestamp: UInt32
  let ssrc: UInt32
  let csrc: [UInt32]
  let ext_profile: UInt16?
  let ext_raw_hex: String?
  let ext_elements: [Element]?
  let padding_size: Int
  let header_length: Int
  let payload_hex: String
  let payload_length: Int

  init(_ packet: RTPPacket, of data: [UInt8]) {
    version = 2
    padding = packet.header.hasPadding
    `extension` = packet.header.hasExtension
    cc = packet.header.csrcs.count
    marker = packet.header.marker
    payload_type = packet.header.payloadType
    sequence_number = packet.header.sequenceNumber.rawValue
    timestamp = packet.header.timestamp
    ssrc = packet.header.ssrc
    csrc = packet.header.csrcs.array
    ext_profile = packet.header.hasExtension ? packet.extensionProfile : nil
    ext_raw_hex = packet.header.hasExtension ? hex(data[packet.extensionBlockRange]) : nil
    ext_elements = packet.extensionForm == nil ? nil : packet.elementList(of: data)
    padding_size = packet.paddingLength
    header_length = packet.payloadRange.lowerBound
    payload_hex = hex(data[packet.payloadRange])
    payload_length = packet.payloadSize
  }
}

// `#expect` cannot take a span, so these take arrays.
extension RTPPacket {
  init(_ data: [UInt8], elided: Int = 0) throws(RTPError) { try self.init(parsing: data.span, elided: elided) }

  func elementList(of data: [UInt8]) -> [RTPFields.Element] {
    var elements = extensionElements
    var result: [RTPFields.Element] = []
    while let element = elements.next(in: data.span) {
      result.append(RTPFields.Element(id: element.id, hex: hex(data[element.range])))
    }
    return result
  }

  /// Builds the packet anew from its parts.
  func rewritten(from data: [UInt8]) throws -> [UInt8] {
    var writer = ByteWriter()
    header.write(into: &writer)
    if let form = extensionForm {
      let block = RTPExtensionBlock(opening: &writer, form: form)
      for element in elementList(of: data) {
        try block.append(id: element.id, value: bytes(hex: element.hex).span, into: &writer)
      }
      block.close(&writer)
    } else if header.hasExtension {
      writer.append(extensionProfile)
      writer.append(UInt16(extensionBlockRange.count / 4))
      writer.append(data[extensionBlockRange])
    }
    writer.append(data[payloadRange])
    if paddingLength > 0 { RTPHeader.writePadding(paddingLength, into: &writer) }
    return writer.bytes
  }
}

func parsed<Extension: RTPHeaderExtension>(_ type: Extension.Type, _ data: [UInt8]) throws(RTPError) -> Extension {
  try Extension(parsing: data.span)
}

func parsedVP8(_ data: [UInt8]) throws(TruncatedInput) -> (descriptor: VP8PayloadDescriptor, size: Int) {
  var reader = ByteReader(data.span)
  let descriptor = try VP8PayloadDescriptor(parsing: &reader)
  return (descriptor, reader.offset)
}
