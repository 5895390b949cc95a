import RTCPrimitives

/// Proof that the peer still wants to receive: without it nothing is sent.
///
/// - SeeAlso: RFC 7675 §5.1
extension ICEAgent {
  /// The consent of the pair that data is sent through.
  struct Consent: Hashable, Sendable {
    let pair: CandidatePair.ID
    var nextCheck: Instant
    var expiry: Instant
    /// Consent checks in a row since the peer was heard last, by an answer or a check of its own.
    var unanswered = 0
  }

  /// A pair that worked once, whose last answer is too old to send on it, and that is asked again.
  struct Renewal: Hashable, Sendable {
    let pair: CandidatePair.ID
    let deadline: Instant
  }

  /// Whether an answer of the peer on this pair is young enough to send on it; a lite agent never asks.
  func hasConsent(_ pair: CandidatePair, at now: Instant) -> Bool {
    guard !configuration.isLite, consent?.pair != pair.id else { return true }
    return pair.confirmedAt.map { now < $0 + configuration.consentLifetime } ?? false
  }

  /// Checks a pair before anything is sent on it; until its answer, data keeps to the present path if that has consent.
  mutating func renewConsent(ofPairAt index: Int, at now: Instant, into output: inout Output<Event>) {
    if consent == nil { sending = nil }
    let id = checklist.pairs[index].id
    guard renewal?.pair != id else { return }
    renewal = Renewal(pair: id, deadline: now + configuration.consentLifetime)
    trigger(index, into: &output)
  }

  /// Turns to the next pair that worked once when one was asked in vain; without any a restart is needed.
  mutating func followRenewal(at now: Instant, into output: inout Output<Event>) {
    guard let asked = renewal else { return }
    guard let index = checklist.index(of: asked.pair) else { return renewal = nil }
    guard checklist.pairs[index].state == .failed || asked.deadline <= now else { return }
    let isOfPresent = checklist.pairs[index].generation == generation
    renewal = nil
    losePair(index, into: &output)
    updateSendingPath(at: now, into: &output)
    guard sending == nil, renewal == nil else { return }
    if isOfPresent { fail(into: &output) } else { setState(.checking, into: &output) }
  }

  /// Watches over the consent of another pair from now on.
  mutating func watchConsent(ofPairAt index: Int, at now: Instant) {
    let id = checklist.pairs[index].id
    guard consent?.pair != id else { return }
    if let old = consent?.pair { requests.removeAll { $0.purpose == .consent(old) } }
    consent = Consent(
      pair: id, nextCheck: now + nextConsentInterval(),
      expiry: (checklist.pairs[index].confirmedAt ?? now) + configuration.consentLifetime)
  }

  /// Sends the next consent check, or stops everything when the peer was silent too long.
  mutating func handleConsentTimeout(at now: Instant, into output: inout Output<Event>) {
    guard var watched = consent else { return }
    if watched.expiry <= now { return expireConsent(of: watched.pair, into: &output) }
    guard watched.nextCheck <= now, let index = checklist.index(of: watched.pair) else { return }
    if watched.unanswered >= configuration.missedConsentLimit {
      followLaterNomination(at: now, into: &output)
      guard consent?.pair == watched.pair else { return }
      if state == .connected || state == .completed { setState(.disconnected, into: &output) }
    }
    watched.unanswered += 1
    watched.nextCheck = now + nextConsentInterval()
    consent = watched
    // A peer that still keeps to a dead pair learns so that this one is in use.
    let isNominating = role == .controlling && configuration.checking.isContinual
    guard let request = makeRequest(forPairAt: index, isConsent: true, isNominating: isNominating, at: now) else {
      return
    }
    checklist.pairs[index].statistics.consentRequestsSent += 1
    requests.append(request)
    transmit(request, at: now, into: &output)
  }

  /// The peer answered a check on this pair.
  mutating func confirmConsent(of id: CandidatePair.ID, at now: Instant, into output: inout Output<Event>) {
    if let index = checklist.index(of: id) { checklist.pairs[index].confirmedAt = now }
    guard consent?.pair == id else { return }
    consent?.expiry = now + configuration.consentLifetime
    consent?.unanswered = 0
    if state == .disconnected {
      let isCompleted = isConcluded && isGatheringCompleted && hasRemoteEnded
      setState(isCompleted ? .completed : .connected, into: &output)
    }
  }

  /// The peer took its consent to one path back by error 403: others may still be used.
  mutating func revokeConsent(of id: CandidatePair.ID, at now: Instant, into output: inout Output<Event>) {
    guard consent?.pair == id, let index = checklist.index(of: id) else { return }
    output.emit(.consentExpired(id))
    let wasConcluded = isConcluded
    losePair(index, into: &output)
    replacePath(wasConcluded: wasConcluded, at: now, into: &output)
  }

  /// Data leaves a path that was lost for another pair that works; without one a restart is needed, unless no pair was
  /// nominated yet and others are being checked.
  mutating func replacePath(wasConcluded: Bool, at now: Instant, into output: inout Output<Event>) {
    guard state != .failed, state != .closed else { return }
    updateSendingPath(at: now, into: &output)
    if let path = sending {
      // The check confirms the consent, and where this agent nominates at once, it also nominates.
      if selected == nil { trigger(path.index, into: &output) }
    } else if renewal != nil {
      if state == .connected || state == .completed { setState(.disconnected, into: &output) }
    } else if wasConcluded {
      fail(into: &output)
    } else {
      setState(.checking, into: &output)
    }
  }

  /// The peer died: a restart is needed unless other pairs are being checked.
  private mutating func expireConsent(of id: CandidatePair.ID, into output: inout Output<Event>) {
    guard consent?.pair == id, let index = checklist.index(of: id) else { return }
    output.emit(.consentExpired(id))
    requests.removeAll { $0.pair == id }
    triggered.removeAll { $0 == id }
    let wasConcluded = isConcluded
    consent = nil
    sending = nil
    if selected == index { selected = nil }
    failPair(at: index, into: &output)
    // Another pair is being asked already.
    guard renewal == nil else { return }
    if wasConcluded { return fail(into: &output) }
    setState(.checking, into: &output)
  }

  /// 0.8 to 1.2 times the mean, so that agents do not fall into step.
  private mutating func nextConsentInterval() -> Duration {
    let mean = configuration.consentInterval.nanoseconds
    let spread = UInt64(max(mean * 2 / 5, 1))
    return .nanoseconds(mean - mean / 5 + Int64(entropy.next() % spread))
  }
}
