/// Reads network byte order from a span; every read says whether enough bytes were left.
public struct ByteReader: ~Escapable {
  public let bytes: Span<UInt8>
  /// The offset of the next byte that is read.
  public var offset: Int
  /// One past the last byte that may be read.
  public let end: Int

  @inlinable @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>) { self.init(bytes, in: 0..<bytes.count) }

  /// Reads only `range` of `bytes`; offsets stay those of `bytes`.
  @inlinable @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>, in range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "the range lies inside the span")
    self.bytes = bytes
    self.offset = range.lowerBound
    self.end = range.upperBound
  }

  @inlinable public var remaining: Int { end - offset }
  @inlinable public var isAtEnd: Bool { offset >= end }

  @inlinable @_lifetime(self: copy self)
  public mutating func readUInt8() throws(TruncatedInput) -> UInt8 {
    try require(1)
    defer { offset += 1 }
    return bytes[offset]
  }

  @inlinable @_lifetime(self: copy self)
  public mutating func readUInt16() throws(TruncatedInput) -> UInt16 {
    try require(2)
    defer { offset += 2 }
    return bytes.bigEndianUInt16(at: offset)
  }

  /// A 24-bit number.
  @inlinable @_lifetime(self: copy self)
  public mutating func readUInt24() throws(TruncatedInput) -> UInt32 {
    let high = try readUInt8()
    return try UInt32(high) << 16 | UInt32(readUInt16())
  }

  @inlinable @_lifetime(self: copy self)
  public mutating func readUInt32() throws(TruncatedInput) -> UInt32 {
    try require(4)
    defer { offset += 4 }
    return bytes.bigEndianUInt32(at: offset)
  }

  @inlinable @_lifetime(self: copy self)
  public mutating func readUInt64() throws(TruncatedInput) -> UInt64 {
    let high = try readUInt32()
    return try UInt64(high) << 32 | UInt64(readUInt32())
  }

  /// The next `count` bytes, copied.
  @inlinable @_lifetime(self: copy self)
  public mutating func readBytes(_ count: Int) throws(TruncatedInput) -> [UInt8] {
    try require(count)
    defer { offset += count }
    return bytes.array(offset..<offset + count)
  }

  @inlinable @_lifetime(self: copy self)
  public mutating func skip(_ count: Int) throws(TruncatedInput) {
    try require(count)
    offset += count
  }

  @usableFromInline func require(_ count: Int) throws(TruncatedInput) {
    guard count >= 0, remaining >= count else {
      throw TruncatedInput(offset: offset, needed: count, available: remaining)
    }
  }
}

/// Input ended before a field was complete.
public struct TruncatedInput: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where the field began.
  public let offset: Int
  public let needed: Int
  public let available: Int

  @inlinable public init(offset: Int, needed: Int, available: Int) {
    self.offset = offset
    self.needed = needed
    self.available = available
  }

  public var description: String { "at offset \(offset): \(needed) bytes needed, \(available) left" }
}

extension Span where Element == UInt8 {
  /// - Precondition: two bytes exist at `offset`.
  @inlinable public func bigEndianUInt16(at offset: Int) -> UInt16 {
    UInt16(self[offset]) << 8 | UInt16(self[offset + 1])
  }

  /// - Precondition: four bytes exist at `offset`.
  @inlinable public func bigEndianUInt32(at offset: Int) -> UInt32 {
    UInt32(bigEndianUInt16(at: offset)) << 16 | UInt32(bigEndianUInt16(at: offset + 2))
  }

  /// A copy of `range`.
  @inlinable public func array(_ range: Range<Int>) -> [UInt8] {
    let part = extracting(range)
    return [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      for index in 0..<part.count { buffer.initializeElement(at: index, to: part[index]) }
      count = part.count
    }
  }

  /// A copy of the whole span.
  @inlinable public func array() -> [UInt8] { array(0..<count) }
}
