/// A 16-bit number that wraps, as RTP counts packets.
///
/// - SeeAlso: RFC 3550 §5.1, RFC 1982 (serial number arithmetic)
public struct SequenceNumber: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  public var rawValue: UInt16

  @inlinable public init(_ rawValue: UInt16) { self.rawValue = rawValue }
  @inlinable public init(integerLiteral value: UInt16) { rawValue = value }

  /// How far `self` lies ahead of `other`, in −32768 ... 32767.
  @inlinable public func distance(from other: SequenceNumber) -> Int {
    Int(Int16(bitPattern: rawValue &- other.rawValue))
  }

  @inlinable public func isNewer(than other: SequenceNumber) -> Bool { distance(from: other) > 0 }

  @inlinable public var next: SequenceNumber { SequenceNumber(rawValue &+ 1) }

  @inlinable public static func + (number: SequenceNumber, offset: Int) -> SequenceNumber {
    SequenceNumber(UInt16(truncatingIfNeeded: Int(number.rawValue) + offset))
  }

  public var description: String { "\(rawValue)" }
}

/// Extends a wrapping 16-bit number to one that only grows.
public struct SequenceExtender: Sendable {
  /// The highest extended number so far; `nil` before the first.
  public private(set) var highest: Int64?

  public init() {}

  /// The extended number nearest to the highest one so far.
  public mutating func extend(_ number: SequenceNumber) -> Int64 {
    guard let highest else {
      self.highest = Int64(number.rawValue)
      return Int64(number.rawValue)
    }
    let last = SequenceNumber(UInt16(truncatingIfNeeded: highest))
    let extended = highest + Int64(number.distance(from: last))
    if extended > highest { self.highest = extended }
    return extended
  }
}
