import RTCPrimitives
import SimKernel

/// The network of a simulation: sites, realms, links, NATs and firewalls between the nodes.
///
/// A packet is arithmetic wherever nothing can be decided later: it costs one event after its uplink, one after the way
/// between two sites, and one after its downlink; ideal links and equal sites cost none.
public final class Network: PacketCarrier {
  public unowned let simulation: Simulation
  /// What became of every datagram so far.
  @exclusivity(unchecked) public internal(set) var counts = DatagramCounts()
  /// Sees every datagram that a host sends or receives; `nil` for nobody.
  @exclusivity(unchecked) public var observer: (any DatagramObserver)?

  @exclusivity(unchecked) var attachments: [Attachment] = []
  @exclusivity(unchecked) var realms = [Realm(gateway: nil)]
  @exclusivity(unchecked) var translators: [Translator] = []
  /// NATs that several hosts share, by the name of their owner.
  var sharedTranslators: [String: SharedTranslator] = [:]
  private var siteNames: [String] = []
  /// One-way delays between sites, row by row.
  @exclusivity(unchecked) private var siteDelays: [[Int64]] = []
  @exclusivity(unchecked) private var attachmentsOfNode: [[Int]] = []
  private var handler = 0
  var queueHandler = 0
  /// Whether a node is sending right now.
  @exclusivity(unchecked) private var isCarrying = false
  /// What somebody does to links; empty in nearly every run.
  @exclusivity(unchecked) var disturbances = Disturbances()

  public init(_ simulation: Simulation) {
    self.simulation = simulation
    super.init()
    handler = simulation.addHandler(self)
    queueHandler = simulation.addHandler(QueueService(self))
    simulation.setCarrier(self)
  }

  /// Adds a site; its delay to all others is zero until it is set.
  public func addSite(_ name: String) -> SiteID {
    siteNames.append(name)
    for index in siteDelays.indices { siteDelays[index].append(0) }
    siteDelays.append([Int64](repeating: 0, count: siteNames.count))
    return SiteID(index: siteNames.count - 1)
  }

  /// Sets the one-way delay between two sites, in both directions.
  public func setDelay(_ delay: Duration, between first: SiteID, and second: SiteID) {
    siteDelays[first.index][second.index] = delay.nanoseconds
    siteDelays[second.index][first.index] = delay.nanoseconds
  }

  /// Attaches a node; it may be attached more than once, with different addresses.
  ///
  /// - Precondition: the addresses are free in their realm.
  @discardableResult
  public func attach(_ port: NodePort, _ plan: AttachmentPlan) -> AttachmentID {
    let id = add(plan, name: port.name, owner: .host(node: port.index))
    while attachmentsOfNode.count <= port.index { attachmentsOfNode.append([]) }
    attachmentsOfNode[port.index].append(id.index)
    return id
  }

  /// Adds a NAT whose outside is attached by `plan`; gives the realm of its inside and its attachment.
  ///
  /// The outside may be attached to the inside of another NAT, which several of them may share.
  ///
  /// - Precondition: the addresses of `plan`, its external ones, are IPv4 addresses.
  public func addTranslator(_ behavior: NATBehavior, named name: String, _ plan: AttachmentPlan)
    -> (inside: RealmID, outside: AttachmentID)
  {
    precondition(plan.addresses.allSatisfy { $0.family == .ipv4 }, "the external addresses of a NAT are IPv4 addresses")
    let core = NetworkAddressTranslator(
      behavior, externalAddresses: plan.addresses, dice: simulation.generator("\(name)/ports"))
    return addGateway(core, named: name, plan)
  }

  func addGateway(_ core: NetworkAddressTranslator?, named name: String, _ plan: AttachmentPlan)
    -> (inside: RealmID, outside: AttachmentID)
  {
    let outside = add(plan, name: name, owner: .translator(translators.count))
    realms.append(Realm(gateway: translators.count))
    translators.append(Translator(outside: outside.index, inside: realms.count - 1, core: core))
    return (RealmID(index: realms.count - 1), outside)
  }

  /// What the links of an attachment have seen: towards the realm and from it.
  public func statistics(of id: AttachmentID) -> (uplink: LinkStatistics, downlink: LinkStatistics) {
    (
      attachments[id.index].uplink.statistics(at: simulation.now),
      attachments[id.index].downlink.statistics(at: simulation.now)
    )
  }

  /// Lets all links count anew, at the beginning of a window of measurement.
  public func resetLinkStatistics() {
    for index in attachments.indices {
      attachments[index].uplink.resetStatistics(at: simulation.now)
      attachments[index].downlink.resetStatistics(at: simulation.now)
    }
  }

  /// Starts a capture of all that passes an attachment.
  public func capture(at id: AttachmentID) { attachments[id.index].capture = PacketCapture() }

