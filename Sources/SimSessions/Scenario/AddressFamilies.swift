import RTCPrimitives

/// Which IP versions an access has.
public enum AddressFamilies: String, Hashable, Sendable, CaseIterable {
  case ipv4, ipv6
  /// Both: IPv4 through the NAT, if there is one, and IPv6 past it.
  case dual

  /// The preferred one first (RFC 6724 §2.1).
  public var members: [IPAddress.Family] {
    switch self {
    case .ipv4: [.ipv4]
    case .ipv6: [.ipv6]
    case .dual: [.ipv6, .ipv4]
    }
  }
}
