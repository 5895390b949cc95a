public import RTCPrimitives
import RTCWire

/// Gathering local candidates and pairing them with remote ones.
///
/// - SeeAlso: RFC 8445 §5.1, RFC 8838 §10
extension ICEAgent {
  /// Gathers local candidates: hosts at once, the others as servers answer.
  public mutating func start(at now: Instant, into output: inout Output<Event>) {
    guard state != .closed, !isGathering else { return }
    isGathering = true
    isGatheringCompleted = false
    gatheringDeadline = now + configuration.gatheringLimit
    keptAlive.removeAll()
    if configuration.transportPolicy == .all {
      gatherHosts(at: now, into: &output)
      for server in configuration.isLite ? [] : configuration.stunServers {
        for base in configuration.hosts.indices where isReachable(server, fromBase: base) {
          pendingQueries.append(.binding(base: base, server: server))
        }
      }
    }
    if !configuration.isLite { gatherRelays(at: now, into: &output) }
    advance(at: now, into: &output)
  }

  private mutating func gatherHosts(at now: Instant, into output: inout Output<Event>) {
    for (index, host) in configuration.hosts.enumerated() where !lostHosts.contains(index) {
      adopt(
        Candidate(
          foundation: foundations.foundation(of: .host, base: host.address),
          priority: Candidate.priority(of: .host, localPreference: localPreference(base: index, server: 0)),
          address: host, kind: .host),
        at: now, into: &output)
    }
  }

  /// Asks the servers whose turn has come: `Ta` passes between one and the next.
  mutating func paceQueries(at now: Instant, into output: inout Output<Event>) {
    while nextQuery <= now, !pendingQueries.isEmpty {
      nextQuery = now + configuration.pacing
      ask(pendingQueries.removeFirst(), at: now, into: &output)
    }
  }

  private mutating func ask(_ query: Query, at now: Instant, into output: inout Output<Event>) {
    switch query {
    case .binding(let base, let server):
      let id = TransactionID(using: &entropy)
      let bytes = STUNMessage(.request, .binding, transactionID: id).bytes(fingerprint: true)
      var schedule = configuration.checkSchedule
      let count = (configuration.stunServers.count + configuration.turnServers.count) * configuration.hosts.count
      schedule.initialTimeout = max(schedule.initialTimeout, configuration.pacing * count)
      let request = ICERequest(
        .gathering(base: base, server: server),
        transaction: STUNTransaction(id, request: bytes, at: now, schedule: schedule), role: role)
      requests.append(request)
      transmit(request, at: now, into: &output)
    case .relay(let index): startRelay(index, at: now, into: &output)
    }
  }

  /// Makes a server-reflexive candidate of what a server saw.
  mutating func handleMapped(
    _ address: Endpoint, base index: Int, server: Endpoint, rank: Int, at now: Instant, into output: inout Output<Event>
  ) {
    let base = configuration.hosts[index]
    if address != base, !keptAlive.contains(Keepalive(base: index, server: server)) {
      keptAlive.append(Keepalive(base: index, server: server))
    }
    guard configuration.transportPolicy == .all else { return }
    adopt(
      Candidate(
        foundation: foundations.foundation(of: .serverReflexive, base: base.address, server: server.address),
        priority: Candidate.priority(
          of: .serverReflexive, localPreference: localPreference(base: index, server: rank)),
        address: address, kind: .serverReflexive, base: base, relatedAddress: base),
      at: now, into: &output)
  }

  /// Unique per candidate of one type, and higher for earlier sockets and servers (RFC 8445 §5.1.2.1).
  func localPreference(base: Int, server: Int) -> UInt16 {
    UInt16(clamping: max(1 << 15, 65535 - server * configuration.hosts.count - base))
  }

  /// The same for a relayed candidate: all that are reached over UDP stand before TCP, and TCP before TLS.
  func localPreference(base: Int, server: Int, over relayProtocol: RelayProtocol) -> UInt16 {
    localPreference(base: base, server: server) - UInt16((RelayProtocol.udp.rank - relayProtocol.rank) << 14)
  }

