import RTCPrimitives
import RTCSession
import SimKernel
import SimNetwork
import SimNodes

/// Something that somebody brings into a call.
public enum Fault: Hashable, Sendable {
  case disturb(client: String, LinkDirection, LinkFault)
  /// Both directions of a client's access are cut.
  case cut(client: String, Duration)
  /// A NAT, by its name in the ladder, restarts as it was or as another.
  case restartNAT(name: String, NATBehaviors.Named?)
  /// A firewall in front of a client lets UDP pass to the TURN server only.
  case blockUDP(client: String)
  case stopSTUN
  case stopTURN
  case stopSignaling
  /// A client leaves its network for a mobile one.
  case changeNetwork(client: String)
  case act(client: String, ClientAction)

  /// What happens to the next packet of a link.
  public enum LinkFault: Hashable, Sendable {
    case drop
    case duplicate
    case delay(Duration)
  }

  /// Where in the ladder it happens.
  var lane: String {
    switch self {
    case .disturb(let client, _, _), .cut(let client, _), .blockUDP(let client), .changeNetwork(let client),
      .act(let client, _):
      client
    case .restartNAT(let name, _): name
    case .stopSTUN: "stun"
    case .stopTURN: "turn"
    case .stopSignaling: "signaling"
    }
  }

  /// What it does, as a sentence without its stop.
  public var sentence: String {
    switch self {
    case .disturb(let client, let direction, let fault):
      switch fault {
      case .drop: "the next datagram on \(client).\(direction.rawValue) is dropped"
      case .duplicate: "the next datagram on \(client).\(direction.rawValue) is doubled"
      case .delay(let time): "the next datagram on \(client).\(direction.rawValue) comes \(time.quantity) later"
      }
    case .cut(let client, let time): "the link of \(client) is cut for \(time.quantity)"
    case .restartNAT(let name, nil): "\(Self.title(ofNAT: name)) restarts and has lost its mappings"
    case .restartNAT(let name, let nat?): "\(Self.title(ofNAT: name)) is exchanged for one that is \(nat.name)"
    case .blockUDP(let client): "a firewall lets UDP of \(client) pass to the TURN server only"
    case .stopSTUN: "the STUN server stops"
    case .stopTURN: "the TURN server stops"
    case .stopSignaling: "the signaling server stops"
    case .changeNetwork(let client), .act(let client, .changeNetwork):
      "\(client) leaves its network for a mobile one: \(MobileNetwork.description)"
    case .act(let client, .refuseCamera): "\(client) says no when asked for the camera"
    case .act(let client, .mute): "\(client) mutes the microphone"
    case .act(let client, .hold): "\(client) puts the call on hold"
    case .act(let client, .addTrack): "\(client) adds a second video track"
    case .act(let client, .removeTrack): "\(client) takes the camera off the call"
    case .act(let client, .stopTransceiver): "\(client) gives up video in both directions"
    case .act(let client, .restartICE): "\(client) restarts ICE"
    case .act(let client, .hangUp): "\(client) hangs up"
    }
  }
}

extension Fault {
  /// `the NAT of client-1`, and of a chain or a shared one `the NAT client-1/nat-2` and `the NAT @isp`.
  private static func title(ofNAT name: String) -> String {
    let ending = SessionBuilder.natName(of: "")
    return name.hasSuffix(ending) ? "the NAT of \(name.dropLast(ending.count))" : "the NAT \(name)"
  }
}

/// A fault and the moment at which it comes.
struct PlannedFault: Hashable, Sendable {
  let moment: Int
  let fault: Fault
}

/// Brings faults into a run.
struct FaultInjector {
  let network: Network
  let simulation: Simulation
  let clients: [Client]
  private var access: [AttachmentID]
  private let homes: [SessionBuilder.Home]
  let signaling: SignalingServer
  let stun: NodePort?
  let turn: NodePort?

  init(_ built: SessionBuilder.Built) {
    network = built.network
    simulation = built.simulation
    clients = built.clients
    access = built.access
    homes = built.homes
    signaling = built.signaling
    stun = built.stunServer?.port
    turn = built.turnServers.first?.port
  }

  /// Takes effect before anything follows from what happens now.
  mutating func inject(_ fault: Fault) {
    switch fault {
    case .disturb(let client, let direction, let fault):
      network.disturb(link(of: client), direction, fault.disturbance)
    case .cut(let client, let time):
      for direction in LinkDirection.allCases {
        network.disturb(link(of: client), direction, .cut(until: simulation.now + time))
      }
    case .restartNAT(let name, let nat): network.restartTranslator(named: name, behavior: nat?.behavior)
    case .blockUDP(let client):
      network.setFirewall(
        Firewall(.blockUDP, except: (0..<4).flatMap { SessionBuilder.turnAddresses($0) }), at: link(of: client))
    case .stopSTUN: if let stun { network.switchOff(stun) }
    case .stopTURN: if let turn { network.switchOff(turn) }
    case .stopSignaling: signaling.assumeIsolated { $0.stop() }
    case .changeNetwork(let name):
      let index = index(of: name)
      let addresses = homes[index].families.map { MobileNetwork.address(number: index + 1, $0) }
      access[index] = network.move(
        clients[index].port, to: addresses, uplink: MobileNetwork.uplink, downlink: MobileNetwork.downlink,
        firewall: .stateful)
      let moved = MovedAccess(
        addresses: addresses, signalingDelay: MobileNetwork.delay + homes[index].signalingDelay)
      let client = clients[index]
      simulation.spawn { await client.perform(.changeNetwork(moved)) }
    case .act(let name, let action):
      guard let client = clients.first(where: { $0.port.name == name }) else { return }
      if action == .refuseCamera {
        client.assumeIsolated { $0.refuseCamera() }
      } else {
        simulation.spawn { await client.perform(action) }
      }
    }
  }

  private func link(of client: String) -> AttachmentID { access[index(of: client)] }

  private func index(of client: String) -> Int {
    guard let index = clients.firstIndex(where: { $0.port.name == client }) else {
      preconditionFailure("a fault names a client of its call: \(client)")
    }
    return index
  }
}

extension Fault.LinkFault {
  fileprivate var disturbance: Disturbance {
    switch self {
    case .drop: .dropNext
    case .duplicate: .duplicateNext
    case .delay(let time): .delayNext(time)
    }
  }
}
