import RTCPrimitives

/// A transport address that a peer may be reached at, with what ICE knows about it.
///
/// - SeeAlso: RFC 8445 §5.1
public struct Candidate: Hashable, Sendable {
  /// How the address was obtained; the raw value is the name in SDP (RFC 8839 §5.1).
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case host
    case serverReflexive = "srflx"
    case peerReflexive = "prflx"
    case relayed = "relay"

    /// The recommended type preference (RFC 8445 §5.1.2.2).
    public var preference: UInt8 {
      switch self {
      case .host: 126
      case .peerReflexive: 110
      case .serverReflexive: 100
      case .relayed: 0
      }
    }
  }

  /// Equal for candidates whose checks are expected to share their fate (RFC 8445 §5.1.1.3).
  public var foundation: String
  /// 1 for RTP and everything multiplexed with it.
  public var component: UInt16
  public var priority: UInt32
  /// Where the peer sends to.
  public var address: Endpoint
  public var kind: Kind
  /// What a local candidate is sent from: the host address, or a relayed candidate's own address.
  ///
  /// For a remote candidate it is the address itself, because the peer's bases are not known.
  public var base: Endpoint
  /// The `raddr` and `rport` of SDP, for diagnosis only.
  public var relatedAddress: Endpoint?
  /// How a local relayed candidate's server is reached (W3C `RTCIceCandidate.relayProtocol`); `nil` for all others.
  public var relayProtocol: RelayProtocol?

  public init(
    foundation: String, component: UInt16 = 1, priority: UInt32, address: Endpoint, kind: Kind,
    base: Endpoint? = nil, relatedAddress: Endpoint? = nil, relayProtocol: RelayProtocol? = nil
  ) {
    self.foundation = foundation
    self.component = component
    self.priority = priority
    self.address = address
    self.kind = kind
    self.base = base ?? address
    self.relatedAddress = relatedAddress
    self.relayProtocol = relayProtocol
  }

  /// The priority of a candidate (RFC 8445 §5.1.2.1).
  ///
  /// - Parameter component: 1 ... 256.
  public static func priority(of kind: Kind, localPreference: UInt16, component: UInt16 = 1) -> UInt32 {
    UInt32(kind.preference) << 24 | UInt32(localPreference) << 8 &+ UInt32(256 &- component)
  }

  /// The priority that this local candidate would have if a peer learned it from a check (RFC 8445 §7.1.1).
  var peerReflexivePriority: UInt32 { UInt32(Kind.peerReflexive.preference) << 24 | priority & 0x00FF_FFFF }

  /// Whether checks between two addresses make sense: one family, and link-local only with link-local.
  func mayPair(with remote: Candidate) -> Bool {
    let ours = base.address
    let theirs = remote.address.address
    guard component == remote.component, ours.family == theirs.family else { return false }
    return ours.family == .ipv4 || ours.isLinkLocal == theirs.isLinkLocal
  }
}

extension Candidate: CustomStringConvertible {
  /// `srflx 192.0.2.1:4000`
  public var description: String { "\(kind.rawValue) \(address)" }
}

/// Gives equal foundations to candidates of one type, base address, server and protocol, and different ones to all others.
///
/// - SeeAlso: RFC 8445 §5.1.1.3
struct FoundationTable: Sendable {
  private struct Origin: Hashable {
    var kind: Candidate.Kind
    var base: IPAddress
    var server: IPAddress?
    var isStream: Bool
  }

  private var origins: [Origin] = []

  /// - Parameters:
  ///   - base: the address of the host candidate behind it, also for a relayed candidate.
  ///   - server: the STUN or TURN server that told the address.
  ///   - isStream: whether the server was asked over TCP or TLS.
  mutating func foundation(
    of kind: Candidate.Kind, base: IPAddress, server: IPAddress? = nil, isStream: Bool = false
  ) -> String {
    let origin = Origin(kind: kind, base: base, server: server, isStream: isStream)
    if let index = origins.firstIndex(of: origin) { return String(index + 1) }
    origins.append(origin)
    return String(origins.count)
  }
}
