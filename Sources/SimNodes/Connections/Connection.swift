import RTCPrimitives
import RTCSession
import RTCTransport
import RTCWire

/// One peer connection of a node, with what it wants done.
final class Connection {
  /// Its place among the node's connections; its port follows from it.
  let number: Int
  /// The name of the node at the other end.
  let peer: String
  /// Who gives way when offers meet: whoever was called first.
  var negotiation: PerfectNegotiation
  @exclusivity(unchecked) var core: PeerConnection
  @exclusivity(unchecked) var output = Output<PeerConnection.Event>()
  /// Packets leave in order: not before this.
  @exclusivity(unchecked) var lastDeparture = Instant.start
  /// When media could flow.
  var readyAt: Instant?
  /// Whether the description that was set last is an offer of ours, so that its candidates go with it or after it.
  var isOffering = false
  /// A description that waits for its candidates.
  var held: HeldDescription?
  /// The node's track that each transceiver feeds; −1 for none yet.
  @exclusivity(unchecked) var trackOfTransceiver: [Int] = []
  /// The kinds of media of which the first packet has left.
  @exclusivity(unchecked) var hasSent: Set<MediaKind> = []
  /// The sections of which it was told that something will come on them.
  var announcedTracks: Set<String> = []
  /// Whether the first RTCP each way was told.
  var hasNotedReports = (sent: false, received: false)
  /// Whether the association, and the first message each way, was told.
  @exclusivity(unchecked) var hasNotedAssociation = false
  var hasNotedData = (sent: false, received: false)
  /// The encoders that follow its congestion controller; none without one.
  @exclusivity(unchecked) var adapted = AdaptedStreams()
  /// What goes on its data channels.
  @exclusivity(unchecked) var dataFlows: [DataFlow] = []
  /// The channels that the peer opened.
  var announcedChannels: Set<Int> = []
  /// Whether a server forwards what comes on its data channels.
  var forwardsData = false
  /// Whether DTLS carries data, so that its records are work like packets of media.
  var carriesData: Bool { !dataFlows.isEmpty || forwardsData }

  init(number: Int, peer: String, isPolite: Bool, core: consuming PeerConnection) {
    negotiation = PerfectNegotiation(isPolite: isPolite)
    self.number = number
    self.peer = peer
    self.core = core
  }

  /// The place of the flow of a data channel.
  func flow(of channel: Int) -> Int? { dataFlows.firstIndex { $0.channel == channel } }
}

/// A description that is told when gathering has ended.
enum HeldDescription {
  case offer(SessionDescription)
  case answer(SessionDescription)
}

/// How a connection ended up, for reports.
public struct ConnectionSummary: Hashable, Sendable {
  public let node: String
  public let peer: String
  /// When media could flow; `nil` if it never could.
  public let readyAt: Instant?
  /// The kinds of the selected pair's candidates.
  public let localCandidate: String?
  public let remoteCandidate: String?
  /// Whether a TURN server lends it an address.
  public let hasRelayedCandidate: Bool
  /// SRTP master keys in hexadecimal, local and remote: key then salt.
  public let profile: String?
  public let localKey: [UInt8]
  public let remoteKey: [UInt8]
  public let outbound: [OutboundStreamStatistics]
  public let inbound: [InboundStreamStatistics]
  /// How video is coded that follows congestion control, by SSRC.
  public let encodings: [UInt32: EncodingStatistics]
  /// What congestion control allows, all headers included; `nil` without it and before media may flow.
  public let availableOutgoingBitrate: DataRate?
  /// How many data channels were opened, and how many of those are closed.
  public let dataChannelsOpened: Int
  public let dataChannelsClosed: Int

  init(_ connection: Connection, of node: String, at now: Instant) {
    self.node = node
    peer = connection.peer
    readyAt = connection.readyAt
    let pair = connection.core.transport.ice.selectedPair
    localCandidate = pair?.local.kind.rawValue
    remoteCandidate = pair?.remote.kind.rawValue
    hasRelayedCandidate = connection.core.transport.ice.localCandidates.contains { $0.kind == .relayed }
    let keys = connection.core.transport.keys
    profile = keys?.profile.description
    localKey = keys.map { $0.local.key + $0.local.salt } ?? []
    remoteKey = keys.map { $0.remote.key + $0.remote.salt } ?? []
    outbound = connection.core.transceivers.flatMap { $0.senders.map(\.statistics) }
    inbound = connection.core.transceivers.flatMap { $0.receivers.compactMap { $0?.statistics(at: now) } }
    encodings = connection.adapted.statistics(of: connection.core, at: now)
    availableOutgoingBitrate = connection.core.control?.decision?.target
    (dataChannelsOpened, dataChannelsClosed) = connection.core.dataChannelCounts
  }
}
