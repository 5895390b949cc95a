import RTCPrimitives
import RTCWire

/// Sending connectivity checks and hearing their answers.
///
/// - SeeAlso: RFC 8445 §6.1.4, §7.2
extension ICEAgent {
  /// When the next check leaves; `nil` when there is none to send.
  var checkDue: Instant? {
    guard areChecksAllowed else { return nil }
    if !triggered.isEmpty { return nextCheck }
    switch configuration.checking {
    case .continual(let intervals): return continualDue(intervals)
    case .scheduled:
      let isWaiting = !isConcluded && checklist.nextWaiting(role: role, where: { isReady($0) }) != nil
      return isWaiting ? nextCheck : nil
    }
  }

  /// Sends the checks whose time has come: triggered ones first, then those of the pairs whose turn it is.
  mutating func paceChecks(at now: Instant, into output: inout Output<Event>) {
    if case .continual(let intervals) = configuration.checking, areChecksAllowed {
      failUnanswered(intervals, at: now, into: &output)
    }
    while let due = checkDue, due <= now {
      if let index = takeNextCheck(at: now) { sendCheck(at: index, at: now, into: &output) }
      switch configuration.checking {
      case .scheduled: nextCheck = now + configuration.pacing
      case .continual(let intervals): nextCheck = now + continualInterval(intervals)
      }
    }
  }

  private mutating func takeNextCheck(at now: Instant) -> Int? {
    while !triggered.isEmpty {
      if let index = checklist.index(of: triggered.removeFirst()) { return index }
    }
    switch configuration.checking {
    case .continual(let intervals): return nextContinual(intervals, at: now)
    case .scheduled: return isConcluded ? nil : checklist.nextWaiting(role: role, where: { isReady($0) })
    }
  }

  /// Queues a check out of turn (RFC 8445 §7.3.1.4); an earlier one of the pair is no longer repeated.
  mutating func trigger(_ index: Int, into output: inout Output<Event>) {
    let id = checklist.pairs[index].id
    cancelRetransmissions(of: id)
    if checklist.pairs[index].state != .succeeded { setPairState(.waiting, at: index, into: &output) }
    if !triggered.contains(id) { triggered.append(id) }
  }

  private mutating func sendCheck(at index: Int, at now: Instant, into output: inout Output<Event>) {
    let isNominating =
      role == .controlling && (checklist.pairs[index].isBeingNominated || isWorthNominating(index, at: now))
    guard let request = makeRequest(forPairAt: index, isConsent: false, isNominating: isNominating, at: now) else {
      return
    }
    cancelRetransmissions(of: checklist.pairs[index].id)
    checklist.pairs[index].lastCheck = now
    if checklist.pairs[index].firstCheck == nil { checklist.pairs[index].firstCheck = now }
    checklist.pairs[index].currentCheck = request.id
    checklist.pairs[index].statistics.requestsSent += 1
    if checklist.pairs[index].state != .succeeded { setPairState(.inProgress, at: index, into: &output) }
    requests.append(request)
    transmit(request, at: now, into: &output)
  }

  private mutating func cancelRetransmissions(of id: CandidatePair.ID) {
    let patience = configuration.checkSchedule.initialTimeout * configuration.checkSchedule.finalMultiple
    for index in requests.indices where requests[index].pair == id {
      requests[index].cancelRetransmissions(patience: patience)
    }
  }

