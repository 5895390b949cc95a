import RTCPrimitives
import RTCWire
import SimKernel

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
  private var messageCount = 0
  private var isStopped = false
  private let observer: (any SessionObserver)?

  public init(_ port: NodePort, observer: (any SessionObserver)? = nil) {
    self.port = port
    self.observer = observer
  }

  public func receive(_ datagram: Datagram, at now: Instant) {}
  public func wake(at now: Instant) {}

  /// Adds a member that is connected from the beginning: a media server.
  public func addConnected(_ node: any SignalingMember, over access: SignalingAccess) {
    members[node.port.name] = Member(node: node, access: access)
  }

  /// Lets a member that is connected already join the room at once; gives those who were there before it.
  public func joinConnected(_ node: any SignalingMember, over access: SignalingAccess) -> [String] {
    let name = node.port.name
    members[name] = Member(node: node, access: access)
    defer { present.append(name) }
    return present
  }

  /// Carries nothing from now on: what is on its way is lost.
  public func stop() { isStopped = true }

  /// Connects a member, joins the room, and returns when it knows who was there before it, in the order of joining.
  public func join(_ node: any SignalingMember, over access: SignalingAccess) async -> [String] {
    let simulation = port.simulation
    await simulation.sleep(for: access.roundTripTime * 3)
    guard !isStopped else { return await neverAnswered() }
    let name = node.port.name
    members[name] = Member(node: node, access: access)
    await simulation.sleep(for: access.uplink.delay)
    let others = present
    present.append(name)
    await simulation.sleep(for: access.downlink.delay)
    return others
  }

  /// What a server that has stopped says.
  private func neverAnswered() async -> [String] {
    await port.simulation.sleep(until: .distantFuture)
    return []
  }

  /// Removes a member and tells the others; returns when the server knows.
  public func leave(_ name: String) async {
    let simulation = port.simulation
    guard let arrival = members[name]?.access.uplink.arrival(of: SignalingMessage.left.size, at: simulation.now) else {
      return
    }
    present.removeAll { $0 == name }
    let transfers = present.map { makeTransfer(.left, from: name, to: $0) }
    for transfer in transfers { observer?.signaled(transfer, .sent) }
    await simulation.sleep(until: arrival)
    members[name] = nil
    for transfer in transfers { simulation.spawn { await self.deliver(transfer) } }
  }

  /// Carries a message from one member to another; returns when it was handed over. Messages to nobody are dropped.
  public func relay(_ message: SignalingMessage, from sender: String, to receiver: String) async {
    let simulation = port.simulation
    guard let arrival = members[sender]?.access.uplink.arrival(of: message.size, at: simulation.now) else { return }
    let transfer = makeTransfer(message, from: sender, to: receiver)
    observer?.signaled(transfer, .sent)
    await simulation.sleep(until: arrival)
    await deliver(transfer)
  }

  private func makeTransfer(_ message: SignalingMessage, from sender: String, to receiver: String) -> SignalingTransfer
  {
    defer { messageCount += 1 }
    return SignalingTransfer(number: messageCount, message: message, sender: sender, receiver: receiver)
  }

  /// Passes a message on that the server has.
  private func deliver(_ transfer: SignalingTransfer) async {
    let simulation = port.simulation
    let (message, receiver) = (transfer.message, transfer.receiver)
    guard !isStopped, let delivery = members[receiver]?.access.downlink.arrival(of: message.size, at: simulation.now)
    else {
      observer?.signaled(transfer, .lost)
      return
    }
    observer?.signaled(transfer, .relayed)
    await simulation.sleep(until: delivery)
    guard !isStopped, let member = members[receiver] else {
      observer?.signaled(transfer, .lost)
      return
    }
    simulation.hash("\(transfer.sender) \(receiver) \(message)")
    observer?.signaled(transfer, .delivered)
    await member.node.signaled(message, from: transfer.sender)
  }
}
