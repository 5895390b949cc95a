import RTCPrimitives

/// DATA_CHANNEL_OPEN: the properties of a channel that one side opens.
///
/// - SeeAlso: RFC 8832 §5.1
public struct DataChannelOpen: Hashable, Sendable {
  /// Bytes before the label.
  public static let headerSize = 12
  /// The longest label or protocol, in bytes of UTF-8.
  public static let longestText = 65_535
  /// The priority `normal` of RFC 8831 §6.4.
  public static let normalPriority: UInt16 = 256

  public var isOrdered: Bool
  public var reliability: DataChannelReliability
  public var priority: UInt16
  /// At most `longestText` bytes, as `subprotocol`.
  public var label: String
  public var subprotocol: String

  public init(
    isOrdered: Bool = true, reliability: DataChannelReliability = .reliable, priority: UInt16 = normalPriority,
    label: String, subprotocol: String = ""
  ) {
    self.isOrdered = isOrdered
    self.reliability = reliability
    self.priority = priority
    self.label = label
    self.subprotocol = subprotocol
  }

  init(_ reader: inout ByteReader) throws(DCEPError) {
    let channelType: UInt8
    let parameter: UInt32
    let labelLength: Int
    let subprotocolLength: Int
    do throws(TruncatedInput) {
      channelType = try reader.readUInt8()
      priority = try reader.readUInt16()
      parameter = try reader.readUInt32()
      labelLength = Int(try reader.readUInt16())
      subprotocolLength = Int(try reader.readUInt16())
    } catch {
      throw .truncated(error)
    }
    guard labelLength + subprotocolLength == reader.remaining else {
      throw .wrongLength(stated: labelLength + subprotocolLength, actual: reader.remaining)
    }
    isOrdered = channelType & Self.unordered == 0
    switch channelType & ~Self.unordered {
    // What stands in the parameter of a reliable channel does not matter.
    case 0: reliability = .reliable
    case 1: reliability = .maxRetransmits(parameter)
    case 2: reliability = .maxPacketLifeTime(.milliseconds(Int64(parameter)))
    default: throw .unknownChannelType(channelType)
    }
    label = try Self.text(&reader, length: labelLength, "label")
    subprotocol = try Self.text(&reader, length: subprotocolLength, "protocol")
  }

  func write(into writer: inout ByteWriter) {
    precondition(
      label.utf8.count <= Self.longestText && subprotocol.utf8.count <= Self.longestText, "both texts fit their fields")
    writer.append(channelType)
    writer.append(priority)
    switch reliability {
    case .reliable: writer.append(UInt32(0))
    case .maxRetransmits(let count): writer.append(count)
    case .maxPacketLifeTime(let time): writer.append(UInt32(clamping: time.nanoseconds / 1_000_000))
    }
    writer.append(UInt16(label.utf8.count))
    writer.append(UInt16(subprotocol.utf8.count))
    writer.append(label)
    writer.append(subprotocol)
  }

  /// The bit of the channel type that says so.
  private static let unordered: UInt8 = 0x80

  private var channelType: UInt8 {
    let kind: UInt8 =
      switch reliability {
      case .reliable: 0
      case .maxRetransmits: 1
      case .maxPacketLifeTime: 2
      }
    return isOrdered ? kind : kind | Self.unordered
  }

  private static func text(
    _ reader: inout ByteReader, length: Int, _ field: String
  ) throws(DCEPError) -> String {
    let bytes: [UInt8]
    do {
      bytes = try reader.readBytes(length)
    } catch {
      throw .truncated(error)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8(field: field) }
    return text
  }
}
