import RTCPrimitives
import SimNetwork
import SimNodes

extension WhatIf {
  /// What it means in a history.
  ///
  /// - Throws: `WhatIfError` for a target or an argument that does not fit, and for what is not there.
  func fault(in history: History) throws(WhatIfError) -> Fault {
    let definition = try WhatIfActions.action(action)
    guard history.moments.indices.contains(moment) else {
      throw .noSuchMoment(moment, count: history.moments.count)
    }
    if let target, definition.target == .nothing { throw .badTarget(target, action: action, allowed: ["none"]) }
    if let argument, definition.argument == .nothing { throw .badArgument(argument, action: action, allowed: "none") }
    if let because = history.reasonAgainst(definition) { throw .notHere(action: action, because: because) }
    let target = try resolvedTarget(definition, history)
    let time = try duration(definition)
    try checkPresence(target, definition, history)
    switch action {
    case "drop-next": return .disturb(client: target.client, target.direction, .drop)
    case "delay-next": return .disturb(client: target.client, target.direction, .delay(time))
    case "duplicate-next": return .disturb(client: target.client, target.direction, .duplicate)
    case "cut": return .cut(client: target.client, time)
    case "reboot-nat": return .restartNAT(name: target.nat, nil)
    case "change-nat": return .restartNAT(name: target.nat, try behavior(definition))
    case "block-udp": return .blockUDP(client: target.client)
    case "change-network": return .changeNetwork(client: target.client)
    case "stop-stun": return .stopSTUN
    case "stop-turn": return .stopTURN
    case "stop-signaling": return .stopSignaling
    case "refuse-camera":
      let kinds: Set = [Milestone.Kind.getUserMedia, .cameraRefused]
      if let asked = history.moments.first(where: { $0.lane == target.client && kinds.contains($0.milestone.kind) }),
        asked.number <= moment
      {
        throw .notHere(
          action: action, because: "\(target.client) was asked at moment \(asked.number); go to one before it")
      }
      return .act(client: target.client, .refuseCamera)
    case "mute": return .act(client: target.client, .mute)
    case "hold": return .act(client: try negotiated(target.client, history), .hold)
    case "add-track": return .act(client: try negotiated(target.client, history), .addTrack)
    case "remove-track": return .act(client: try negotiated(target.client, history), .removeTrack)
    case "stop-video": return .act(client: try negotiated(target.client, history), .stopTransceiver)
    case "restart-ice": return .act(client: try negotiated(target.client, history), .restartICE)
    case "hang-up":
      if let end = history.moments.first(where: { $0.lane == target.client && $0.milestone.kind == .hangUp }),
        end.number <= moment
      {
        throw .notHere(action: action, because: "\(target.client) hung up at moment \(end.number)")
      }
      return .act(client: target.client, .hangUp)
    default: preconditionFailure("an action of the list is known: \(action)")
    }
  }

  /// A client that can offer again at this moment.
  private func negotiated(_ client: String, _ history: History) throws(WhatIfError) -> String {
    let connection = history.moments[moment].ends.first { $0.node == client }?.connections.last
    guard let connection, connection.signalingState == "stable", connection.currentLocal != nil else {
      let state = connection.map { "is \($0.signalingState)" } ?? "has no connection"
      throw .notHere(
        action: action, because: "\(client) \(state) at moment \(moment); go to one where offer and answer are done")
    }
    return client
  }

  /// What the target may be: clients, NATs, or links such as `client-1.up`.
  public static func targets(of action: WhatIfAction, in history: History) -> [String] {
    switch action.target {
    case .nothing: []
    case .client: history.ends
    case .nat: history.lanes.filter { $0.kind == .nat }.map(\.name)
    case .link: history.ends.flatMap { client in LinkDirection.allCases.map { "\(client).\($0.rawValue)" } }
    }
  }

  /// What the target stands for; what it does not have is empty.
  private struct ResolvedTarget {
    var client = ""
    var direction = LinkDirection.up
    var nat = ""
  }

