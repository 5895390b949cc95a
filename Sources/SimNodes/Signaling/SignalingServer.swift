import RTCPrimitives
import RTCWire
import SimKernel

/// A signaling server with one room: it relays descriptions and candidates by its profile.
///
/// Messages travel in order. What a loss, a crash and a restart do is in `SignalingAccess`, `SignalingOutage` and the
/// profile's `SignalingCrash`.
public actor SignalingServer: Node {
  private struct Member {
    let node: any SignalingMember
    var access: SignalingAccess
    /// `nil` for a media server, to which everything is pushed.
    var mailbox: SignalingMailbox?
    var loss: SegmentLoss
    let joined: Instant
  }

  public nonisolated let port: NodePort
  public nonisolated let settings: SignalingSettings
  private let profile: any SignalingProfile
  private var members: [String: Member] = [:]
  private var present: [String] = []
  private var messageCount = 0
  private var isStopped = false
  private let observer: (any SessionObserver)?

  public init(
    _ port: NodePort, settings: SignalingSettings = SignalingSettings(), observer: (any SessionObserver)? = nil
  ) {
    self.port = port
    self.settings = settings
    profile = settings.chosen
    self.observer = observer
  }

  public func receive(_ datagram: Datagram, at now: Instant) {}
  public func wake(at now: Instant) {}

  /// What a client does when it joins.
  public nonisolated var connecting: (text: String, rfc: String) { settings.chosen.connecting }

  /// Adds a member that is connected from the beginning: a media server.
  public func addConnected(_ node: any SignalingMember, over access: SignalingAccess) {
    add(node, over: access, polls: false)
  }

  /// Lets a member that is connected already join the room at once; gives those who were there before it.
  public func joinConnected(_ node: any SignalingMember, over access: SignalingAccess) -> [String] {
    add(node, over: access, polls: true)
    defer { present.append(node.port.name) }
    return present
  }

  /// Carries nothing from now on: what is on its way is lost.
  public func stop() { isStopped = true }

  /// Connects a member, joins the room, and returns when it knows who was there before it, in the order of joining.
  public func join(_ node: any SignalingMember, over access: SignalingAccess) async -> [String] {
    let simulation = port.simulation
    await waitForServer(node, access)
    var loss = segmentLoss(of: node.port.name)
    let repeated = loss.delay(roundTrips: profile.roundTripsToConnect, timeout: access.retransmissionTimeout)
    await simulation.sleep(for: access.roundTripTime * profile.roundTripsToConnect + repeated)
    guard !isStopped else { return await neverAnswered() }
    add(node, over: access, polls: true)
    members[node.port.name]?.loss = loss
    await simulation.sleep(for: access.uplink.delay)
    let others = present
    present.append(node.port.name)
    await simulation.sleep(for: access.downlink.delay)
    members[node.port.name]?.mailbox = SignalingMailbox(firstRequest: simulation.now, access: access)
    return others
  }

  private func add(_ node: any SignalingMember, over access: SignalingAccess, polls: Bool) {
    let mailbox = polls ? SignalingMailbox(firstRequest: port.simulation.now, access: access) : nil
    members[node.port.name] = Member(
      node: node, access: access, mailbox: mailbox, loss: segmentLoss(of: node.port.name),
      joined: port.simulation.now)
    tellOutage(to: node, over: access)
  }

  private func segmentLoss(of name: String) -> SegmentLoss {
    SegmentLoss(settings.loss, dice: port.simulation.generator("\(port.name)/loss/\(name)"))
  }

  /// What a server that has stopped says.
  private func neverAnswered() async -> [String] {
    await port.simulation.sleep(until: .distantFuture)
    return []
  }

  /// A member reaches the server through another network: it connects again, and what is to be said waits until it has.
  public func move(_ name: String, to access: SignalingAccess) {
    guard let member = members[name] else { return }
    let connected = port.simulation.now + access.roundTripTime * profile.roundTripsToConnect
    members[name]?.access = SignalingAccess(
      uplink: access.uplink.replacing(member.access.uplink, from: connected),
      downlink: access.downlink.replacing(member.access.downlink, from: connected))
  }

  /// Members hold the server.
  public func simulationEnded() { members = [:] }

  /// Removes a member and tells the others; returns when the server knows, or never will.
  ///
  /// A loss and a crash do to this what they do to every message.
  public func leave(_ name: String) async {
    guard members[name] != nil else { return }
    present.removeAll { $0 == name }
    let transfers = present.map { makeTransfer(.left, from: name, to: $0) }
    for transfer in transfers { observer?.signaled(transfer, .sent) }
    let isKnown = await bring(.left, from: name, repeating: [])
    members[name] = nil
    for transfer in transfers {
      if isKnown {
        port.simulation.spawn { await self.deliver(transfer) }
      } else {
        observer?.signaled(transfer, .lost)
      }
    }
  }

  /// Carries a message from one member to another; returns when it was handed over. Messages to nobody are dropped.
  public func relay(_ message: SignalingMessage, from sender: String, to receiver: String) async {
    guard members[sender] != nil else { return }
    let transfer = makeTransfer(message, from: sender, to: receiver)
    observer?.signaled(transfer, .sent)
    if await bring(message, from: sender, repeating: [transfer]) {
      await deliver(transfer)
    } else {
      observer?.signaled(transfer, .lost)
    }
  }

  private func makeTransfer(_ message: SignalingMessage, from sender: String, to receiver: String) -> SignalingTransfer
  {
    defer { messageCount += 1 }
    return SignalingTransfer(number: messageCount, message: message, sender: sender, receiver: receiver)
  }

  /// Brings a message to the server, again when that crashed meanwhile; `false` when it is lost.
  ///
  /// - Parameter transfers: what comes a second time when the message is sent again that the server had.
  private func bring(
    _ message: SignalingMessage, from sender: String, repeating transfers: [SignalingTransfer]
  ) async -> Bool {
    let simulation = port.simulation
    let crash = profile.crash(settings)
    if isBroken(sender) {
      guard crash.resends, await waitForConnection(of: sender) else { return false }
    }
    let sent = simulation.now
    guard let arrival = uplinkArrival(of: message, from: sender) else { return false }
    await simulation.sleep(until: arrival)
    guard let outage = settings.outage, sent < outage.beginTime else { return true }
    guard simulation.now >= outage.beginTime else {
      let returned = simulation.now + (members[sender]?.access.downlink.delay ?? .zero)
      if crash.repeatsUnacknowledged, returned >= outage.beginTime {
        for transfer in transfers { simulation.spawn { await self.bringAgain(transfer) } }
      }
      return true
    }
    guard crash.resends, await waitForConnection(of: sender), let arrival = uplinkArrival(of: message, from: sender)
    else { return false }
    await simulation.sleep(until: arrival)
    return true
  }

  /// Sends a message again that the server had, because its acknowledgement did not come.
  private func bringAgain(_ transfer: SignalingTransfer) async {
    let simulation = port.simulation
    await simulation.sleep(until: settings.outage?.beginTime ?? simulation.now)
    guard await waitForConnection(of: transfer.sender),
      let arrival = uplinkArrival(of: transfer.message, from: transfer.sender)
    else { return }
    await simulation.sleep(until: arrival)
    guard let delivery = downlinkArrival(of: transfer, at: simulation.now) else { return }
    await simulation.sleep(until: delivery)
    observer?.signaled(transfer, .repeated)
  }

  /// Passes a message on that the server has.
  private func deliver(_ transfer: SignalingTransfer) async {
    let simulation = port.simulation
    guard !isStopped, members[transfer.receiver] != nil, await waitForRequest(of: transfer.receiver),
      let delivery = downlinkArrival(of: transfer, at: simulation.now)
    else {
      observer?.signaled(transfer, .lost)
      return
    }
    observer?.signaled(transfer, .relayed)
    await simulation.sleep(until: delivery)
    guard !isStopped, let member = members[transfer.receiver] else {
      observer?.signaled(transfer, .lost)
      return
    }
    let message = settings.rewritesFingerprint ? transfer.message.withOtherFingerprint : transfer.message
    simulation.hash("\(transfer.sender) \(transfer.receiver) \(message.name)", message.text)
    observer?.signaled(transfer, .delivered)
    await member.node.signaled(message, from: transfer.sender)
  }

  /// Waits at the server until the receiver can be reached; `false` when the message is lost meanwhile.
  private func waitForRequest(of receiver: String) async -> Bool {
    let simulation = port.simulation
    let crash = profile.crash(settings)
    if isBroken(receiver) {
      guard crash.queuesForAbsent, await waitForConnection(of: receiver) else { return false }
    }
    guard var mailbox = members[receiver]?.mailbox, let access = members[receiver]?.access else {
      return members[receiver] != nil
    }
    let arrived = simulation.now
    let departure = profile.departure(at: arrived, from: &mailbox, over: access, settings)
    members[receiver]?.mailbox = mailbox
    guard departure > arrived else { return true }
    if let outage = settings.outage, !crash.keepsWaiting, arrived < outage.beginTime, departure >= outage.beginTime {
      return false
    }
    await simulation.sleep(until: departure)
    return true
  }

  private func uplinkArrival(of message: SignalingMessage, from sender: String) -> Instant? {
    guard var member = members[sender] else { return nil }
    let repeated = member.loss.delay(timeout: member.access.retransmissionTimeout)
    let size = message.size(envelope: profile.envelope)
    let arrival = member.access.uplink.arrival(of: size, at: port.simulation.now, repeating: repeated)
    members[sender] = member
    return arrival
  }

  private func downlinkArrival(of transfer: SignalingTransfer, at now: Instant) -> Instant? {
    guard var member = members[transfer.receiver] else { return nil }
    let repeated = member.loss.delay(timeout: member.access.retransmissionTimeout)
    let size = transfer.message.size(envelope: profile.envelope)
    let arrival = member.access.downlink.arrival(of: size, at: now, repeating: repeated)
    members[transfer.receiver] = member
    return arrival
  }
}

