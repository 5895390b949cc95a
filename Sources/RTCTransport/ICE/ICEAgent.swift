public import RTCPrimitives
import RTCWire

/// A full ICE agent for one component of one data stream: everything is bundled and multiplexed.
///
/// A session gives it datagrams and time, signals the candidates that it gathers, and sends its media through it:
/// ```swift
/// var agent = ICEAgent(ICEConfiguration(hosts: [host]), role: .controlling, entropy: entropy)
/// agent.start(at: now, into: &output)                       // .candidateGathered(…)
/// agent.setRemote(ufrag: "…", password: "…", at: now, into: &output)
/// agent.addRemote(candidate, at: now, into: &output)        // .checkSent, .selectedPair, .stateChanged(.connected)
/// ```
/// - SeeAlso: RFC 8445 (ICE), RFC 8838 (trickle), RFC 8863 (patience), RFC 7675 (consent)
/// - Note: ICE-TCP, mDNS names, more than one component, and two lite agents that talk to each other are left out.
public struct ICEAgent: ~Copyable, ProtocolCore {
  public internal(set) var configuration: ICEConfiguration
  public internal(set) var role: ICERole
  public internal(set) var state = State.new
  /// The credentials of the present generation, to be signalled.
  public internal(set) var localCredentials: ICECredentials
  public internal(set) var remoteCredentials: ICECredentials?
  public internal(set) var localCandidates: [Candidate] = []
  public internal(set) var remoteCandidates: [Candidate] = []
  public internal(set) var isGatheringCompleted = false
  public internal(set) var discarded = DiscardStatistics()
  /// How often another pair was selected (`transport.selectedCandidatePairChanges`).
  public internal(set) var selectedCandidatePairChanges = 0
  public internal(set) var nextTimeout: Instant?

  /// Whether the peer only answers checks (`a=ice-lite`).
  public internal(set) var isRemoteLite = false

  var entropy: EntropySource
  var tieBreaker: UInt64
  var foundations = FoundationTable()
  var checklist = Checklist()
  /// How many restarts led to the present credentials.
  public internal(set) var generation = 0
  /// The credentials of the selected pair while a restart has not led to another.
  var previousLocal: ICECredentials?
  var previousRemote: ICECredentials?
  /// What the generation before a restart was, until the peer agrees to the restart.
  var superseded: Superseded?
  var hasRemoteEnded = false

  var requests: [ICERequest] = []
  var triggered: [CandidatePair.ID] = []
  var pendingQueries: [Query] = []
  var relays: [Relay] = []
  /// What a TURN client wants done, emptied after every call.
  var relayOutput = Output<TURNClient.Event>()
  /// Sockets whose network is gone, by their index.
  var lostHosts: Set<Int> = []
  /// The rank of each socket, 0 for the most preferred one.
  var hostRanks: [Int] = []
  var isGathering = false
  var gatheringDeadline: Instant?
  /// When the next server may be asked and the next check be sent; each keeps its own `Ta`.
  ///
  /// RFC 8445 §14 has one pace for all transactions of an agent. libwebrtc gathers by timers of its own, apart from its
  /// checks, and with trickling one pace would hold up the first check by a `Ta` for each server that is yet to be asked.
  var nextQuery = Instant.start
  var nextCheck = Instant.start
  var keptAlive: [Keepalive] = []
  var nextKeepalive: Instant?
  /// Until then the agent does not fail; `nil` before checks may begin and when patience has ended.
  var patienceEnds: Instant?
  var isPatient = true

  /// Index of the nominated pair, which may still be of the generation before a restart.
  var selected: Int?
  var isNominationUnderWay = false
  var firstValidAt: Instant?
  var nominationDue: Instant?
  /// Data leaves through this pair: the selected one, before nomination the best valid one.
  var sending: Path?
  /// What of a DTLS handshake travels in checks; `nil` when nothing does.
  var embedding: Embedding?
  /// Handshake packets that would have travelled in checks, had the peer been able to read them.
  var unembedded: [[UInt8]] = []
  /// The pair that data came through last, which it most likely does next.
  var receiving: Int?
  /// Where data of earlier generations may come from: a peer is free to send on any pair that passed a check, and goes
  /// on doing so until a restart has found it another (RFC 8445 §9, §12.2).
  var olderPaths: [OpenPath] = []
  var consent: Consent?
  var renewal: Renewal?

