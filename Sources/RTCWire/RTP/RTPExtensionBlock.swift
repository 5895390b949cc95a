import RTCPrimitives

/// A header extension block that is being written behind a header (RFC 8285).
///
/// ```swift
/// header.hasExtension = true
/// header.write(into: &writer)
/// let block = RTPExtensionBlock(opening: &writer, form: .oneByte)
/// try block.append(AudioLevel(level: 30, hasVoice: true), id: 1, into: &writer)
/// block.close(&writer)
/// ```
public struct RTPExtensionBlock: Sendable {
  @usableFromInline let form: RTPExtensionForm
  /// Where the first element begins in the writer.
  @usableFromInline let begin: Int

  /// Begins a block at the end of `writer`.
  @inlinable public init(opening writer: inout ByteWriter, form: RTPExtensionForm) {
    self.form = form
    writer.append(form.profile)
    writer.append(0 as UInt16)
    begin = writer.count
  }

  /// Appends an element with the given bytes.
  ///
  /// - Throws: `extensionDoesNotFit`; nothing is written then.
  @inlinable public func append(
    id: UInt8, value: Span<UInt8>, into writer: inout ByteWriter
  ) throws(RTPError) {
    try appendHeader(id: id, size: value.count, into: &writer)
    writer.append(value)
  }

  /// Appends a typed element.
  ///
  /// - Throws: `extensionDoesNotFit`; nothing is written then.
  @inlinable public func append<Extension: RTPHeaderExtension>(
    _ value: Extension, id: UInt8, into writer: inout ByteWriter
  ) throws(RTPError) {
    try appendHeader(id: id, size: value.size, into: &writer)
    let offset = writer.count
    writer.appendZeros(value.size)
    var span = writer.bytes.mutableSpan
    value.encode(into: &span, at: offset)
  }

  /// Pads the block to whole words and enters its length.
  @inlinable public func close(_ writer: inout ByteWriter) {
    writer.appendZeros((begin - writer.count) & 3)
    writer.replaceUInt16(at: begin - 2, with: UInt16((writer.count - begin) / 4))
  }

  @inlinable func appendHeader(id: UInt8, size: Int, into writer: inout ByteWriter) throws(RTPError) {
    guard form.holds(id: id, size: size) else { throw .extensionDoesNotFit(id: id, size: size, form: form) }
    switch form {
    case .oneByte: writer.append(id << 4 | UInt8(size - 1))
    case .twoByte:
      writer.append(id)
      writer.append(UInt8(size))
    }
  }
}
