/// The CRC-32 of ITU V.42, as FINGERPRINT uses it (RFC 8489 §14.7).
public enum CRC32 {
  /// The checksum of `bytes`, inverted as the standard says.
  public static func checksum(of bytes: Span<UInt8>) -> UInt32 {
    var crc = UInt32.max
    for index in 0..<bytes.count { crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ bytes[index])] ^ crc >> 8 }
    return ~crc
  }

  private static let table: [UInt32] = (0..<256).map { (byte: UInt32) in
    (0..<8).reduce(byte) { crc, _ in crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB8_8320 }
  }
}