  /// A server that waits for its turn to be asked.
  enum Query: Hashable, Sendable {
    case binding(base: Int, server: Endpoint)
    case relay(Int)
  }

  /// A mapping of a NAT that is kept open until a pair is nominated.
  struct Keepalive: Hashable, Sendable {
    var base: Int
    var server: Endpoint
  }

  /// A way on which the peer was authenticated.
  struct OpenPath: Hashable, Sendable {
    var base: Endpoint
    var remote: Endpoint
  }

  /// Where datagrams of a pair go, looked up once for many packets.
  struct Path: Hashable, Sendable {
    var index: Int
    var base: Endpoint
    var remote: Endpoint
    var relay: Int?
  }

  /// An idle agent with fresh credentials.
  ///
  /// - Parameter role: the offerer's agent is controlling (RFC 8445 §6.1.1).
  public init(_ configuration: ICEConfiguration, role: ICERole, entropy: EntropySource) {
    self.configuration = configuration
    self.role = role
    self.entropy = entropy
    localCredentials = ICECredentials(using: &self.entropy)
    tieBreaker = self.entropy.next()
    embedding = configuration.embedsHandshake ? Embedding() : nil
  }

  /// The pairs of all generations that are still in use, by falling priority.
  public var pairs: [CandidatePair] { checklist.order(role: role).map { checklist.pairs[$0] } }

  /// The nominated pair that media goes through.
  public var selectedPair: CandidatePair? { selected.map { checklist.pairs[$0] } }

  /// The latest round-trip time of the path that data takes.
  public var roundTripTime: Duration? {
    sending.flatMap { checklist.pairs[$0.index].statistics.currentRoundTripTime }
  }

  /// Takes another role, when the session learns late who the offerer is.
  public mutating func setRole(_ role: ICERole) { self.role = role }

  /// Learns that the peer is lite: a full agent is then controlling, whoever offered, and nominates regularly.
  ///
  /// - SeeAlso: RFC 8445 §6.1.1
  public mutating func setRemoteLite() {
    guard !configuration.isLite else { return }
    isRemoteLite = true
    role = .controlling
  }

  /// Learns the peer's credentials; from now on checks are sent.
  ///
  /// A changed fragment or password means that the peer restarted: call `restart` before.
  public mutating func setRemote(
    ufrag: String, password: String, at now: Instant, into output: inout Output<Event>
  ) {
    let credentials = ICECredentials(ufrag: ufrag, password: password)
    guard state != .closed, credentials != remoteCredentials else { return }
    remoteCredentials = credentials
    superseded = nil
    patienceEnds = now + configuration.patience
    isPatient = true
    advance(at: now, into: &output)
  }

  /// Learns a candidate of the peer; the same candidate twice changes nothing, and those beyond a hundred are counted only.
  public mutating func addRemote(_ candidate: Candidate, at now: Instant, into output: inout Output<Event>) {
    guard state != .closed, candidate.component == 1, candidate.address.port != 0 else { return }
    var candidate = candidate
    candidate.base = candidate.address
    if let known = remoteCandidates.firstIndex(where: { $0.address == candidate.address }) {
      upgradeRemote(at: known, to: candidate)
    } else {
      guard remoteCandidates.count < Checklist.remoteCandidateLimit else { return discarded.excessCandidates += 1 }
      remoteCandidates.append(candidate)
      if mayFormPairs { formPairs(withRemote: candidate, at: now, into: &output) }
    }
    advance(at: now, into: &output)
  }

  /// Learns that the peer has no more candidates (`a=end-of-candidates`).
  public mutating func remoteCandidatesEnded(at now: Instant, into output: inout Output<Event>) {
    hasRemoteEnded = true
    advance(at: now, into: &output)
  }

  /// Ends everything; relayed addresses are given back.
  public mutating func close(at now: Instant, into output: inout Output<Event>) {
    guard state != .closed else { return }
    requests.removeAll()
    triggered.removeAll()
    pendingQueries.removeAll()
    sending = nil
    consent = nil
    isGathering = false
    gatheringDeadline = nil
    nextKeepalive = nil
    releaseRelays(at: now, into: &output)
    setState(.closed, into: &output)
    nextTimeout = nextRelayTimeout
  }

