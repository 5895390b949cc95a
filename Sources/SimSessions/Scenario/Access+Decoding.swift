import RTCPrimitives
import SimNetwork

/// What a person's home and a plain host have in common: place, links, NAT, firewall and address.
struct Access: Hashable {
  static let fieldNames = ["site", "uplink", "downlink", "nat", "firewall", "addressFamily"]

  var site: String
  var uplink: Link.Configuration
  var downlink: Link.Configuration
  var nat: NamedNAT?
  var firewall: Firewall.Policy?
  var addressFamily: IPAddress.Family

  /// Reads what `fields` give; the rest is as in `base`, except that an IPv6 address has no NAT unless one is given.
  init(_ fields: ObjectReader, over base: Access, sites: [String]) throws(ScenarioError) {
    self = base
    if let reader = fields["site"] { site = try reader.name(of: sites) }
    if let reader = fields["uplink"] { uplink = try Link.Configuration(reader, over: uplink) }
    if let reader = fields["downlink"] { downlink = try Link.Configuration(reader, over: downlink) }
    if let reader = fields["firewall"] { firewall = try Self.firewall(reader) }
    if let reader = fields["addressFamily"] {
      addressFamily = try reader.name(of: ["ipv4", "ipv6"]) == "ipv4" ? .ipv4 : .ipv6
    }
    if let reader = fields["nat"] {
      nat = try NamedNAT.decode(reader)
      guard nat == nil || addressFamily == .ipv4 else { throw reader.failure("'none', because the address is IPv6") }
    } else if addressFamily == .ipv6 {
      nat = nil
    }
  }

  init(
    site: String, uplink: Link.Configuration, downlink: Link.Configuration, nat: NamedNAT?,
    firewall: Firewall.Policy? = nil, addressFamily: IPAddress.Family = .ipv4
  ) {
    self.site = site
    self.uplink = uplink
    self.downlink = downlink
    self.nat = nat
    self.firewall = firewall
    self.addressFamily = addressFamily
  }

  init(_ client: ClientProfile) {
    self.init(
      site: client.site, uplink: client.uplink, downlink: client.downlink, nat: client.nat, firewall: client.firewall,
      addressFamily: client.addressFamily)
  }

  init(_ host: UDPScenario.Host) {
    self.init(
      site: host.site, uplink: host.uplink, downlink: host.downlink, nat: host.nat, firewall: host.firewall,
      addressFamily: host.addressFamily)
  }

  private static func firewall(_ reader: FieldReader) throws(ScenarioError) -> Firewall.Policy? {
    let names = Firewall.Policy.allCases.map(\.rawValue)
    return Firewall.Policy(rawValue: try reader.name(of: ["none"] + names))
  }
}

extension NamedNAT {
  /// `none`, a listed name, or an object in the terms of RFC 4787.
  fileprivate static func decode(_ reader: FieldReader) throws(ScenarioError) -> NamedNAT? {
    guard case .object = reader.value.content else {
      let known = NATBehaviors.all.map(\.name)
      let name = try reader.name(
        of: ["none"] + known, or: "or an object with mapping, filtering, ports, lifetime, hairpinning")
      return NATBehaviors.named(name).map { NamedNAT(name: name, behavior: $0) }
    }
    let fields = try reader.object(["mapping", "filtering", "ports", "lifetime", "hairpinning", "refreshesOnInbound"])
    let dependences = NATBehavior.Dependence.allCases.map(\.rawValue).joined(separator: ", ")
    var behavior = NATBehavior(
      mapping: try fields.required("mapping", dependences).choice(NATBehavior.Dependence.self),
      filtering: try fields.required("filtering", dependences).choice(NATBehavior.Dependence.self))
    if let reader = fields["ports"] { behavior.portAssignment = try reader.choice(NATBehavior.PortAssignment.self) }
    if let reader = fields["lifetime"] { behavior.mappingLifetime = try reader.duration(.run) }
    if let reader = fields["hairpinning"] { behavior.hairpinning = try reader.flag() ? .externalSource : .none }
    if let reader = fields["refreshesOnInbound"] { behavior.refreshesOnInbound = try reader.flag() }
    return NamedNAT(name: "custom", behavior: behavior)
  }

  /// The NAT called `name`.
  ///
  /// - Precondition: it is listed.
  static func listed(_ name: String) -> NamedNAT {
    guard let behavior = NATBehaviors.named(name) else { preconditionFailure("there is no NAT called \(name)") }
    return NamedNAT(name: name, behavior: behavior)
  }
}
