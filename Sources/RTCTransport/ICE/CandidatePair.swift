import RTCPrimitives
import RTCWire

/// A local and a remote candidate that may carry the media, and how far its checks have come.
///
/// - SeeAlso: RFC 8445 §6.1.2
public struct CandidatePair: Hashable, Sendable, Identifiable {
  /// A number that no other pair of the agent ever had.
  public struct ID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let number: Int

    public init(_ number: Int) { self.number = number }

    public static func < (left: ID, right: ID) -> Bool { left.number < right.number }
    public var description: String { "P\(number)" }
  }

  /// The state of a pair's connectivity check (RFC 8445 §6.1.2.6); the raw value is the name in W3C statistics.
  ///
  /// ```
  /// frozen ──unfreeze──► waiting ──sendCheck──► inProgress ──► succeeded
  ///                         ▲                       │ ├──────► failed
  ///                         └── triggered check ────┴─┘
  /// ```
  public enum State: String, Hashable, Sendable {
    case frozen
    case waiting
    case inProgress = "in-progress"
    case succeeded
    case failed
  }

  public let id: ID
  /// What the check is sent from; after success what the peer sees, which may be a reflexive candidate.
  public internal(set) var local: Candidate
  public internal(set) var remote: Candidate
  public internal(set) var state: State
  public internal(set) var isNominated = false

  /// Which credentials belong to the pair; a restart begins a new generation.
  var generation: Int
  /// The checked candidate's foundation, which stays when `local` becomes the valid pair's.
  let localFoundation: String
  /// The `PRIORITY` that checks of this pair announce.
  let checkPriority: UInt32
  /// Index into the agent's relays; `nil` when sent straight from the base.
  let relay: Int?
  /// The check that decides over the pair's state; answers to earlier ones still count when they succeed.
  var currentCheck: TransactionID?
  /// When it was checked first and last, repetitions aside.
  var firstCheck: Instant?
  var lastCheck: Instant?
  /// The peer proved with an authenticated check that it uses this path.
  var hasHeardCheck = false
  /// Whether data may come on this path: it passed a check in one of the two directions.
  var isOpen: Bool { hasHeardCheck || state == .succeeded }
  /// The peer wanted to nominate before our own check succeeded.
  var isNominatedOnSuccess = false
  /// When it was nominated last.
  var nominatedAt: Instant?
  /// Our check with USE-CANDIDATE is under way.
  var isBeingNominated = false
  /// When the peer last answered a check of ours.
  var confirmedAt: Instant?
  public internal(set) var statistics = Statistics()

  init(
    id: ID, local: Candidate, remote: Candidate, state: State = .frozen, generation: Int = 0, relay: Int? = nil
  ) {
    self.id = id
    self.local = local
    self.remote = remote
    self.state = state
    self.generation = generation
    localFoundation = local.foundation
    checkPriority = local.peerReflexivePriority
    self.relay = relay
  }

  /// The priority of the pair as the agent in `role` computes it (RFC 8445 §6.1.2.3).
  public func priority(role: ICERole) -> UInt64 {
    switch role {
    case .controlling: Self.priority(controlling: local.priority, controlled: remote.priority)
    case .controlled: Self.priority(controlling: remote.priority, controlled: local.priority)
    }
  }

  /// `2^32·min(G, D) + 2·max(G, D) + (G > D ? 1 : 0)` (RFC 8445 §6.1.2.3).
  public static func priority(controlling: UInt32, controlled: UInt32) -> UInt64 {
    let low = UInt64(min(controlling, controlled))
    let high = UInt64(max(controlling, controlled))
    return low << 32 &+ high << 1 &+ (controlling > controlled ? 1 : 0)
  }

  /// Whether both pairs are expected to share their fate.
  func hasFoundation(of other: CandidatePair) -> Bool {
    generation == other.generation && localFoundation == other.localFoundation
      && remote.foundation == other.remote.foundation
  }

  /// Whether the datagrams of both travel between the same two addresses.
  func isSamePath(base: Endpoint, remote address: Endpoint) -> Bool {
    remote.address == address && local.base == base
  }
}

extension CandidatePair: CustomStringConvertible {
  public var description: String { "\(id) \(local) – \(remote) \(state.rawValue)" }
}
