import RTCPrimitives

/// XR: what reports leave out, in blocks. Two of them are understood: with these an endpoint that only receives learns the
/// round-trip time.
///
/// - SeeAlso: RFC 3611 §2, §3
public struct ExtendedReport: Hashable, Sendable {
  /// One report block.
  public enum Block: Hashable, Sendable {
    /// RRTR: when this packet was sent, by one who may send no media (RFC 3611 §4.4).
    case receiverReferenceTime(NTPTimestamp)
    /// DLRR: how long ago such times arrived here (RFC 3611 §4.5).
    case delaySinceLastReceiverReport([Delay])
    /// A block of another type, as it is; its content is whole words.
    case unknown(type: UInt8, typeSpecific: UInt8, content: [UInt8])
  }

  /// How long ago the reference time of one receiver arrived.
  public struct Delay: Hashable, Sendable {
    static let size = 12

    /// The receiver that sent it.
    public var ssrc: UInt32
    /// LRR: the middle of its time.
    public var lastReference: CompactNTP
    /// DLRR: from its arrival to this packet.
    public var delay: CompactNTP

    public init(ssrc: UInt32, lastReference: CompactNTP, delay: CompactNTP) {
      self.ssrc = ssrc
      self.lastReference = lastReference
      self.delay = delay
    }

    /// The round-trip time, as seen by that receiver.
    ///
    /// - Parameter arrival: when this arrived, on the clock of the reference time.
    /// - Returns: `nil` when no reference time is named; never less than zero.
    public func roundTripTime(at arrival: NTPTimestamp) -> Duration? {
      ReportBlock(ssrc: ssrc, lastSenderReport: lastReference, delaySinceLastSenderReport: delay)
        .roundTripTime(at: arrival)
    }
  }

  private static let referenceTimeType: UInt8 = 4
  private static let delayType: UInt8 = 5
  private static let blockHeaderSize = 4

  public var ssrc: UInt32
  public var blocks: [Block]

  public init(ssrc: UInt32, blocks: [Block]) {
    self.ssrc = ssrc
    self.blocks = blocks
  }

  init(parsing body: borrowing RTCPBody) throws(RTCPError) {
    try body.require(4)
    ssrc = body.uint32(at: 0)
    blocks = []
    var offset = 4
    while offset < body.size {
      try body.require(Self.blockHeaderSize, at: offset)
      let size = 4 * Int(body.uint16(at: offset + 2))
      let begin = offset + Self.blockHeaderSize
      try body.require(size, at: begin)
      blocks.append(try Self.block(parsing: body, at: offset, size: size))
      offset = begin + size
    }
  }

  private static func block(
    parsing body: borrowing RTCPBody, at offset: Int, size: Int
  ) throws(RTCPError) -> Block {
    let begin = offset + blockHeaderSize
    switch body.uint8(at: offset) {
    case referenceTimeType:
      guard size == 8 else {
        throw .invalidSize(body.type, offset: body.position(begin), size: size, expected: "8 for a reference time")
      }
      return .receiverReferenceTime(NTPTimestamp(rawValue: body.uint64(at: begin)))
    case delayType:
      guard size.isMultiple(of: Delay.size) else {
        throw .invalidSize(
          body.type, offset: body.position(begin), size: size, expected: "a multiple of 12 for delays")
      }
      return .delaySinceLastReceiverReport(
        stride(from: begin, to: begin + size, by: Delay.size).map { at in
          Delay(
            ssrc: body.uint32(at: at), lastReference: CompactNTP(rawValue: body.uint32(at: at + 4)),
            delay: CompactNTP(rawValue: body.uint32(at: at + 8)))
        })
    case let type:
      return .unknown(
        type: type, typeSpecific: body.uint8(at: offset + 1), content: body.array(begin..<begin + size))
    }
  }

  /// Appends the packet.
  ///
  /// - Precondition: the content of unknown blocks is whole words.
  public func write(into writer: inout ByteWriter) {
    writer.appendRTCP(.extendedReport, count: 0) { writer in
      writer.append(ssrc)
      for block in blocks { Self.write(block, into: &writer) }
    }
  }

  private static func write(_ block: Block, into writer: inout ByteWriter) {
    func header(_ type: UInt8, _ typeSpecific: UInt8 = 0, size: Int) {
      precondition(size.isMultiple(of: 4), "blocks of an extended report are whole words")
      writer.append(type)
      writer.append(typeSpecific)
      writer.append(UInt16(size / 4))
    }
    switch block {
    case .receiverReferenceTime(let time):
      header(referenceTimeType, size: 8)
      writer.append(time.rawValue)
    case .delaySinceLastReceiverReport(let delays):
      header(delayType, size: Delay.size * delays.count)
      for delay in delays {
        writer.append(delay.ssrc)
        writer.append(delay.lastReference.rawValue)
        writer.append(delay.delay.rawValue)
      }
    case .unknown(let type, let typeSpecific, let content):
      header(type, typeSpecific, size: content.count)
      writer.append(content)
    }
  }
}
