/// A capture file: its packets with their times, as they stand in the file.
///
/// - SeeAlso: draft-ietf-opsawg-pcapng, draft-ietf-opsawg-pcap
struct Capture {
  struct Packet {
    /// Nanoseconds since the capture's epoch.
    let time: UInt64
    let linkType: UInt16
    /// Where its captured bytes stand in the file.
    let range: Range<Int>
    /// How long it was on the wire.
    let originalLength: Int
  }

  private(set) var packets: [Packet] = []

  /// Whether `bytes` begin like a capture of either format.
  static func begins(_ bytes: [UInt8]) -> Bool {
    let magic = Array(bytes.prefix(4))
    return magic == sectionHeader || ClassicHeader(magic) != nil
  }

  init(parsing bytes: [UInt8]) throws(InspectionError) {
    var reader = CaptureReader(bytes)
    if bytes.starts(with: Self.sectionHeader) {
      try parseBlocks(&reader)
    } else if let header = ClassicHeader(Array(bytes.prefix(4))) {
      try parseClassic(&reader, header)
    } else {
      throw reader.malformed("neither the magic number of pcap nor of pcapng")
    }
  }

  private static let sectionHeader: [UInt8] = [0x0A, 0x0D, 0x0D, 0x0A]

  // MARK: pcap

  /// What the magic number of a classic file says.
  private struct ClassicHeader {
    let isLittleEndian: Bool
    let nanosecondsPerTick: UInt64

    init?(_ magic: [UInt8]) {
      switch magic {
      case [0xD4, 0xC3, 0xB2, 0xA1]: (isLittleEndian, nanosecondsPerTick) = (true, 1000)
      case [0x4D, 0x3C, 0xB2, 0xA1]: (isLittleEndian, nanosecondsPerTick) = (true, 1)
      case [0xA1, 0xB2, 0xC3, 0xD4]: (isLittleEndian, nanosecondsPerTick) = (false, 1000)
      case [0xA1, 0xB2, 0x3C, 0x4D]: (isLittleEndian, nanosecondsPerTick) = (false, 1)
      default: return nil
      }
    }
  }

  private mutating func parseClassic(_ reader: inout CaptureReader, _ header: ClassicHeader) throws(InspectionError) {
    reader.isLittleEndian = header.isLittleEndian
    try reader.skip(20, "the file header")
    let linkType = UInt16(truncatingIfNeeded: try reader.uint32("the link type"))
    while !reader.isAtEnd {
      let seconds = try reader.uint32("the seconds")
      let ticks = try reader.uint32("the fraction of a second")
      let captured = try reader.uint32("the captured length")
      let original = try reader.uint32("the original length")
      let range = try reader.range(Int(captured), "a packet")
      packets.append(
        Packet(
          time: UInt64(seconds) * 1_000_000_000 + UInt64(ticks) * header.nanosecondsPerTick, linkType: linkType,
          range: range, originalLength: Int(original)))
    }
  }

  // MARK: pcapng

  /// An interface of the current section.
  private struct Interface {
    let linkType: UInt16
    /// As `if_tsresol` has it: a power of ten, or of two if the top bit is set.
    var resolution: UInt8 = 6

    func nanoseconds(_ ticks: UInt64) -> UInt64 {
      let exponent = Int(resolution & 0x7F)
      if resolution & 0x80 != 0 {
        let product = ticks.multipliedFullWidth(by: 1_000_000_000)
        return exponent < 64 ? product.high << (64 - exponent) | product.low >> exponent : 0
      }
      var (scale, value) = (exponent, ticks)
      while scale < 9 { (scale, value) = (scale + 1, value &* 10) }
      while scale > 9 { (scale, value) = (scale - 1, value / 10) }
      return value
    }
  }

