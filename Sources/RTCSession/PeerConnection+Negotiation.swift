import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire

/// Offer and answer.
extension PeerConnection {
  /// Adds a transceiver and gives its number.
  @discardableResult
  public mutating func addTransceiver(_ kind: MediaKind, direction: MediaDirection) -> Int {
    var media = LocalMedia(kind: kind, direction: direction)
    media.codecs = Transceiver.codecs(kind)
    media.headerExtensions = Transceiver.headerExtensions(kind)
    if direction.sends { announceSource(&media) }
    transceivers.append(Transceiver(media))
    return transceivers.count - 1
  }

  /// An offer of all transceivers.
  ///
  /// - Parameter restartsICE: whether the offer states new credentials; without effect on the first offer. The restart
  ///   itself begins when the offer is set, and a rollback takes it back. The ICE roles stay (RFC 8445 §9).
  /// - SeeAlso: RFC 9429 §5.2.3.1, RFC 8839 §4.4.3.1.1
  public mutating func createOffer(restartsICE: Bool = false) -> SessionDescription {
    assignMids()
    sessionVersion += 1
    let isRestart = restartsICE && signaling.currentLocal != nil
    let credentials = isRestart ? prepareCredentials() : transport.ice.localCredentials
    return offerAnswer(with: credentials).offer(transceivers.map(\.media), previous: signaling.currentLocal)
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
    return try negotiate { () throws(NegotiationError) in try answerer.answer(to: offer, media) }
  }

  /// Applies a description of ours; the first one starts gathering, and one with new credentials restarts ICE.
  public mutating func setLocal(
    _ change: DescriptionChange, at now: Instant, into output: inout Output<Event>
  ) throws(PeerConnectionError) {
    try set(.local, change, at: now, into: &output)
    if !hasStarted {
      hasStarted = true
      if case .offer = change { transport.setRole(.controlling) }
      transport.start(at: now, into: &transportOutput)
    } else {
      restartICE(ifAskedBy: change, at: now)
    }
    if case .answer(let answer) = change, let offer = signaling.currentRemote {
      let negotiation = try negotiate { () throws(NegotiationError) in
        try Negotiation(remoteOffer: offer, localAnswer: answer)
      }
      apply(negotiation, at: now, into: &output)
    }
    flush(at: now, into: &output)
  }

