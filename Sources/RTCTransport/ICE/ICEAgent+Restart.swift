import RTCPrimitives

/// Restarting: a new generation of credentials, candidates and pairs, while data keeps to the old pair.
///
/// - SeeAlso: RFC 8445 §9
extension ICEAgent {
  /// A generation that a restart has put aside and that comes back when the restart is taken back.
  struct Superseded: Sendable {
    var generation: Int
    var localCredentials: ICECredentials
    var remoteCredentials: ICECredentials?
    var previousLocal: ICECredentials?
    var previousRemote: ICECredentials?
    var localCandidates: [Candidate]
    var remoteCandidates: [Candidate]
    var pairs: [CandidatePair]
    var hasRemoteEnded: Bool
    var isGatheringCompleted: Bool
    var patienceEnds: Instant?
    var isPatient: Bool
    var firstValidAt: Instant?
    var state: State
    /// The pair that data went through, and whether it was nominated.
    var kept: CandidatePair.ID?
    var wasSelected: Bool
  }

  /// Draws credentials for a restart that is yet to come, so that an offer can state them first.
  public mutating func makeCredentials() -> ICECredentials { ICECredentials(using: &entropy) }

  /// Begins a new generation with new credentials and gathers anew; data keeps to the old pair until a new one is nominated.
  ///
  /// Afterwards signal `localCredentials`, then hand in the peer's new ones with `setRemote`. The role stays.
  /// - Parameter credentials: those of `makeCredentials`, when they were signalled before.
  /// - SeeAlso: RFC 8445 §6.1.1, §9
  public mutating func restart(
    with credentials: ICECredentials? = nil, at now: Instant, into output: inout Output<Event>
  ) {
    guard state != .closed else { return }
    // Before a nomination, data goes through the best valid pair; without a path it waits for the selected one.
    let kept = (sending?.index ?? selected).flatMap { state == .failed ? nil : checklist.pairs[$0] }
    if superseded == nil { superseded = present(keeping: kept?.id) }
    if kept.map({ $0.generation == generation }) ?? true {
      (previousLocal, previousRemote) = (localCredentials, remoteCredentials)
    }
    localCredentials = credentials ?? makeCredentials()
    remoteCredentials = nil
    generation += 1
    localCandidates.removeAll()
    remoteCandidates.removeAll()
    hasRemoteEnded = false
    patienceEnds = nil
    isPatient = true
    firstValidAt = nil
    forgetProgress(exceptOf: kept?.id)
    keepOpenPaths()
    checklist.pairs = kept.map { [$0] } ?? []
    selected = kept == nil ? nil : 0
    if kept == nil { consent = nil }
    updateSendingPath(at: now, into: &output)
    switch state {
    case .completed: setState(.connected, into: &output)
    case .disconnected, .failed: setState(.checking, into: &output)
    case .new, .checking, .connected, .closed: break
    }
    start(at: now, into: &output)
  }

  /// Takes back a restart that the peer has not agreed to: the generation before it goes on.
  ///
  /// Nothing happens once `setRemote` has followed the restart. Candidates that came meanwhile are forgotten.
  public mutating func cancelRestart(at now: Instant, into output: inout Output<Event>) {
    guard let old = superseded, state != .closed else { return }
    superseded = nil
    let kept = selected.map { checklist.pairs[$0] }
    generation = old.generation
    (localCredentials, remoteCredentials) = (old.localCredentials, old.remoteCredentials)
    (previousLocal, previousRemote) = (old.previousLocal, old.previousRemote)
    (localCandidates, remoteCandidates) = (old.localCandidates, old.remoteCandidates)
    hasRemoteEnded = old.hasRemoteEnded
    isGatheringCompleted = old.isGatheringCompleted
    (patienceEnds, isPatient, firstValidAt) = (old.patienceEnds, old.isPatient, old.firstValidAt)
    forgetProgress(exceptOf: kept?.id)
    checklist.pairs = old.pairs.map { pair in
      if let kept, kept.id == pair.id { return kept }
      var pair = pair
      pair.isBeingNominated = false
      pair.currentCheck = nil
      if pair.state == .inProgress { pair.state = .waiting }
      return pair
    }
    selected = old.wasSelected ? kept.flatMap { checklist.index(of: $0.id) } : nil
    if old.state == .failed || old.kept != nil && kept == nil {
      fail(into: &output)
    } else {
      updateSendingPath(at: now, into: &output)
      resumeState(old.state, into: &output)
    }
    if !isGatheringCompleted { start(at: now, into: &output) }
    advance(at: now, into: &output)
  }

  private func present(keeping kept: CandidatePair.ID?) -> Superseded {
    Superseded(
      generation: generation, localCredentials: localCredentials, remoteCredentials: remoteCredentials,
      previousLocal: previousLocal, previousRemote: previousRemote, localCandidates: localCandidates,
      remoteCandidates: remoteCandidates, pairs: checklist.pairs, hasRemoteEnded: hasRemoteEnded,
      isGatheringCompleted: isGatheringCompleted, patienceEnds: patienceEnds, isPatient: isPatient,
      firstValidAt: firstValidAt, state: state, kept: kept, wasSelected: selected != nil)
  }

  /// Remembers where data may come from, of too many the newest.
  private mutating func keepOpenPaths() {
    for pair in checklist.pairs where pair.isOpen {
      let path = OpenPath(base: pair.local.base, remote: pair.remote.address)
      olderPaths.removeAll { $0 == path }
      olderPaths.append(path)
    }
    olderPaths.removeFirst(max(0, olderPaths.count - Self.olderPathLimit))
  }

  private static let olderPathLimit = 16

  /// Drops every query and check under way, except those of the pair that data goes through.
  private mutating func forgetProgress(exceptOf kept: CandidatePair.ID?) {
    requests.removeAll { $0.pair == nil || $0.pair != kept }
    triggered.removeAll()
    pendingQueries.removeAll()
    isGathering = false
    gatheringDeadline = nil
    isNominationUnderWay = false
    nominationDue = nil
    renewal = nil
    receiving = nil
  }

  /// The state before the restart, unless the peer was heard or has fallen silent since.
  private mutating func resumeState(_ old: State, into output: inout Output<Event>) {
    switch old {
    case .disconnected: setState(consent?.unanswered == 0 ? .connected : .disconnected, into: &output)
    case .connected, .completed: if state != .disconnected { setState(old, into: &output) }
    case .new, .checking: setState(old, into: &output)
    case .failed, .closed: break
    }
  }
}
