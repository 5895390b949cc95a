public import RTCPrimitives

/// A message of the Data Channel Establishment Protocol.
///
/// - SeeAlso: RFC 8832 §5
public enum DCEPMessage: Hashable, Sendable {
  case open(DataChannelOpen)
  case acknowledgement

  /// The message types (RFC 8832 §8.2.1).
  private enum Kind: UInt8 {
    case acknowledgement = 2
    case open = 3
  }

  public init(parsing bytes: Span<UInt8>) throws(DCEPError) {
    var reader = ByteReader(bytes)
    let type: UInt8
    do {
      type = try reader.readUInt8()
    } catch {
      throw .truncated(error)
    }
    switch Kind(rawValue: type) {
    case .acknowledgement: self = .acknowledgement
    case .open: self = .open(try DataChannelOpen(&reader))
    case nil: throw .unknownMessageType(type)
    }
  }

  public func write(into writer: inout ByteWriter) {
    switch self {
    case .acknowledgement: writer.append(Kind.acknowledgement.rawValue)
    case .open(let open):
      writer.append(Kind.open.rawValue)
      open.write(into: &writer)
    }
  }
}

/// Why bytes are no message of the Data Channel Establishment Protocol.
public enum DCEPError: Error, Hashable, Sendable {
  case truncated(TruncatedInput)
  case unknownMessageType(UInt8)
  case unknownChannelType(UInt8)
  /// Label and protocol together are not as long as what follows the header.
  case wrongLength(stated: Int, actual: Int)
  case notUTF8(field: String)
}

extension DCEPError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let error): "\(error)"
    case .unknownMessageType(let type): "message type \(type) is none of DATA_CHANNEL_ACK (2) and DATA_CHANNEL_OPEN (3)"
    case .unknownChannelType(let type): "channel type \(type) is not defined"
    case .wrongLength(let stated, let actual): "label and protocol are to be \(stated) bytes long, \(actual) follow"
    case .notUTF8(let field): "the \(field) is not UTF-8"
    }
  }
}