  /// A Binding request for a pair, with the peer's credentials of the pair's generation.
  mutating func makeRequest(
    forPairAt index: Int, isConsent: Bool, isNominating: Bool, at now: Instant
  ) -> ICERequest? {
    let pair = checklist.pairs[index]
    let isCurrent = pair.generation == generation
    guard let remote = isCurrent ? remoteCredentials : previousRemote else { return nil }
    let local = isCurrent ? localCredentials : previousLocal ?? localCredentials
    let id = TransactionID(using: &entropy)
    var attributes: [STUNAttribute] = [
      .username("\(remote.ufrag):\(local.ufrag)"), .priority(pair.checkPriority),
      role == .controlling ? .iceControlling(tieBreaker) : .iceControlled(tieBreaker),
    ]
    if isNominating { attributes.append(.useCandidate) }
    if isCurrent { attributes += takeEmbedded() }
    var writer = ByteWriter(reserving: embedding == nil ? 128 : 1280)
    STUNMessage(.request, .binding, transactionID: id, attributes: attributes).write(into: &writer, key: remote.key)
    var schedule = configuration.checkSchedule
    if isConsent {
      schedule = STUNTransaction.Schedule(
        initialTimeout: configuration.consentLifetime, requestCount: 1, finalMultiple: 1)
    } else {
      if pair.isBeingNominated {
        // The path is known to work: rather begin anew than double the timeout many times.
        (schedule.requestCount, schedule.finalMultiple) = (3, 4)
      } else {
        let active = checklist.pairs.count { $0.state == .waiting || $0.state == .inProgress }
        schedule.initialTimeout = max(
          schedule.initialTimeout,
          ICEConfiguration.checkTimeout(pacing: configuration.pacing, checks: checklist.pairs.count, active: active))
      }
      if case .continual(let intervals) = configuration.checking {
        schedule = STUNTransaction.Schedule(
          initialTimeout: intervals.writeTimeout, requestCount: 1, finalMultiple: 1)
      }
    }
    return ICERequest(
      isConsent ? .consent(pair.id) : .check(pair.id, isNominating: isNominating),
      transaction: STUNTransaction(id, request: writer.bytes, at: now, schedule: schedule), role: role)
  }

  /// Sends the bytes of a request, for the first time or again.
  mutating func transmit(_ request: ICERequest, at now: Instant, into output: inout Output<Event>) {
    switch request.purpose {
    case .gathering(let base, let server):
      output.transmit(request.transaction.request, from: configuration.hosts[base], to: server)
    case .check(let id, let isNominating):
      guard let index = checklist.index(of: id) else { return }
      transmit(request.transaction.request.span, overPairAt: index, at: now, into: &output)
      output.emit(.checkSent(check(of: request, pairAt: index, isNominating: isNominating)))
    case .consent(let id):
      guard let index = checklist.index(of: id) else { return }
      transmit(request.transaction.request.span, overPairAt: index, at: now, into: &output)
      output.emit(.consentRequested(check(of: request, pairAt: index)))
    }
  }

  private func check(of request: ICERequest, pairAt index: Int, isNominating: Bool = false) -> Check {
    let pair = checklist.pairs[index]
    return Check(
      pair: pair.id, local: pair.local.base, remote: pair.remote.address, transactionID: request.id,
      isNominating: isNominating, transmission: request.transaction.requestsSent)
  }

  private mutating func transmit(
    _ bytes: Span<UInt8>, overPairAt index: Int, at now: Instant, into output: inout Output<Event>
  ) {
    transmit(
      bytes, from: checklist.pairs[index].local.base, to: checklist.pairs[index].remote.address,
      relay: checklist.pairs[index].relay, at: now, into: &output)
  }

  /// Repeats requests that are due and gives up those that were repeated enough.
  mutating func handleRequestDeadlines(at now: Instant, into output: inout Output<Event>) {
    var index = 0
    while index < requests.count {
      switch requests[index].handleTimeout(at: now) {
      case .wait: index += 1
      case .retransmit:
        if let pair = requests[index].pair.flatMap({ checklist.index(of: $0) }) {
          checklist.pairs[pair].statistics.retransmissionsSent += 1
        }
        transmit(requests[index], at: now, into: &output)
        index += 1
      case .fail:
        let request = requests.remove(at: index)
        handleUnanswered(request, at: now, into: &output)
      }
    }
  }