  public mutating func handle(_ datagram: borrowing Datagram, at now: Instant, into output: inout Output<Event>) {
    _ = receive(datagram, at: now, into: &output)
  }

  public mutating func handleTimeout(at now: Instant, into output: inout Output<Event>) {
    guard let due = nextTimeout, due <= now else { return }
    handleRequestDeadlines(at: now, into: &output)
    handleConsentTimeout(at: now, into: &output)
    handleGatheringTimeout(at: now, into: &output)
    advance(at: now, into: &output)
  }

  /// Whether a pair of the present generation was nominated, so that no more pairs are formed or checked.
  var isConcluded: Bool { selected.map { checklist.pairs[$0].generation == generation } ?? false }

  /// An agent that checks continually takes a better pair whenever it comes.
  var mayFormPairs: Bool { !isConcluded || configuration.checking.isContinual }

  var areChecksAllowed: Bool {
    switch state {
    case .failed, .closed: false
    case .new, .checking, .connected, .completed, .disconnected: remoteCredentials != nil && !configuration.isLite
    }
  }

  mutating func setState(_ new: State, into output: inout Output<Event>) {
    guard state != new else { return }
    state = new
    output.emit(.stateChanged(new))
  }

  mutating func setPairState(_ new: CandidatePair.State, at index: Int, into output: inout Output<Event>) {
    guard checklist.pairs[index].state != new else { return }
    checklist.pairs[index].state = new
    output.emit(.pairStateChanged(checklist.pairs[index].id, new))
  }

  /// Does what the last change made possible: nominates, sends what pacing allows, fails or completes, sets the timer.
  mutating func advance(at now: Instant, into output: inout Output<Event>) {
    guard state != .closed else {
      // What TURN servers lent is still being given back.
      nextTimeout = nextRelayTimeout
      return
    }
    beginChecking(into: &output)
    followRenewal(at: now, into: &output)
    nominateIfDue(at: now, into: &output)
    paceQueries(at: now, into: &output)
    paceChecks(at: now, into: &output)
    finishGatheringIfDone(at: now, into: &output)
    completeOrFail(at: now, into: &output)
    nextTimeout = earliestTimeout()
  }

  private mutating func beginChecking(into output: inout Output<Event>) {
    if state == .new, remoteCredentials != nil, !checklist.pairs.isEmpty { setState(.checking, into: &output) }
  }

  /// Gives up: nothing is checked, answered or sent until a restart.
  mutating func fail(into output: inout Output<Event>) {
    requests.removeAll()
    triggered.removeAll()
    consent = nil
    renewal = nil
    sending = nil
    nominationDue = nil
    setState(.failed, into: &output)
  }

  /// Completed when nothing is left to do after the nomination; failed when nothing is left to hope for.
  private mutating func completeOrFail(at now: Instant, into output: inout Output<Event>) {
    switch state {
    case .connected:
      if isConcluded, isGatheringCompleted, hasRemoteEnded { setState(.completed, into: &output) }
    case .new, .checking:
      if let due = patienceEnds, due <= now {
        patienceEnds = nil
        isPatient = false
      }
      if !isPatient, checklist.pairs.allSatisfy({ $0.state == .failed }) { fail(into: &output) }
    case .completed, .disconnected, .failed, .closed: break
    }
  }

  private func earliestTimeout() -> Instant? {
    guard state != .closed else { return nil }
    var earliest = Instant.distantFuture
    for request in requests { earliest = min(earliest, request.deadline) }
    if !pendingQueries.isEmpty { earliest = min(earliest, nextQuery) }
    if let checkDue { earliest = min(earliest, checkDue) }
    if let due = nominationDue { earliest = min(earliest, due) }
    if let consent { earliest = min(earliest, min(consent.nextCheck, consent.expiry)) }
    if let renewal { earliest = min(earliest, renewal.deadline) }
    if let gatheringDeadline { earliest = min(earliest, gatheringDeadline) }
    if let nextKeepalive { earliest = min(earliest, nextKeepalive) }
    if let patienceEnds, state == .new || state == .checking { earliest = min(earliest, patienceEnds) }
    for relay in relays { if let due = relay.client.nextTimeout { earliest = min(earliest, due) } }
    return earliest == .distantFuture ? nil : earliest
  }
}
