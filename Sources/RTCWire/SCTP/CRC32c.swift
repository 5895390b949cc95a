/// The CRC-32 of Castagnoli, the checksum of SCTP packets.
///
/// - SeeAlso: RFC 9260 Appendix A
public enum CRC32c {
  /// The checksum of `bytes`, reading `range` as zero.
  public static func checksum(of bytes: Span<UInt8>, asZero range: Range<Int> = 0..<0) -> UInt32 {
    var crc = UInt32.max
    for index in 0..<bytes.count {
      let byte = range.contains(index) ? 0 : bytes[index]
      crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8
    }
    return ~crc
  }

  private static let table: [UInt32] = (0..<256).map { (byte: UInt32) in
    (0..<8).reduce(byte) { crc, _ in crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0x82F6_3B78 }
  }
}
