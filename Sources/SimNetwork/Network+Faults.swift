import RTCPrimitives
import SimKernel

/// One of the two directions of an attachment's link, seen from what is attached.
public enum LinkDirection: String, Hashable, Sendable, CaseIterable {
  case up, down
}

/// What somebody does to one direction of a link.
public enum Disturbance: Hashable, Sendable {
  case dropNext
  case duplicateNext
  case delayNext(Duration)
  /// Every packet is lost until then.
  case cut(until: Instant)
}

/// What is to happen on which links, in the order in which it was asked for.
struct Disturbances {
  private var all: [(index: Int, direction: LinkDirection, disturbance: Disturbance)] = []

  var isEmpty: Bool { all.isEmpty }

  mutating func add(_ disturbance: Disturbance, _ direction: LinkDirection, of index: Int) {
    all.append((index, direction, disturbance))
  }

  /// What happens to the packet that enters a link now.
  mutating func take(_ direction: LinkDirection, of index: Int, at now: Instant) -> Disturbance? {
    all.removeAll { if case .cut(let end) = $0.disturbance { end <= now } else { false } }
    guard let place = all.firstIndex(where: { $0.index == index && $0.direction == direction }) else { return nil }
    if case .cut = all[place].disturbance { return all[place].disturbance }
    return all.remove(at: place).disturbance
  }
}

/// What can go wrong, or be made to, in the middle of a run.
extension Network {
  /// Does something to a link, from now on.
  public func disturb(_ id: AttachmentID, _ direction: LinkDirection, _ disturbance: Disturbance) {
    disturbances.add(disturbance, direction, of: id.index)
  }

  /// Puts a firewall in front of what is attached.
  public func setFirewall(_ firewall: Firewall, at id: AttachmentID) { attachments[id.index].firewall = firewall }

  /// Switches a host off: nothing reaches it or leaves it any more.
  public func switchOff(_ port: NodePort) {
    for id in attachments(of: port) { attachments[id.index].isOff = true }
  }

  /// Takes a host out of its network and attaches it elsewhere at the same site, as when a phone leaves its Wi-Fi.
  ///
  /// - Precondition: the host is attached, and the addresses of `plan` are free.
  public func move(
    _ port: NodePort, to addresses: [IPAddress], uplink: Link.Configuration, downlink: Link.Configuration,
    firewall: Firewall.Policy?
  ) -> AttachmentID {
    guard let old = attachments(of: port).first else { preconditionFailure("\(port.name) is attached") }
    switchOff(port)
    return attach(
      port,
      AttachmentPlan(
        addresses: addresses, site: SiteID(index: attachments[old.index].site), uplink: uplink, downlink: downlink,
        firewall: firewall))
  }

  /// The NATs' names, in the order in which they were added.
  public var translatorNames: [String] { translators.filter { $0.core != nil }.map { attachments[$0.outside].name } }

  /// Restarts a NAT with `behavior`, or its own: all mappings are lost.
  ///
  /// - Precondition: there is a NAT with this name.
  public func restartTranslator(named name: String, behavior: NATBehavior? = nil) {
    let index = translators.firstIndex { $0.core != nil && attachments[$0.outside].name == name }
    guard let index else { preconditionFailure("there is no NAT \(name)") }
    translators[index].core?.restart(behavior)
  }

  /// Sends a packet into a link that something may happen on.
  func disturb(_ packet: PacketHandle, _ simulation: Simulation, _ direction: LinkDirection, of index: Int) {
    switch disturbances.take(direction, of: index, at: simulation.now) {
    case nil: send(packet, simulation, direction, of: index)
    case .dropNext: drop(packet, simulation, .takenOff, at: attachments[index].name)
    case .cut: drop(packet, simulation, .cut, at: attachments[index].name)
    case .delayNext(let delay): send(packet, simulation, direction, of: index, after: delay)
    case .duplicateNext:
      let copy = simulation.copy(packet)
      observer?.copied(packet, to: copy, in: simulation)
      send(packet, simulation, direction, of: index)
      send(copy, simulation, direction, of: index)
    }
  }
}
