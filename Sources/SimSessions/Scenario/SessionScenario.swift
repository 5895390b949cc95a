import RTCPrimitives
import RTCSession
import RTCTransport
import SimNodes
import SimNetwork

/// How much of a packet exists: all its bytes, or a prefix and a count.
public enum Fidelity: String, Hashable, Sendable, CaseIterable {
  /// `wire` unless the planned number of packets is large.
  case auto
  case wire, model
}

/// Where frames come from: the codec libraries, or models of what they produce.
public enum MediaFidelity: String, Hashable, Sendable, CaseIterable {
  case modelled, real
}

/// Which candidates may be used.
///
/// - SeeAlso: W3C webrtc-pc `RTCIceTransportPolicy`
public enum ICETransportPolicy: String, Hashable, Sendable, CaseIterable {
  case all, relay
}

/// People in a WebRTC session.
public struct SessionScenario: Hashable, Sendable {
  /// A name of `Topologies`.
  public var topology: String
  public var participants: Int
  /// Virtual time after the last join.
  public var duration: Duration
  /// Time between two joins.
  public var joinInterval: Duration
  public var fidelity: Fidelity
  public var media: MediaFidelity
  /// Everybody who has no entry in `clients`.
  public var client: ClientProfile
  /// The first participants, in the order of joining; at most as many as `participants`.
  public var clients: [ClientProfile]
  /// `nil` when nobody sends video.
  public var video: VideoProfile?
  /// `nil` when nobody sends audio.
  public var audio: AudioProfile?
  /// A name of `CongestionControllers`, whose rates everybody's encoders follow; `nil` for fixed rates.
  public var congestionControl: String?
  /// A name of `VideoAdaptations`: how pictures follow congestion control; `nil` for the first, and without control.
  public var adaptation: String?
  /// What goes on data channels; `nil` when there are none.
  public var data: DataSettings?
  /// The SFU or MCU.
  public var server: ServerProfile
  /// The site of the signaling server.
  public var signalingSite: String
  /// How signaling travels, and what goes wrong with it.
  public var signaling: SignalingSettings
  /// Whether everybody's channel to the signaling server is open before the call.
  public var isSignalingConnected: Bool
  /// How long people and applications take.
  public var people: HumanDelays
  /// The site of the STUN server; `nil` for none.
  public var stunSite: String?
  /// `nil` for no TURN server.
  public var turn: TURNProfile?
  /// TCP that shares people's access links.
  public var crossTraffic: [SessionCrossTraffic]
  /// What goes wrong in the network, and when.
  public var faults: [ScheduledFault]
  public var iceTransportPolicy: ICETransportPolicy
  public var ice: ICESettings
  /// Which sections of everybody's offers are only for the bundle.
  public var bundlePolicy: BundlePolicy
  /// In the order of preference; at least one.
  public var srtpProfiles: [SRTPProfile]
  public var mixing: MixingProfile
  /// What an SFU selects, where that is said; `forwarding` is what holds.
  public var sfu: ForwardingProfile?
  public var costs: CostFile
  public var prices: PriceList

  /// The client that joins as number `index`.
  public func client(at index: Int) -> ClientProfile { index < clients.count ? clients[index] : client }

  /// What everybody captures and sends.
  public var kinds: [MediaKind] { (audio == nil ? [] : [.audio]) + (video == nil ? [] : [.video]) }

  /// Whether TURN may be reached over TCP or TLS, for which every byte must exist.
  public var usesStreams: Bool { turn.map { $0.transports != [.udp] } ?? false }

  /// Who connects to whom in this scenario's topology.
  public var plan: SessionPlan {
    let people = (0..<participants).map { Participant(index: $0, kinds: kinds) }
    guard let named = Topologies.named(topology) else { preconditionFailure("a scenario's topology exists") }
    guard named is Mixing else { return named.plan(for: people) }
    return Mixing(layout: mixing.layout).plan(for: people)
  }

  /// What work costs when `profile` was negotiated; two equal peers negotiate the first.
  public func processorCosts(_ profile: SRTPProfile) -> MeasuredCosts {
    costs.costs(video: video?.codec, audio: audio?.codec, srtp: profile)
  }
}

