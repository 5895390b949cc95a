/// Appends network byte order to a growing buffer.
public struct ByteWriter: Sendable {
  public var bytes: [UInt8]

  @inlinable public init() { bytes = [] }

  @inlinable public init(reserving capacity: Int) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  @inlinable public var count: Int { bytes.count }

  @inlinable public mutating func append(_ value: UInt8) { bytes.append(value) }

  @inlinable public mutating func append(_ value: UInt16) {
    bytes.append(UInt8(truncatingIfNeeded: value >> 8))
    bytes.append(UInt8(truncatingIfNeeded: value))
  }

  /// The lower 24 bits of `value`.
  @inlinable public mutating func appendUInt24(_ value: UInt32) {
    bytes.append(UInt8(truncatingIfNeeded: value >> 16))
    append(UInt16(truncatingIfNeeded: value))
  }

  @inlinable public mutating func append(_ value: UInt32) {
    append(UInt16(truncatingIfNeeded: value >> 16))
    append(UInt16(truncatingIfNeeded: value))
  }

  @inlinable public mutating func append(_ value: UInt64) {
    append(UInt32(truncatingIfNeeded: value >> 32))
    append(UInt32(truncatingIfNeeded: value))
  }

  @inlinable public mutating func append(_ span: Span<UInt8>) {
    span.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
  }

  @inlinable public mutating func append(_ array: [UInt8]) { bytes.append(contentsOf: array) }

  @inlinable public mutating func append(_ slice: ArraySlice<UInt8>) { bytes.append(contentsOf: slice) }

  @inlinable public mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  @inlinable public mutating func appendZeros(_ count: Int) {
    for _ in 0..<count { bytes.append(0) }
  }

  /// Overwrites two bytes that were written before, at `offset`.
  @inlinable public mutating func replaceUInt16(at offset: Int, with value: UInt16) {
    bytes[offset] = UInt8(truncatingIfNeeded: value >> 8)
    bytes[offset + 1] = UInt8(truncatingIfNeeded: value)
  }

  /// Forgets everything and appends `span`, keeping the capacity.
  @inlinable public mutating func replaceAll(with span: Span<UInt8>) {
    span.withUnsafeBufferPointer { bytes.replaceSubrange(0..<bytes.count, with: $0) }
  }

  /// Forgets everything, keeping the capacity.
  @inlinable public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// Forgets everything after the first `count` bytes, keeping the capacity.
  @inlinable public mutating func truncate(to count: Int) { bytes.removeLast(bytes.count - count) }
}