  /// A check without an answer fails its pair, but a nomination is tried again while the peer answers other checks.
  private mutating func handleUnanswered(
    _ request: ICERequest, at now: Instant, into output: inout Output<Event>
  ) {
    guard case .check(let id, let isNominating) = request.purpose, let index = checklist.index(of: id),
      checklist.pairs[index].currentCheck == request.id
    else { return }
    let heard = checklist.pairs[index].confirmedAt ?? .start
    if isNominating, checklist.pairs[index].isBeingNominated, now < heard + configuration.consentLifetime {
      trigger(index, into: &output)
    } else {
      failPair(at: index, into: &output)
    }
  }

  /// The check of a pair failed for good.
  mutating func failPair(at index: Int, into output: inout Output<Event>) {
    checklist.pairs[index].currentCheck = nil
    if checklist.pairs[index].isBeingNominated {
      checklist.pairs[index].isBeingNominated = false
      isNominationUnderWay = false
    }
    setPairState(.failed, at: index, into: &output)
    thaw(into: &output)
  }

  /// An answer to one of our Binding requests.
  mutating func handleResponse(
    _ message: STUNMessage, bytes: Span<UInt8>, base: Endpoint, remote: Endpoint, relay: Int?, at now: Instant,
    into output: inout Output<Event>
  ) {
    guard let place = requests.firstIndex(where: { $0.id == message.transactionID }) else {
      discarded.unmatched += 1
      return
    }
    let request = requests[place]
    if case .gathering(let index, let server) = request.purpose {
      guard remote == server, base == configuration.hosts[index] else {
        discarded.unmatched += 1
        return
      }
      requests.remove(at: place)
      guard isUnderstood(message) else { return }
      if message.messageClass == .success, let mapped = message.xorMappedAddress ?? message.mappedAddress {
        let rank = configuration.stunServers.firstIndex(of: server) ?? 0
        handleMapped(mapped, base: index, server: server, rank: rank, at: now, into: &output)
      }
      return
    }
    guard let id = request.pair, let index = checklist.index(of: id) else { return }
    let isCurrent = checklist.pairs[index].generation == generation
    guard let credentials = isCurrent ? remoteCredentials : previousRemote,
      isAuthentic(message, bytes: bytes, key: credentials.key)
    else {
      discarded.unauthenticated += 1
      return
    }
    requests.remove(at: place)
    guard isUnderstood(message) else {
      if checklist.pairs[index].currentCheck == request.id { failPair(at: index, into: &output) }
      return
    }
    if isCurrent, message.messageClass == .success { _ = takeEmbedded(from: message, into: &output) }
    // The answer must come back on the very path of the request (RFC 8445 §7.2.5.2.1).
    let isSymmetric = checklist.pairs[index].isSamePath(base: base, remote: remote)
    if message.messageClass == .error {
      handleErrorResponse(message.errorCode, to: request, pairAt: index, at: now, into: &output)
    } else if case .check(_, let isNominating) = request.purpose {
      guard isSymmetric, let mapped = message.xorMappedAddress else { return failPair(at: index, into: &output) }
      checkSucceeded(
        request, isNominating: isNominating, pairAt: index, mapped: mapped, at: now, into: &output)
    } else if isSymmetric {
      let roundTripTime = now - request.transaction.lastSent
      checklist.pairs[index].statistics.measured(roundTripTime)
      // A NAT that has forgotten its mapping shows the peer another address.
      if let mapped = message.xorMappedAddress { checklist.pairs[index].local = validLocal(mapped, pairAt: index) }
      output.emit(.consentConfirmed(check(of: request, pairAt: index), roundTripTime: roundTripTime))
      confirmConsent(of: id, at: now, into: &output)
    }
  }

  /// A response with unknown attributes that must be understood is discarded, and its transaction has failed
  /// (RFC 8489 §6.3.3, §6.3.4).
  private mutating func isUnderstood(_ response: STUNMessage) -> Bool {
    if response.unknownRequiredTypes.isEmpty { return true }
    discarded.notUnderstood += 1
    return false
  }

