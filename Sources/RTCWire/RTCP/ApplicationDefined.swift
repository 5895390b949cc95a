import RTCPrimitives

/// APP: a message that an application defines.
///
/// - SeeAlso: RFC 3550 §6.7
public struct ApplicationDefined: Hashable, Sendable {
  static let size = 8

  /// 0 ... 31.
  public var subtype: UInt8
  public var ssrc: UInt32
  /// Four ASCII characters, the first in the highest byte.
  public var name: UInt32
  /// Should be whole 32-bit words.
  public var data: [UInt8]

  public init(subtype: UInt8, ssrc: UInt32, name: UInt32, data: [UInt8]) {
    self.subtype = subtype
    self.ssrc = ssrc
    self.name = name
    self.data = data
  }

  init(parsing body: borrowing RTCPBody) throws(RTCPError) {
    try body.require(Self.size)
    subtype = body.count
    ssrc = body.uint32(at: 0)
    name = body.uint32(at: 4)
    data = body.array(Self.size..<body.size)
  }

  /// The name as text, with replacement characters where it is not ASCII.
  public var nameText: String {
    String(decoding: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: name >> $0) }, as: UTF8.self)
  }

  /// Appends the packet.
  ///
  /// - Precondition: `subtype` is at most 31.
  public func write(into writer: inout ByteWriter) {
    writer.appendRTCP(.applicationDefined, count: Int(subtype)) { writer in
      writer.append(ssrc)
      writer.append(name)
      writer.append(data)
    }
  }
}
