/// The value of an ERROR-CODE attribute: a number from 300 to 699 and a reason for humans (RFC 8489 §14.8).
public struct STUNErrorCode: Error, Hashable, Sendable {
  public let code: UInt16
  public let reason: String

  /// - Precondition: `code` lies in 300 ... 699.
  public init(_ code: UInt16, _ reason: String) {
    precondition((300...699).contains(code), "a STUN error code lies in 300...699")
    self.code = code
    self.reason = reason
  }

  public static let tryAlternate = STUNErrorCode(300, "Try Alternate")
  public static let badRequest = STUNErrorCode(400, "Bad Request")
  public static let unauthenticated = STUNErrorCode(401, "Unauthenticated")
  /// RFC 8656 §19
  public static let forbidden = STUNErrorCode(403, "Forbidden")
  public static let unknownAttribute = STUNErrorCode(420, "Unknown Attribute")
  /// RFC 8656 §19
  public static let allocationMismatch = STUNErrorCode(437, "Allocation Mismatch")
  public static let staleNonce = STUNErrorCode(438, "Stale Nonce")
  /// RFC 8656 §19
  public static let addressFamilyNotSupported = STUNErrorCode(440, "Address Family not Supported")
  /// RFC 8656 §19
  public static let wrongCredentials = STUNErrorCode(441, "Wrong Credentials")
  /// RFC 8656 §19
  public static let unsupportedTransportProtocol = STUNErrorCode(442, "Unsupported Transport Protocol")
  /// RFC 8656 §19
  public static let peerAddressFamilyMismatch = STUNErrorCode(443, "Peer Address Family Mismatch")
  /// RFC 6062 §6.3
  public static let connectionAlreadyExists = STUNErrorCode(446, "Connection Already Exists")
  /// RFC 6062 §6.3
  public static let connectionTimeoutOrFailure = STUNErrorCode(447, "Connection Timeout or Failure")
  /// RFC 8656 §19
  public static let allocationQuotaReached = STUNErrorCode(486, "Allocation Quota Reached")
  /// RFC 8445 §16.2
  public static let roleConflict = STUNErrorCode(487, "Role Conflict")
  public static let serverError = STUNErrorCode(500, "Server Error")
  /// RFC 8656 §19
  public static let insufficientCapacity = STUNErrorCode(508, "Insufficient Capacity")
}

extension STUNErrorCode: CustomStringConvertible {
  public var description: String { "\(code) \(reason)" }
}
