import RTCPrimitives

/// SDES: texts that describe sources, such as their canonical name.
///
/// - SeeAlso: RFC 3550 §6.5
public struct SourceDescription: Hashable, Sendable {
  /// What an item is about.
  public struct ItemType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let canonicalName = ItemType(rawValue: 1)
    public static let name = ItemType(rawValue: 2)
    public static let email = ItemType(rawValue: 3)
    public static let phone = ItemType(rawValue: 4)
    public static let location = ItemType(rawValue: 5)
    public static let tool = ItemType(rawValue: 6)
    public static let note = ItemType(rawValue: 7)
    public static let privateExtension = ItemType(rawValue: 8)
    /// RFC 8852 §4.2
    public static let rtpStreamID = ItemType(rawValue: 12)
    /// RFC 8852 §4.2
    public static let repairedRTPStreamID = ItemType(rawValue: 13)
    /// RFC 9143 §15.1
    public static let mediaIdentification = ItemType(rawValue: 15)
  }

  /// One text about a source.
  public struct Item: Hashable, Sendable {
    public let type: ItemType
    /// At most 255 bytes, UTF-8 if the sender obeys.
    public let value: [UInt8]

    /// - Precondition: `type` is not 0 and `value` has at most 255 bytes.
    public init(_ type: ItemType, _ value: [UInt8]) {
      precondition(type.rawValue != 0, "SDES item type 0 ends a chunk")
      precondition(value.count <= 255, "the length of an SDES item is one byte")
      self.type = type
      self.value = value
    }

    /// - Precondition: `type` is not 0 and `text` has at most 255 bytes.
    public init(_ type: ItemType, text: String) { self.init(type, Array(text.utf8)) }

    /// The value, with replacement characters where it is not UTF-8.
    public var text: String { String(decoding: value, as: UTF8.self) }
  }

  /// The items of one source.
  public struct Chunk: Hashable, Sendable {
    public var ssrc: UInt32
    public var items: [Item]

    public init(ssrc: UInt32, items: [Item]) {
      self.ssrc = ssrc
      self.items = items
    }

    init(parsing body: borrowing RTCPBody, at offset: inout Int) throws(RTCPError) {
      try body.require(4, at: offset)
      ssrc = body.uint32(at: offset)
      offset += 4
      items = []
      while true {
        try body.require(1, at: offset)
        let type = body.uint8(at: offset)
        guard type != 0 else { break }
        try body.require(2, at: offset)
        let length = Int(body.uint8(at: offset + 1))
        try body.require(2 + length, at: offset)
        items.append(Item(ItemType(rawValue: type), body.array(offset + 2..<offset + 2 + length)))
        offset += 2 + length
      }
      // One to four null bytes fill the chunk's last word.
      offset = (offset + 4) & ~3
      try body.require(0, at: offset)
    }

    func write(into writer: inout ByteWriter) {
      let begin = writer.count
      writer.append(ssrc)
      for item in items {
        writer.append(item.type.rawValue)
        writer.append(UInt8(item.value.count))
        writer.append(item.value)
      }
      writer.appendZeros(4 - (writer.count - begin) & 3)
    }
  }

  /// At most 31.
  public var chunks: [Chunk]

  public init(chunks: [Chunk]) { self.chunks = chunks }

  /// The canonical name of one source, which every compound packet carries.
  public init(ssrc: UInt32, canonicalName: String) {
    chunks = [Chunk(ssrc: ssrc, items: [Item(.canonicalName, text: canonicalName)])]
  }

  init(parsing body: borrowing RTCPBody) throws(RTCPError) {
    chunks = []
    var offset = 0
    for _ in 0..<body.count { chunks.append(try Chunk(parsing: body, at: &offset)) }
  }

  /// Appends the packet.
  ///
  /// - Precondition: there are at most 31 chunks.
  public func write(into writer: inout ByteWriter) {
    writer.appendRTCP(.sourceDescription, count: chunks.count) { writer in
      for chunk in chunks { chunk.write(into: &writer) }
    }
  }
}
