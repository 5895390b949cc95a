import RTCPrimitives
import RTCWire

/// Answering the checks of the peer.
///
/// - SeeAlso: RFC 8445 §7.3
extension ICEAgent {
  /// Answers a Binding request that came to `base`, and learns from it.
  ///
  /// Before the peer's credentials are known the answer goes out at once and our own check waits for them.
  mutating func handleRequest(
    _ message: STUNMessage, bytes: Span<UInt8>, base: Endpoint, remote: Endpoint, relay: Int?, at now: Instant,
    into output: inout Output<Event>
  ) {
    guard state != .failed, state != .closed, relay != nil || configuration.transportPolicy == .all else {
      discarded.unmatched += 1
      return
    }
    let isCurrent: Bool
    let credentials: ICECredentials
    switch authenticate(message, bytes: bytes) {
    case .current:
      (isCurrent, credentials) = (true, localCredentials)
    case .previous(let previous):
      (isCurrent, credentials) = (false, previous)
    case .rejected(let error):
      discarded.unauthenticated += 1
      let response = STUNMessage(
        .error, .binding, transactionID: message.transactionID, attributes: [.errorCode(error)])
      let bytes = response.bytes(fingerprint: true)
      return transmit(bytes.span, from: base, to: remote, relay: relay, at: now, into: &output)
    }
    let unknown = message.unknownRequiredTypes
    var response = STUNMessage(.success, .binding, transactionID: message.transactionID)
    if !unknown.isEmpty {
      response.messageClass = .error
      response.attributes = [.errorCode(.unknownAttribute), .unknownAttributes(unknown)]
    } else if message.priority == nil {
      response.messageClass = .error
      response.attributes = [.errorCode(.badRequest)]
    } else if isCurrent, hasLostRoleConflict(message, into: &output) {
      response.messageClass = .error
      response.attributes = [.errorCode(.roleConflict)]
    } else {
      response.attributes = [.xorMappedAddress(remote)]
    }
    let bringsHandshake =
      isCurrent && response.messageClass == .success && takeEmbedded(from: message, into: &output)
    respond(
      Answer(message: response, base: base, remote: remote, relay: relay, key: credentials.key),
      holding: bringsHandshake, at: now, into: &output)
    guard response.messageClass == .success, let priority = message.priority else { return }
    if isCurrent {
      learn(
        from: message, priority: priority, base: base, remote: remote, relay: relay, at: now, into: &output)
    } else if let index = checklist.pairs.firstIndex(where: { $0.isSamePath(base: base, remote: remote) }) {
      checklist.pairs[index].statistics.requestsReceived += 1
      checklist.pairs[index].statistics.responsesSent += 1
    }
  }

  private enum Authentication {
    case current
    /// By the credentials before a restart: the peer still confirms its consent on the old pair.
    case previous(ICECredentials)
    case rejected(STUNErrorCode)
  }

  /// Compares user name and MESSAGE-INTEGRITY with our credentials (RFC 8489 §9.1.3).
  private func authenticate(_ message: STUNMessage, bytes: Span<UInt8>) -> Authentication {
    guard let username = message.username, message.messageIntegrity != nil else { return .rejected(.badRequest) }
    let ufrag = username.prefix { $0 != ":" }
    guard ufrag.count < username.count else { return .rejected(.unauthenticated) }
    if ufrag == localCredentials.ufrag {
      let isValid = MessageIntegrity.status(of: bytes, key: localCredentials.key) == .valid
      return isValid ? .current : .rejected(.unauthenticated)
    }
    if let previousLocal, ufrag == previousLocal.ufrag {
      let isValid = MessageIntegrity.status(of: bytes, key: previousLocal.key) == .valid
      return isValid ? .previous(previousLocal) : .rejected(.unauthenticated)
    }
    return .rejected(.unauthenticated)
  }

