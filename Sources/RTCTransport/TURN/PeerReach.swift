public import RTCPrimitives

/// Which peers a TURN server relays to.
///
/// A relay inside a network is a way into that network for everybody who has credentials, and into the machine itself;
/// nobody is relayed to what is no single host, such as a multicast group.
/// - SeeAlso: RFC 8656 §21.1.5 and §21.4 (what firewalls would have stopped, and services of the server's own machine)
public enum PeerReach: Hashable, Sendable {
  /// Addresses that are reached from everywhere, and on the relay itself only what it relays.
  case globalOnly
  /// The addresses of private networks, too.
  case allButLoopback
  /// The machine that the server runs on, too.
  case all

  /// Whether a peer at `address` may be reached, by the IPv4 address that is embedded there if there is one.
  public func permits(_ address: IPAddress) -> Bool {
    let address = address.withoutMapping
    guard !address.isUnspecified, !address.isMulticast, address != .broadcast else { return false }
    return switch self {
    case .globalOnly: address.isGlobal
    case .allButLoopback: !address.isLoopback
    case .all: true
    }
  }
}
