import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire

/// Offer and answer.
extension PeerConnection {
  /// An offer of all transceivers.
  ///
  /// - Parameter restartsICE: whether the offer states new credentials; without effect on the first offer. The restart
  ///   itself begins when the offer is set, and a rollback takes it back. The ICE roles stay (RFC 8445 §9).
  /// - Throws: `InvalidStateError` unless the state is `stable` or `have-local-offer`.
  /// - SeeAlso: RFC 9429 §5.2.3.1, RFC 8839 §4.4.3.1.1
  public mutating func createOffer(
    restartsICE: Bool = false
  ) throws(PeerConnectionError) -> SessionDescription {
    guard signaling.mayCreateOffer else {
      throw .invalidState(InvalidStateError(state: signaling.state, operation: "create an offer"))
    }
    assignMids()
    sessionVersion += 1
    let isRestart = (restartsICE || !credentialsToReplace.isEmpty) && signaling.currentLocal != nil
    let credentials = isRestart ? prepareCredentials() : transport.ice.localCredentials
    let offer = offerAnswer(with: credentials).offer(
      transceivers.map(\.media), previous: signaling.currentLocal, answered: signaling.currentRemote,
      data: offersData || isDataInUse ? dataMid.map { LocalData(mid: $0) } : nil, policy: configuration.bundlePolicy)
    lastOffer = offer
    return offer
  }

  /// An answer to the remote offer; sends what `addTransceiver` prepared.
  ///
  /// An offer that restarts ICE is answered with new credentials, and setting the answer restarts ICE here, too.
  public mutating func createAnswer() throws(PeerConnectionError) -> SessionDescription {
    guard signaling.mayCreateAnswer, let offer = signaling.remote else {
      throw .invalidState(InvalidStateError(state: signaling.state, operation: "create an answer"))
    }
    sessionVersion += 1
    let credentials = answersRestart ? prepareCredentials() : transport.ice.localCredentials
    let media = transceivers.map(\.media)
    let answerer = offerAnswer(with: credentials)
    let data = dataMid.map { LocalData(mid: $0) }
    let answer = try negotiate { () throws(NegotiationError) in try answerer.answer(to: offer, media, data: data) }
    lastAnswer = answer
    return answer
  }

  /// Applies a description of ours; the first one starts gathering, and one with new credentials restarts ICE.
  ///
  /// - Throws: `InvalidStateError` in the wrong state, and `InvalidModificationError` for a description that states
  ///   other sections or keys than the one that was made last; other lines may be edited, as browsers allow.
  public mutating func setLocal(
    _ change: DescriptionChange, at now: Instant, into output: inout Output<Event>
  ) throws(PeerConnectionError) {
    try checkModification(of: change)
    let negotiation = try negotiation(setting: change, of: .local)
    let isFirst = signaling.currentLocal == nil
    try set(.local, change, at: now, into: &output)
    // A lite agent is controlled, whoever offers (RFC 8445 §6.1.1).
    if isFirst, let role = change.iceRole { transport.setRole(configuration.transport.ice.isLite ? .controlled : role) }
    if !hasStarted {
      hasStarted = true
      transport.start(at: now, into: &transportOutput)
    } else {
      restartICE(ifAskedBy: change, at: now)
    }
    if let negotiation { apply(negotiation, at: now, into: &output) }
    finishChange(into: &output)
    flush(at: now, into: &output)
  }

  /// Applies a description of the peer's. A provisional answer starts the transport and media as a final one does.
  ///
  /// - Throws: `InvalidStateError` in the wrong state; `InvalidAccessError` for an answer that does not fit the offer, and
  ///   for an offer that no answer would fit. Then nothing has changed.
  public mutating func setRemote(
    _ change: DescriptionChange, at now: Instant, into output: inout Output<Event>
  ) throws(PeerConnectionError) {
    if case .offer(let offer) = change {
      try negotiate { () throws(NegotiationError) in try BundledDescription(offer).requireAnswerable() }
    }
    let negotiation = try negotiation(setting: change, of: .remote)
    try set(.remote, change, at: now, into: &output)
    if case .offer(let offer) = change { associate(with: offer) }
    if let negotiation { apply(negotiation, at: now, into: &output) }
    finishChange(into: &output)
    flush(at: now, into: &output)
  }

  /// - Parameter credentials: the agent's, or those of a restart, whose candidates are yet to be gathered.
  func offerAnswer(with credentials: ICECredentials) -> OfferAnswer {
    let isRestart = credentials != transport.ice.localCredentials
    let identity = configuration.transport.identity
    return OfferAnswer(
      sessionID: sessionID, sessionVersion: sessionVersion,
      transport: LocalTransport(
        iceUfrag: credentials.ufrag, icePwd: credentials.password,
        iceOptions: configuration.transport.ice.options + (configuration.trickles ? ["trickle"] : []),
        isICELite: configuration.transport.ice.isLite,
        fingerprint: CertificateFingerprint(.sha256, bytes: identity.fingerprint.digest),
        establishedRole: transport.localDTLSRole.map { $0 == .client ? .client : .server },
        candidates: isRestart ? [] : transport.ice.localCandidates.map { $0.signalled() },
        isGatheringComplete: !isRestart && transport.ice.isGatheringCompleted))
  }

  /// A description of ours as it is now: with the candidates that were gathered since it was made.
  ///
  /// It is what `localDescription` gives in a browser, and what is told to a peer without trickling (RFC 8838 §3).
  public func withCandidates(_ description: SessionDescription) -> SessionDescription {
    offerAnswer(with: transport.ice.localCredentials).withCandidates(description)
  }

