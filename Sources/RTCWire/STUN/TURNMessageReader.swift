import RTCPrimitives

/// Cuts a stream into STUN and ChannelData messages, as TURN over TCP and TLS carries them.
///
/// A STUN message tells its own length; ChannelData is padded to a multiple of four, which its length does not count.
/// What is kept is at most one message that is not whole yet, so at most 64 KiB and a header.
/// - SeeAlso: RFC 8656 §3.1, §12.5; RFC 8489 §6.2.2
public struct TURNMessageReader: Sendable {
  private var buffer: [UInt8] = []

  public init() {}

  /// Takes the next bytes of the stream and calls `body` with each message that is now whole, ChannelData without its
  /// padding.
  ///
  /// - Throws: when the stream holds something else; it cannot be read on from there.
  public mutating func append(_ bytes: Span<UInt8>, _ body: (Span<UInt8>) -> Void) throws(STUNError) {
    bytes.withUnsafeBufferPointer { buffer.append(contentsOf: $0) }
    var offset = 0
    defer { buffer.removeFirst(offset) }
    while let (size, total) = try Self.size(buffer.span.extracting(offset..<buffer.count)),
      buffer.count - offset >= total
    {
      body(buffer.span.extracting(offset..<offset + size))
      offset += total
    }
  }

  /// Appends a message as it travels in a stream.
  public static func write(_ message: Span<UInt8>, into writer: inout ByteWriter) {
    writer.append(message)
    guard message.count > 0, message[0] >> 6 == 1 else { return }
    writer.appendZeros(padding(message.count))
  }

  /// The sizes of the message at the front without and with padding; `nil` when too little of it is there to tell.
  private static func size(_ bytes: Span<UInt8>) throws(STUNError) -> (size: Int, total: Int)? {
    guard bytes.count >= ChannelData.headerSize else { return nil }
    let length = Int(bytes.bigEndianUInt16(at: 2))
    switch bytes[0] >> 6 {
    case 0:
      guard length.isMultiple(of: 4) else { throw .wrongLength(declared: length, actual: bytes.count) }
      guard bytes.count >= 8 else { return nil }
      let cookie = bytes.bigEndianUInt32(at: 4)
      guard cookie == STUNWire.magicCookie else { throw .wrongMagicCookie(cookie) }
      return (STUNWire.headerSize + length, STUNWire.headerSize + length)
    case 1:
      let channel = bytes.bigEndianUInt16(at: 0)
      guard ChannelData.channels.contains(channel) else { throw .invalidChannel(channel) }
      let size = ChannelData.headerSize + length
      return (size, size + padding(size))
    default: throw .topBitsSet(firstByte: bytes[0])
    }
  }

  private static func padding(_ size: Int) -> Int { (4 - size & 3) & 3 }
}
