import RTCPrimitives

/// Regular nomination by the controlling agent; the controlled one accepts that and aggressive nomination.
///
/// - SeeAlso: RFC 8445 §8.1
extension ICEAgent {
  /// The succeeded pair of the present generation with the highest priority.
  var bestValid: Int? { bestValid { _ in true } }

  private func bestValid(where isWelcome: (CandidatePair) -> Bool) -> Int? {
    var best: Int?
    for index in checklist.pairs.indices
    where checklist.pairs[index].state == .succeeded && checklist.pairs[index].generation == generation
      && isWelcome(checklist.pairs[index])
    {
      guard let rival = best else {
        best = index
        continue
      }
      if checklist.pairs[index].priority(role: role) > checklist.pairs[rival].priority(role: role) { best = index }
    }
    return best
  }

  /// The best pair that may be sent on without asking first.
  func bestConsenting(at now: Instant) -> Int? { bestValid { hasConsent($0, at: now) } }

  /// Nominates the best valid pair when no better one is to be expected or after a grace time.
  mutating func nominateIfDue(at now: Instant, into output: inout Output<Event>) {
    nominationDue = nil
    guard !nominatesWithEveryCheck, role == .controlling, areChecksAllowed, !isConcluded,
      !isNominationUnderWay, renewal == nil, let best = bestValid
    else {
      return
    }
    let isRelayed = checklist.pairs[best].local.kind == .relayed || checklist.pairs[best].remote.kind == .relayed
    let delay = isRelayed ? configuration.relayedNominationDelay : configuration.nominationDelay
    let due = (firstValidAt ?? now) + delay
    guard due <= now || isUnbeatable(best, isRelayed: isRelayed) else {
      nominationDue = due
      return
    }
    isNominationUnderWay = true
    checklist.pairs[best].isBeingNominated = true
    trigger(best, into: &output)
  }

  /// Whether nomination is aggressive; towards a lite peer, which uses every pair that is nominated, it is regular.
  private var nominatesWithEveryCheck: Bool { configuration.checking.isAggressive && !isRemoteLite }

  /// Whether a check says USE-CANDIDATE without having been chosen: an aggressive agent nominates what beats the rest.
  func isWorthNominating(_ index: Int, at now: Instant) -> Bool {
    guard configuration.checking.isAggressive else { return false }
    guard let selected, isConcluded else { return nominatesWithEveryCheck }
    let pair = checklist.pairs[index]
    if isRemoteLite, pair.state != .succeeded { return false }
    return pair.priority(role: role) > checklist.pairs[selected].priority(role: role) || !isHeard(selected, at: now)
  }

  /// Whether every better pair has failed, and candidates that still trickle in can hardly be better.
  private func isUnbeatable(_ index: Int, isRelayed: Bool) -> Bool {
    let pair = checklist.pairs[index]
    let isSettled = isGatheringCompleted && hasRemoteEnded
    if !isSettled, isRelayed || pair.remote.kind == .peerReflexive { return false }
    let priority = pair.priority(role: role)
    return !checklist.pairs.contains {
      $0.state != .succeeded && $0.state != .failed && $0.generation == generation
        && $0.priority(role: role) > priority
    }
  }

  /// Makes a succeeded pair the selected one; of several nominated ones the best stays (aggressive nomination).
  mutating func nominate(_ index: Int, at now: Instant, into output: inout Output<Event>) {
    checklist.pairs[index].isBeingNominated = false
    checklist.pairs[index].isNominatedOnSuccess = false
    checklist.pairs[index].isNominated = true
    checklist.pairs[index].nominatedAt = now
    isNominationUnderWay = false
    nominationDue = nil
    guard selected != index else { return }
    let priority = checklist.pairs[index].priority(role: role)
    if isConcluded, let selected, checklist.pairs[selected].priority(role: role) >= priority, isHeard(selected, at: now)
    {
      return
    }
    select(index, at: now, into: &output)
    if state == .new || state == .checking { setState(.connected, into: &output) }
  }

  private mutating func select(_ index: Int, at now: Instant, into output: inout Output<Event>) {
    selected = index
    selectedCandidatePairChanges += 1
    abandonChecks(worseThan: checklist.pairs[index].priority(role: role), into: &output)
    forgetOlderGenerations()
    output.emit(.selectedPair(checklist.pairs[index]))
    updateSendingPath(at: now, into: &output)
  }

  /// The selected pair went silent: takes the pair that the peer has nominated since, as one that lost the socket or relay
  /// in use does. Of two that work the better one stays.
  mutating func followLaterNomination(at now: Instant, into output: inout Output<Event>) {
    guard role == .controlled, renewal == nil, let selected, isConcluded,
      let last = checklist.pairs[selected].confirmedAt
    else { return }
    let others = checklist.pairs.indices.filter { index in
      let pair = checklist.pairs[index]
      return index != selected && pair.state == .succeeded && pair.generation == generation
        && pair.nominatedAt.map { $0 > last } ?? false
    }
    let best = others.max { checklist.pairs[$0].priority(role: role) < checklist.pairs[$1].priority(role: role) }
    guard let best else { return }
    select(best, at: now, into: &output)
  }

  /// What the pair of an older generation still asked for is of no use when a restart has found its own.
  private mutating func forgetOlderGenerations() {
    let older = checklist.pairs.filter { $0.generation != generation }.map(\.id)
    guard !older.isEmpty, let selected, checklist.pairs[selected].generation == generation else { return }
    requests.removeAll { request in request.pair.map(older.contains) ?? false }
  }

  /// Ceases checks after the nomination; an aggressive peer may yet nominate a better pair (RFC 8445 §8.1.2).
  private mutating func abandonChecks(worseThan priority: UInt64, into output: inout Output<Event>) {
    var abandoned: [CandidatePair.ID] = []
    for index in checklist.pairs.indices {
      let mayWin = role == .controlled || configuration.checking.isAggressive
      let isBetter = mayWin && checklist.pairs[index].priority(role: role) > priority
      guard !isBetter, !configuration.checking.isContinual, checklist.pairs[index].generation == generation else {
        continue
      }
      abandoned.append(checklist.pairs[index].id)
      if checklist.pairs[index].state == .inProgress { setPairState(.waiting, at: index, into: &output) }
    }
    triggered.removeAll { abandoned.contains($0) }
    requests.removeAll { request in
      if case .check(let id, _) = request.purpose { abandoned.contains(id) } else { false }
    }
  }
}
