import RTCPrimitives

/// Message constants that attributes need.
enum STUNWire {
  static let magicCookie: UInt32 = 0x2112_A442
  static let headerSize = 20
  static let attributeHeaderSize = 4
  static let fingerprintMask: UInt32 = 0x5354_554E
  static let ipv4AddressSize = 8
  static let ipv6AddressSize = 20

  @inlinable static func padded(_ count: Int) -> Int { (count + 3) & ~3 }
}

extension STUNAttribute {
  /// Reads the value of an attribute of `type` that fills `range` of `bytes`.
  init(
    type: STUNAttributeType, bytes: Span<UInt8>, range: Range<Int>, transactionID: TransactionID
  ) throws(STUNError) {
    let value = STUNAttributeValue(type: type, bytes: bytes.extracting(range), offset: range.lowerBound)
    switch type {
    case .mappedAddress: self = .mappedAddress(try value.address())
    case .xorMappedAddress: self = .xorMappedAddress(try value.address(masked: transactionID))
    case .username: self = .username(try value.text())
    case .userhash: self = .userhash(try value.bytes(count: 32...32))
    case .messageIntegrity: self = .messageIntegrity(try value.bytes(count: 20...20))
    case .messageIntegritySHA256:
      guard range.count.isMultiple(of: 4) else { throw value.malformed(.length(range.count)) }
      self = .messageIntegritySHA256(try value.bytes(count: 16...32))
    case .fingerprint: self = .fingerprint(try value.uint32())
    case .errorCode: self = .errorCode(try value.errorCode())
    case .realm: self = .realm(try value.text())
    case .nonce: self = .nonce(try value.text())
    case .passwordAlgorithms: self = .passwordAlgorithms(try value.passwordAlgorithms())
    case .passwordAlgorithm:
      let algorithms = try value.passwordAlgorithms()
      guard algorithms.count == 1 else { throw value.malformed(.length(range.count)) }
      self = .passwordAlgorithm(algorithms[0])
    case .unknownAttributes: self = .unknownAttributes(try value.types())
    case .software: self = .software(try value.text())
    case .alternateServer: self = .alternateServer(try value.address())
    case .alternateDomain: self = .alternateDomain(try value.text())
    case .priority: self = .priority(try value.uint32())
    case .useCandidate:
      try value.requireLength(0)
      self = .useCandidate
    case .iceControlled: self = .iceControlled(try value.uint64())
    case .iceControlling: self = .iceControlling(try value.uint64())
    case .channelNumber: self = .channelNumber(UInt16(try value.uint32() >> 16))
    case .lifetime: self = .lifetime(seconds: try value.uint32())
    case .xorPeerAddress: self = .xorPeerAddress(try value.address(masked: transactionID))
    case .data: self = .data(value.bytes.array())
    case .xorRelayedAddress: self = .xorRelayedAddress(try value.address(masked: transactionID))
    case .requestedAddressFamily: self = .requestedAddressFamily(UInt8(try value.uint32() >> 24))
    case .evenPort:
      try value.requireLength(1)
      self = .evenPort(reserveNext: value.bytes[0] & 0x80 != 0)
    case .requestedTransport: self = .requestedTransport(UInt8(try value.uint32() >> 24))
    case .dontFragment:
      try value.requireLength(0)
      self = .dontFragment
    case .reservationToken: self = .reservationToken(try value.uint64())
    case .additionalAddressFamily: self = .additionalAddressFamily(UInt8(try value.uint32() >> 24))
    case .addressErrorCode:
      self = .addressErrorCode(family: range.isEmpty ? 0 : value.bytes[0], try value.errorCode())
    case .icmp:
      try value.requireLength(8)
      let word = value.bytes.bigEndianUInt16(at: 2)
      self = .icmp(type: UInt8(word >> 9), code: word & 0x1FF, data: value.bytes.bigEndianUInt32(at: 4))
    case .connectionID: self = .connectionID(try value.uint32())
    default: self = .unknown(type, value.bytes.array())
    }
  }

  /// Appends type, length, value and zero padding.
  func write(into writer: inout ByteWriter, transactionID: TransactionID) {
    writer.append(type.rawValue)
    writer.append(UInt16(0))
    let begin = writer.count
    writeValue(into: &writer, transactionID: transactionID)
    let length = writer.count - begin
    precondition(length <= Int(UInt16.max), "the value of a STUN attribute has at most 65535 bytes")
    writer.replaceUInt16(at: begin - 2, with: UInt16(length))
    writer.appendZeros(STUNWire.padded(length) - length)
  }

