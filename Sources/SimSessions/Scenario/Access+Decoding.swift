import RTCPrimitives
import SimNetwork

/// What a person's home and a plain host have in common: place, links, NAT, firewall and address.
struct Access: Hashable {
  static let fieldNames = ["site", "uplink", "downlink", "nat", "firewall", "addressFamily"]

  var site: String
  var uplink: Link.Configuration
  var downlink: Link.Configuration
  /// NATs, or a firewall that has the name of an access.
  var nat: AccessBehavior?
  var firewall: Firewall.Policy?
  var addressFamily: AddressFamilies

  /// Reads what `fields` give; the rest is as in `base`, except that an IPv6 address has no NAT unless one is given.
  init(
    _ fields: ObjectReader, over base: Access, sites: [String], _ files: ScenarioFiles
  ) throws(ScenarioError) {
    self = base
    if let reader = fields["site"] { site = try reader.name(of: sites) }
    if let reader = fields["uplink"] { uplink = try Link.Configuration(reader, .up, over: uplink, files) }
    if let reader = fields["downlink"] { downlink = try Link.Configuration(reader, .down, over: downlink, files) }
    if let reader = fields["firewall"] { firewall = try Self.firewall(reader) }
    if let reader = fields["addressFamily"] { addressFamily = try reader.choice(AddressFamilies.self) }
    if let reader = fields["nat"] {
      nat = try AccessBehavior.decode(reader, files)
      guard nat?.translators.isEmpty ?? true || addressFamily != .ipv6 else {
        throw reader.failure("'none', because the address is IPv6")
      }
      guard nat?.firewall == nil || fields["firewall"] == nil else {
        throw reader.failure("a NAT or 'none', because a firewall is given")
      }
    } else if addressFamily == .ipv6, !(nat?.translators.isEmpty ?? true) {
      nat = nil
    }
  }

  init(
    site: String, uplink: Link.Configuration, downlink: Link.Configuration, nat: AccessBehavior?,
    firewall: Firewall.Policy? = nil, addressFamily: AddressFamilies = .ipv4
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
      addressFamily: host.addressFamily == .ipv4 ? .ipv4 : .ipv6)
  }

  private static func firewall(_ reader: FieldReader) throws(ScenarioError) -> Firewall.Policy? {
    let names = Firewall.Policy.allCases.map(\.rawValue)
    return Firewall.Policy(rawValue: try reader.name(of: ["none"] + names))
  }
}

extension AccessBehavior {
  /// The NAT called `name`.
  ///
  /// - Precondition: it is listed.
  static func listed(_ name: String) -> AccessBehavior {
    guard let behavior = NATBehaviors.named(name) else { preconditionFailure("there is no NAT called \(name)") }
    return AccessBehavior(name: name, translators: [behavior])
  }
}
