/// What a frame carries.
///
/// - SeeAlso: RFC 6455 §5.2
enum WebSocketOpcode: UInt8 {
  case continuation = 0x0
  case text = 0x1
  case binary = 0x2
  case close = 0x8
  case ping = 0x9
  case pong = 0xA

  var isControl: Bool { rawValue & 0x8 != 0 }
}

/// Why a WebSocket ends.
///
/// - SeeAlso: RFC 6455 §7.4.1
public struct WebSocketCloseCode: Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let normal = Self(rawValue: 1000)
  public static let goingAway = Self(rawValue: 1001)
  public static let protocolError = Self(rawValue: 1002)
  public static let unsupportedData = Self(rawValue: 1003)
  /// The peer said nothing; it never stands in a frame.
  static let none = Self(rawValue: 1005)
  public static let invalidPayload = Self(rawValue: 1007)
  public static let policyViolation = Self(rawValue: 1008)
  public static let messageTooBig = Self(rawValue: 1009)
  public static let tryAgainLater = Self(rawValue: 1013)

  /// Whether it may stand in a frame.
  ///
  /// - SeeAlso: RFC 6455 §7.4.2, and IANA's registry for 1012 to 1014
  var isSendable: Bool {
    switch rawValue {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}

/// Frames as a server writes them: whole, and not masked.
enum WebSocketFrame {
  static let largestControlPayload = 125
  /// The payload lengths that say that the length follows in 2 or in 8 bytes.
  static let length16: UInt8 = 126
  static let length64: UInt8 = 127

  static func bytes(_ opcode: WebSocketOpcode, _ payload: some Collection<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = [0x80 | opcode.rawValue]
    bytes.reserveCapacity(payload.count + 10)
    switch payload.count {
    case 0...largestControlPayload: bytes.append(UInt8(payload.count))
    case 0...Int(UInt16.max):
      bytes.append(length16)
      appendBigEndian(payload.count, bytes: 2, to: &bytes)
    default:
      bytes.append(length64)
      appendBigEndian(payload.count, bytes: 8, to: &bytes)
    }
    bytes += payload
    return bytes
  }

  /// A Close frame; of a reason that is too long only what fits goes out, in whole characters.
  static func close(_ code: WebSocketCloseCode, _ reason: String) -> [UInt8] {
    guard code.isSendable else { return bytes(.close, []) }
    var payload: [UInt8] = []
    appendBigEndian(Int(code.rawValue), bytes: 2, to: &payload)
    for character in reason {
      guard payload.count + character.utf8.count <= largestControlPayload else { break }
      payload += Array(character.utf8)
    }
    return bytes(.close, payload)
  }

  private static func appendBigEndian(_ number: Int, bytes count: Int, to bytes: inout [UInt8]) {
    for shift in stride(from: 8 * (count - 1), through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }
}