  private mutating func parseBlocks(_ reader: inout CaptureReader) throws(InspectionError) {
    var interfaces: [Interface] = []
    while !reader.isAtEnd {
      let begin = reader.offset
      let type = try reader.uint32("a block type")
      if type == 0x0A0D_0D0A { try reader.readByteOrder() }
      let length = Int(try reader.uint32("a block length"))
      guard length >= 12, length.isMultiple(of: 4), length <= reader.count - begin else {
        throw reader.malformed("a block of \(length) bytes, \(reader.count - begin) are left", at: begin + 4)
      }
      let end = begin + length - 4
      switch type {
      case 0x0A0D_0D0A: interfaces = []
      case 1: interfaces.append(try Self.interface(&reader, until: end))
      case 6:
        let index = Int(try reader.uint32("an interface"))
        let ticks = UInt64(try reader.uint32("a time")) << 32 | UInt64(try reader.uint32("a time"))
        let captured = Int(try reader.uint32("the captured length"))
        let original = Int(try reader.uint32("the original length"))
        guard index < interfaces.count else {
          throw reader.malformed("interface \(index) is not described", at: begin + 8)
        }
        guard captured <= end - reader.offset else {
          throw reader.malformed("a packet of \(captured) bytes in a block of \(length)", at: begin + 20)
        }
        packets.append(
          Packet(
            time: interfaces[index].nanoseconds(ticks), linkType: interfaces[index].linkType,
            range: reader.offset..<reader.offset + captured, originalLength: original))
      case 3:
        guard let interface = interfaces.first else { throw reader.malformed("no interface is described", at: begin) }
        let original = Int(try reader.uint32("the original length"))
        let captured = min(original, end - reader.offset)
        packets.append(
          Packet(
            time: 0, linkType: interface.linkType, range: reader.offset..<reader.offset + captured,
            originalLength: original))
      default: break
      }
      reader.offset = begin + length
    }
  }

  private static func interface(_ reader: inout CaptureReader, until end: Int) throws(InspectionError) -> Interface {
    var interface = Interface(linkType: try reader.uint16("the link type"))
    try reader.skip(6, "an interface description")
    while reader.offset + 4 <= end {
      let code = try reader.uint16("an option")
      let length = Int(try reader.uint16("the length of an option"))
      guard code != 0, (length + 3) & ~3 <= end - reader.offset else { break }
      if code == 9, length == 1 { interface.resolution = reader[reader.offset] }
      reader.offset += (length + 3) & ~3
    }
    return interface
  }
}

/// Reads numbers of either byte order.
private struct CaptureReader {
  private let bytes: [UInt8]
  var offset = 0
  var isLittleEndian = true

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var count: Int { bytes.count }
  var isAtEnd: Bool { offset >= bytes.count }

  subscript(_ index: Int) -> UInt8 { bytes[index] }

  func malformed(_ reason: String, at place: Int? = nil) -> InspectionError {
    .malformed(.pcap, reason: "at offset \(place ?? offset): \(reason)")
  }

  mutating func range(_ count: Int, _ what: String) throws(InspectionError) -> Range<Int> {
    guard count <= bytes.count - offset else {
      throw malformed("\(what) needs \(count) bytes, \(bytes.count - offset) are left")
    }
    defer { offset += count }
    return offset..<offset + count
  }

  mutating func skip(_ count: Int, _ what: String) throws(InspectionError) { _ = try range(count, what) }

  mutating func uint16(_ what: String) throws(InspectionError) -> UInt16 {
    let range = try range(2, what)
    let value = bytes[range].reduce(0) { $0 << 8 | UInt16($1) }
    return isLittleEndian ? value.byteSwapped : value
  }

  mutating func uint32(_ what: String) throws(InspectionError) -> UInt32 {
    let range = try range(4, what)
    let value = bytes[range].reduce(0) { $0 << 8 | UInt32($1) }
    return isLittleEndian ? value.byteSwapped : value
  }

  /// Learns the byte order of a section from the magic number behind its length, which stays unread.
  mutating func readByteOrder() throws(InspectionError) {
    let place = offset
    try skip(4, "a section header")
    isLittleEndian = true
    let magic = try uint32("the byte-order magic")
    guard magic == 0x1A2B_3C4D || magic.byteSwapped == 0x1A2B_3C4D else {
      throw malformed("0x\(String(magic, radix: 16)) is no byte-order magic", at: place + 4)
    }
    isLittleEndian = magic == 0x1A2B_3C4D
    offset = place
  }
}