  private func writeValue(into writer: inout ByteWriter, transactionID: TransactionID) {
    switch self {
    case .mappedAddress(let endpoint), .alternateServer(let endpoint):
      writer.appendSTUNAddress(endpoint, xor: nil)
    case .xorMappedAddress(let endpoint), .xorPeerAddress(let endpoint), .xorRelayedAddress(let endpoint):
      writer.appendSTUNAddress(endpoint, xor: transactionID)
    case .username(let text), .realm(let text), .nonce(let text), .software(let text), .alternateDomain(let text):
      writer.append(text)
    case .userhash(let bytes), .messageIntegrity(let bytes), .messageIntegritySHA256(let bytes), .data(let bytes),
      .unknown(_, let bytes):
      writer.append(bytes)
    case .fingerprint(let value), .priority(let value), .lifetime(let value), .connectionID(let value):
      writer.append(value)
    case .iceControlled(let value), .iceControlling(let value), .reservationToken(let value):
      writer.append(value)
    case .errorCode(let error): writer.append(error, family: 0)
    case .addressErrorCode(let family, let error): writer.append(error, family: family)
    case .passwordAlgorithm(let algorithm): writer.append([algorithm])
    case .passwordAlgorithms(let algorithms): writer.append(algorithms)
    case .unknownAttributes(let types): for type in types { writer.append(type.rawValue) }
    case .useCandidate, .dontFragment: break
    case .channelNumber(let number): writer.append(UInt32(number) << 16)
    case .requestedAddressFamily(let byte), .requestedTransport(let byte), .additionalAddressFamily(let byte):
      writer.append(UInt32(byte) << 24)
    case .evenPort(let reserveNext): writer.append(reserveNext ? 0x80 : UInt8(0))
    case .icmp(let type, let code, let data):
      writer.append(UInt32(type) << 9 | UInt32(code & 0x1FF))
      writer.append(data)
    }
  }
}

/// The value of one attribute on the wire, and where it stands.
private struct STUNAttributeValue: ~Escapable {
  let type: STUNAttributeType
  let bytes: Span<UInt8>
  let offset: Int

  @_lifetime(copy bytes)
  init(type: STUNAttributeType, bytes: Span<UInt8>, offset: Int) {
    self.type = type
    self.bytes = bytes
    self.offset = offset
  }

  func malformed(_ flaw: STUNError.Flaw) -> STUNError {
    .malformedAttribute(type: type, offset: offset, flaw: flaw)
  }

  func requireLength(_ length: Int) throws(STUNError) {
    guard bytes.count == length else { throw malformed(.length(bytes.count)) }
  }

  func uint32() throws(STUNError) -> UInt32 {
    try requireLength(4)
    return bytes.bigEndianUInt32(at: 0)
  }

  func uint64() throws(STUNError) -> UInt64 {
    try requireLength(8)
    return UInt64(bytes.bigEndianUInt32(at: 0)) << 32 | UInt64(bytes.bigEndianUInt32(at: 4))
  }

  func bytes(count: ClosedRange<Int>) throws(STUNError) -> [UInt8] {
    guard count.contains(bytes.count) else { throw malformed(.length(bytes.count)) }
    return bytes.array()
  }

  func text() throws(STUNError) -> String {
    guard let text = String(validating: bytes.array(), as: UTF8.self) else { throw malformed(.invalidUTF8) }
    return text
  }

  func address(masked transactionID: TransactionID? = nil) throws(STUNError) -> Endpoint {
    try bytes.stunAddress(in: 0..<bytes.count, of: type, at: offset, xor: transactionID)
  }

  func errorCode() throws(STUNError) -> STUNErrorCode {
    guard bytes.count >= 4 else { throw malformed(.length(bytes.count)) }
    let (hundreds, number) = (bytes[2] & 7, bytes[3])
    guard (3...6).contains(hundreds) else { throw malformed(.errorClass(hundreds)) }
    guard number <= 99 else { throw malformed(.errorNumber(number)) }
    guard let reason = String(validating: bytes.array(4..<bytes.count), as: UTF8.self) else {
      throw malformed(.invalidUTF8)
    }
    return STUNErrorCode(UInt16(hundreds) * 100 + UInt16(number), reason)
  }

