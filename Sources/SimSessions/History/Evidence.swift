import RTCPrimitives
import SimNetwork
import SimNodes

/// What a run tells of its trouble, in whichever topology: what happened, what a firewall dropped, what the scenario says.
struct Evidence {
  let session: SessionScenario?
  /// What was worth telling, in order.
  let milestones: [Milestone]
  /// In the order of joining.
  let clients: [String]
  /// Those that have a relayed address.
  let relayed: Set<String>
  /// Those whose UDP a firewall drops.
  let blocked: Set<String>
  let hasTURN: Bool
  /// Whether nothing was changed that the scenario says.
  let isAsPlanned: Bool
  let end: Instant

  init(_ history: History) {
    session = history.scenario.session
    milestones = history.moments.map(\.milestone)
    clients = history.ends
    let last = history.moments.last?.ends ?? []
    relayed = Set(
      zip(history.ends, last).filter { _, end in
        end.connections.flatMap(\.localCandidates).contains { $0.kind == "relay" }
      }.map(\.0))
    blocked = Set(
      history.messages.filter { $0.dropped == DropReason.udpBlocked.sentence }.map { message in
        let place = message.end.lane
        return history.ends.first { place == $0 || place.hasPrefix("\($0)/") } ?? message.sender
      })
    hasTURN = history.lanes.contains { $0.kind == .turn }
    isAsPlanned = history.whatIfs.isEmpty
    end = .start + history.duration
  }

  init(_ result: SessionResult, _ session: SessionScenario) {
    self.session = session
    milestones = result.milestones
    clients = result.clients.map(\.name)
    relayed = Set(result.clients.filter { $0.connections.contains(where: \.hasRelayedCandidate) }.map(\.name))
    blocked = Set(
      result.clients.indices.filter { index in
        switch session.client(at: index).barrier {
        case .blockUDP, .tcp443Only: true
        case .stateful, nil: false
        }
      }.map { result.clients[$0].name })
    hasTURN = session.turn != nil
    isAsPlanned = true
    end = .start + .nanoseconds(Int64(result.virtualSeconds * 1e9))
  }

  func profile(of client: String) -> ClientProfile? {
    clients.firstIndex(of: client).flatMap { session?.client(at: $0) }
  }

  /// - Parameters:
  ///   - node: where it happened; `nil` for anywhere.
  ///   - peer: whom its detail names last, as in `with client-1`; `nil` for anybody.
  func first(_ kind: Milestone.Kind, at node: String? = nil, with peer: String? = nil) -> Milestone? {
    milestones.first { milestone in
      milestone.kind == kind && (node.map { $0 == milestone.node } ?? true)
        && (peer.map { milestone.detail.hasSuffix(" \($0)") } ?? true)
    }
  }

  func has(_ kind: Milestone.Kind, at node: String? = nil, with peer: String? = nil) -> Bool {
    first(kind, at: node, with: peer) != nil
  }
}

extension [String] {
  /// As in a sentence: `a, b and c`.
  var listed: String {
    guard count > 1, let last else { return first ?? "" }
    return "\(dropLast().joined(separator: ", ")) and \(last)"
  }
}
