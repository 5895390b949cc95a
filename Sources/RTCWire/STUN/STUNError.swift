import RTCPrimitives

/// Why bytes are no STUN message, no ChannelData message or no relay indication; offsets count from the first byte.
public enum STUNError: Error, Hashable, Sendable {
  /// The input ends before a header or value is complete.
  case truncated(offset: Int, needed: Int, available: Int)
  /// The two topmost bits of a STUN message are zero (RFC 8489 §5).
  case topBitsSet(firstByte: UInt8)
  case wrongMagicCookie(UInt32)
  /// The length field does not describe the datagram: no multiple of four, or bytes missing or left over.
  case wrongLength(declared: Int, actual: Int)
  /// An attribute claims more bytes than the message has left.
  case attributeOverrun(type: STUNAttributeType, offset: Int, length: Int, available: Int)
  /// The value of a known attribute cannot be what its RFC defines.
  case malformedAttribute(type: STUNAttributeType, offset: Int, flaw: Flaw)
  /// A channel number outside 0x4000 ... 0x4FFF (RFC 8656 §12).
  case invalidChannel(UInt16)
  /// A Send or Data indication without its peer address or its data (RFC 8656 §11).
  case missingAttribute(STUNAttributeType)
  /// Another message than the one that is looked for.
  case unexpectedMessage(method: STUNMethod, messageClass: STUNMessage.Class)

  /// What is wrong with an attribute's value.
  public enum Flaw: Hashable, Sendable {
    case length(Int)
    case addressFamily(UInt8)
    case errorClass(UInt8)
    case errorNumber(UInt8)
    case invalidUTF8
    /// Its type must be understood (RFC 8489 §14) and is not.
    case unknownRequired
  }
}

extension STUNError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let offset, let needed, let available):
      "at offset \(offset): \(needed) bytes needed, \(available) left"
    case .topBitsSet(let byte):
      "at offset 0: the first byte \(byte) has one of its two topmost bits set, so this is no STUN message"
    case .wrongMagicCookie(let cookie):
      "at offset 4: the magic cookie is 0x\(String(cookie, radix: 16)), not 0x2112a442"
    case .wrongLength(let declared, let actual):
      "at offset 2: the length field says \(declared) bytes, \(actual) follow the header"
    case .attributeOverrun(let type, let offset, let length, let available):
      "at offset \(offset): \(type) claims \(length) bytes, \(available) are left"
    case .malformedAttribute(let type, let offset, let flaw): "at offset \(offset): \(type) has \(flaw)"
    case .invalidChannel(let number):
      "at offset 0: channel number 0x\(String(number, radix: 16)) lies outside 0x4000...0x4fff"
    case .missingAttribute(let type): "at offset 20: \(type) is missing"
    case .unexpectedMessage(let method, let messageClass):
      "at offset 0: a \(method) \(messageClass) is no relay indication"
    }
  }
}

extension STUNError.Flaw: CustomStringConvertible {
  public var description: String {
    switch self {
    case .length(let length): "a value of \(length) bytes, which it cannot have"
    case .addressFamily(let family): "the unknown address family \(family)"
    case .errorClass(let value): "the error class \(value), which is none of 3 to 6"
    case .errorNumber(let value): "the error number \(value), which is above 99"
    case .invalidUTF8: "text that is not UTF-8"
    case .unknownRequired: "a type that must be understood and is not known"
    }
  }
}
