public import RTCPrimitives

/// A packet that left, as congestion control counts it.
public struct SentPacket: Hashable, Sendable {
  /// Its transport-wide sequence number, which here only grows.
  public var number: Int64
  /// With every header down to IP, because these use the path, too.
  public var size: DataSize
  public var sentAt: Instant
  /// The cluster of probes that it belongs to, if any.
  public var probe: ProbeCluster.ID?

  public init(number: Int64, size: DataSize, sentAt: Instant, probe: ProbeCluster.ID? = nil) {
    self.number = number
    self.size = size
    self.sentAt = sentAt
    self.probe = probe
  }
}

/// What the receiver says of one packet.
public struct PacketResult: Hashable, Sendable {
  public var packet: SentPacket
  /// On the receiver's clock, which has an offset of its own; `nil` for a packet that did not arrive.
  public var receivedAt: Duration?

  public init(packet: SentPacket, receivedAt: Duration?) {
    self.packet = packet
    self.receivedAt = receivedAt
  }
}

/// One transport-wide feedback, joined with what was sent.
///
/// - SeeAlso: draft-holmer-rmcat-transport-wide-cc-extensions-01
public struct PacketFeedback: Hashable, Sendable {
  /// When it came.
  public var arrivedAt: Instant
  /// In order of their numbers; each packet is told of as received once at most.
  public var results: [PacketResult]
  /// What was sent and has not been told of, after this feedback.
  public var bytesInFlight: DataSize

  public init(arrivedAt: Instant, results: [PacketResult], bytesInFlight: DataSize) {
    self.arrivedAt = arrivedAt
    self.results = results
    self.bytesInFlight = bytesInFlight
  }
}

/// A few packets that are to leave at a higher rate, to see whether the path carries it.
public struct ProbeCluster: Hashable, Sendable {
  public struct ID: Hashable, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }
  }

  public var id: ID
  public var rate: DataRate
  /// It ends when as much has been sent as this time holds at `rate`, and at least this many packets.
  public var duration: Duration
  public var packets: Int

  public init(id: ID, rate: DataRate, duration: Duration, packets: Int) {
    self.id = id
    self.rate = rate
    self.duration = duration
    self.packets = packets
  }
}

/// What a congestion controller decides.
public struct CongestionDecision: Hashable, Sendable {
  /// For everything that is sent: media, repair and every header down to IP.
  public var target: DataRate
  /// How fast packets that wait may leave.
  public var pacingRate: DataRate
  /// How much of what waits may leave at once: what the pacing rate sends in this time. libwebrtc's, unless a controller wants
  /// less.
  public var pacingBurst = Duration.milliseconds(40)
  /// Up to which rate padding is to be sent where media does not fill it.
  public var paddingRate: DataRate
  /// The most that may be in flight; `nil` for no limit.
  public var congestionWindow: DataSize?
  /// The share of frames that the encoders are to leave out, 0 ... 1, because too much is in flight.
  public var frameReduction = 0.0
  /// The share of packets that is lost, 0 ... 1, as the codecs are to expect it.
  public var loss: Double
  public var roundTripTime: Duration?

  public init(
    target: DataRate, pacingRate: DataRate, paddingRate: DataRate = .zero, congestionWindow: DataSize? = nil,
    loss: Double = 0, roundTripTime: Duration? = nil
  ) {
    self.target = target
    self.pacingRate = pacingRate
    self.paddingRate = paddingRate
    self.congestionWindow = congestionWindow
    self.loss = loss
    self.roundTripTime = roundTripTime
  }
}

/// Between which rates a controller may choose, all of them with every header.
public struct RateLimits: Hashable, Sendable {
  public var minimum: DataRate
  public var start: DataRate
  public var maximum: DataRate

  public init(minimum: DataRate, start: DataRate, maximum: DataRate) {
    self.minimum = minimum
    self.start = start
    self.maximum = maximum
  }
}

/// Decides how fast a transport sends, from what the receiver says of its packets.
///
/// A state machine without sockets, clock or dice. It is told of every packet that leaves and of everything that the receiver
/// says; after each call its `decision` holds.
public protocol CongestionController: Sendable {
  /// - Parameter now: when media may flow.
  init(_ limits: RateLimits, at now: Instant)

  var decision: CongestionDecision { get }
  /// When `handleTimeout` wants to be called.
  var nextTimeout: Instant? { get }

  /// The encoders can use up to `total` from now on, all headers included; fewer layers or a smaller picture use less.
  mutating func setAllocated(_ total: DataRate, at now: Instant)
  /// Other limits; the estimate goes on from where it is.
  mutating func setLimits(_ limits: RateLimits, at now: Instant)
  mutating func sent(_ packet: SentPacket)
  mutating func handle(_ feedback: PacketFeedback)
  /// What a receiver report says: the share lost, 0 ... 1, of this many packets.
  mutating func handle(lossReport fraction: Double, of packets: Int, at now: Instant)
  mutating func handle(roundTripTime: Duration, at now: Instant)
  /// The receiver's own estimate (REMB).
  mutating func handle(remoteEstimate: DataRate, at now: Instant)
  mutating func handleTimeout(at now: Instant)
  /// The clusters that are to be sent now, in order; each is handed out once.
  mutating func takeProbes() -> [ProbeCluster]
}

/// The congestion controllers that there are.
public enum CongestionControllers {
  /// One of them: how it is named, and how it begins.
  public struct Entry: Sendable {
    public let name: String
    /// One line for help texts and reports.
    public let summary: String
    public let make: @Sendable (RateLimits, Instant) -> any CongestionController

    init<Controller: CongestionController>(_ name: String, _ type: Controller.Type, _ summary: String) {
      self.name = name
      self.summary = summary
      make = { Controller($0, at: $1) }
    }
  }

  /// Adding one is a file and a line here.
  public static let all = [
    Entry("fixed", FixedRate.self, "no control: the rate that is allowed, whatever happens"),
    Entry("gcc", GoogleCongestionControl.self, "Google congestion control as shipped in libwebrtc"),
    Entry("gcc-draft", GCCDraft.self, "Google congestion control as in draft-ietf-rmcat-gcc-02"),
    Entry("nada", NADA.self, "NADA (RFC 8698)"),
  ]

  public static func named(_ name: String) -> Entry? { all.first { $0.name == name } }
}
