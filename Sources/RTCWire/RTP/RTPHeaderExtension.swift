import RTCPrimitives

/// A header extension with a value that we understand.
///
/// - SeeAlso: RFC 8285
public protocol RTPHeaderExtension: Hashable, Sendable {
  /// The name that `a=extmap` maps to an identifier.
  static var uri: String { get }

  /// Parses an element's value.
  ///
  /// - Throws: `invalidExtensionValue`.
  init(parsing value: Span<UInt8>) throws(RTPError)

  /// The number of bytes that `encode` writes.
  var size: Int { get }

  /// Overwrites `size` bytes from `offset` on.
  func encode(into bytes: inout MutableSpan<UInt8>, at offset: Int)
}

/// The header extensions that we understand. Adding one is one file and one line here.
public enum RTPHeaderExtensions {
  public static let all: [any RTPHeaderExtension.Type] = [
    MediaIdentification.self,
    RTPStreamID.self,
    RepairedRTPStreamID.self,
    AudioLevel.self,
    AbsoluteSendTime.self,
    TransportSequenceNumber.self,
    AbsoluteCaptureTime.self,
  ]

  /// The URIs of all of them, in the same order.
  public static let uris: [String] = all.map { $0.uri }
}

extension MutableSpan where Element == UInt8 {
  /// Overwrites the bytes from `offset` on with `value` in network order.
  ///
  /// - Precondition: they lie inside the span.
  @inlinable @_lifetime(self: copy self)
  mutating func store<Integer: FixedWidthInteger & UnsignedInteger>(_ value: Integer, at offset: Int) {
    let size = Integer.bitWidth / 8
    precondition(offset >= 0 && offset + size <= count, "the number lies inside the span")
    for index in 0..<size {
      self[offset + index] = UInt8(truncatingIfNeeded: value >> Integer(8 * (size - 1 - index)))
    }
  }
}
