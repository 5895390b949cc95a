import RTCPrimitives

/// A running 64-bit digest of everything that travelled: equal runs have equal digests.
///
/// Not cryptographic: it answers "is this the same run?", eight bytes per multiplication.
public struct TraceHash: Hashable, Sendable, CustomStringConvertible {
  @usableFromInline var state: UInt64 = 0x9E37_79B9_7F4A_7C15

  public init() {}

  @inlinable @inline(__always)
  public mutating func combine(_ value: UInt64) {
    let (high, low) = (state ^ value).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
    state = high ^ low &+ 0xE703_7ED1_A0B4_28DB
  }

  @inlinable
  public mutating func combine(_ endpoint: Endpoint) {
    let family = UInt64(endpoint.address.family.rawValue)
    let port = UInt64(endpoint.port) << 48 | family << 40
    if endpoint.address.high != 0 { combine(endpoint.address.high) }
    combine(endpoint.address.low ^ port)
  }

  /// Combines the number of bytes and the bytes, eight at a time, little-endian.
  @inlinable
  public mutating func combine(_ bytes: UnsafeBufferPointer<UInt8>) {
    combine(UInt64(bytes.count))
    let raw = UnsafeRawBufferPointer(bytes)
    var offset = 0
    while offset &+ 8 <= raw.count {
      combine(UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset &+= 8
    }
    var rest: UInt64 = 0
    while offset < raw.count {
      rest = rest << 8 | UInt64(raw[offset])
      offset &+= 1
    }
    combine(rest)
  }

  /// Combines the bytes of UTF-8 text.
  public mutating func combine(_ text: String) {
    var text = text
    text.withUTF8 { combine($0) }
  }

  /// Sixteen hexadecimal digits.
  public var description: String {
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
