import RTCPrimitives

/// NACK: asks for lost RTP packets.
///
/// - SeeAlso: RFC 4585 §6.2.1
public struct GenericNACK: Hashable, Sendable {
  /// One lost packet, and which of the 16 after it are lost too.
  public struct Entry: Hashable, Sendable {
    public var packetID: SequenceNumber
    /// BLP: bit `i` stands for the packet `packetID` + `i` + 1.
    public var followingLost: UInt16

    public init(packetID: SequenceNumber, followingLost: UInt16 = 0) {
      self.packetID = packetID
      self.followingLost = followingLost
    }
  }

  public var senderSSRC: UInt32
  /// The source whose packets are lost.
  public var mediaSSRC: UInt32
  /// At least one.
  public let entries: [Entry]

  /// - Precondition: there is an entry.
  public init(senderSSRC: UInt32, mediaSSRC: UInt32, entries: [Entry]) {
    precondition(!entries.isEmpty, "a NACK names at least one packet")
    self.senderSSRC = senderSSRC
    self.mediaSSRC = mediaSSRC
    self.entries = entries
  }

  /// Packs the numbers of lost packets; the fewest entries result when they are in order.
  ///
  /// - Precondition: `lost` is not empty.
  public init(senderSSRC: UInt32, mediaSSRC: UInt32, lost: some Sequence<SequenceNumber>) {
    var entries: [Entry] = []
    for number in lost {
      let distance = entries.last.map { number.distance(from: $0.packetID) } ?? 0
      if 1...16 ~= distance {
        entries[entries.count - 1].followingLost |= 1 << UInt16(distance - 1)
      } else {
        entries.append(Entry(packetID: number))
      }
    }
    self.init(senderSSRC: senderSSRC, mediaSSRC: mediaSSRC, entries: entries)
  }

  init(parsing body: borrowing RTCPBody) throws(RTCPError) {
    guard body.size >= 12, body.size.isMultiple(of: 4) else {
      throw .invalidSize(
        body.type, offset: body.position(0), size: body.size, expected: "8 and 4 for each of at least one NACK entry")
    }
    senderSSRC = body.uint32(at: 0)
    mediaSSRC = body.uint32(at: 4)
    var entries: [Entry] = []
    for offset in stride(from: 8, to: body.size, by: 4) {
      entries.append(
        Entry(packetID: SequenceNumber(body.uint16(at: offset)), followingLost: body.uint16(at: offset + 2)))
    }
    self.entries = entries
  }

  /// The numbers of all lost packets, entry by entry.
  public var lost: [SequenceNumber] {
    var numbers: [SequenceNumber] = []
    for entry in entries {
      numbers.append(entry.packetID)
      for bit in 0..<16 where entry.followingLost & 1 << UInt16(bit) != 0 { numbers.append(entry.packetID + bit + 1) }
    }
    return numbers
  }

  /// Appends the packet.
  public func write(into writer: inout ByteWriter) {
    writer.appendRTCP(.transportLayerFeedback, count: Int(RTCPFeedbackFormat.genericNACK)) { writer in
      writer.append(senderSSRC)
      writer.append(mediaSSRC)
      for entry in entries {
        writer.append(entry.packetID.rawValue)
        writer.append(entry.followingLost)
      }
    }
  }
}