  private func resolvedTarget(_ definition: WhatIfAction, _ history: History) throws(WhatIfError) -> ResolvedTarget {
    let allowed = Self.targets(of: definition, in: history)
    guard definition.target != .nothing else { return ResolvedTarget() }
    let lane = history.moments[moment].lane
    // A NAT stands for its client, and a server for whoever it talks to: the first client.
    let near = history.ends.first { lane == $0 || lane.hasPrefix("\($0)/") } ?? history.ends[0]
    if definition.target == .nat {
      // Who stands at no NAT means that of the nearest client, or any; a client's name means its first NAT.
      let usual = allowed.contains(lane) ? lane : history.nats(of: near).first ?? allowed[0]
      let name = target.map { history.nats(of: $0).first ?? $0 } ?? usual
      guard allowed.contains(name) else { throw .badTarget(target ?? name, action: action, allowed: allowed) }
      return ResolvedTarget(nat: name)
    }
    let text = target ?? (definition.target == .link ? "\(near).up" : near)
    guard allowed.contains(text) else { throw .badTarget(text, action: action, allowed: allowed) }
    let parts = text.split(separator: ".").map(String.init)
    return ResolvedTarget(
      client: parts[0], direction: parts.count > 1 ? LinkDirection(rawValue: parts[1]) ?? .up : .up)
  }

  /// Refuses what would happen in a network that everybody has left.
  private func checkPresence(
    _ target: ResolvedTarget, _ definition: WhatIfAction, _ history: History
  ) throws(WhatIfError) {
    let concerned =
      definition.target == .nat
      ? history.ends.filter { history.nats(of: $0).contains(target.nat) }
      : action == "change-network" ? [target.client] : []
    let departures = concerned.map { history.departure(of: $0, before: moment) }
    guard !departures.contains(nil), let client = concerned.first, let left = departures.first ?? nil else { return }
    throw .notHere(action: action, because: "\(client) has left its network after moment \(left)")
  }

  private func duration(_ definition: WhatIfAction) throws(WhatIfError) -> Duration {
    guard case .duration(let usual) = definition.argument else { return .zero }
    guard let argument else { return usual }
    let limit = Duration.milliseconds(1) ... .seconds(60)
    guard let time = try? Duration(quantity: argument), limit.contains(time) else {
      throw .badArgument(argument, action: action, allowed: "a time such as 50ms, from 1ms to 60s")
    }
    return time
  }

  private func behavior(_ definition: WhatIfAction) throws(WhatIfError) -> NATBehaviors.Named {
    let known = WhatIfActions.natBehaviors
    let name = argument ?? known[0].name
    guard let behavior = known.first(where: { $0.name == name }) else {
      throw .badArgument(name, action: action, allowed: known.map(\.name).joined(separator: ", "))
    }
    return behavior
  }
}

extension History {
  /// The moment after which a client left its network, if that is not after `moment`.
  fileprivate func departure(of client: String, before moment: Int) -> Int? {
    faults.first { $0.fault == .changeNetwork(client: client) && $0.moment <= moment }?.moment
  }

  /// The NATs in front of a client, from the inside out; none for what is no client.
  fileprivate func nats(of client: String) -> [String] {
    guard let index = ends.firstIndex(of: client), let session = scenario.session else { return [] }
    return SessionBuilder.natNames(of: client, behind: session.client(at: index).nat)
  }

  /// Why an action is of no use in this call; `nil` when it is.
  public func reasonAgainst(_ action: WhatIfAction) -> String? {
    func has(_ kind: Lane.Kind) -> Bool { lanes.contains { $0.kind == kind } }
    switch action.name {
    case "stop-stun":
      guard has(.stun) else { return "this call has no STUN server" }
      return messages.contains { $0.end.lane == "stun" } ? nil : "nobody asks the STUN server in this call"
    case "stop-turn": return has(.turn) ? nil : "this call has no TURN server"
    case _ where action.target == .nat: return has(.nat) ? nil : "nobody in this call is behind a NAT"
    default: return nil
    }
  }
}
