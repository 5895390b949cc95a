public import RTCPrimitives
public import RTCWire

extension ICEAgent {
  /// The state of the transport, under its W3C name (`RTCIceTransportState`).
  ///
  /// ```
  ///            setRemote, addRemote,          a pair               nominated, gathered,
  ///            first check heard              succeeded            remoteCandidatesEnded
  ///     new ────────────────────► checking ──────────► connected ────────────────────► completed
  ///                                  │ all pairs          │  ▲ consent checks              │
  ///                                  │ failed             │  │ answered again              │
  ///                                  ▼                    ▼  │                             │
  ///   closed ◄── close ── any      failed ◄─────────── disconnected ◄──────────────────────┘
  ///                          consent expired            consent checks unanswered
  /// ```
  /// `restart` leads from `completed` to `connected`, and from `disconnected` and `failed` to `checking`. Back to
  /// `checking` leads also the loss of the only valid pair before a nomination.
  public enum State: String, Hashable, Sendable {
    case new
    case checking
    case connected
    case completed
    case disconnected
    case failed
    case closed
  }

  /// What an agent has to tell; in order, so that a ladder diagram can be drawn from it.
  public enum Event: Hashable, Sendable {
    /// A local candidate to be signalled to the peer.
    case candidateGathered(Candidate)
    /// All local candidates were gathered (`a=end-of-candidates`).
    case gatheringCompleted
    indirect case pairFormed(CandidatePair)
    case pairStateChanged(CandidatePair.ID, CandidatePair.State)
    case checkSent(Check)
    case checkReceived(Check)
    case checkSucceeded(Check, roundTripTime: Duration)
    /// Asks whether the peer still wants to receive (RFC 7675 §5.1).
    case consentRequested(Check)
    case consentConfirmed(Check, roundTripTime: Duration)
    /// A packet of the DTLS handshake came in a check or an answer (draft-hancke-webrtc-sped-00).
    case handshakeReceived([UInt8])
    /// The roles were exchanged to repair a conflict (RFC 8445 §7.3.1.1).
    case roleChanged(ICERole)
    /// Media goes through this pair from now on.
    indirect case selectedPair(CandidatePair)
    case stateChanged(State)
    /// Nothing is wanted any more of a TURN server that was reached over TCP or TLS: what is transmitted to it until now
    /// is to be sent, and the connection to be closed.
    case relayConnectionUnused(base: Endpoint, server: Endpoint)
    /// The peer no longer consents to receive; nothing is sent any more (RFC 7675 §5.1).
    case consentExpired(CandidatePair.ID)
    /// A TURN server lends no address, or no longer; `TURNError.timeout` also where gathering did not wait any longer.
    case relayFailed(server: Endpoint, RelayProtocol, TURNError)
  }

  /// One connectivity check on its way between two transport addresses.
  public struct Check: Hashable, Sendable {
    public let pair: CandidatePair.ID
    /// The base or relayed address of this agent.
    public let local: Endpoint
    public let remote: Endpoint
    public let transactionID: TransactionID
    /// With USE-CANDIDATE.
    public let isNominating: Bool
    /// 1 for the first transmission.
    public let transmission: Int
  }

  /// Datagrams that came to nothing, by reason.
  public struct DiscardStatistics: Hashable, Sendable {
    /// No STUN message, or one that cannot be parsed.
    public internal(set) var malformed = 0
    /// A wrong user name or MESSAGE-INTEGRITY.
    public internal(set) var unauthenticated = 0
    /// A wrong FINGERPRINT, or none between agents (RFC 8489 §7).
    public internal(set) var badFingerprint = 0
    /// A response with attributes that must be understood and are not (RFC 8489 §6.3.3, §6.3.4).
    public internal(set) var notUnderstood = 0
    /// A response to no request of ours.
    public internal(set) var unmatched = 0
    /// Candidates of the peer, signalled or seen in its checks, beyond what is kept of one generation.
    public internal(set) var excessCandidates = 0
    /// Data from an address that never passed a check.
    public internal(set) var unknownSource = 0
    /// What the caller wanted to send while no pair could carry it.
    public internal(set) var unsendable = 0
  }
}
