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
  /// - Parameter restartsICE: announces new credentials; the restart happens when the offer is set (RFC 9429 §5.2.3.1).
  public mutating func createOffer(restartsICE: Bool = false) -> SessionDescription {
    assignMids()
    sessionVersion += 1
    offeredCredentials = restartsICE ? transport.makeCredentials() : nil
    return offerAnswer.offer(transceivers.map(\.media), previous: signaling.currentLocal)
  }

  /// An answer to the remote offer; sends what `addTransceiver` prepared.
  public mutating func createAnswer() throws(PeerConnectionError) -> SessionDescription {
    guard signaling.mayCreateAnswer, let offer = signaling.remote else {
      throw .invalidState(InvalidStateError(state: signaling.state, operation: "create an answer"))
    }
    sessionVersion += 1
    let media = transceivers.map(\.media)
    let answerer = offerAnswer
    return try negotiate { () throws(NegotiationError) in try answerer.answer(to: offer, media) }
  }

  /// Applies a description of ours; the first one starts gathering.
  public mutating func setLocal(
    _ change: DescriptionChange, at now: Instant, into output: inout Output<Event>
  ) throws(PeerConnectionError) {
    try set(.local, change, into: &output)
    if !hasStarted {
      hasStarted = true
      if case .offer = change { transport.setRole(.controlling) }
      transport.start(at: now, into: &transportOutput)
    } else if case .offer = change, let credentials = offeredCredentials {
      transport.restart(with: credentials, at: now, into: &transportOutput)
    }
    offeredCredentials = nil
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
    try set(.remote, change, into: &output)
    switch change {
    case .offer(let offer):
      associate(with: offer)
      // The new generation begins with the offer, so that candidates that trickle in behind it belong to it. A rollback
      // does not bring the old one back.
      if restartsICE(offer) { transport.restart(at: now, into: &transportOutput) }
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

  /// Learns a candidate that trickled in.
  public mutating func addRemoteCandidate(_ candidate: ICECandidate, at now: Instant, into output: inout Output<Event>)
  {
    guard let candidate = Candidate(candidate) else { return }
    transport.addRemote(candidate, at: now, into: &transportOutput)
    flush(at: now, into: &output)
  }

  /// Learns that no more candidates will come.
  public mutating func remoteCandidatesEnded(at now: Instant, into output: inout Output<Event>) {
    transport.remoteCandidatesEnded(at: now, into: &transportOutput)
    flush(at: now, into: &output)
  }

  /// Whether an offer announces other ICE credentials than those in use (RFC 8839 §4.4.3).
  private func restartsICE(_ offer: SessionDescription) -> Bool {
    guard let known = transport.ice.remoteCredentials,
      let section = offer.media.first(where: { !$0.isRejected }), let ufrag = offer.iceUfrag(of: section),
      let password = offer.icePwd(of: section)
    else { return false }
    return ICECredentials(ufrag: ufrag, password: password) != known
  }

  var offerAnswer: OfferAnswer {
    let credentials = offeredCredentials ?? transport.ice.localCredentials
    let identity = configuration.transport.identity
    return OfferAnswer(
      sessionID: sessionID, sessionVersion: sessionVersion,
      transport: LocalTransport(
        iceUfrag: credentials.ufrag, icePwd: credentials.password,
        fingerprint: CertificateFingerprint(.sha256, bytes: identity.fingerprint.digest),
        establishedRole: transport.localDTLSRole.map { $0 == .client ? .client : .server },
        candidates: offeredCredentials == nil ? transport.ice.localCandidates.map { $0.signalled() } : [],
        isGatheringComplete: offeredCredentials == nil && transport.ice.isGatheringCompleted))
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
    _ side: SignalingSide, _ change: DescriptionChange, into output: inout Output<Event>
  ) throws(PeerConnectionError) {
    do {
      for state in try signaling.set(side, change) { output.emit(.signalingStateChanged(state)) }
    } catch {
      throw .invalidState(error)
    }
  }

  mutating func apply(_ negotiation: Negotiation, at now: Instant, into output: inout Output<Event>) {
    for media in negotiation.media {
      guard let index = transceivers.firstIndex(where: { $0.media.mid == media.mid }) else { continue }
      if media.isRejected {
        stop(index)
        continue
      }
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
    transport.setRemote(
      ICECredentials(ufrag: agreed.remoteUfrag, password: agreed.remotePwd),
      fingerprints: agreed.remoteFingerprints.compactMap { DTLSFingerprint($0.description) },
      role: agreed.localRole == .client ? .client : .server, at: now, into: &transportOutput)
    for candidate in agreed.remoteCandidates.compactMap(Candidate.init) {
      transport.addRemote(candidate, at: now, into: &transportOutput)
    }
    if agreed.isEndOfCandidates { transport.remoteCandidatesEnded(at: now, into: &transportOutput) }
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
