import RTCPrimitives

/// How a header extension block writes its elements (RFC 8285).
public enum RTPExtensionForm: Hashable, Sendable {
  /// Identifiers 1 ... 14 with 1 to 16 bytes each (§4.2).
  case oneByte
  /// Identifiers 1 ... 255 with 0 to 255 bytes each (§4.3).
  case twoByte(applicationBits: UInt8 = 0)

  /// The form that `profile`, the first 16 bits of a block, stands for; `nil` when it is none of RFC 8285.
  @inlinable public init?(profile: UInt16) {
    if profile == 0xBEDE {
      self = .oneByte
    } else if profile & 0xFFF0 == 0x1000 {
      self = .twoByte(applicationBits: UInt8(profile & 0x0F))
    } else {
      return nil
    }
  }

  /// The first 16 bits of the block.
  @inlinable public var profile: UInt16 {
    switch self {
    case .oneByte: 0xBEDE
    case .twoByte(let applicationBits): 0x1000 | UInt16(applicationBits & 0x0F)
    }
  }

  /// The bytes before each element's value.
  @inlinable public var elementHeaderSize: Int { self == .oneByte ? 1 : 2 }

  /// Whether an element with this identifier and number of bytes can be written.
  @inlinable public func holds(id: UInt8, size: Int) -> Bool {
    switch self {
    case .oneByte: id >= 1 && id <= 14 && size >= 1 && size <= 16
    case .twoByte: id >= 1 && size >= 0 && size <= 255
    }
  }
}

/// One element of a header extension block.
public struct RTPExtensionElement: Hashable, Sendable {
  public let id: UInt8
  /// Where its value lies in the packet.
  public let range: Range<Int>

  @inlinable init(id: UInt8, range: Range<Int>) {
    self.id = id
    self.range = range
  }
}

/// Walks over the elements of a header extension block without allocating.
///
/// ```swift
/// var elements = packet.extensionElements
/// while let element = elements.next(in: bytes) { … }
/// ```
public struct RTPExtensionElements: Sendable {
  @usableFromInline var offset: Int
  @usableFromInline let end: Int
  @usableFromInline let isOneByte: Bool

  /// The elements in `range` of a packet.
  @inlinable public init(form: RTPExtensionForm, range: Range<Int>) {
    offset = range.lowerBound
    end = range.upperBound
    isOneByte = form == .oneByte
  }

  /// The next element of the block in `bytes`, the packet that the block belongs to; `nil` after the last.
  @inlinable public mutating func next(in bytes: Span<UInt8>) -> RTPExtensionElement? {
    while offset < end {
      let id: UInt8
      let length: Int
      let begin: Int
      if isOneByte {
        let header = bytes[offset]
        id = header >> 4
        length = Int(header & 0x0F) + 1
        begin = offset + 1
        if header == 0 {
          offset += 1
          continue
        }
        // Identifier 15 ends the block, and so does padding that has a length (RFC 8285 §4.2).
        if id == 15 || id == 0 { break }
      } else {
        id = bytes[offset]
        if id == 0 {
          offset += 1
          continue
        }
        guard offset + 1 < end else { break }
        length = Int(bytes[offset + 1])
        begin = offset + 2
      }
      guard begin + length <= end else { break }
      offset = begin + length
      return RTPExtensionElement(id: id, range: begin..<begin + length)
    }
    return nil
  }

  /// Walks to the end and throws `extensionOverrun` for an element that does not fit into the block.
  mutating func validate(in bytes: Span<UInt8>) throws(RTPError) {
    while next(in: bytes) != nil {}
    guard offset < end else { return }
    let id = isOneByte ? bytes[offset] >> 4 : bytes[offset]
    if isOneByte, id == 0 || id == 15 { return }
    let headerSize = isOneByte ? 1 : 2
    let length = isOneByte ? Int(bytes[offset] & 0x0F) + 1 : offset + 1 < end ? Int(bytes[offset + 1]) : 0
    throw .extensionOverrun(
      id: id, offset: offset, length: length, available: max(0, end - offset - headerSize))
  }
}
