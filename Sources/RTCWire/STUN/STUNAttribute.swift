import RTCPrimitives

/// One attribute of a STUN message, its value decoded; addresses stand here without their XOR.
public enum STUNAttribute: Hashable, Sendable {
  /// RFC 8489 §14.1
  case mappedAddress(Endpoint)
  /// RFC 8489 §14.2
  case xorMappedAddress(Endpoint)
  /// RFC 8489 §14.3
  case username(String)
  /// 32 bytes: SHA-256 of `username:realm` (RFC 8489 §14.4).
  case userhash([UInt8])
  /// 20 bytes: an HMAC-SHA1 (RFC 8489 §14.5).
  case messageIntegrity([UInt8])
  /// 16 to 32 bytes: an HMAC-SHA256, perhaps cut (RFC 8489 §14.6).
  case messageIntegritySHA256([UInt8])
  /// The CRC-32 already XORed with 0x5354554E (RFC 8489 §14.7).
  case fingerprint(UInt32)
  /// RFC 8489 §14.8
  case errorCode(STUNErrorCode)
  /// RFC 8489 §14.9
  case realm(String)
  /// RFC 8489 §14.10
  case nonce(String)
  /// RFC 8489 §14.11
  case passwordAlgorithms([STUNPasswordAlgorithm])
  /// RFC 8489 §14.12
  case passwordAlgorithm(STUNPasswordAlgorithm)
  /// RFC 8489 §14.13
  case unknownAttributes([STUNAttributeType])
  /// RFC 8489 §14.14
  case software(String)
  /// RFC 8489 §14.15
  case alternateServer(Endpoint)
  /// RFC 8489 §14.16
  case alternateDomain(String)

  /// RFC 8445 §7.1.1
  case priority(UInt32)
  /// RFC 8445 §7.1.2
  case useCandidate
  /// The tie-breaker (RFC 8445 §7.1.3).
  case iceControlled(UInt64)
  /// The tie-breaker (RFC 8445 §7.1.3).
  case iceControlling(UInt64)

  /// RFC 8656 §18.1
  case channelNumber(UInt16)
  /// RFC 8656 §18.2
  case lifetime(seconds: UInt32)
  /// RFC 8656 §18.3
  case xorPeerAddress(Endpoint)
  /// RFC 8656 §18.4
  case data([UInt8])
  /// RFC 8656 §18.5
  case xorRelayedAddress(Endpoint)
  /// 1 for IPv4, 2 for IPv6; a server answers 440 to others (RFC 8656 §18.6).
  case requestedAddressFamily(UInt8)
  /// RFC 8656 §18.7
  case evenPort(reserveNext: Bool)
  /// An IP protocol number: 17 is UDP (RFC 8656 §18.8).
  case requestedTransport(UInt8)
  /// RFC 8656 §18.9
  case dontFragment
  /// RFC 8656 §18.10
  case reservationToken(UInt64)
  /// RFC 8656 §18.11
  case additionalAddressFamily(UInt8)
  /// RFC 8656 §18.12
  case addressErrorCode(family: UInt8, STUNErrorCode)
  /// Type (7 bits), code (9 bits) and data of an ICMP message (RFC 8656 §18.13).
  case icmp(type: UInt8, code: UInt16, data: UInt32)
  /// RFC 6062 §6.2.1
  case connectionID(UInt32)

  case unknown(STUNAttributeType, [UInt8])

  public var type: STUNAttributeType {
    switch self {
    case .mappedAddress: .mappedAddress
    case .xorMappedAddress: .xorMappedAddress
    case .username: .username
    case .userhash: .userhash
    case .messageIntegrity: .messageIntegrity
    case .messageIntegritySHA256: .messageIntegritySHA256
    case .fingerprint: .fingerprint
    case .errorCode: .errorCode
    case .realm: .realm
    case .nonce: .nonce
    case .passwordAlgorithms: .passwordAlgorithms
    case .passwordAlgorithm: .passwordAlgorithm
    case .unknownAttributes: .unknownAttributes
    case .software: .software
    case .alternateServer: .alternateServer
    case .alternateDomain: .alternateDomain
    case .priority: .priority
    case .useCandidate: .useCandidate
    case .iceControlled: .iceControlled
    case .iceControlling: .iceControlling
    case .channelNumber: .channelNumber
    case .lifetime: .lifetime
    case .xorPeerAddress: .xorPeerAddress
    case .data: .data
    case .xorRelayedAddress: .xorRelayedAddress
    case .requestedAddressFamily: .requestedAddressFamily
    case .evenPort: .evenPort
    case .requestedTransport: .requestedTransport
    case .dontFragment: .dontFragment
    case .reservationToken: .reservationToken
    case .additionalAddressFamily: .additionalAddressFamily
    case .addressErrorCode: .addressErrorCode
    case .icmp: .icmp
    case .connectionID: .connectionID
    case .unknown(let type, _): type
    }
  }

  /// The name in the IANA registry; `nil` for an unknown type.
  public var name: String? { type.name }
}

/// A password algorithm with its parameters: 1 is MD5, 2 is SHA-256 (RFC 8489 §18.5).
public struct STUNPasswordAlgorithm: Hashable, Sendable {
  public let number: UInt16
  public let parameters: [UInt8]

  public init(_ number: UInt16, parameters: [UInt8] = []) {
    self.number = number
    self.parameters = parameters
  }
}
