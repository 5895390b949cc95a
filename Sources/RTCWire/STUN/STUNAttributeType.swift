/// The 16-bit type of a STUN attribute.
///
/// - SeeAlso: IANA "STUN Attributes"; RFC 8489 §18.3, RFC 8656 §18, RFC 8445 §16.1, RFC 6062 §6.2
public struct STUNAttributeType: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

  @inlinable init(_ rawValue: UInt16) { self.rawValue = rawValue }

  public static let mappedAddress = STUNAttributeType(0x0001)
  public static let username = STUNAttributeType(0x0006)
  public static let messageIntegrity = STUNAttributeType(0x0008)
  public static let errorCode = STUNAttributeType(0x0009)
  public static let unknownAttributes = STUNAttributeType(0x000A)
  public static let channelNumber = STUNAttributeType(0x000C)
  public static let lifetime = STUNAttributeType(0x000D)
  public static let xorPeerAddress = STUNAttributeType(0x0012)
  public static let data = STUNAttributeType(0x0013)
  public static let realm = STUNAttributeType(0x0014)
  public static let nonce = STUNAttributeType(0x0015)
  public static let xorRelayedAddress = STUNAttributeType(0x0016)
  public static let requestedAddressFamily = STUNAttributeType(0x0017)
  public static let evenPort = STUNAttributeType(0x0018)
  public static let requestedTransport = STUNAttributeType(0x0019)
  public static let dontFragment = STUNAttributeType(0x001A)
  public static let messageIntegritySHA256 = STUNAttributeType(0x001C)
  public static let passwordAlgorithm = STUNAttributeType(0x001D)
  public static let userhash = STUNAttributeType(0x001E)
  public static let xorMappedAddress = STUNAttributeType(0x0020)
  public static let reservationToken = STUNAttributeType(0x0022)
  public static let priority = STUNAttributeType(0x0024)
  public static let useCandidate = STUNAttributeType(0x0025)
  public static let connectionID = STUNAttributeType(0x002A)
  public static let additionalAddressFamily = STUNAttributeType(0x8000)
  public static let addressErrorCode = STUNAttributeType(0x8001)
  public static let passwordAlgorithms = STUNAttributeType(0x8002)
  public static let alternateDomain = STUNAttributeType(0x8003)
  public static let icmp = STUNAttributeType(0x8004)
  public static let software = STUNAttributeType(0x8022)
  public static let alternateServer = STUNAttributeType(0x8023)
  public static let fingerprint = STUNAttributeType(0x8028)
  public static let iceControlled = STUNAttributeType(0x8029)
  public static let iceControlling = STUNAttributeType(0x802A)
  /// One packet of a DTLS handshake; DTLS-IN-STUN-DATA in draft-hancke-webrtc-sped-00.
  public static let dtlsInSTUN = STUNAttributeType(0xC070)
  /// CRC-32 values of such packets that have arrived; DTLS-IN-STUN-ACK in the draft.
  public static let dtlsInSTUNAcknowledgement = STUNAttributeType(0xC071)

  /// Whether an agent that does not know the type must refuse the message (RFC 8489 §14).
  @inlinable public var isComprehensionRequired: Bool { rawValue < 0x8000 }

  /// The name in the IANA registry, such as `XOR-MAPPED-ADDRESS`; `nil` for a type that is not known here.
  public var name: String? {
    switch self {
    case .mappedAddress: "MAPPED-ADDRESS"
    case .username: "USERNAME"
    case .messageIntegrity: "MESSAGE-INTEGRITY"
    case .errorCode: "ERROR-CODE"
    case .unknownAttributes: "UNKNOWN-ATTRIBUTES"
    case .channelNumber: "CHANNEL-NUMBER"
    case .lifetime: "LIFETIME"
    case .xorPeerAddress: "XOR-PEER-ADDRESS"
    case .data: "DATA"
    case .realm: "REALM"
    case .nonce: "NONCE"
    case .xorRelayedAddress: "XOR-RELAYED-ADDRESS"
    case .requestedAddressFamily: "REQUESTED-ADDRESS-FAMILY"
    case .evenPort: "EVEN-PORT"
    case .requestedTransport: "REQUESTED-TRANSPORT"
    case .dontFragment: "DONT-FRAGMENT"
    case .messageIntegritySHA256: "MESSAGE-INTEGRITY-SHA256"
    case .passwordAlgorithm: "PASSWORD-ALGORITHM"
    case .userhash: "USERHASH"
    case .xorMappedAddress: "XOR-MAPPED-ADDRESS"
    case .reservationToken: "RESERVATION-TOKEN"
    case .priority: "PRIORITY"
    case .useCandidate: "USE-CANDIDATE"
    case .connectionID: "CONNECTION-ID"
    case .additionalAddressFamily: "ADDITIONAL-ADDRESS-FAMILY"
    case .addressErrorCode: "ADDRESS-ERROR-CODE"
    case .passwordAlgorithms: "PASSWORD-ALGORITHMS"
    case .alternateDomain: "ALTERNATE-DOMAIN"
    case .icmp: "ICMP"
    case .software: "SOFTWARE"
    case .alternateServer: "ALTERNATE-SERVER"
    case .fingerprint: "FINGERPRINT"
    case .iceControlled: "ICE-CONTROLLED"
    case .iceControlling: "ICE-CONTROLLING"
    case .dtlsInSTUN: "META-DTLS-IN-STUN"
    case .dtlsInSTUNAcknowledgement: "META-DTLS-IN-STUN-ACKNOWLEDGEMENT"
    default: nil
    }
  }
}

extension STUNAttributeType: CustomStringConvertible {
  public var description: String { name ?? "attribute 0x\(String(rawValue, radix: 16))" }
}
