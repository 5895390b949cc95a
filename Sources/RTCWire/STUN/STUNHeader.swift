import RTCPrimitives

/// The first 20 bytes of a STUN message, read without allocating (RFC 8489 §5).
public struct STUNHeader: Hashable, Sendable {
  public let messageClass: STUNMessage.Class
  public let method: STUNMethod
  public let transactionID: TransactionID
  /// The bytes that follow the header, a multiple of four.
  public let length: Int

  public init(messageClass: STUNMessage.Class, method: STUNMethod, transactionID: TransactionID, length: Int) {
    self.messageClass = messageClass
    self.method = method
    self.transactionID = transactionID
    self.length = length
  }

  /// Reads a header; what follows it may be missing.
  public init(parsing bytes: Span<UInt8>) throws(STUNError) {
    guard bytes.count >= STUNWire.headerSize else {
      throw .truncated(offset: 0, needed: STUNWire.headerSize, available: bytes.count)
    }
    guard bytes[0] & 0xC0 == 0 else { throw .topBitsSet(firstByte: bytes[0]) }
    let cookie = bytes.bigEndianUInt32(at: 4)
    guard cookie == STUNWire.magicCookie else { throw .wrongMagicCookie(cookie) }
    let length = Int(bytes.bigEndianUInt16(at: 2))
    guard length.isMultiple(of: 4) else {
      throw .wrongLength(declared: length, actual: bytes.count - STUNWire.headerSize)
    }
    let type = bytes.bigEndianUInt16(at: 0)
    self.init(
      messageClass: Self.messageClass(ofType: type),
      method: STUNMethod(rawValue: type & 0x000F | (type & 0x00E0) >> 1 | (type & 0x3E00) >> 2),
      transactionID: TransactionID(
        high: bytes.bigEndianUInt32(at: 8),
        low: UInt64(bytes.bigEndianUInt32(at: 12)) << 32 | UInt64(bytes.bigEndianUInt32(at: 16))),
      length: length)
  }

  /// The first two bytes: twelve bits of method with the two bits of class between them (RFC 8489 §5, figure 3).
  public var type: UInt16 {
    let (method, kind) = (method.rawValue, UInt16(messageClass.rawValue))
    return method & 0x000F | (method & 0x0070) << 1 | (method & 0x0F80) << 2 | (kind & 1) << 4 | (kind & 2) << 7
  }

  func write(into writer: inout ByteWriter) {
    writer.append(type)
    writer.append(UInt16(length))
    writer.append(STUNWire.magicCookie)
    writer.append(transactionID.high)
    writer.append(transactionID.low)
  }

  private static func messageClass(ofType type: UInt16) -> STUNMessage.Class {
    switch (type & 0x0100 != 0, type & 0x0010 != 0) {
    case (false, false): .request
    case (false, true): .indication
    case (true, false): .success
    case (true, true): .error
    }
  }
}

/// Steps over the attributes of a message without decoding them.
struct STUNAttributeWalk: ~Escapable {
  private let bytes: Span<UInt8>
  private var offset = STUNWire.headerSize

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  /// The next attribute's type and the range of its value; `nil` at the end.
  @_lifetime(self: copy self)
  mutating func next() throws(STUNError) -> (type: STUNAttributeType, range: Range<Int>)? {
    guard offset < bytes.count else { return nil }
    let available = bytes.count - offset - STUNWire.attributeHeaderSize
    guard available >= 0 else {
      throw .truncated(offset: offset, needed: STUNWire.attributeHeaderSize, available: bytes.count - offset)
    }
    let type = STUNAttributeType(bytes.bigEndianUInt16(at: offset))
    let length = Int(bytes.bigEndianUInt16(at: offset + 2))
    guard STUNWire.padded(length) <= available else {
      throw .attributeOverrun(type: type, offset: offset, length: length, available: available)
    }
    let begin = offset + STUNWire.attributeHeaderSize
    offset = begin + STUNWire.padded(length)
    return (type, begin..<begin + length)
  }
}
