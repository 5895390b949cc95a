import RTCPrimitives
import RTCWire
import SimKernel

/// What clients tell each other through the signaling server.
public enum SignalingMessage: Hashable, Sendable {
  case offer(String)
  case answer(String)
  case candidate(String)
  case endOfCandidates
  /// Somebody left the room.
  case left

  /// Bytes of the message on the wire: its text in a JSON envelope inside a WebSocket frame and a TLS record.
  var size: DataSize {
    switch self {
    case .offer(let text), .answer(let text), .candidate(let text): .bytes(text.utf8.count + Self.envelope)
    case .endOfCandidates, .left: .bytes(Self.envelope)
    }
  }

  var name: String {
    switch self {
    case .offer: "offer"
    case .answer: "answer"
    case .candidate: "candidate"
    case .endOfCandidates: "end of candidates"
    case .left: "left"
    }
  }

  private static let envelope = 120
}

/// One who takes part in signaling.
public protocol SignalingMember: Node {
  func signaled(_ message: SignalingMessage, from peer: String)
}

/// The way between a member and the signaling server, as TCP carries it: a delay and a rate, in order and without loss.
public struct SignalingPath: Sendable {
  public let delay: Duration
  /// `nil` for no limit.
  public let rate: DataRate?
  private var busyUntil = Instant.start

  public init(delay: Duration, rate: DataRate? = nil) {
    self.delay = delay
    self.rate = rate
  }

  /// When a message that leaves at `now` is there.
  mutating func arrival(of size: DataSize, at now: Instant) -> Instant {
    busyUntil = max(now, busyUntil) + (rate?.time(for: size) ?? .zero)
    return busyUntil + delay
  }
}

/// A member's two ways, to the signaling server and from it.
public struct SignalingAccess: Sendable {
  public var uplink: SignalingPath
  public var downlink: SignalingPath

  public init(uplink: SignalingPath, downlink: SignalingPath) {
    self.uplink = uplink
    self.downlink = downlink
  }

  /// The same way in both directions.
  public init(delay: Duration, rate: DataRate? = nil) {
    let path = SignalingPath(delay: delay, rate: rate)
    self.init(uplink: path, downlink: path)
  }

  /// There and back.
  var roundTripTime: Duration { uplink.delay + downlink.delay }
}

/// A signaling server with one room: it relays descriptions and candidates over WebSockets.
///
/// A connection costs three round trips on its path before the first message: TCP, TLS 1.3 and the HTTP upgrade
/// (RFC 9293, RFC 8446, RFC 6455). Messages then travel reliably and in order.
public actor SignalingServer: Node {
  private struct Member {
    let node: any SignalingMember
    var access: SignalingAccess
  }

  public nonisolated let port: NodePort
  private var members: [String: Member] = [:]
  private var present: [String] = []

  public init(_ port: NodePort) { self.port = port }

  public func receive(_ datagram: Datagram, at now: Instant) {}
  public func wake(at now: Instant) {}

  /// Adds a member that is connected from the beginning: a media server.
  public func addConnected(_ node: any SignalingMember, over access: SignalingAccess) {
    members[node.port.name] = Member(node: node, access: access)
  }

  /// Connects a member, joins the room, and returns when it knows who was there before it, in the order of joining.
  public func join(_ node: any SignalingMember, over access: SignalingAccess) async -> [String] {
    let simulation = port.simulation
    await simulation.sleep(for: access.roundTripTime * 3)
    let name = node.port.name
    members[name] = Member(node: node, access: access)
    await simulation.sleep(for: access.uplink.delay)
    let others = present
    present.append(name)
    await simulation.sleep(for: access.downlink.delay)
    return others
  }

  /// Removes a member and tells the others; returns when the server knows.
  public func leave(_ name: String) async {
    let simulation = port.simulation
    guard let arrival = members[name]?.access.uplink.arrival(of: SignalingMessage.left.size, at: simulation.now) else {
      return
    }
    await simulation.sleep(until: arrival)
    members[name] = nil
    present.removeAll { $0 == name }
    for other in present { simulation.spawn { await self.deliver(.left, from: name, to: other) } }
  }

  /// Carries a message from one member to another; returns when it was handed over. Messages to nobody are dropped.
  public func relay(_ message: SignalingMessage, from sender: String, to receiver: String) async {
    let simulation = port.simulation
    guard let arrival = members[sender]?.access.uplink.arrival(of: message.size, at: simulation.now) else { return }
    await simulation.sleep(until: arrival)
    await deliver(message, from: sender, to: receiver)
  }

  private func deliver(_ message: SignalingMessage, from sender: String, to receiver: String) async {
    let simulation = port.simulation
    guard let delivery = members[receiver]?.access.downlink.arrival(of: message.size, at: simulation.now) else {
      return
    }
    await simulation.sleep(until: delivery)
    guard let member = members[receiver] else { return }
    simulation.hash("\(sender) \(receiver) \(message)")
    await member.node.signaled(message, from: sender)
  }
}
