import RTCPrimitives
import SimKernel

/// A number that names a place of the network: a site, a realm or an attachment.
public struct SiteID: Hashable, Sendable {
  let index: Int
}

/// An address space: the public one, the inside of a NAT, or what lies behind a router.
public struct RealmID: Hashable, Sendable {
  let index: Int
  public static let `public` = RealmID(index: 0)
}

/// The point at which a host or the outside of a NAT or router is attached to a realm.
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
  /// That of most packets.
  let firstAddress: IPAddress?
  let realm: Int
  let site: Int
  var uplink: Link
  var downlink: Link
  var firewall: Firewall? { didSet { noteWatch() } }
  var capture: PacketCapture? { didSet { noteWatch() } }
  var isOff = false { didSet { noteWatch() } }
  /// Whether anything is to be done with a packet but to pass it on.
  private(set) var isWatched = false

  init(
    name: String, owner: Owner, addresses: [IPAddress], realm: Int, site: Int, uplink: Link, downlink: Link,
    firewall: Firewall?
  ) {
    self.name = name
    self.owner = owner
    self.addresses = addresses
    firstAddress = addresses.first
    self.realm = realm
    self.site = site
    self.uplink = uplink
    self.downlink = downlink
    self.firewall = firewall
    noteWatch()
  }

  private mutating func noteWatch() { isWatched = isOff || firewall != nil || capture != nil }

  /// Captures a packet; gives why it goes no further, if so.
  mutating func watch(_ packet: PacketHandle, of simulation: Simulation, _ direction: LinkDirection) -> DropReason? {
    capture?.append(packet, of: simulation)
    guard !isOff else { return .switchedOff }
    guard firewall != nil else { return nil }
    let record = simulation[packet]
    let header = TransportHeader(of: packet, in: simulation)
    return switch direction {
    case .up:
      firewall?.checkOutbound(
        source: record.source, destination: record.destination, over: header, at: simulation.now)
    case .down:
      firewall?.checkInbound(
        source: record.source, destination: record.destination, over: header, at: simulation.now)
    }
  }
}

struct Realm {
  /// The NAT or router that leads outwards; `nil` in the public realm.
  let gateway: Int?
  var attachments = AddressTable()
}

/// Which attachment has an address: an open-addressed table, looked at twice for every packet.
struct AddressTable {
  private var slots = [(address: IPAddress, attachment: Int32)](repeating: (.anyIPv4, -1), count: 16)
  private var count = 0

  subscript(address: IPAddress) -> Int? {
    let mask = slots.count - 1
    var index = Self.hash(address) & mask
    while slots[index].attachment >= 0 {
      if slots[index].address == address { return Int(slots[index].attachment) }
      index = (index + 1) & mask
    }
    return nil
  }

  /// - Precondition: the address is not in the table.
  mutating func insert(_ address: IPAddress, attachment: Int) {
    precondition(self[address] == nil, "\(address) belongs to two interfaces of one realm")
    if 2 * (count + 1) > slots.count {
      let old = slots
      slots = Array(repeating: (.anyIPv4, -1), count: 2 * old.count)
      for slot in old where slot.attachment >= 0 { place(slot.address, slot.attachment) }
    }
    place(address, Int32(attachment))
    count += 1
  }

  private mutating func place(_ address: IPAddress, _ attachment: Int32) {
    let mask = slots.count - 1
    var index = Self.hash(address) & mask
    while slots[index].attachment >= 0 { index = (index + 1) & mask }
    slots[index] = (address, attachment)
  }

  private static func hash(_ address: IPAddress) -> Int {
    Int(truncatingIfNeeded: ((address.high ^ address.low) &* 0x9E37_79B9_7F4A_7C15) >> 40)
  }
}

/// A NAT that several hosts or homes are attached behind.
struct SharedTranslator {
  let behavior: NATBehavior
  let inside: RealmID
}

/// What leads from one realm into another.
struct Translator {
  let outside: Int
  let inside: Int
  /// `nil` for a router, which passes every packet on as it is.
  var core: NetworkAddressTranslator?
  let translates: Bool

  init(outside: Int, inside: Int, core: NetworkAddressTranslator?) {
    self.outside = outside
    self.inside = inside
    self.core = core
    translates = core != nil
  }

  /// Whether an address is one of its own on the outside, and what it does with packets from inside to such a one.
  ///
  /// Mutating, so that the translator is looked at where it lies; nothing changes.
  mutating func hairpinning(to address: IPAddress) -> (isHairpin: Bool, NATBehavior.Hairpinning) {
    guard core?.externalAddresses.contains(address) ?? false else { return (false, .none) }
    return (true, core?.behavior.hairpinning ?? .none)
  }
}