  /// Applies a description of the peer's.
  public mutating func setRemote(
    _ change: DescriptionChange, at now: Instant, into output: inout Output<Event>
  ) throws(PeerConnectionError) {
    try set(.remote, change, at: now, into: &output)
    switch change {
    case .offer(let offer): associate(with: offer)
    case .answer(let answer):
      guard let offer = signaling.currentLocal else { break }
      let negotiation = try negotiate { () throws(NegotiationError) in
        try Negotiation(localOffer: offer, remoteAnswer: answer)
      }
      apply(negotiation, at: now, into: &output)
    case .pranswer, .rollback: break
    }
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
        fingerprint: CertificateFingerprint(.sha256, bytes: identity.fingerprint.digest),
        establishedRole: transport.localDTLSRole.map { $0 == .client ? .client : .server },
        candidates: isRestart ? [] : transport.ice.localCandidates.map { $0.signalled() },
        isGatheringComplete: !isRestart && transport.ice.isGatheringCompleted))
  }

  mutating func assignMids() {
    var media = transceivers.map(\.media)
    media.assignMids(avoiding: signaling.currentLocal)
    for index in media.indices { transceivers[index].media = media[index] }
  }

  mutating func associate(with offer: SessionDescription) {
    var media = transceivers.map(\.media)
    media.associate(with: offer)
    for index in media.indices {
      if index < transceivers.count {
        transceivers[index].media = media[index]
      } else {
        media[index].codecs = Transceiver.codecs(media[index].kind)
        media[index].headerExtensions = Transceiver.headerExtensions(media[index].kind)
        transceivers.append(Transceiver(media[index]))
        transceivers[index].isOfOffer = true
      }
    }
  }

  /// Takes back the tags that no answer has confirmed, and the transceivers that only a remote offer wanted.
  ///
  /// Otherwise two new transceivers would share a tag when two offers meet.
  /// - SeeAlso: RFC 9429 §4.1.10.2, §5.7
  private mutating func dissociate() {
    let confirmed = signaling.currentLocal?.media.compactMap(\.attributes.mid) ?? []
    for index in transceivers.indices.reversed() {
      guard let mid = transceivers[index].media.mid, !confirmed.contains(mid) else { continue }
      transceivers[index].media.mid = nil
      guard transceivers[index].isOfOffer, !transceivers[index].media.direction.sends else { continue }
      // Those behind it keep their numbers.
      if index == transceivers.count - 1 {
        transceivers.removeLast()
      } else {
        transceivers[index].media.isStopped = true
      }
    }
  }

  /// Sets what a transceiver wants, before an offer or an answer is made.
  public mutating func setDirection(_ direction: MediaDirection, of index: Int) {
    var media = transceivers[index].media
    media.direction = direction
    if direction.sends { announceSource(&media) }
    transceivers[index].media = media
  }

  mutating func announceSource(_ media: inout LocalMedia) {
    guard media.ssrcs.isEmpty else { return }
    media.ssrcs = [UInt32(truncatingIfNeeded: entropy.next())]
    media.cname = configuration.cname
    media.trackID = String(entropy.next(), radix: 16)
    media.streamIDs = ["-"]
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
    for media in negotiation.media {
      guard let index = transceivers.firstIndex(where: { $0.media.mid == media.mid }) else { continue }
      if media.isRejected {
        stop(index)
        continue
      }
      transceivers[index].isOfOffer = false
      transceivers[index].direction = media.direction
      transceivers[index].sender?.isActive = media.direction.sends
      if media.direction.sends, transceivers[index].sender == nil, let ssrc = transceivers[index].media.ssrcs.first,
        let parameters = StreamParameters(media, ssrc: ssrc, codecs: media.sendCodecs)
      {
        let sender = RTPStreamSender(parameters, ntp: configuration.ntp, entropy: &entropy)
        transceivers[index].sender = sender
        senders.append(sender)
        ownSources.insert(ssrc, transceiver: index, stream: sender)
      }
      if media.direction.receives, transceivers[index].receiver == nil, let ssrc = media.remoteSources.first,
        let parameters = StreamParameters(media, ssrc: ssrc, codecs: media.receiveCodecs)
      {
        let receiver = RTPStreamReceiver(parameters, purpose: configuration.purpose, ntp: configuration.ntp)
        transceivers[index].receiver = receiver
        receivers.append(receiver)
        remoteSources.insert(ssrc, transceiver: index, stream: receiver)
      }
    }
    mayReduceSize = negotiation.media.allSatisfy { $0.isRejected || $0.isRTCPReducedSize }
    if let agreed = negotiation.transport { apply(agreed, at: now) }
  }

  /// Ends a transceiver whose section was rejected; its figures stay readable.
  mutating func stop(_ index: Int) {
    transceivers[index].media.isStopped = true
    transceivers[index].direction = .inactive
    transceivers[index].sender?.isActive = false
    senders.removeAll { $0 === transceivers[index].sender }
    receivers.removeAll { $0 === transceivers[index].receiver }
    noteRepair(nil, of: index)
  }

  mutating func apply(_ agreed: NegotiatedTransport, at now: Instant) {
    let credentials = ICECredentials(ufrag: agreed.remoteUfrag, password: agreed.remotePwd)
    remoteCredentials = credentials
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

/// Why a description could not be applied.
public enum PeerConnectionError: Error, Hashable, Sendable, CustomStringConvertible {
  case invalidState(InvalidStateError)
  case negotiation(NegotiationError)

  public var description: String {
    switch self {
    case .invalidState(let error): "\(error)"
    case .negotiation(let error): "\(error)"
    }
  }
}
