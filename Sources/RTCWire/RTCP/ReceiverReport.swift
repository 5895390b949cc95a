import RTCPrimitives

/// RR: what one who sends nothing has received.
///
/// - SeeAlso: RFC 3550 §6.4.2
public struct ReceiverReport: Hashable, Sendable {
  static let size = 4

  /// Who reports.
  public var ssrc: UInt32
  /// At most 31.
  public var reports: [ReportBlock]
  /// What follows the blocks, as a profile defines it.
  public var profileExtension: [UInt8] = []

  public init(ssrc: UInt32, reports: [ReportBlock] = []) {
    self.ssrc = ssrc
    self.reports = reports
  }

  init(parsing body: borrowing RTCPBody) throws(RTCPError) {
    try body.require(Self.size)
    ssrc = body.uint32(at: 0)
    reports = try ReportBlock.list(parsing: body, at: Self.size)
    profileExtension = body.array(Self.size + reports.count * ReportBlock.size..<body.size)
  }

  /// Appends the packet.
  ///
  /// - Precondition: there are at most 31 report blocks.
  public func write(into writer: inout ByteWriter) {
    writer.appendRTCP(.receiverReport, count: reports.count) { writer in
      writer.append(ssrc)
      for report in reports { report.write(into: &writer) }
      writer.append(profileExtension)
    }
  }
}
