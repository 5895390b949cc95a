/// Why a side ends a connection, or warns.
///
/// - SeeAlso: RFC 5246 §7.2
public struct DTLSAlert: Hashable, Sendable, CustomStringConvertible {
  /// Whether the connection ends at once.
  public enum Level: UInt8, Sendable { case warning = 1, fatal = 2 }

  public let level: Level
  /// The number of the alert; `description` names it.
  public let code: UInt8

  public init(level: Level, code: UInt8) {
    self.level = level
    self.code = code
  }

  /// `nil` when `level` is neither 1 nor 2.
  init?(level: UInt8, code: UInt8) {
    guard let level = Level(rawValue: level) else { return nil }
    self.init(level: level, code: code)
  }

  /// The name in the RFC, such as `bad_certificate`.
  public var description: String {
    switch code {
    case 0: "close_notify"
    case 10: "unexpected_message"
    case 20: "bad_record_mac"
    case 21: "decryption_failed"
    case 22: "record_overflow"
    case 40: "handshake_failure"
    case 42: "bad_certificate"
    case 43: "unsupported_certificate"
    case 44: "certificate_revoked"
    case 45: "certificate_expired"
    case 46: "certificate_unknown"
    case 47: "illegal_parameter"
    case 48: "unknown_ca"
    case 49: "access_denied"
    case 50: "decode_error"
    case 51: "decrypt_error"
    case 70: "protocol_version"
    case 71: "insufficient_security"
    case 80: "internal_error"
    case 90: "user_canceled"
    case 100: "no_renegotiation"
    case 110: "unsupported_extension"
    default: "alert \(code)"
    }
  }
}