  /// What may not be edited between the making and the setting of a description (RFC 9429 §5.4).
  private func checkModification(of change: DescriptionChange) throws(PeerConnectionError) {
    let last: SessionDescription?
    switch change {
    case .offer: last = lastOffer
    case .answer, .pranswer: last = lastAnswer
    case .rollback: last = nil
    }
    guard let description = change.sessionDescription, let last else { return }
    guard description.media.map(\.kind) == last.media.map(\.kind),
      description.media.map(\.attributes.mid) == last.media.map(\.attributes.mid)
    else { throw .modified("the sections") }
    guard description.iceCredentials == last.iceCredentials else { throw .modified("the ICE credentials") }
    guard
      description.media.map({ description.fingerprints(of: $0) })
        == last.media.map({ last.fingerprints(of: $0) })
    else { throw .modified("the fingerprint") }
  }

  /// What an answer and the open offer amount to, found out before anything changes: an answer that does not fit is
  /// refused. `nil` for other changes, and in a state in which `set` refuses the answer.
  private func negotiation(
    setting change: DescriptionChange, of side: SignalingSide
  ) throws(PeerConnectionError) -> Negotiation? {
    let answer: SessionDescription
    switch change {
    case .answer(let description), .pranswer(let description): answer = description
    case .offer, .rollback: return nil
    }
    switch (side, signaling.pendingLocal, signaling.pendingRemote) {
    case (.local, _, let offer?) where signaling.mayCreateAnswer:
      return try negotiate { () throws(NegotiationError) in try Negotiation(remoteOffer: offer, localAnswer: answer) }
    case (.remote, let offer?, _) where signaling.state == .haveLocalOffer || signaling.state == .haveRemotePranswer:
      return try negotiate { () throws(NegotiationError) in try Negotiation(localOffer: offer, remoteAnswer: answer) }
    case (.local, _, _), (.remote, _, _): return nil
    }
  }

  func negotiate<Result>(
    _ body: () throws(NegotiationError) -> Result
  ) throws(PeerConnectionError) -> Result {
    do {
      return try body()
    } catch {
      throw .negotiation(error)
    }
  }

  mutating func set(
    _ side: SignalingSide, _ change: DescriptionChange, at now: Instant, into output: inout Output<Event>
  ) throws(PeerConnectionError) {
    let before = signaling.state
    do {
      for state in try signaling.set(side, change) { output.emit(.signalingStateChanged(state)) }
    } catch {
      throw .invalidState(error)
    }
    switch (before, change, side) {
    // A remote offer rolls the local one back, too.
    case (.haveLocalOffer, .rollback, _), (.haveLocalOffer, .offer, .remote):
      cancelICERestart(at: now)
      dissociate()
    // An offer that was made and never set has left its tags as well.
    case (_, .rollback, _), (.stable, .offer, .remote): dissociate()
    case (_, .offer, _), (_, .pranswer, _), (_, .answer, _): break
    }
  }

  mutating func apply(_ negotiation: Negotiation, at now: Instant, into output: inout Output<Event>) {
    let indices = transceiverIndices
    for media in negotiation.media {
      guard let index = indices[media.mid] else { continue }
      if media.isRejected {
        // The final answer may still accept what a provisional one rejects.
        if signaling.state == .stable { stop(index) }
        continue
      }
      transceivers[index].isOfOffer = false
      transceivers[index].direction = media.direction
      if media.direction.sends {
        updateSenders(media, on: index)
      } else {
        for sender in transceivers[index].senders { sender.isActive = false }
      }
      expect(media, on: index)
      if media.direction.receives { transceivers[index].media.receivedRIDs = media.receiveRIDs }
    }
    mayReduceSize = negotiation.media.allSatisfy { $0.isRejected || $0.isRTCPReducedSize }
    references.areExchanged = negotiation.media.contains { !$0.isRejected && $0.exchangesReferenceTimes }
    if configuration.congestion != nil { adoptCongestionControl(negotiation, at: now) }
    scheduleReports(at: now)
    if let agreed = negotiation.transport { apply(agreed, at: now) }
    apply(negotiation.data, at: now, into: &output)
  }

  mutating func apply(_ agreed: NegotiatedTransport, at now: Instant) {
    let credentials = ICECredentials(ufrag: agreed.remoteUfrag, password: agreed.remotePwd)
    remoteCredentials = credentials
    remoteICEOptions = agreed.remoteICEOptions
    if agreed.isRemoteICELite { transport.setRemoteLite() }
    transport.setRemote(
      credentials,
      fingerprints: agreed.remoteFingerprints.compactMap { DTLSFingerprint($0.description) },
      role: agreed.localRole == .client ? .client : .server, at: now, into: &transportOutput)
    for candidate in agreed.remoteCandidates.compactMap(Candidate.init) {
      transport.addRemote(candidate, at: now, into: &transportOutput)
    }
    if agreed.isEndOfCandidates { transport.remoteCandidatesEnded(at: now, into: &transportOutput) }
    addEarlyCandidates(at: now)
  }
}

extension DescriptionChange {
  /// Our ICE role when this is the first description of ours; it stays for good (RFC 8445 §6.1.1).
  fileprivate var iceRole: ICERole? {
    switch self {
    case .offer: .controlling
    case .answer, .pranswer: .controlled
    case .rollback: nil
    }
  }
}
