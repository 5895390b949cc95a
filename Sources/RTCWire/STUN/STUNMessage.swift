import RTCPrimitives

/// A STUN message: the common language of ICE checks, STUN servers and TURN (RFC 8489 §5).
public struct STUNMessage: Hashable, Sendable {
  /// What part of an exchange a message is.
  public enum Class: UInt8, Hashable, Sendable {
    case request = 0
    case indication = 1
    case success = 2
    case error = 3
  }

  public var messageClass: Class
  public var method: STUNMethod
  public var transactionID: TransactionID
  /// Every attribute in the order of the wire, also those that a receiver ignores.
  public var attributes: [STUNAttribute]

  public init(
    _ messageClass: Class, _ method: STUNMethod, transactionID: TransactionID, attributes: [STUNAttribute] = []
  ) {
    self.messageClass = messageClass
    self.method = method
    self.transactionID = transactionID
    self.attributes = attributes
  }

  /// Parses one whole datagram.
  ///
  /// Neither the fingerprint nor the integrity is checked: see `fingerprintStatus(of:)` and `integrityInput(of:)`.
  public init(parsing bytes: Span<UInt8>) throws(STUNError) {
    let header = try STUNHeader(parsing: bytes)
    guard header.length == bytes.count - STUNWire.headerSize else {
      throw .wrongLength(declared: header.length, actual: bytes.count - STUNWire.headerSize)
    }
    self.init(header.messageClass, header.method, transactionID: header.transactionID)
    var walk = STUNAttributeWalk(bytes)
    while let (type, range) = try walk.next() {
      attributes.append(
        try STUNAttribute(type: type, bytes: bytes, range: range, transactionID: transactionID))
    }
  }

  /// Appends the message, its attributes as they are, then MESSAGE-INTEGRITY and FINGERPRINT where asked for.
  ///
  /// - Parameter integrity: HMAC-SHA1 over the bytes it is given (RFC 8489 §14.5), 20 bytes.
  public func write(
    into writer: inout ByteWriter, fingerprint: Bool = false, integrity: ((Span<UInt8>) -> [UInt8])? = nil
  ) {
    let begin = writer.count
    STUNHeader(messageClass: messageClass, method: method, transactionID: transactionID, length: 0)
      .write(into: &writer)
    for attribute in attributes { attribute.write(into: &writer, transactionID: transactionID) }
    if let integrity {
      setLength(in: &writer, from: begin, ahead: STUNWire.attributeHeaderSize + 20)
      let code = integrity(writer.bytes.span.extracting(begin..<writer.count))
      precondition(code.count == 20, "an HMAC-SHA1 has 20 bytes")
      STUNAttribute.messageIntegrity(code).write(into: &writer, transactionID: transactionID)
    }
    if fingerprint {
      setLength(in: &writer, from: begin, ahead: STUNWire.attributeHeaderSize + 4)
      let crc = CRC32.checksum(of: writer.bytes.span.extracting(begin..<writer.count))
      STUNAttribute.fingerprint(crc ^ STUNWire.fingerprintMask).write(into: &writer, transactionID: transactionID)
    }
    setLength(in: &writer, from: begin, ahead: 0)
  }

  /// The message as bytes of its own.
  public func bytes(fingerprint: Bool = false, integrity: ((Span<UInt8>) -> [UInt8])? = nil) -> [UInt8] {
    var writer = ByteWriter(reserving: 128)
    write(into: &writer, fingerprint: fingerprint, integrity: integrity)
    return writer.bytes
  }

  /// Whether `bytes` can be nothing but STUN: zero top bits, magic cookie, a length that is a multiple of four.
  public static func isSTUN(_ bytes: Span<UInt8>) -> Bool {
    bytes.count >= STUNWire.headerSize && bytes[0] < 0x40 && bytes[3] & 3 == 0
      && bytes.bigEndianUInt32(at: 4) == STUNWire.magicCookie
  }

  private func setLength(in writer: inout ByteWriter, from begin: Int, ahead: Int) {
    let length = writer.count - begin - STUNWire.headerSize + ahead
    precondition(length <= Int(UInt16.max), "the attributes of a STUN message have at most 65535 bytes")
    writer.replaceUInt16(at: begin + 2, with: UInt16(length))
  }
}

extension STUNMessage: CustomStringConvertible {
  /// Method, class and transaction ID.
  public var description: String { "\(method) \(messageClass) \(transactionID)" }
}