/// One person's machine and access.
public struct ClientProfile: Hashable, Sendable {
  public var site: String
  public var cores: Int
  /// From the home to the site; the delay is one-way.
  public var uplink: Link.Configuration
  public var downlink: Link.Configuration
  /// NATs, or a firewall that has the name of an access; `nil` for nothing in the way.
  public var nat: AccessBehavior?
  public var firewall: Firewall.Policy?
  public var addressFamily: AddressFamilies
  public var camera = CameraPermission.granted
  public var page = PageOrigin.https
  /// The names of the codecs that it has, as in `a=rtpmap`; `nil` for all that there are.
  public var codecs: [String]?

  /// The firewall that there is, by whichever of the two it was given.
  public var barrier: Firewall.Policy? { nat?.firewall ?? firewall }
}

/// What a camera captures and how it is encoded.
public struct VideoProfile: Hashable, Sendable {
  /// A name of the video codecs, as in `a=rtpmap`.
  public var codec: String
  public var width: Int
  public var height: Int
  /// Pictures per second.
  public var frameRate: Int
  /// Target of the encoder: codec payload, without any header.
  public var bitrate: DataRate
  /// Whether nobody has chosen the bitrate.
  var hasUsualBitrate = false
  /// A Y4M file to be captured instead of the synthetic camera.
  public var file: MediaFile?

  /// Luma samples of one picture.
  public var pixels: Int { width * height }
}

/// What a microphone captures and how it is encoded.
public struct AudioProfile: Hashable, Sendable {
  /// A name of the audio codecs, as in `a=rtpmap`.
  public var codec: String
  /// Target of the encoder: codec payload, without any header.
  public var bitrate: DataRate
  /// A WAV file to be captured instead of the synthetic speech.
  public var file: MediaFile?
}

/// The SFU's or MCU's machine.
public struct ServerProfile: Hashable, Sendable {
  public var site: String
  public var cores: Int
  /// Rate of its network interface in each direction; `nil` for no limit.
  public var nic: DataRate?
  /// Of its link, one-way, in each direction.
  public var delay: Duration
  /// In front of its interface, in each direction.
  public var queue: Link.QueueLimit
}

/// A TURN server with one long-term credential.
public struct TURNProfile: Hashable, Sendable {
  public var site: String
  public var username: String
  public var password: String
  /// What the clients were told, where that is not the server's password.
  public var clientPassword: String?
  /// How many there are: all clients ask all of them, and keep what the others lend in reserve.
  public var servers = 1
  /// Over what clients reach it, in the order in which they ask; at least one.
  public var transports: [RelayProtocol] = [.udp]
  /// Of which families each client asks for an address: of its own alone, or of both.
  public var isDualStack = false
  /// How many allocations a server lends in all, for all clients have one name; `nil` for no limit.
  public var quota: Int?
  /// How much one allocation may relay each way, payload; `nil` for no limit.
  public var bandwidth: DataRate?
  /// How long an allocation lives without a Refresh.
  public var lifetime = TURN.defaultAllocationLifetime
  public var nonceLifetime = TURN.nonceLifetime
  /// A crash of the first server.
  public var outage: TURNOutage?

  /// What the servers are told.
  func serverConfiguration(relayAddresses: [IPAddress]) -> TURNServer.Configuration {
    TURNServer.Configuration(
      realm: "rtcsim.example", passwords: [username: password], relayAddresses: relayAddresses,
      defaultLifetime: lifetime, maximumLifetime: max(lifetime, TURN.maximumAllocationLifetime),
      nonceLifetime: nonceLifetime, allocationsPerUser: quota, ratePerAllocation: bandwidth)
  }
}

/// A TURN server crashes and forgets everything.
public struct TURNOutage: Hashable, Sendable {
  /// After the beginning of the run.
  public var begin: Duration
  /// Until it runs again; `nil` for never.
  public var length: Duration?
}

/// What the MCU sends.
public struct MixingProfile: Hashable, Sendable {
  public var layout: MixingLayout
  /// Of the composed picture.
  public var width: Int
  public var height: Int
}