  /// Repairs a role conflict; true when the peer has to switch and gets error 487.
  private mutating func hasLostRoleConflict(_ message: STUNMessage, into output: inout Output<Event>) -> Bool {
    let claim: (role: ICERole, tieBreaker: UInt64)
    if let tieBreaker = message.iceControlling {
      claim = (.controlling, tieBreaker)
    } else if let tieBreaker = message.iceControlled {
      claim = (.controlled, tieBreaker)
    } else {
      return false
    }
    let resolution = RoleConflictResolution(
      role: role, tieBreaker: tieBreaker, peerRole: claim.role, peerTieBreaker: claim.tieBreaker)
    switch resolution {
    case .noConflict: return false
    case .reject: return true
    case .switchRole:
      switchRole(into: &output)
      return false
    }
  }

  /// Learns the peer's address and pair from its check, checks back, and heeds USE-CANDIDATE (RFC 8445 §7.3.1.3–5).
  private mutating func learn(
    from message: STUNMessage, priority: UInt32, base: Endpoint, remote: Endpoint, relay: Int?, at now: Instant,
    into output: inout Output<Event>
  ) {
    if !remoteCandidates.contains(where: { $0.address == remote }) {
      guard hasRoomForPeerReflexive(onBase: base) else { return discarded.excessCandidates += 1 }
      remoteCandidates.append(
        Candidate(
          foundation: "prflx\(remoteCandidates.count)", priority: priority, address: remote, kind: .peerReflexive))
    }
    guard let index = pairIndex(base: base, remote: remote, at: now, into: &output) else { return }
    checklist.pairs[index].hasHeardCheck = true
    checklist.pairs[index].statistics.requestsReceived += 1
    checklist.pairs[index].statistics.responsesSent += 1
    if consent?.pair == checklist.pairs[index].id { consent?.unanswered = 0 }
    // On the pair in use a check asks for consent only, and is told by the side that asks.
    if selected != index || message.useCandidate {
      output.emit(
        .checkReceived(
          Check(
            pair: checklist.pairs[index].id, local: base, remote: remote, transactionID: message.transactionID,
            isNominating: message.useCandidate, transmission: 1)))
    }
    let nominates = message.useCandidate && role == .controlled
    if configuration.isLite {
      acceptLite(index, nominates: nominates, at: now, into: &output)
    } else if checklist.pairs[index].state == .succeeded {
      if nominates { nominate(index, at: now, into: &output) }
    } else {
      if nominates { checklist.pairs[index].isNominatedOnSuccess = true }
      if mayFormPairs || nominates { trigger(index, into: &output) }
    }
    if state == .new, remoteCredentials != nil { setState(.checking, into: &output) }
  }

  /// What a lite agent makes of a check: the pair works, because the peer says so (RFC 8445 §7.3.2).
  private mutating func acceptLite(_ index: Int, nominates: Bool, at now: Instant, into output: inout Output<Event>) {
    checklist.pairs[index].confirmedAt = now
    setPairState(.succeeded, at: index, into: &output)
    if nominates { nominate(index, at: now, into: &output) }
  }

  /// Two symmetric NATs that filter nothing show a new address with every check, without end and without use.
  private func hasRoomForPeerReflexive(onBase base: Endpoint) -> Bool {
    let known = checklist.pairs.count {
      $0.generation == generation && $0.local.base == base && $0.remote.kind == .peerReflexive
    }
    return known < Checklist.peerReflexiveLimit && remoteCandidates.count < Checklist.remoteCandidateLimit
  }

  /// The pair of the present generation on a path, formed when it is new.
  private mutating func pairIndex(
    base: Endpoint, remote: Endpoint, at now: Instant, into output: inout Output<Event>
  ) -> Int? {
    let known = checklist.pairs.firstIndex {
      $0.generation == generation && $0.isSamePath(base: base, remote: remote)
    }
    if let known { return known }
    guard let local = localCandidates.first(where: { $0.base == base && $0.address == base }),
      let candidate = remoteCandidates.first(where: { $0.address == remote })
    else { return nil }
    return formPair(local: local, remote: candidate, at: now, into: &output)
  }
}
