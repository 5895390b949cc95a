/// What a STUN message is about: a number of 12 bits (RFC 8489 §5).
public struct STUNMethod: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  /// - Precondition: `rawValue` has 12 bits.
  public init(rawValue: UInt16) {
    precondition(rawValue < 0x1000, "a STUN method has 12 bits")
    self.rawValue = rawValue
  }

  /// RFC 8489 §2
  public static let binding = STUNMethod(rawValue: 0x001)
  /// RFC 8656 §7
  public static let allocate = STUNMethod(rawValue: 0x003)
  /// RFC 8656 §8
  public static let refresh = STUNMethod(rawValue: 0x004)
  /// RFC 8656 §11
  public static let send = STUNMethod(rawValue: 0x006)
  /// RFC 8656 §11
  public static let data = STUNMethod(rawValue: 0x007)
  /// RFC 8656 §10
  public static let createPermission = STUNMethod(rawValue: 0x008)
  /// RFC 8656 §12
  public static let channelBind = STUNMethod(rawValue: 0x009)
  /// RFC 6062 §4
  public static let connect = STUNMethod(rawValue: 0x00A)
  /// RFC 6062 §4
  public static let connectionBind = STUNMethod(rawValue: 0x00B)
  /// RFC 6062 §4
  public static let connectionAttempt = STUNMethod(rawValue: 0x00C)
}

extension STUNMethod: CustomStringConvertible {
  /// The name of the IANA registry, or the number.
  public var description: String {
    switch self {
    case .binding: "Binding"
    case .allocate: "Allocate"
    case .refresh: "Refresh"
    case .send: "Send"
    case .data: "Data"
    case .createPermission: "CreatePermission"
    case .channelBind: "ChannelBind"
    case .connect: "Connect"
    case .connectionBind: "ConnectionBind"
    case .connectionAttempt: "ConnectionAttempt"
    default: "0x\(String(rawValue, radix: 16))"
    }
  }
}
