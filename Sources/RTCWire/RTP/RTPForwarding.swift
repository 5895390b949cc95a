import RTCPrimitives

/// Which identifier each incoming header extension has towards one receiver.
public struct RTPExtensionIDMap: Sendable {
  @usableFromInline var table = InlineArray<256, UInt8>(repeating: 0)

  /// Drops every element.
  public init() {}

  /// The outgoing identifier of an incoming one; 0 drops the element.
  @inlinable public subscript(_ id: UInt8) -> UInt8 {
    get { table[Int(id)] }
    set { table[Int(id)] = newValue }
  }
}

/// The header fields that a forwarding unit gives a packet on its way to one receiver.
public struct RTPForwarding: Hashable, Sendable {
  public var payloadType: UInt8
  public var sequenceNumber: SequenceNumber
  public var timestamp: UInt32
  public var ssrc: UInt32

  public init(payloadType: UInt8, sequenceNumber: SequenceNumber, timestamp: UInt32, ssrc: UInt32) {
    self.payloadType = payloadType
    self.sequenceNumber = sequenceNumber
    self.timestamp = timestamp
    self.ssrc = ssrc
  }
}

extension RTPHeader {
  /// Overwrites the fields that change when a packet moves to another stream, in a packet that begins at 0; its marker
  /// stays.
  public static func rewrite(
    _ bytes: inout MutableSpan<UInt8>, payloadType: UInt8, sequenceNumber: SequenceNumber, ssrc: UInt32
  ) {
    bytes[1] = bytes[1] & 0x80 | payloadType & 0x7F
    bytes.store(sequenceNumber.rawValue, at: 2)
    bytes.store(ssrc, at: 8)
  }
}

extension RTPPacket {
  /// Appends the packet with new header fields, for a receiver that has agreed on the same extension identifiers.
  ///
  /// - Parameter bytes: what this was parsed from.
  public func writeForwarded(_ bytes: Span<UInt8>, as forwarding: RTPForwarding, into writer: inout ByteWriter) {
    let begin = writer.count
    writer.append(bytes)
    var span = writer.bytes.mutableSpan
    rewriteFixedFields(of: &span, from: begin, as: forwarding)
  }

  /// Appends the packet with new header fields and extension identifiers; every length stays as it is.
  ///
  /// Dropped elements become padding, and so do elements whose new identifier their block's form cannot hold.
  /// A value that each receiver needs anew is overwritten afterwards with `replaceExtension`; an element that
  /// the packet does not have, or that changes its size, needs `writeForwarded(…, appending:)`.
  /// - Parameter bytes: what this was parsed from.
  public func writeForwarded(
    _ bytes: Span<UInt8>, as forwarding: RTPForwarding, extensionIDs: borrowing RTPExtensionIDMap,
    into writer: inout ByteWriter
  ) {
    let begin = writer.count
    writer.append(bytes)
    var span = writer.bytes.mutableSpan
    rewriteFixedFields(of: &span, from: begin, as: forwarding)
    guard let form = extensionForm else { return }
    var elements = extensionElements
    while let element = elements.next(in: bytes) {
      let header = begin + element.range.lowerBound - form.elementHeaderSize
      let id = extensionIDs[element.id]
      if form.holds(id: id, size: element.range.count) {
        span[header] = form == .oneByte ? id << 4 | span[header] & 0x0F : id
      } else {
        for index in header..<begin + element.range.upperBound { span[index] = 0 }
      }
    }
  }

  /// Appends the packet with new header fields and a new extension block: first the elements that `extensionIDs`
  /// keeps, then those that `appendElements` adds.
  ///
  /// - Parameter bytes: what this was parsed from.
  /// - Throws: `extensionDoesNotFit` for a kept element, and what `appendElements` throws.
  public func writeForwarded(
    _ bytes: Span<UInt8>, as forwarding: RTPForwarding, extensionIDs: borrowing RTPExtensionIDMap,
    form: RTPExtensionForm = .oneByte, into writer: inout ByteWriter,
    appending appendElements: (RTPExtensionBlock, inout ByteWriter) throws(RTPError) -> Void
  ) throws(RTPError) {
    let begin = writer.count
    writer.append(bytes.extracting(0..<header.size))
    var span = writer.bytes.mutableSpan
    rewriteFixedFields(of: &span, from: begin, as: forwarding)
    span[begin] |= 0x10
    let block = RTPExtensionBlock(opening: &writer, form: form)
    var elements = extensionElements
    while let element = elements.next(in: bytes) {
      let id = extensionIDs[element.id]
      if id != 0 { try block.append(id: id, value: bytes.extracting(element.range), into: &writer) }
    }
    try appendElements(block, &writer)
    block.close(&writer)
    writer.append(bytes.extracting(payloadRange.lowerBound..<bytes.count))
  }

  /// Overwrites an extension value in a copy of this packet that begins at `begin` in `writer`.
  ///
  /// - Parameter range: where the value lies in this packet, from `extensionRange(id:in:)`.
  /// - Returns: whether the new value has the size of the old one; nothing is written otherwise.
  @inlinable public func replaceExtension<Extension: RTPHeaderExtension>(
    with value: Extension, at range: Range<Int>, ofPacketAt begin: Int, in writer: inout ByteWriter
  ) -> Bool {
    guard range.count == value.size else { return false }
    var span = writer.bytes.mutableSpan
    value.encode(into: &span, at: begin + range.lowerBound)
    return true
  }

  @_lifetime(bytes: copy bytes)
  private func rewriteFixedFields(
    of bytes: inout MutableSpan<UInt8>, from begin: Int, as forwarding: RTPForwarding
  ) {
    bytes[begin + 1] = (header.marker ? 0x80 : 0) | forwarding.payloadType & 0x7F
    bytes.store(forwarding.sequenceNumber.rawValue, at: begin + 2)
    bytes.store(forwarding.timestamp, at: begin + 4)
    bytes.store(forwarding.ssrc, at: begin + 8)
  }
}
