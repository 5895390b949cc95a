import RTCPrimitives

/// SR: what a sender has sent, when its clocks were read, and what it received.
///
/// - SeeAlso: RFC 3550 §6.4.1
public struct SenderReport: Hashable, Sendable {
  static let size = 24

  public var ssrc: UInt32
  public var ntpTimestamp: NTPTimestamp
  /// The same time in ticks of the RTP clock.
  public var rtpTimestamp: UInt32
  /// Packets sent since the beginning; it wraps.
  public var packetCount: UInt32
  /// Bytes of payload sent since the beginning; it wraps.
  public var octetCount: UInt32
  /// At most 31.
  public var reports: [ReportBlock]
  /// What follows the blocks, as a profile defines it.
  public var profileExtension: [UInt8] = []

  public init(
    ssrc: UInt32, ntpTimestamp: NTPTimestamp, rtpTimestamp: UInt32, packetCount: UInt32, octetCount: UInt32,
    reports: [ReportBlock] = []
  ) {
    self.ssrc = ssrc
    self.ntpTimestamp = ntpTimestamp
    self.rtpTimestamp = rtpTimestamp
    self.packetCount = packetCount
    self.octetCount = octetCount
    self.reports = reports
  }

  init(parsing body: borrowing RTCPBody) throws(RTCPError) {
    try body.require(Self.size)
    ssrc = body.uint32(at: 0)
    ntpTimestamp = NTPTimestamp(rawValue: body.uint64(at: 4))
    rtpTimestamp = body.uint32(at: 12)
    packetCount = body.uint32(at: 16)
    octetCount = body.uint32(at: 20)
    reports = try ReportBlock.list(parsing: body, at: Self.size)
    profileExtension = body.array(Self.size + reports.count * ReportBlock.size..<body.size)
  }

  /// Appends the packet.
  ///
  /// - Precondition: there are at most 31 report blocks.
  public func write(into writer: inout ByteWriter) {
    writer.appendRTCP(.senderReport, count: reports.count) { writer in
      writer.append(ssrc)
      writer.append(ntpTimestamp.rawValue)
      writer.append(rtpTimestamp)
      writer.append(packetCount)
      writer.append(octetCount)
      for report in reports { report.write(into: &writer) }
      writer.append(profileExtension)
    }
  }
}