  /// The attachments that are captured, with their names and the capture files' contents so far.
  public var captures: [(name: String, capture: PacketCapture)] {
    attachments.compactMap { attachment in attachment.capture.map { (attachment.name, $0) } }
  }

  /// The attachments of a node, in the order in which they were made.
  public func attachments(of port: NodePort) -> [AttachmentID] {
    port.index < attachmentsOfNode.count ? attachmentsOfNode[port.index].map(AttachmentID.init) : []
  }

  private func add(_ plan: AttachmentPlan, name: String, owner: Attachment.Owner) -> AttachmentID {
    let index = attachments.count
    for address in plan.addresses {
      realms[plan.realm.index].attachments.insert(address, attachment: index)
    }
    announce(plan.addresses, from: plan.realm)
    let streams = "\(name)/\(index)"
    attachments.append(
      Attachment(
        name: name, owner: owner, addresses: plan.addresses, realm: plan.realm.index, site: plan.site.index,
        uplink: Link(plan.uplink, dice: simulation.generator("\(streams)/uplink")),
        downlink: Link(plan.downlink, dice: simulation.generator("\(streams)/downlink")),
        firewall: plan.firewall.map { Firewall($0) }))
    return AttachmentID(index: index)
  }

  // MARK: The way of a packet

  enum Stage: UInt8 {
    /// It has left the uplink of its location.
    case afterUplink = 0
    /// It has reached the site of its location.
    case beforeDownlink
    /// It has left the downlink of its location.
    case afterDownlink
  }

  public override func carry(_ packet: PacketHandle, from node: Int, in simulation: Simulation) {
    isCarrying = true
    defer { isCarrying = false }
    counts.sent += 1
    simulation[packet].sender = UInt32(node)
    let source = simulation[packet].source.address
    guard let index = attachment(of: node, with: source) else {
      return drop(packet, simulation, .foreignSource, at: "")
    }
    observer?.sent(packet, in: simulation, by: node)
    depart(packet, simulation, from: index)
  }

  /// The attachment through which a node sends from an address.
  private func attachment(of node: Int, with source: IPAddress) -> Int? {
    guard node < attachmentsOfNode.count else { return nil }
    for place in attachmentsOfNode[node].indices {
      let index = attachmentsOfNode[node][place]
      if attachments[index].firstAddress == source || attachments[index].addresses.contains(source) { return index }
    }
    return nil
  }

  public override func handle(_ argument: UInt32, in simulation: Simulation) {
    let packet = PacketHandle(rawValue: argument)
    let record = simulation[packet]
    let location = Int(record.location)
    switch Stage(rawValue: record.stage) {
    case .afterUplink: enter(packet, simulation, realm: attachments[location].realm, from: location)
    case .beforeDownlink: descend(packet, simulation, to: location)
    case .afterDownlink: arrive(packet, simulation, at: location)
    case nil: preconditionFailure("a packet is at a known stage")
    }
  }

  /// Through the firewall and the uplink of `index`.
  private func depart(_ packet: PacketHandle, _ simulation: Simulation, from index: Int) {
    if attachments[index].isWatched, let reason = attachments[index].watch(packet, of: simulation, .up) {
      return drop(packet, simulation, reason, at: attachments[index].name)
    }
    guard disturbances.isEmpty else { return disturb(packet, simulation, .up, of: index) }
    send(packet, simulation, .up, of: index)
  }

  /// From the uplink of `origin` into a realm: to an interface there, or out through its NAT.
  private func enter(_ packet: PacketHandle, _ simulation: Simulation, realm index: Int, from origin: Int) {
    let record = simulation[packet]
    if let target = realms[index].attachments[record.destination.address] {
      let delay = siteDelays[attachments[origin].site][attachments[target].site]
      guard delay > 0 else { return descend(packet, simulation, to: target) }
      return transmit(packet, simulation, .arrives(simulation.now + .nanoseconds(delay)), .beforeDownlink, target)
    }
    guard let gateway = realms[index].gateway else {
      return drop(packet, simulation, .noRoute, at: attachments[origin].name)
    }
    guard record.destination.address.family == .ipv4, translators[gateway].translates else {
      return depart(packet, simulation, from: translators[gateway].outside)
    }
    let (isHairpin, hairpinning) = translators[gateway].hairpinning(to: record.destination.address)
    if isHairpin, hairpinning == .none { return drop(packet, simulation, .noHairpinning, at: name(of: gateway)) }
    switch translators[gateway].core?.translateOutbound(
      source: record.source, destination: record.destination, over: TransportHeader(of: packet, in: simulation),
      at: simulation.now)
    {
    case nil: depart(packet, simulation, from: translators[gateway].outside)
    case .dropped(let reason): drop(packet, simulation, reason, at: name(of: gateway))
    case .translated(let external):
      if !isHairpin || hairpinning == .externalSource {
        simulation[packet].source = external
        observer?.translated(packet, in: simulation, by: name(of: gateway))
      }
      if isHairpin {
        translateInwards(packet, simulation, gateway, from: external)
      } else {
        depart(packet, simulation, from: translators[gateway].outside)
      }
    }
  }

