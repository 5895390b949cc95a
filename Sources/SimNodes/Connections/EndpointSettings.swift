public import RTCMedia
import RTCPrimitives
import RTCSession
import RTCTransport
import RTCWire

/// What the connections of one node have in common.
public struct EndpointSettings: Sendable {
  /// The node's own addresses, the preferred one first.
  public var addresses: [IPAddress]
  public var stunServers: [Endpoint]
  public var turnServers: [ICEConfiguration.TURNServer]
  public var transportPolicy: ICEConfiguration.TransportPolicy
  public var ice = ICESettings()
  /// Which sections of its offers are only for the bundle.
  public var bundlePolicy = BundlePolicy.maxCompat
  /// Whether this node's agents are lite.
  public var isICELite = false
  public var srtpProfiles: [SRTPProfile]
  /// The names of the codecs that it has, as in `a=rtpmap`; `nil` for all that there are.
  public var codecs: [String]?
  /// Congestion control of what is sent; `nil` for none.
  public var congestion: CongestionSettings?
  /// How pictures follow congestion control, where there is any.
  public var videoAdaptation = VideoAdaptations.chromium
  public var fidelity: Fidelity
  public var cores: Int
  public var costs: MeasuredCosts
  /// Whether every candidate, check and datagram of the handshake becomes a milestone.
  public var isDetailed: Bool
  /// Who sees milestones while they happen.
  public var observer: (any SessionObserver)?

  public init(
    addresses: [IPAddress], stunServers: [Endpoint] = [], turnServers: [ICEConfiguration.TURNServer] = [],
    transportPolicy: ICEConfiguration.TransportPolicy = .all,
    srtpProfiles: [SRTPProfile] = [.aeadAES128GCM, .aes128CMHMACSHA1_80], fidelity: Fidelity = .wire, cores: Int = 4,
    costs: MeasuredCosts = MeasuredCosts(), isDetailed: Bool = false
  ) {
    self.addresses = addresses
    self.stunServers = stunServers
    self.turnServers = turnServers
    self.transportPolicy = transportPolicy
    self.srtpProfiles = srtpProfiles
    self.fidelity = fidelity
    self.cores = cores
    self.costs = costs
    self.isDetailed = isDetailed
    observer = nil
  }

  /// Whether it has a codec for a kind of media.
  func hasCodec(for kind: MediaKind) -> Bool {
    guard let codecs else { return true }
    return (kind == .audio ? Codecs.audio : Codecs.video).contains { codecs.contains($0.name) }
  }

  /// How long work may wait before a node drops what arrives, as a full socket buffer does; in nanoseconds.
  static let longestBacklog: Int64 = 500_000_000
}

/// One m-line that a connection is to have, as its offerer sees it.
public struct LineSettings: Hashable, Sendable {
  public var kind: MediaKind
  public var direction: MediaDirection
  /// The name of the participant whose media a receiving slot carries.
  public var source: String?
  /// How many encodings of video are sent at the same time, at most; more than one is simulcast.
  public var encodings: Int

  public init(kind: MediaKind, direction: MediaDirection, source: String? = nil, encodings: Int = 1) {
    self.encodings = encodings
    self.kind = kind
    self.direction = direction
    self.source = source
  }
}
