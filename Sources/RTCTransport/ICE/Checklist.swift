/// The pairs of the data stream, formed, pruned and ordered as RFC 8445 §6.1.2 says, also while candidates trickle in.
struct Checklist: Sendable {
  /// At most this many pairs are checked (RFC 8445 §6.1.2.5).
  static let limit = 100
  /// At most this many candidates of the peer are known in one generation: as many as there may be pairs.
  static let remoteCandidateLimit = limit
  /// At most this many addresses of a peer are learned from its checks to one base.
  static let peerReflexiveLimit = 8

  /// A pair keeps its index for as long as it lives.
  var pairs: [CandidatePair] = []
  private var lastNumber = 0

  /// Pairs `local` with `remote` unless that is impossible or redundant.
  ///
  /// A redundant pair has the base and the remote address of another; the one of higher priority stays, except that
  /// a pair whose check has begun is never replaced (RFC 8838 §10).
  ///
  /// - Returns: the pair's index, or `nil` when it was not kept.
  @discardableResult
  mutating func insert(
    local: Candidate, remote: Candidate, role: ICERole, generation: Int = 0, relay: Int? = nil
  ) -> Int? {
    guard local.mayPair(with: remote) else { return nil }
    var pair = CandidatePair(
      id: CandidatePair.ID(lastNumber + 1), local: local, remote: remote, generation: generation, relay: relay)
    let redundant = pairs.firstIndex {
      $0.generation == generation && $0.isSamePath(base: local.base, remote: remote.address)
        && $0.local.component == local.component
    }
    if let redundant {
      let isPristine = pairs[redundant].state == .frozen || pairs[redundant].state == .waiting
      guard isPristine, pair.priority(role: role) > pairs[redundant].priority(role: role) else { return nil }
      pair.state = pairs[redundant].state
      pair.hasHeardCheck = pairs[redundant].hasHeardCheck
      pair.isNominatedOnSuccess = pairs[redundant].isNominatedOnSuccess
      pairs[redundant] = pair
      lastNumber += 1
      return redundant
    }
    guard let place = place(for: pair, role: role) else { return nil }
    lastNumber += 1
    if place < pairs.count { pairs[place] = pair } else { pairs.append(pair) }
    return place
  }

  /// Thaws the best frozen pair of every foundation that no waiting or running pair has (RFC 8445 §6.1.2.6).
  ///
  /// - Returns: the indices of the pairs that are now waiting.
  mutating func unfreezeNewFoundations(role: ICERole) -> [Int] {
    var thawed: [Int] = []
    for index in order(role: role) where pairs[index].state == .frozen {
      let pair = pairs[index]
      let isRepresented = pairs.contains {
        ($0.state == .waiting || $0.state == .inProgress) && $0.hasFoundation(of: pair)
      }
      if !isRepresented {
        pairs[index].state = .waiting
        thawed.append(index)
      }
    }
    return thawed
  }

  /// Thaws what shares the foundation of the pair at `index`, whose check succeeded (RFC 8445 §7.2.5.3.3).
  mutating func unfreezeFoundation(ofPairAt index: Int) -> [Int] {
    let pair = pairs[index]
    var thawed: [Int] = []
    for other in pairs.indices where pairs[other].state == .frozen && pairs[other].hasFoundation(of: pair) {
      pairs[other].state = .waiting
      thawed.append(other)
    }
    return thawed
  }

  /// The waiting pair of highest priority among those that `isReady`.
  func nextWaiting(role: ICERole, where isReady: (CandidatePair) -> Bool) -> Int? {
    var best: Int?
    for index in pairs.indices where pairs[index].state == .waiting && isReady(pairs[index]) {
      guard let rival = best else {
        best = index
        continue
      }
      if pairs[index].priority(role: role) > pairs[rival].priority(role: role) { best = index }
    }
    return best
  }

  func index(of id: CandidatePair.ID) -> Int? { pairs.firstIndex { $0.id == id } }

  /// Indices by component, then by falling priority.
  func order(role: ICERole) -> [Int] {
    pairs.indices.sorted {
      let (left, right) = (pairs[$0], pairs[$1])
      if left.local.component != right.local.component { return left.local.component < right.local.component }
      return (left.priority(role: role), right.id) > (right.priority(role: role), left.id)
    }
  }

  /// Where `pair` goes: the end, or when the list is full, over the worst pair that is not in use; `nil` when `pair` is worse.
  private func place(for pair: CandidatePair, role: ICERole) -> Int? {
    guard pairs.count >= Self.limit else { return pairs.count }
    let idle = pairs.indices.filter { pairs[$0].state != .inProgress && pairs[$0].state != .succeeded }
    guard
      let worst = idle.min(by: { pairs[$0].priority(role: role) < pairs[$1].priority(role: role) }),
      pairs[worst].priority(role: role) < pair.priority(role: role)
    else { return nil }
    return worst
  }
}