  /// Through the downlink of `index`.
  private func descend(_ packet: PacketHandle, _ simulation: Simulation, to index: Int) {
    guard disturbances.isEmpty else { return disturb(packet, simulation, .down, of: index) }
    send(packet, simulation, .down, of: index)
  }

  /// At the end of the downlink of `index`: to the node, or into the NAT.
  private func arrive(_ packet: PacketHandle, _ simulation: Simulation, at index: Int) {
    if attachments[index].isWatched, let reason = attachments[index].watch(packet, of: simulation, .down) {
      return drop(packet, simulation, reason, at: attachments[index].name)
    }
    switch attachments[index].owner {
    case .translator(let gateway):
      guard simulation[packet].destination.address.family == .ipv4, translators[gateway].translates else {
        return passInwards(packet, simulation, gateway)
      }
      translateInwards(packet, simulation, gateway, from: simulation[packet].source)
    case .host(let node):
      counts.delivered += 1
      simulation.hashOutcome(packet, 0)
      observer?.delivered(packet, in: simulation, to: node)
      // A node is never entered while another, or it itself, is sending: the packet then waits for the next event.
      if isCarrying {
        simulation.deliver(packet, to: node, at: simulation.now)
      } else {
        simulation.deliverNow(packet, to: node)
      }
    }
  }

  /// IPv6, and what a router passes on, goes on to the address that it is for.
  private func passInwards(_ packet: PacketHandle, _ simulation: Simulation, _ gateway: Int) {
    let inside = translators[gateway].inside
    guard let target = realms[inside].attachments[simulation[packet].destination.address] else {
      return drop(packet, simulation, .noRoute, at: name(of: gateway))
    }
    descend(packet, simulation, to: target)
  }

  /// - Parameter source: what the filter sees: always an external endpoint, even where a host sees an internal one.
  private func translateInwards(
    _ packet: PacketHandle, _ simulation: Simulation, _ gateway: Int, from source: Endpoint
  ) {
    switch translators[gateway].core?.translateInbound(
      source: source, destination: simulation[packet].destination, over: TransportHeader(of: packet, in: simulation),
      at: simulation.now)
    {
    case nil: passInwards(packet, simulation, gateway)
    case .dropped(let reason): drop(packet, simulation, reason, at: name(of: gateway))
    case .translated(let inside):
      simulation[packet].destination = inside
      observer?.translated(packet, in: simulation, by: name(of: gateway))
      enter(packet, simulation, realm: translators[gateway].inside, from: translators[gateway].outside)
    }
  }

  /// Into one direction of a link.
  func send(
    _ packet: PacketHandle, _ simulation: Simulation, _ direction: LinkDirection, of index: Int,
    after extra: Duration = .zero
  ) {
    let size = simulation[packet].wireSize
    let now = simulation.now
    switch direction {
    case .up:
      let verdict = attachments[index].uplink.transmit(size, of: packet, after: extra, at: now)
      transmit(packet, simulation, verdict, .afterUplink, index)
    case .down:
      let verdict = attachments[index].downlink.transmit(size, of: packet, after: extra, at: now)
      transmit(packet, simulation, verdict, .afterDownlink, index)
    }
  }

  func transmit(
    _ packet: PacketHandle, _ simulation: Simulation, _ verdict: LinkVerdict, _ stage: Stage, _ location: Int
  ) {
    switch verdict {
    case .waits(let time):
      if let time { scheduleQueue(of: location, stage == .afterUplink ? .up : .down, at: time) }
    case .dropped(let reason): drop(packet, simulation, reason, at: attachments[location].name)
    case .arrives(let time):
      simulation[packet].stage = stage.rawValue
      simulation[packet].location = UInt32(location)
      guard time > simulation.now else { return handle(packet.rawValue, in: simulation) }
      simulation.schedule(handler: handler, argument: packet.rawValue, at: time)
    }
  }

  private func name(of translator: Int) -> String { attachments[translators[translator].outside].name }

  func drop(_ packet: PacketHandle, _ simulation: Simulation, _ reason: DropReason, at place: String) {
    counts.noteDrop(reason)
    simulation.hashOutcome(packet, UInt64(reason.rawValue))
    observer?.dropped(packet, in: simulation, reason, at: place)
    simulation.discard(packet)
  }
}
