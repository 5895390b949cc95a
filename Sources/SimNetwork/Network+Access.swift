import RTCPrimitives
import SimKernel

/// Chains of NATs: a home router, and behind it (seen from home) a carrier's.
extension Network {
  /// The most external addresses that one of a chain's NATs has.
  public static let addressLimit = 16

  /// The name of the NAT that `owner` shares out.
  public static func translatorName(ofOwner owner: String) -> String { "@\(owner)" }

  /// Attaches a host behind what stands in front of it; gives the host's own addresses and the outside of its NAT, or of
  /// the host itself, which has the links and the firewall of `plan`.
  ///
  /// IPv6 addresses of `plan` stay the host's own: routers that translate IPv4 pass IPv6 on (RFC 7084 §4).
  ///
  /// - Parameters:
  ///   - access: its firewall takes the place of that of `plan`; those who name the same owner agree on its NAT.
  ///   - inside: the host's address if there is a NAT.
  ///   - number: of the subscriber, below 4096, so that addresses differ.
  ///   - isShared: whether others are to be attached beside it; a router has the links then, where there is no NAT.
  public func attach(
    _ port: NodePort, behind access: AccessBehavior?, inside: IPAddress, number: UInt32, isShared: Bool = false,
    _ plan: AttachmentPlan
  ) -> (addresses: [IPAddress], outside: AttachmentID) {
    let routed = plan.addresses.filter { $0.family == .ipv6 }
    var own = plan
    own.firewall = access?.firewall ?? plan.firewall
    var chain = access?.translators ?? []
    guard !chain.isEmpty else { return (own.addresses, attach(port, own, isShared: isShared)) }
    own.addresses.removeAll { $0.family == .ipv6 }
    if let owner = access?.owner, let shared = chain.popLast() {
      own.realm = realm(behind: shared, of: owner, number: number, own)
    }
    let addresses = routed + [inside]
    guard !chain.isEmpty else {
      route(routed, to: own.realm)
      own.addresses = addresses
      return (addresses, attach(port, own, isShared: isShared))
    }
    let (realm, outside) = addTranslators(chain, named: "\(port.name)/nat", number: number, own)
    route(routed, to: realm)
    attach(port, AttachmentPlan(addresses: addresses, realm: realm, site: plan.site))
    return (addresses, outside)
  }

  /// Attaches a node beside another, so that both share the links of the NAT or router in front of them.
  ///
  /// - Precondition: `other` stands behind a NAT of its own, or was attached to be shared.
  public func attach(_ port: NodePort, beside other: NodePort, address: IPAddress, site: SiteID) {
    guard let neighbour = attachments(of: other).first else { preconditionFailure("\(other.name) is attached") }
    let realm = RealmID(index: attachments[neighbour.index].realm)
    attach(port, AttachmentPlan(addresses: [address], realm: realm, site: site))
  }

  private func attach(_ port: NodePort, _ plan: AttachmentPlan, isShared: Bool) -> AttachmentID {
    guard isShared else { return attach(port, plan) }
    var outer = plan
    outer.addresses = []
    let router = addRouter(named: "\(port.name)/router", outer)
    attach(port, AttachmentPlan(addresses: plan.addresses, realm: router.inside, site: plan.site))
    return router.outside
  }

  /// Lets every NAT between `realm` and the public one pass on what is for `addresses`, which are IPv6.
  private func route(_ addresses: [IPAddress], to realm: RealmID) {
    var inside = realm.index
    while let gateway = realms[inside].gateway {
      let outside = translators[gateway].outside
      inside = attachments[outside].realm
      for address in addresses { realms[inside].attachments.insert(address, attachment: outside) }
    }
  }

  /// The inside of a NAT that `owner` shares out; who comes first decides where it stands and which address it has.
  private func realm(
    behind behavior: NATBehavior, of owner: String, number: UInt32, _ plan: AttachmentPlan
  ) -> RealmID {
    if let known = sharedTranslators[owner] {
      precondition(known.behavior == behavior, "those who share the NAT of \(owner) agree on what it is")
      return known.inside
    }
    let place = AttachmentPlan(addresses: plan.addresses, site: plan.site)
    let inside = addTranslators([behavior], named: Self.translatorName(ofOwner: owner), number: number, place).inside
    sharedTranslators[owner] = SharedTranslator(behavior: behavior, inside: inside)
    return inside
  }

  /// Adds a chain of NATs, the first of them the innermost; gives the realm inside all of them, and the outside of the
  /// innermost, which has the links and the firewall of `plan`.
  ///
  /// In the public realm the outermost NAT has the addresses of `plan`, and what it needs beyond those out of
  /// 198.19.0.0/16; one within another has addresses of 100.64.0.0/10, which carriers use between their NAT and their
  /// subscribers (RFC 6598).
  /// - Parameters:
  ///   - name: the innermost NAT is called so, the next ones get a number: `home/nat`, `home/nat-2`.
  ///   - number: of the subscriber, below 4096, so that addresses differ.
  /// - Precondition: the chain has one to four NATs.
  public func addTranslators(
    _ chain: [NATBehavior], named name: String, number: UInt32, _ plan: AttachmentPlan
  ) -> (inside: RealmID, outside: AttachmentID) {
    precondition((1...AccessBehavior.chainLimit).contains(chain.count), "a chain has one to four NATs")
    precondition(number < 4096, "a subscriber's number is below 4096")
    var added: (inside: RealmID, outside: AttachmentID)?
    for (place, behavior) in chain.enumerated().reversed() {
      var own = place == 0 ? plan : AttachmentPlan(addresses: plan.addresses, site: plan.site)
      own.realm = added?.inside ?? plan.realm
      let isPublic = own.realm == .public
      let block = isPublic ? Self.publicBlock : Self.carrierBlock + UInt32(place) << 16
      let base = block + number * UInt32(Self.addressLimit)
      let addresses = (0..<UInt32(behavior.externalAddresses)).map { IPAddress(v4: base + $0) }
      own.addresses = isPublic ? plan.addresses + addresses.dropFirst(plan.addresses.count) : addresses
      added = addTranslator(behavior, named: place == 0 ? name : "\(name)-\(place + 1)", own)
    }
    guard let added else { preconditionFailure("a chain has a NAT") }
    return added
  }

  private static let publicBlock: UInt32 = 198 << 24 | 19 << 16
  private static let carrierBlock: UInt32 = 100 << 24 | 64 << 16
}