  /// Errors 400 and 401 come without MESSAGE-INTEGRITY (RFC 8489 §9.1.4); everything else must carry a valid one.
  private func isAuthentic(_ message: STUNMessage, bytes: Span<UInt8>, key: MessageIntegrityKey) -> Bool {
    switch MessageIntegrity.status(of: bytes, key: key) {
    case .valid: true
    case .invalid: false
    case .absent: message.messageClass == .error && [400, 401].contains(message.errorCode?.code)
    }
  }

  private mutating func handleErrorResponse(
    _ error: STUNErrorCode?, to request: ICERequest, pairAt index: Int, at now: Instant,
    into output: inout Output<Event>
  ) {
    let id = checklist.pairs[index].id
    switch (error?.code, request.purpose) {
    case (487, _):
      if request.role == role { switchRole(into: &output) }
      trigger(index, into: &output)
    case (403, .consent): revokeConsent(of: id, at: now, into: &output)
    case (_, .check):
      if checklist.pairs[index].currentCheck == request.id { failPair(at: index, into: &output) }
    case (_, .consent), (_, .gathering): break
    }
  }

  /// Takes the other role with a new tie-breaker (RFC 8445 §7.2.5.1).
  mutating func switchRole(into output: inout Output<Event>) {
    role = role.opposite
    tieBreaker = entropy.next()
    isNominationUnderWay = false
    nominationDue = nil
    for index in checklist.pairs.indices { checklist.pairs[index].isBeingNominated = false }
    output.emit(.roleChanged(role))
  }

  private mutating func checkSucceeded(
    _ request: ICERequest, isNominating: Bool, pairAt index: Int, mapped: Endpoint, at now: Instant,
    into output: inout Output<Event>
  ) {
    let roundTripTime = now - request.transaction.lastSent
    checklist.pairs[index].statistics.measured(roundTripTime)
    let id = checklist.pairs[index].id
    // A late answer to an earlier check leaves the nomination that is under way alone.
    if isNominating || !checklist.pairs[index].isBeingNominated {
      checklist.pairs[index].currentCheck = nil
      requests.removeAll { $0.pair == id }
      triggered.removeAll { $0 == id }
    }
    checklist.pairs[index].local = validLocal(mapped, pairAt: index)
    setPairState(.succeeded, at: index, into: &output)
    output.emit(
      .checkSucceeded(
        check(of: request, pairAt: index, isNominating: isNominating), roundTripTime: roundTripTime))
    for thawed in checklist.unfreezeFoundation(ofPairAt: index) {
      output.emit(.pairStateChanged(checklist.pairs[thawed].id, .waiting))
    }
    checklist.pairs[index].confirmedAt = now
    if firstValidAt == nil { firstValidAt = now }
    if isNominating && role == .controlling || checklist.pairs[index].isNominatedOnSuccess {
      nominate(index, at: now, into: &output)
    }
    updateSendingPath(at: now, into: &output)
    confirmConsent(of: id, at: now, into: &output)
    if state == .new || state == .checking { setState(.connected, into: &output) }
  }

  /// The local candidate of the valid pair: the one that the peer saw, peer-reflexive when it was not known
  /// (RFC 8445 §7.2.5.3.1, §7.2.5.3.2).
  private mutating func validLocal(_ mapped: Endpoint, pairAt index: Int) -> Candidate {
    let pair = checklist.pairs[index]
    if let known = localCandidates.first(where: { $0.address == mapped && $0.base == pair.local.base }) {
      return known
    }
    let discovered = Candidate(
      foundation: foundations.foundation(of: .peerReflexive, base: pair.local.base.address, server: nil),
      priority: pair.checkPriority, address: mapped, kind: .peerReflexive, base: pair.local.base,
      relatedAddress: pair.local.base)
    // A peer that answers with ever other addresses fills no memory.
    let known = localCandidates.count { $0.kind == .peerReflexive && $0.base == pair.local.base }
    if known < Checklist.peerReflexiveLimit { localCandidates.append(discovered) }
    return discovered
  }
}
