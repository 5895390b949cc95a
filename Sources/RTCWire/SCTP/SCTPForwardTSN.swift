import RTCPrimitives

/// FORWARD TSN: the sender has given up what lies before this.
///
/// - SeeAlso: RFC 3758 §3.2
public struct SCTPForwardTSN: Hashable, Sendable {
  /// An ordered stream in which messages are skipped.
  public struct Skip: Hashable, Sendable {
    public let stream: UInt16
    /// The last one that is skipped.
    public let streamSequenceNumber: UInt16
  }

  public let cumulativeTSN: UInt32
  public let skips: [Skip]

  init(_ reader: inout ByteReader) throws(TruncatedInput) {
    cumulativeTSN = try reader.readUInt32()
    var skips: [Skip] = []
    while !reader.isAtEnd {
      skips.append(Skip(stream: try reader.readUInt16(), streamSequenceNumber: try reader.readUInt16()))
    }
    self.skips = skips
  }
}
