import RTCPrimitives

/// SACK: what has arrived.
///
/// - SeeAlso: RFC 9260 §3.3.4
public struct SCTPSelectiveAcknowledgement: Hashable, Sendable {
  /// All chunks up to this one have arrived.
  public let cumulativeTSN: UInt32
  public let advertisedWindow: UInt32
  /// What has arrived behind a gap, counted from the cumulative TSN.
  public let gaps: [Gap]
  /// What arrived more than once.
  public let duplicates: [UInt32]

  /// Chunks in a row that have arrived: offsets from the cumulative TSN, both included.
  public struct Gap: Hashable, Sendable {
    public let first: UInt16
    public let last: UInt16
  }

  init(_ reader: inout ByteReader) throws(TruncatedInput) {
    cumulativeTSN = try reader.readUInt32()
    advertisedWindow = try reader.readUInt32()
    let gapCount = Int(try reader.readUInt16())
    let duplicateCount = Int(try reader.readUInt16())
    var gaps: [Gap] = []
    for _ in 0..<gapCount { gaps.append(Gap(first: try reader.readUInt16(), last: try reader.readUInt16())) }
    var duplicates: [UInt32] = []
    for _ in 0..<duplicateCount { duplicates.append(try reader.readUInt32()) }
    self.gaps = gaps
    self.duplicates = duplicates
  }
}
