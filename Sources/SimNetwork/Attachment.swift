import RTCPrimitives

/// A number that names a place of the network: a site, a realm or an attachment.
public struct SiteID: Hashable, Sendable {
  let index: Int
}

/// An address space: the public one, or the inside of a NAT.
public struct RealmID: Hashable, Sendable {
  let index: Int
  public static let `public` = RealmID(index: 0)
}

/// The point at which a host or the outside of a NAT is attached to a realm.
public struct AttachmentID: Hashable, Comparable, Sendable {
  let index: Int

  public static func < (left: AttachmentID, right: AttachmentID) -> Bool { left.index < right.index }
}

/// How something is attached: its addresses, where it stands and its two links.
public struct AttachmentPlan: Sendable {
  public var addresses: [IPAddress]
  public var realm: RealmID
  public var site: SiteID
  public var uplink: Link.Configuration
  public var downlink: Link.Configuration
  public var firewall: Firewall.Policy?

  public init(
    addresses: [IPAddress], realm: RealmID = .public, site: SiteID, uplink: Link.Configuration = .ideal,
    downlink: Link.Configuration = .ideal, firewall: Firewall.Policy? = nil
  ) {
    self.addresses = addresses
    self.realm = realm
    self.site = site
    self.uplink = uplink
    self.downlink = downlink
    self.firewall = firewall
  }
}

struct Attachment {
  enum Owner {
    case host(node: Int)
    case translator(Int)
  }

  let name: String
  let owner: Owner
  let addresses: [IPAddress]
  let realm: Int
  let site: Int
  var uplink: Link
  var downlink: Link
  var firewall: Firewall?
  var capture: PacketCapture?
}

struct Realm {
  /// The NAT that leads outwards; `nil` in the public realm.
  let gateway: Int?
  var attachmentOfAddress: [IPAddress: Int] = [:]
}

struct Translator {
  let outside: Int
  let inside: Int
  var core: NetworkAddressTranslator
}
