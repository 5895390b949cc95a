import RTCPrimitives
import SimKernel

/// Routers: several hosts behind one pair of links, without a NAT.
extension Network {
  /// Adds a router whose outside is attached by `plan`; gives the realm of its inside and its attachment.
  ///
  /// Hosts in that realm keep their addresses, reach each other directly, and share the links of `plan` with their queues
  /// for all else: a shared bottleneck. Where a NAT stands in front of several hosts anyway, they share its links alike.
  ///
  /// - Precondition: `plan` has no addresses; the router itself is nobody's peer.
  public func addRouter(named name: String, _ plan: AttachmentPlan) -> (inside: RealmID, outside: AttachmentID) {
    precondition(plan.addresses.isEmpty, "a router has no addresses of its own")
    return addGateway(nil, named: name, plan)
  }

  /// Lets the routers between `realm` and the next NAT, or the public realm, pass on what is for `addresses`.
  func announce(_ addresses: [IPAddress], from realm: RealmID) {
    var inside = realm.index
    while let gateway = realms[inside].gateway, translators[gateway].core == nil {
      let outside = translators[gateway].outside
      inside = attachments[outside].realm
      for address in addresses { realms[inside].attachments.insert(address, attachment: outside) }
    }
  }
}
