/// What stands between a host and the public network: NATs, the first of them at the host, and a firewall.
public struct AccessBehavior: Hashable, Sendable {
  /// One behaviour with its name and a sentence for a reader.
  public struct Named: Hashable, Sendable {
    public let name: String
    public let summary: String
    public let access: AccessBehavior
  }

  /// The name of a chain is the names of its NATs with a plus between: `eim-eif+apdm-apdf`.
  public let name: String
  /// From the host outwards: a home router comes before a carrier's NAT.
  public let translators: [NATBehavior]
  /// In front of the first NAT, or of the host when there is none.
  public let firewall: Firewall.Policy?
  /// All who name the same owner share the last NAT: `home-router+carrier-grade@isp`. `nil` for one of one's own.
  public let owner: String?

  public init(
    name: String, translators: [NATBehavior] = [], firewall: Firewall.Policy? = nil, owner: String? = nil
  ) {
    self.name = name
    self.translators = translators
    self.firewall = firewall
    self.owner = owner
  }

  /// Whether the two say different things of the NAT that they share.
  public func contradicts(_ other: AccessBehavior) -> Bool {
    owner != nil && owner == other.owner && translators.last != other.translators.last
  }

  public init(_ nat: NATBehaviors.Named) { self.init(name: nat.name, translators: [nat.behavior]) }
}

/// Why a name stands for no access.
public enum AccessBehaviorError: Error, Hashable, Sendable {
  /// Nothing is called so.
  case unknown(String, known: [String])
  /// Only NATs can be links of a chain.
  case noNAT(String, known: [String])
  case chainTooLong(Int, limit: Int)
  /// Nobody stands behind the `@`.
  case noOwner
}

extension AccessBehavior {
  /// A home router, a landlord's, and a carrier's before the network of another: more are not found in the field.
  public static let chainLimit = 4

  /// What `id` stands for: a name of `AccessBehaviors`, of `NATBehaviors` or of `presets`, or a chain of NATs, whose
  /// last may be shared with others who name its owner: `eim-eif+apdm-apdf@isp`.
  ///
  /// - Parameter presets: more NATs that can be named.
  public init(id: String, presets: [NATBehaviors.Named] = []) throws(AccessBehaviorError) {
    let nats = NATBehaviors.all + presets
    let all = AccessBehaviors.all.map(\.access) + nats.map(AccessBehavior.init)
    if let access = all.first(where: { $0.name == id }) {
      self = access
      return
    }
    let parts = id.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let owner = parts.count > 1 ? parts[1] : nil
    guard owner != "" else { throw .noOwner }
    let names = parts[0].split(separator: "+", omittingEmptySubsequences: false).map(String.init)
    guard names.count > 1 || owner != nil else { throw .unknown(id, known: all.map(\.name)) }
    guard names.count <= Self.chainLimit else { throw .chainTooLong(names.count, limit: Self.chainLimit) }
    let links = all.filter { !$0.translators.isEmpty }
    var translators: [NATBehavior] = []
    for name in names {
      guard let link = links.first(where: { $0.name == name }) else {
        let isKnown = all.contains { $0.name == name }
        throw isKnown ? .noNAT(name, known: links.map(\.name)) : .unknown(name, known: links.map(\.name))
      }
      translators += link.translators
    }
    self.init(name: id, translators: translators, owner: owner)
  }
}

/// The kinds of access that the truth table of connectivity knows.
public enum AccessBehaviors {
  /// In the order of the table.
  public static let all: [AccessBehavior.Named] =
    [
      AccessBehavior.Named(name: "open", summary: "no NAT, no firewall", access: AccessBehavior(name: "open")),
      AccessBehavior.Named(
        name: "fw-apdf", summary: "public address behind a stateful firewall",
        access: AccessBehavior(name: "fw-apdf", firewall: .stateful)),
    ] + grid + [
      AccessBehavior.Named(
        name: "udp-blocked", summary: "no UDP passes",
        access: AccessBehavior(name: "udp-blocked", firewall: .blockUDP)),
      AccessBehavior.Named(
        name: "tcp-443-only", summary: "only TCP to port 443 passes",
        access: AccessBehavior(name: "tcp-443-only", firewall: .tcp443Only)),
    ]

  /// Each mapping with each filtering. Where the mapping depends on the remote, ports are random: none can be foretold.
  private static var grid: [AccessBehavior.Named] {
    NATBehavior.Dependence.allCases.flatMap { mapping in
      NATBehavior.Dependence.allCases.map { filtering in
        let behavior = NATBehavior(
          mapping: mapping, filtering: filtering,
          portAssignment: mapping == .endpointIndependent ? .preserving : .random)
        let name = "\(mapping.initials)m-\(filtering.initials)f"
        return AccessBehavior.Named(
          name: name, summary: "mapping \(mapping.rawValue), filtering \(filtering.rawValue)",
          access: AccessBehavior(name: name, translators: [behavior]))
      }
    }
  }
}

extension NATBehavior.Dependence {
  fileprivate var initials: String {
    switch self {
    case .endpointIndependent: "ei"
    case .addressDependent: "ad"
    case .addressAndPortDependent: "apd"
    }
  }
}
