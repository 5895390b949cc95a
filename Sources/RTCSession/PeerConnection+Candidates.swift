import RTCPrimitives
import RTCTransport
import RTCWire

/// Candidates that trickle, each to the generation of credentials that it belongs to, and ICE restarts.
///
/// - SeeAlso: RFC 8838 §4.1, RFC 8839 §4.4.3
extension PeerConnection {
  /// Whether candidates may be told one by one: this endpoint does so, and its peer understands it.
  ///
  /// Before the first answer it is taken for granted, as between the ends of one application. To a peer that does not
  /// say `trickle` descriptions are told complete from then on (RFC 8838 §3).
  public var mayTrickle: Bool { configuration.trickles && remoteICEOptions?.contains("trickle") ?? true }

  /// Learns a candidate that trickled in, or with an empty text that there are no more, by the rules of the W3C.
  ///
  /// - Throws: `PeerConnectionError`, named as the W3C names it.
  /// - SeeAlso: W3C webrtc-pc `addIceCandidate()`
  public mutating func addICECandidate(
    _ candidate: ICECandidateInit, at now: Instant, into output: inout Output<Event>
  ) throws(PeerConnectionError) {
    guard candidate.mid != nil || candidate.sectionIndex != nil || candidate.text.isEmpty else {
      throw .candidate(.namesNoSection)
    }
    guard signaling.state != .closed, let remote = signaling.remote else {
      throw .invalidState(InvalidStateError(state: signaling.state, operation: "add a candidate"))
    }
    let sections = try sections(of: candidate, in: remote)
    var parsed: ICECandidate?
    if !candidate.text.isEmpty {
      parsed = try? ICECandidate(parsing: candidate.text)
      guard parsed != nil else { throw .candidate(.malformed(candidate.text)) }
    }
    let stated = candidate.ufrag ?? parsed?.ufrag
    if let stated {
      let known = sections.flatMap { section in
        [signaling.pendingRemote, signaling.currentRemote].compactMap { $0?.iceUfrag(ofSectionLike: section) }
      }
      guard known.contains(stated) else { throw .candidate(.unknownUfrag(stated)) }
    }
    guard let parsed else { return remoteCandidatesEnded(ufrag: stated, at: now, into: &output) }
    add(parsed, ufrag: stated, at: now, into: &output)
  }

  /// The remote sections that a candidate may be meant for; the end of candidates without a section means all of them.
  private func sections(
    of candidate: ICECandidateInit, in remote: SessionDescription
  ) throws(PeerConnectionError) -> [MediaDescription] {
    if let mid = candidate.mid {
      guard let section = remote.media.first(where: { $0.attributes.mid == mid }) else {
        throw .candidate(.unknownMid(mid))
      }
      return [section]
    }
    guard let index = candidate.sectionIndex else { return remote.media }
    guard remote.media.indices.contains(index) else {
      throw .candidate(.noSuchSection(index, count: remote.media.count))
    }
    return [remote.media[index]]
  }

  /// Learns a candidate that trickled in, whichever section it names.
  ///
  /// One that does not state its generation belongs to the latest remote description. Those of a restart that is not
  /// agreed yet wait for it.
  public mutating func addRemoteCandidate(_ candidate: ICECandidate, at now: Instant, into output: inout Output<Event>)
  {
    add(candidate, ufrag: candidate.ufrag, at: now, into: &output)
  }

  private mutating func add(
    _ candidate: ICECandidate, ufrag: String?, at now: Instant, into output: inout Output<Event>
  ) {
    guard let parsed = Candidate(candidate) else { return }
    if let ufrag = otherGeneration(ufrag) {
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

  /// The host is in another network from now on, where these are its sockets; `restartICE()` is to follow.
  ///
  /// - SeeAlso: RFC 8445 §9
  public mutating func changeHosts(to hosts: [Endpoint], at now: Instant, into output: inout Output<Event>) {
    transport.changeHosts(to: hosts, at: now, into: &transportOutput)
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

/// A candidate as an application passes it on.
///
/// - SeeAlso: W3C webrtc-pc `RTCIceCandidateInit`
public struct ICECandidateInit: Hashable, Sendable {
  /// `candidate:…`, or nothing when there are no more.
  public var text: String
  public var mid: String?
  /// Counted from 0; `mid` goes first.
  public var sectionIndex: Int?
  /// The generation that it belongs to, where the text does not state it.
  public var ufrag: String?

  public init(_ text: String, mid: String? = nil, sectionIndex: Int? = nil, ufrag: String? = nil) {
    self.text = text
    self.mid = mid
    self.sectionIndex = sectionIndex
    self.ufrag = ufrag
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
  /// The user name fragment of the section with the same tag; one that leaves it to the bundle has the bundle's.
  fileprivate func iceUfrag(ofSectionLike section: MediaDescription) -> String? {
    guard let own = media.first(where: { $0.attributes.mid == section.attributes.mid }) else { return nil }
    return iceUfrag(of: own) ?? iceCredentials.first?.ufrag
  }

  /// The credentials of the sections in use, in order; sections of one transport state the same.
  var iceCredentials: [ICECredentials] {
    media.filter { !$0.isRejected }.compactMap { section in
      guard let ufrag = iceUfrag(of: section), let password = icePwd(of: section) else { return nil }
      return ICECredentials(ufrag: ufrag, password: password)
    }
  }
}
