/// A number of bytes.
public struct DataSize: Hashable, Comparable, Sendable {
  public var bytes: Int

  @inlinable public init(bytes: Int) { self.bytes = bytes }

  @inlinable public static func bytes(_ count: Int) -> DataSize { DataSize(bytes: count) }
  @inlinable public static func kibibytes(_ count: Int) -> DataSize { DataSize(bytes: count * 1024) }
  public static let zero = DataSize(bytes: 0)

  @inlinable public var bits: Int { bytes * 8 }

  @inlinable public static func < (left: DataSize, right: DataSize) -> Bool { left.bytes < right.bytes }
  @inlinable public static func + (left: DataSize, right: DataSize) -> DataSize { .bytes(left.bytes + right.bytes) }
  @inlinable public static func - (left: DataSize, right: DataSize) -> DataSize { .bytes(left.bytes - right.bytes) }
  @inlinable public static func += (left: inout DataSize, right: DataSize) { left.bytes += right.bytes }
  @inlinable public static func -= (left: inout DataSize, right: DataSize) { left.bytes -= right.bytes }

  /// The mean rate at which this much is carried in `duration`; zero for an empty duration.
  @inlinable public func rate(over duration: Duration) -> DataRate {
    let seconds = duration.inSeconds
    return seconds > 0 ? DataRate(bitsPerSecond: Int64((Double(bits) / seconds).rounded())) : .zero
  }
}