  func isReachable(_ server: Endpoint, fromBase index: Int) -> Bool {
    !lostHosts.contains(index) && configuration.hosts[index].address.family == server.address.family
  }

  /// Keeps a candidate unless it is redundant, tells it, and pairs it with what is known of the peer.
  mutating func adopt(_ candidate: Candidate, at now: Instant, into output: inout Output<Event>) {
    if let known = localCandidates.firstIndex(where: { $0.address == candidate.address && $0.base == candidate.base }) {
      guard localCandidates[known].kind == .peerReflexive else { return }
      localCandidates[known] = candidate
    } else {
      localCandidates.append(candidate)
    }
    output.emit(.candidateGathered(candidate))
    if mayFormPairs {
      for remote in remoteCandidates { formPair(local: candidate, remote: remote, at: now, into: &output) }
      thaw(into: &output)
    }
  }

  mutating func formPairs(withRemote remote: Candidate, at now: Instant, into output: inout Output<Event>) {
    for local in localCandidates { formPair(local: local, remote: remote, at: now, into: &output) }
    thaw(into: &output)
  }

  @discardableResult
  mutating func formPair(
    local: Candidate, remote: Candidate, at now: Instant, into output: inout Output<Event>
  ) -> Int? {
    let relay = relays.firstIndex { $0.address == local.base }
    guard
      let index = checklist.insert(local: local, remote: remote, role: role, generation: generation, relay: relay)
    else { return nil }
    output.emit(.pairFormed(checklist.pairs[index]))
    if let relay { permit(remote.address.address, relay: relay, at: now, into: &output) }
    return index
  }

  mutating func thaw(into output: inout Output<Event>) {
    for index in checklist.unfreezeNewFoundations(role: role) {
      output.emit(.pairStateChanged(checklist.pairs[index].id, .waiting))
    }
  }

  /// A peer-reflexive candidate turned out to be one that the peer signals (RFC 8445 §7.3.1.3).
  mutating func upgradeRemote(at index: Int, to candidate: Candidate) {
    guard remoteCandidates[index].kind == .peerReflexive else { return }
    remoteCandidates[index] = candidate
    for pair in checklist.pairs.indices
    where checklist.pairs[pair].remote.address == candidate.address && checklist.pairs[pair].generation == generation {
      checklist.pairs[pair].remote = candidate
    }
  }

  mutating func handleGatheringTimeout(at now: Instant, into output: inout Output<Event>) {
    if let due = gatheringDeadline, due <= now {
      gatheringDeadline = nil
      pendingQueries.removeAll()
      requests.removeAll { $0.pair == nil }
      abandonUnsettledRelays(into: &output)
    }
    if let due = nextKeepalive, due <= now {
      nextKeepalive = nil
      keepMappingsAlive(at: now, into: &output)
    }
    handleRelayTimeouts(at: now, into: &output)
  }

  /// Keeps the mappings of NATs open while no pair is nominated; afterwards consent checks do that for the selected one.
  private mutating func keepMappingsAlive(at now: Instant, into output: inout Output<Event>) {
    guard !isConcluded, state != .failed else { return }
    for target in keptAlive {
      let indication = STUNMessage(.indication, .binding, transactionID: TransactionID(using: &entropy))
      output.transmit(
        indication.bytes(fingerprint: true), from: configuration.hosts[target.base], to: target.server)
    }
    nextKeepalive = now + configuration.keepaliveInterval
  }

  mutating func finishGatheringIfDone(at now: Instant, into output: inout Output<Event>) {
    guard isGathering else { return }
    if gatheringDeadline != nil {
      guard pendingQueries.isEmpty, requests.allSatisfy({ $0.pair != nil }), areRelaysSettled else { return }
    }
    isGathering = false
    isGatheringCompleted = true
    gatheringDeadline = nil
    if !keptAlive.isEmpty, !isConcluded { nextKeepalive = now + configuration.keepaliveInterval }
    output.emit(.gatheringCompleted)
  }
}