// MARK: - Crash and restart

extension SignalingServer {
  /// When a member that was connected when the server crashed can speak again; `nil` for never.
  private func restored(_ member: Member, _ outage: SignalingOutage) -> Instant? {
    outage.restored(noticed: outage.noticed(over: member.access), over: member.access, profile)
  }

  /// Whether the server crashed and the member is not connected again.
  private func isBroken(_ name: String) -> Bool {
    guard let outage = settings.outage, let member = members[name], port.simulation.now >= outage.beginTime,
      !outage.isOver(at: member.joined)
    else { return false }
    return restored(member, outage).map { port.simulation.now < $0 } ?? true
  }

  /// Waits until a member is connected again; `false` when that never happens.
  private func waitForConnection(of name: String) async -> Bool {
    guard let outage = settings.outage, let member = members[name], let time = restored(member, outage) else {
      return false
    }
    if time > port.simulation.now { await port.simulation.sleep(until: time) }
    return true
  }

  /// Tells a member of the crash and of the restart.
  private func tellOutage(to node: any SignalingMember, over access: SignalingAccess) {
    let (simulation, profile, now) = (port.simulation, profile, port.simulation.now)
    guard let outage = settings.outage, !outage.isOver(at: now) else { return }
    let noticed = outage.noticed(over: access)
    simulation.spawn {
      // An application may take itself for connected when the server is down already.
      await simulation.sleep(until: max(noticed, now))
      await node.signalingChanged(isConnected: false)
      guard let restored = outage.restored(noticed: noticed, over: access, profile) else { return }
      await simulation.sleep(until: restored)
      await node.signalingChanged(isConnected: true)
    }
  }

  /// Lets a member that joins try until the server runs.
  private func waitForServer(_ node: any SignalingMember, _ access: SignalingAccess) async {
    let simulation = port.simulation
    let begin = simulation.now
    let connected = begin + access.roundTripTime * (profile.roundTripsToConnect + 1)
    guard let outage = settings.outage, connected >= outage.beginTime else { return }
    let noticed = max(outage.noticed(over: access), begin + access.roundTripTime)
    guard let length = outage.length else {
      await simulation.sleep(until: noticed)
      await node.signalingChanged(isConnected: false)
      _ = await neverAnswered()
      return
    }
    guard begin + access.uplink.delay < outage.beginTime + length else { return }
    await simulation.sleep(until: noticed)
    await node.signalingChanged(isConnected: false)
    guard let restored = outage.restored(noticed: noticed, over: access, profile) else { return }
    // What is left is the successful attempt itself.
    await simulation.sleep(until: restored - access.roundTripTime * (profile.roundTripsToConnect + 1))
    await node.signalingChanged(isConnected: true)
  }
}
