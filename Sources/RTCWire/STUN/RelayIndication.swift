import RTCPrimitives

/// A TURN Send or Data indication: relayed data with its peer, read and written without allocating (RFC 8656 §11).
public struct RelayIndication: Hashable, Sendable {
  public let method: STUNMethod
  public let peer: Endpoint
  /// Where the application data that exists lies in the datagram.
  public let range: Range<Int>
  /// How many bytes of application data follow on the wire without being stored (`Datagram.elided`).
  public let elided: Int

  /// Parses a datagram of which `elided` further bytes are on the wire only; then DATA is the last attribute.
  public init(parsing bytes: Span<UInt8>, elided: Int = 0) throws(STUNError) {
    let header = try STUNHeader(parsing: bytes)
    guard header.messageClass == .indication, header.method == .send || header.method == .data else {
      throw .unexpectedMessage(method: header.method, messageClass: header.messageClass)
    }
    let end = STUNWire.headerSize + header.length
    guard end == bytes.count + elided else {
      throw .wrongLength(declared: header.length, actual: bytes.count + elided - STUNWire.headerSize)
    }
    var peer: Endpoint?
    var data: (range: Range<Int>, elided: Int)?
    var offset = STUNWire.headerSize
    while offset < end {
      let begin = offset + STUNWire.attributeHeaderSize
      guard begin <= bytes.count else {
        throw .truncated(
          offset: offset, needed: STUNWire.attributeHeaderSize, available: max(bytes.count - offset, 0))
      }
      let type = STUNAttributeType(bytes.bigEndianUInt16(at: offset))
      let length = Int(bytes.bigEndianUInt16(at: offset + 2))
      guard begin + STUNWire.padded(length) <= end else {
        throw .attributeOverrun(type: type, offset: offset, length: length, available: end - begin)
      }
      offset = begin + STUNWire.padded(length)
      if type == .data, data == nil {
        let present = min(length, bytes.count - begin)
        data = (begin..<begin + present, length - present)
        continue
      }
      guard begin + length <= bytes.count else {
        throw .truncated(offset: begin, needed: length, available: bytes.count - begin)
      }
      if type == .xorPeerAddress, peer == nil {
        peer = try bytes.stunAddress(in: begin..<begin + length, of: type, at: begin, xor: header.transactionID)
      } else if type.isComprehensionRequired, type.name == nil {
        throw .malformedAttribute(type: type, offset: begin, flaw: .unknownRequired)
      }
    }
    guard let peer else { throw .missingAttribute(.xorPeerAddress) }
    guard let data else { throw .missingAttribute(.data) }
    self.method = header.method
    self.peer = peer
    self.range = data.range
    self.elided = data.elided
  }

  /// Appends an indication whose data is `data` and `elided` bytes that are not stored.
  ///
  /// Give the datagram `elidedOnWire(stored:elided:)`, which counts the padding too.
  ///
  /// - Precondition: all data together is at most 65,000 bytes.
  public static func write(
    _ method: STUNMethod, peer: Endpoint, _ data: Span<UInt8>, elided: Int = 0, transactionID: TransactionID,
    into writer: inout ByteWriter
  ) {
    let length = data.count + elided
    let padding = STUNWire.padded(length) - length
    STUNHeader(
      messageClass: .indication, method: method, transactionID: transactionID,
      length: overhead(for: peer.address.family) - STUNWire.headerSize + length + padding
    ).write(into: &writer)
    writer.append(STUNAttributeType.xorPeerAddress.rawValue)
    writer.append(UInt16(peer.address.family == .ipv4 ? STUNWire.ipv4AddressSize : STUNWire.ipv6AddressSize))
    writer.appendSTUNAddress(peer, xor: transactionID)
    writer.append(STUNAttributeType.data.rawValue)
    writer.append(UInt16(length))
    writer.append(data)
    if elided == 0 { writer.appendZeros(padding) }
  }

  /// The bytes around the data without its padding: 36 for an IPv4 peer, 48 for an IPv6 one.
  public static func overhead(for family: IPAddress.Family) -> Int {
    let address = family == .ipv4 ? STUNWire.ipv4AddressSize : STUNWire.ipv6AddressSize
    return STUNWire.headerSize + 2 * STUNWire.attributeHeaderSize + address
  }

  /// The bytes on the wire behind the last stored byte when `data` of `stored` bytes has `elided` more.
  public static func elidedOnWire(stored: Int, elided: Int) -> Int {
    elided == 0 ? 0 : STUNWire.padded(stored + elided) - stored
  }
}
