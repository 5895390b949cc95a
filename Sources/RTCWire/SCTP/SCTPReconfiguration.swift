import RTCPrimitives

/// A parameter of RE-CONFIG, by which streams are reset: a data channel is closed so.
///
/// - SeeAlso: RFC 6525 §4, RFC 8831 §6.7
public enum SCTPReconfiguration: Hashable, Sendable {
  /// The sender begins its streams anew; no stream means all.
  case outgoingReset(request: UInt32, response: UInt32, lastTSN: UInt32, streams: [UInt16])
  /// The sender asks the other to reset the streams that come in; no stream means all.
  case incomingReset(request: UInt32, streams: [UInt16])
  /// 0: nothing to do, 1: done, 6: in progress; the others refuse (RFC 6525 §4.4).
  case response(to: UInt32, result: UInt32)
  /// The sender wants this many streams more.
  case addOutgoingStreams(request: UInt32, count: UInt16)
  case other(type: UInt16)

  private enum Kind: UInt16 {
    case outgoingReset = 13
    case incomingReset = 14
    case response = 16
    case addOutgoingStreams = 17
  }

  private static let headerSize = 4

  /// The parameters of a chunk whose body is `range`.
  static func parameters(in bytes: Span<UInt8>, at range: Range<Int>) throws(SCTPPacketError) -> [Self] {
    var offset = range.lowerBound
    var found: [Self] = []
    repeat {
      guard range.upperBound - offset >= headerSize else {
        throw .truncated(TruncatedInput(offset: offset, needed: headerSize, available: range.upperBound - offset))
      }
      let type = bytes.bigEndianUInt16(at: offset)
      let length = Int(bytes.bigEndianUInt16(at: offset + 2))
      guard length >= headerSize, length <= range.upperBound - offset else {
        throw .wrongParameterLength(length, type: type, offset: offset)
      }
      var reader = ByteReader(bytes, in: offset + headerSize..<offset + length)
      do {
        found.append(try Self(&reader, type: type))
      } catch {
        throw .wrongParameterLength(length, type: type, offset: offset)
      }
      offset += (length + 3) & ~3
    } while offset < range.upperBound
    return found
  }

  private init(_ reader: inout ByteReader, type: UInt16) throws(TruncatedInput) {
    switch Kind(rawValue: type) {
    case .outgoingReset:
      self = .outgoingReset(
        request: try reader.readUInt32(), response: try reader.readUInt32(), lastTSN: try reader.readUInt32(),
        streams: try reader.readStreams())
    case .incomingReset: self = .incomingReset(request: try reader.readUInt32(), streams: try reader.readStreams())
    case .response: self = .response(to: try reader.readUInt32(), result: try reader.readUInt32())
    case .addOutgoingStreams:
      self = .addOutgoingStreams(request: try reader.readUInt32(), count: try reader.readUInt16())
    case nil: self = .other(type: type)
    }
  }
}

extension ByteReader {
  @_lifetime(self: copy self)
  fileprivate mutating func readStreams() throws(TruncatedInput) -> [UInt16] {
    var streams: [UInt16] = []
    while !isAtEnd { streams.append(try readUInt16()) }
    return streams
  }
}
