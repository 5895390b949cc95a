public import RTCMedia
public import RTCPrimitives
public import SimNetwork
public import SimNodes
public import RTCTransport

/// One case of congestion control: two routers with a link between them, flows of media across it, and what is expected.
///
/// ```
///   senders ─┐                                      ┌─ receivers
///   TCP ─────┤ router ══ forward ═══▶ ═══════ router ├─ TCP
///            └        ◀══ backward ══               ┘
/// ```
public struct CongestionCase: Hashable, Sendable {
  /// Which way media goes.
  public enum Direction: String, Hashable, Sendable, CaseIterable {
    case forward, backward
  }

  /// One peer connection that sends media one way.
  public struct Flow: Hashable, Sendable {
    public var name: String
    public var media: FlowPeer.Media
    public var direction = Direction.forward
    /// When media begins and ends, after the beginning of the case.
    public var start = Duration.zero
    public var end: Duration
    /// What its controller may choose, all headers included.
    public var limits: RateLimits

    public init(
      _ name: String, _ media: FlowPeer.Media, direction: Direction = .forward, start: Duration = .zero,
      end: Duration, limits: RateLimits = .chromium
    ) {
      self.name = name
      self.media = media
      self.direction = direction
      self.start = start
      self.end = end
      self.limits = limits
    }
  }

  /// TCP that shares the link.
  public struct CrossFlow: Hashable, Sendable {
    public var pattern: CrossTraffic.Pattern
    public var control: TCPCongestionControl
    public var direction: Direction
    public var start: Duration
    public var end: Duration

    public init(
      _ pattern: CrossTraffic.Pattern = .bulk, _ control: TCPCongestionControl = .cubic,
      direction: Direction = .forward, start: Duration = .zero, end: Duration
    ) {
      self.pattern = pattern
      self.control = control
      self.direction = direction
      self.start = start
      self.end = end
    }
  }

  /// A part of the case with what is expected in it.
  public struct Phase: Hashable, Sendable {
    public var name: String
    public var start: Duration
    public var end: Duration
    /// What lies between `start` and here is not judged: the controller may settle.
    public var judgedFrom: Duration
    public var bands: Bands

    public init(_ name: String, from start: Duration, to end: Duration, judgedFrom: Duration, bands: Bands = Bands()) {
      self.name = name
      self.start = start
      self.end = end
      self.judgedFrom = judgedFrom
      self.bands = bands
    }
  }

  /// What is expected; what is `nil` is not judged.
  public struct Bands: Hashable, Sendable {
    /// The mean rate on the link over its capacity, IP layer.
    public var utilisation: ClosedRange<Double>?
    /// What the controllers allow in the mean, the sum over the flows, all headers included.
    public var estimate: ClosedRange<DataRate>?
    public var largestQueue: Duration?
    public var smallestJain: Double?
    /// The rate below which no flow may fall, on the wire.
    public var smallestRate: DataRate?

    public init(
      utilisation: ClosedRange<Double>? = nil, estimate: ClosedRange<DataRate>? = nil, largestQueue: Duration? = nil,
      smallestJain: Double? = nil, smallestRate: DataRate? = nil
    ) {
      self.utilisation = utilisation
      self.estimate = estimate
      self.largestQueue = largestQueue
      self.smallestJain = smallestJain
      self.smallestRate = smallestRate
    }

    public var isEmpty: Bool { self == Bands() }
  }

  public var name: String
  /// Where it comes from, and whose bands these are.
  public var source: String
  public var duration: Duration
  public var forward: Link.Configuration
  public var backward: Link.Configuration
  public var flows: [Flow]
  public var crossTraffic: [CrossFlow]
  public var phases: [Phase]

  public init(
    name: String, source: String, duration: Duration, forward: Link.Configuration, backward: Link.Configuration,
    flows: [Flow], crossTraffic: [CrossFlow] = [], phases: [Phase]
  ) {
    self.name = name
    self.source = source
    self.duration = duration
    self.forward = forward
    self.backward = backward
    self.flows = flows
    self.crossTraffic = crossTraffic
    self.phases = phases
  }
}

extension RateLimits {
  /// Chromium's: 30 kbit/s for video, a start at 300 kbit/s (`BitrateConstraints`), and no limit but the encoder's, so that the
  /// estimate may rise far above what is sent, as it was recorded to.
  public static let chromium = RateLimits(
    minimum: .kilobitsPerSecond(30), start: .kilobitsPerSecond(300), maximum: .megabitsPerSecond(1000))
}

extension Link.Configuration {
  /// The rate at this time after the beginning, of a trace its mean; `nil` for no limit.
  func rate(at time: Duration) -> DataRate? {
    let served = trace?.meanRate ?? changes.last { $0.time <= time && $0.rate != nil }?.rate ?? rate
    guard let bucket = tokenBucket?.rate else { return served }
    return served.map { min($0, bucket) } ?? bucket
  }

  /// The mean rate between two times; `nil` where there is no limit.
  func meanRate(from start: Duration, to end: Duration) -> DataRate? {
    var bits = 0.0
    var time = start
    let borders = changes.map(\.time).filter { $0 > start && $0 < end } + [end]
    for border in borders {
      guard let rate = rate(at: time) else { return nil }
      bits += Double(rate.bitsPerSecond) * (border - time).inSeconds
      time = border
    }
    guard end > start else { return rate(at: start) }
    return .bitsPerSecond(Int64((bits / (end - start).inSeconds).rounded()))
  }

  /// The same, `time` later.
  func delayed(by time: Duration) -> Link.Configuration {
    var result = self
    for index in result.changes.indices { result.changes[index].time += time }
    return result
  }
}
