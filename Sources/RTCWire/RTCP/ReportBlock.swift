import RTCPrimitives

/// What a receiver says about one source.
///
/// - SeeAlso: RFC 3550 §6.4.1
public struct ReportBlock: Hashable, Sendable {
  static let size = 24

  /// The source that this is about.
  public var ssrc: UInt32
  /// The share of packets lost since the last report, in 1/256.
  public var fractionLost: UInt8
  /// Packets lost since the beginning; 24 bits signed, negative when duplicates outnumber losses.
  public var cumulativeLost: Int32
  /// The highest sequence number received, with the number of wraps above its 16 bits.
  public var highestSequenceNumber: UInt32
  /// The interarrival jitter in ticks of the RTP clock.
  public var jitter: UInt32
  /// LSR: the middle of the NTP timestamp of the source's last sender report; zero if there was none.
  public var lastSenderReport: CompactNTP
  /// DLSR: the delay between receiving that report and sending this one.
  public var delaySinceLastSenderReport: CompactNTP

  public init(
    ssrc: UInt32, fractionLost: UInt8 = 0, cumulativeLost: Int32 = 0, highestSequenceNumber: UInt32 = 0,
    jitter: UInt32 = 0, lastSenderReport: CompactNTP = .zero, delaySinceLastSenderReport: CompactNTP = .zero
  ) {
    self.ssrc = ssrc
    self.fractionLost = fractionLost
    self.cumulativeLost = cumulativeLost
    self.highestSequenceNumber = highestSequenceNumber
    self.jitter = jitter
    self.lastSenderReport = lastSenderReport
    self.delaySinceLastSenderReport = delaySinceLastSenderReport
  }

  init(parsing body: borrowing RTCPBody, at offset: Int) {
    ssrc = body.uint32(at: offset)
    fractionLost = body.uint8(at: offset + 4)
    cumulativeLost = Int32(bitPattern: body.uint24(at: offset + 5) << 8) >> 8
    highestSequenceNumber = body.uint32(at: offset + 8)
    jitter = body.uint32(at: offset + 12)
    lastSenderReport = CompactNTP(rawValue: body.uint32(at: offset + 16))
    delaySinceLastSenderReport = CompactNTP(rawValue: body.uint32(at: offset + 20))
  }

  /// The `count` blocks from `offset` on.
  static func list(parsing body: borrowing RTCPBody, at offset: Int) throws(RTCPError) -> [ReportBlock] {
    let count = Int(body.count)
    try body.require(count * size, at: offset)
    var blocks: [ReportBlock] = []
    blocks.reserveCapacity(count)
    for index in 0..<count { blocks.append(ReportBlock(parsing: body, at: offset + index * size)) }
    return blocks
  }

  /// The round-trip time to the source, as seen by the one who sent the sender report.
  ///
  /// - Parameter arrival: when this block arrived, on the clock of the sender report.
  /// - Returns: `nil` when the source had received no sender report yet; never less than zero.
  public func roundTripTime(at arrival: NTPTimestamp) -> Duration? {
    guard lastSenderReport != .zero else { return nil }
    let roundTrip = arrival.compact.rawValue &- lastSenderReport.rawValue &- delaySinceLastSenderReport.rawValue
    return Int32(bitPattern: roundTrip) < 0 ? .zero : CompactNTP(rawValue: roundTrip).duration
  }

  func write(into writer: inout ByteWriter) {
    writer.append(ssrc)
    writer.append(fractionLost)
    writer.appendUInt24(UInt32(bitPattern: min(max(cumulativeLost, -0x80_0000), 0x7F_FFFF)))
    writer.append(highestSequenceNumber)
    writer.append(jitter)
    writer.append(lastSenderReport.rawValue)
    writer.append(delaySinceLastSenderReport.rawValue)
  }
}
