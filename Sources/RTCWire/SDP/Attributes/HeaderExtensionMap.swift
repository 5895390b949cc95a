import RTCPrimitives

/// `a=extmap`: the number that an RTP header extension has in packets.
///
/// - SeeAlso: RFC 8285 §5
public struct HeaderExtensionMap: Hashable, Sendable {
  /// 1 to 14 fit the one-byte form, 1 to 255 the two-byte form; 4096 to 4351 ask for a number.
  public var id: UInt16
  public var direction: MediaDirection?
  public var uri: String
  public var attributes: String?

  public init(id: UInt16, uri: String, direction: MediaDirection? = nil, attributes: String? = nil) {
    self.id = id
    self.direction = direction
    self.uri = uri
    self.attributes = attributes
  }

  init(_ scanner: inout SDPScanner) throws(SDPError) {
    id = try scanner.number("an extension id from 1 on", in: 1...UInt16.max)
    if scanner.skip(.slash) { direction = try scanner.keyword(MediaDirection.self, "a direction") }
    try scanner.expectSpace()
    uri = try scanner.word("the URI of an extension")
    if scanner.skip(.space) { attributes = try scanner.nonEmptyRest("attributes of the extension") }
  }

  func write(into writer: inout ByteWriter) {
    writer.append(":\(id)")
    if let direction { writer.append("/\(direction.rawValue)") }
    writer.append(" \(uri)")
    if let attributes { writer.append(" \(attributes)") }
  }
}
