import RTCPrimitives
import RTCTransport
import RTCWire

/// Candidates that trickle, each to the generation of credentials that it belongs to, and ICE restarts.
///
/// - SeeAlso: RFC 8838 §4.1, RFC 8839 §4.4.3
extension PeerConnection {
  /// Learns a candidate that trickled in.
  ///
  /// One that does not state its generation belongs to the latest remote description. Those of a restart that is not
  /// agreed yet wait for it.
  public mutating func addRemoteCandidate(_ candidate: ICECandidate, at now: Instant, into output: inout Output<Event>)
  {
    guard let parsed = Candidate(candidate) else { return }
    if let ufrag = otherGeneration(candidate.ufrag) {
      early.insert(parsed, ufrag: ufrag)
    } else {
      transport.addRemote(parsed, at: now, into: &transportOutput)
    }
    flush(at: now, into: &output)
  }

  /// Learns that no more candidates will come.
  ///
  /// - Parameter ufrag: the generation that is complete; `nil` for that of the latest remote description.
  public mutating func remoteCandidatesEnded(
    ufrag: String? = nil, at now: Instant, into output: inout Output<Event>
  ) {
    if let ufrag = otherGeneration(ufrag) {
      early.insert(nil, ufrag: ufrag)
    } else {
      transport.remoteCandidatesEnded(at: now, into: &transportOutput)
    }
    flush(at: now, into: &output)
  }

  /// The connection to a TURN server over TCP or TLS, which the owner keeps, has ended or could not be made.
  public mutating func relayConnectionEnded(
    from base: Endpoint, to server: Endpoint, at now: Instant, into output: inout Output<Event>
  ) {
    transport.relayConnectionEnded(from: base, to: server, at: now, into: &transportOutput)
    flush(at: now, into: &output)
  }

  /// A candidate of ours as it is signalled: after a restart it states its generation.
  func signalled(_ candidate: Candidate) -> ICECandidate {
    candidate.signalled(ufrag: transport.ice.generation > 0 ? transport.ice.localCredentials.ufrag : nil)
  }

  /// Hands over what came before its generation was agreed.
  mutating func addEarlyCandidates(at now: Instant) {
    guard let ufrag = transport.ice.remoteCredentials?.ufrag else { return }
    for candidate in early.take(ufrag: ufrag) {
      if let candidate {
        transport.addRemote(candidate, at: now, into: &transportOutput)
      } else {
        transport.remoteCandidatesEnded(at: now, into: &transportOutput)
      }
    }
  }

  /// Whether the remote offer restarts ICE and we have not done so for it.
  var answersRestart: Bool { transport.ice.remoteCredentials != nil && offeredCredentials != nil }

  /// The same credentials until a description with them is applied.
  mutating func prepareCredentials() -> ICECredentials {
    let credentials = preparedCredentials ?? transport.makeCredentials()
    preparedCredentials = credentials
    return credentials
  }

  /// Restarts the agent when the description states the credentials that were prepared.
  mutating func restartICE(ifAskedBy change: DescriptionChange, at now: Instant) {
    guard let preparedCredentials, let description = change.sessionDescription,
      description.iceCredentials.contains(preparedCredentials)
    else { return }
    self.preparedCredentials = nil
    transport.restart(with: preparedCredentials, at: now, into: &transportOutput)
  }

  mutating func cancelICERestart(at now: Instant) {
    transport.cancelRestart(at: now, into: &transportOutput)
    addEarlyCandidates(at: now)
  }

  /// The new credentials of a remote offer that restarts ICE.
  private var offeredCredentials: ICECredentials? {
    guard let remoteCredentials, let offered = signaling.pendingRemote?.iceCredentials,
      !offered.contains(remoteCredentials)
    else { return nil }
    return offered.first
  }

  /// The generation of a candidate that is not the agent's; before the first answer there is but one.
  private func otherGeneration(_ stated: String?) -> String? {
    guard let remoteCredentials else { return nil }
    let ufrag = stated ?? (offeredCredentials ?? remoteCredentials).ufrag
    return ufrag == transport.ice.remoteCredentials?.ufrag ? nil : ufrag
  }
}

/// Candidates that came before the description whose credentials they name.
struct EarlyCandidates {
  private var entries: [(ufrag: String, candidate: Candidate?)] = []
  private static let limit = 64

  /// Keeps a candidate, or with `nil` that there are no more; of too many the oldest goes.
  mutating func insert(_ candidate: Candidate?, ufrag: String) {
    if entries.count == Self.limit { entries.removeFirst() }
    entries.append((ufrag, candidate))
  }

  /// Gives up what belongs to a generation, in the order in which it came.
  mutating func take(ufrag: String) -> [Candidate?] {
    let found = entries.filter { $0.ufrag == ufrag }.map(\.candidate)
    entries.removeAll { $0.ufrag == ufrag }
    return found
  }
}

extension SessionDescription {
  /// The credentials of the sections in use, in order; sections of one transport state the same.
  var iceCredentials: [ICECredentials] {
    media.filter { !$0.isRejected }.compactMap { section in
      guard let ufrag = iceUfrag(of: section), let password = icePwd(of: section) else { return nil }
      return ICECredentials(ufrag: ufrag, password: password)
    }
  }
}