  func types() throws(STUNError) -> [STUNAttributeType] {
    guard bytes.count.isMultiple(of: 2) else { throw malformed(.length(bytes.count)) }
    return stride(from: 0, to: bytes.count, by: 2).map { STUNAttributeType(bytes.bigEndianUInt16(at: $0)) }
  }

  func passwordAlgorithms() throws(STUNError) -> [STUNPasswordAlgorithm] {
    var algorithms: [STUNPasswordAlgorithm] = []
    var index = 0
    while index < bytes.count {
      guard bytes.count - index >= 4 else { throw malformed(.length(bytes.count)) }
      let length = Int(bytes.bigEndianUInt16(at: index + 2))
      guard bytes.count - index - 4 >= STUNWire.padded(length) else { throw malformed(.length(bytes.count)) }
      algorithms.append(
        STUNPasswordAlgorithm(
          bytes.bigEndianUInt16(at: index), parameters: bytes.array(index + 4..<index + 4 + length)))
      index += 4 + STUNWire.padded(length)
    }
    return algorithms
  }
}

extension Span where Element == UInt8 {
  /// An address attribute's value; `transactionID` undoes the XOR (RFC 8489 §14.1, §14.2).
  func stunAddress(
    in range: Range<Int>, of type: STUNAttributeType, at offset: Int, xor transactionID: TransactionID?
  ) throws(STUNError) -> Endpoint {
    func malformed(_ flaw: STUNError.Flaw) -> STUNError { .malformedAttribute(type: type, offset: offset, flaw: flaw) }
    guard range.count >= STUNWire.attributeHeaderSize else { throw malformed(.length(range.count)) }
    let begin = range.lowerBound
    let port = bigEndianUInt16(at: begin + 2)
    let address: IPAddress
    switch self[begin + 1] {
    case IPAddress.Family.ipv4.rawValue:
      guard range.count == STUNWire.ipv4AddressSize else { throw malformed(.length(range.count)) }
      address = IPAddress(v4: bigEndianUInt32(at: begin + 4))
    case IPAddress.Family.ipv6.rawValue:
      guard range.count == STUNWire.ipv6AddressSize else { throw malformed(.length(range.count)) }
      address = IPAddress(
        v6High: UInt64(bigEndianUInt32(at: begin + 4)) << 32 | UInt64(bigEndianUInt32(at: begin + 8)),
        low: UInt64(bigEndianUInt32(at: begin + 12)) << 32 | UInt64(bigEndianUInt32(at: begin + 16)))
    case let family: throw malformed(.addressFamily(family))
    }
    let endpoint = Endpoint(address, port)
    guard let transactionID else { return endpoint }
    return endpoint.masked(with: transactionID)
  }
}

extension Endpoint {
  /// The endpoint XORed with the magic cookie and, for IPv6, the transaction ID; its own inverse (RFC 8489 §14.2).
  func masked(with transactionID: TransactionID) -> Endpoint {
    let cookie = STUNWire.magicCookie
    let masked =
      switch address.family {
      case .ipv4: IPAddress(v4: address.v4Bits ^ cookie)
      case .ipv6:
        IPAddress(
          v6High: address.high ^ (UInt64(cookie) << 32 | UInt64(transactionID.high)),
          low: address.low ^ transactionID.low)
      }
    return Endpoint(masked, port ^ UInt16(cookie >> 16))
  }
}

extension ByteWriter {
  /// Appends the value of an address attribute; `transactionID` applies the XOR.
  mutating func appendSTUNAddress(_ endpoint: Endpoint, xor transactionID: TransactionID?) {
    let endpoint = transactionID.map { endpoint.masked(with: $0) } ?? endpoint
    append(UInt16(endpoint.address.family.rawValue))
    append(endpoint.port)
    switch endpoint.address.family {
    case .ipv4: append(endpoint.address.v4Bits)
    case .ipv6:
      append(endpoint.address.high)
      append(endpoint.address.low)
    }
  }

  fileprivate mutating func append(_ error: STUNErrorCode, family: UInt8) {
    append(UInt16(family) << 8)
    append(UInt8(error.code / 100))
    append(UInt8(error.code % 100))
    append(error.reason)
  }

  fileprivate mutating func append(_ algorithms: [STUNPasswordAlgorithm]) {
    for algorithm in algorithms {
      append(algorithm.number)
      append(UInt16(algorithm.parameters.count))
      append(algorithm.parameters)
      appendZeros(STUNWire.padded(algorithm.parameters.count) - algorithm.parameters.count)
    }
  }
}
