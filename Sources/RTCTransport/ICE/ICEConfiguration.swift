public import RTCPrimitives

/// What an ICE agent may use and how patient it is.
public struct ICEConfiguration: Sendable {
  /// Which candidates are offered and checked (RFC 9429 §4.1.1).
  public enum TransportPolicy: String, Hashable, Sendable {
    case all
    /// Only relayed candidates, so that the peer never sees a client's own address.
    case relay
  }

  /// A TURN server with long-term credentials.
  public struct TURNServer: Hashable, Sendable {
    public var endpoint: Endpoint
    public var username: String
    public var password: String
    /// How it is reached; over TCP and TLS what the agent transmits to it is a message of a stream (`Datagram.transport`).
    public var relayProtocol: RelayProtocol
    /// Whether an address of each family is asked for, so that peers of the other one can be reached (RFC 8656 §6.1).
    public var isDualStack: Bool

    public init(
      _ endpoint: Endpoint, over relayProtocol: RelayProtocol = .udp, username: String, password: String,
      isDualStack: Bool = false
    ) {
      self.isDualStack = isDualStack
      self.endpoint = endpoint
      self.relayProtocol = relayProtocol
      self.username = username
      self.password = password
    }
  }

  /// The local sockets, the preferred one first.
  public var hosts: [Endpoint]
  public var stunServers: [Endpoint]
  public var turnServers: [TURNServer]
  public var transportPolicy: TransportPolicy

  /// When which pair is checked.
  public var checking = ICEChecking.standard
  /// Whether this side only answers, as a server with a public address may (RFC 8445 §2.5).
  ///
  /// A lite agent has host candidates only, is controlled, and sends neither checks nor consent requests.
  public var isLite = false
  /// Whether checks carry the DTLS handshake (draft-hancke-webrtc-sped-00).
  public var embedsHandshake = false
  /// `Ta`: the time between two new checks, and between two servers that are asked (RFC 8445 §14.2).
  public var pacing: Duration = .milliseconds(50)
  /// How requests are repeated; the first timeout grows with the number of checks (RFC 8445 §14.3).
  public var checkSchedule = STUNTransaction.Schedule()
  /// Servers that have not answered by then are given up, so that gathering ends.
  public var gatheringLimit: Duration = .seconds(10)
  /// How long checks may all have failed before the agent does (RFC 8863 §4).
  public var patience: Duration = .milliseconds(39_500)
  /// How long a valid direct pair waits for a better one before it is nominated.
  public var nominationDelay: Duration = .milliseconds(200)
  /// The same for a pair with a relay, which a direct pair should beat if one comes up.
  public var relayedNominationDelay: Duration = .seconds(2)
  /// The mean time between two consent checks, varied by a fifth (RFC 7675 §5.1).
  public var consentInterval: Duration = .seconds(5)
  /// How long a peer may be silent before it has taken its consent back (RFC 7675 §5.1).
  public var consentLifetime: Duration = .seconds(30)
  /// After so many consent checks in a row without a sign of the peer the state is `disconnected`.
  public var missedConsentLimit = 2
  /// How often idle reflexive candidates are kept alive (RFC 8445 §11).
  public var keepaliveInterval: Duration = .seconds(15)

  /// What descriptions say of the agent in `a=ice-options`: `ice2` unless it nominates aggressively, which RFC 8445 agents
  /// do not do (RFC 8445 §10). libwebrtc does and says nothing.
  public var options: [String] { checking.isAggressive ? [] : ["ice2"] }

  /// The first retransmission timeout of a check: `MAX (500 ms, Ta · N · (Num-Waiting + Num-In-Progress))`.
  ///
  /// - Parameters:
  ///   - checks: how many pairs are to be checked in all (N).
  ///   - active: how many of them are waiting or in progress.
  /// - SeeAlso: RFC 8445 §14.3
  public static func checkTimeout(pacing: Duration, checks: Int, active: Int) -> Duration {
    max(.milliseconds(500), pacing * (checks * active))
  }

  public init(
    hosts: [Endpoint], stunServers: [Endpoint] = [], turnServers: [TURNServer] = [],
    transportPolicy: TransportPolicy = .all
  ) {
    self.hosts = hosts
    self.stunServers = stunServers
    self.turnServers = turnServers
    self.transportPolicy = transportPolicy
  }
}
