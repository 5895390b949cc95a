import RTCPrimitives

/// A number that counts all packets of a transport, across its streams.
///
/// - SeeAlso: draft-holmer-rmcat-transport-wide-cc-extensions-01 §2
public struct TransportSequenceNumber: RTPHeaderExtension {
  public static let uri = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

  public let value: SequenceNumber

  public init(_ value: SequenceNumber) { self.value = value }

  public init(parsing value: Span<UInt8>) throws(RTPError) {
    guard value.count == 2 else {
      throw .invalidExtensionValue(uri: Self.uri, size: value.count, expected: "2 bytes")
    }
    self.value = SequenceNumber(value.bigEndianUInt16(at: 0))
  }

  public var size: Int { 2 }

  public func encode(into bytes: inout MutableSpan<UInt8>, at offset: Int) {
    bytes.store(value.rawValue, at: offset)
  }
}
