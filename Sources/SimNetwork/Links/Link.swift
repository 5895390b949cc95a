import RTCPrimitives
import SimKernel

/// What a link made of a packet.
public enum LinkVerdict: Hashable, Sendable {
  /// The last bit arrives at the other end at this time.
  case arrives(Instant)
  case dropped(DropReason)
  /// It is kept in a queue that is managed; the next of them can leave at this time, `nil` when that is known already.
  case waits(Instant?)
}

/// One direction of a link as arithmetic: a server that is busy until some time, so that a packet costs no event here.
///
/// In order: policer → drop-tail queue → CoDel → shaper → serialisation at the rate, or delivery by a trace → propagation
/// delay → jitter → loss. Only CoDel keeps packets, and costs events.
public struct Link: Sendable {
  /// How much may wait in front of a link before packets are dropped at the tail.
  public enum QueueLimit: Hashable, Sendable {
    case unlimited
    /// Bytes of IP packets that wait or are being sent.
    case size(DataSize)
    /// What the link serves in this time, at the rate that it has when a packet enters.
    case time(Duration)
  }

  /// How one direction of a link behaves.
  public struct Configuration: Hashable, Sendable {
    /// The rate at which IP packets are served; `nil` for no limit.
    public var rate: DataRate?
    public var propagationDelay: Duration
    public var queueLimit: QueueLimit
    public var loss: LossModel
    public var jitter: Jitter
    /// How rate and delay change, in the order of their times. Packets do not overtake each other when the delay shrinks.
    public var changes: [LinkChange]
    /// Takes the place of the rate, which is `nil` then and does not change.
    public var trace: DeliveryTrace?
    /// In front of the rate or trace.
    public var tokenBucket: TokenBucket?
    /// What manages the queue, within its limit; `nil` for nobody.
    public var codel: CoDel?

    public init(
      rate: DataRate? = nil, propagationDelay: Duration = .zero, queueLimit: QueueLimit = .unlimited,
      loss: LossModel = .none, jitter: Jitter = .none, changes: [LinkChange] = [], trace: DeliveryTrace? = nil,
      tokenBucket: TokenBucket? = nil, codel: CoDel? = nil
    ) {
      self.rate = rate
      self.propagationDelay = propagationDelay
      self.queueLimit = queueLimit
      self.loss = loss
      self.jitter = jitter
      self.changes = changes
      self.trace = trace
      self.tokenBucket = tokenBucket
      self.codel = codel
    }

    /// No limit, no delay, no loss.
    public static let ideal = Configuration()
  }

  public let configuration: Configuration
  private var counts = LinkStatistics()
  /// `nil` until somebody measures.
  private var meter: LinkMeter?
  private var policer: TokenBucketState?
  private var queue: CoDelQueue?
  private var server: LinkServer
  /// Whether packets that leave one after the other might arrive in another order unless they are kept from it.
  private let keepsOrder: Bool
  private var lastArrival: Int64 = 0
  private var lossState = LossModel.State()
  private var dice: SeededGenerator

  /// - Parameter dice: a generator of this link's own.
  public init(_ configuration: Configuration, dice: SeededGenerator) {
    self.configuration = configuration
    self.dice = dice
    if let bucket = configuration.tokenBucket, bucket.excess == .isDropped { policer = TokenBucketState(bucket) }
    queue = configuration.codel.map(CoDelQueue.init)
    server = LinkServer(configuration)
    keepsOrder = !configuration.jitter.reorders && (configuration.jitter != .none || !configuration.changes.isEmpty)
  }

  /// What the link has seen so far; bytes that still wait are not carried yet.
  public func statistics(at now: Instant) -> LinkStatistics {
    var result = counts
    result.carriedBytes -= server.backlog(at: now.nanoseconds)
    return result
  }

  /// Counts anew, at the beginning of a window of measurement: what waits now will be carried in it.
  public mutating func resetStatistics(at now: Instant) {
    let statistics = statistics(at: now)
    meter?.noteReset(of: statistics)
    counts = LinkStatistics()
    counts.carriedBytes = server.backlog(at: now.nanoseconds)
  }

  /// Begins a window of measurement.
  public mutating func beginMeasurement(at now: Instant) { meter = LinkMeter(at: now, statistics(at: now)) }

  /// What was measured since the last time, or since the beginning; `nil` when nobody measures. The next window begins.
  public mutating func takeMeasurement(at now: Instant) -> LinkMeasurement? {
    guard let measurement = meter?.measurement(at: now, statistics(at: now)) else { return nil }
    beginMeasurement(at: now)
    return measurement
  }

  /// How long a packet would wait that entered now.
  public func queueingDelay(at now: Instant) -> Duration {
    .nanoseconds(server.waiting(behind: queue?.sizes ?? [], at: now.nanoseconds))
  }

  /// Sends one IP packet of `size` bytes into the link.
  ///
  /// - Precondition: its queue is not managed.
  public mutating func transmit(_ size: DataSize, at now: Instant) -> LinkVerdict {
    precondition(queue == nil, "a managed queue is told which packet it is")
    if let reason = refusal(of: size, at: now) { return .dropped(reason) }
    return serve(size, enteredAt: now.nanoseconds, at: now) ?? .dropped(.cut)
  }

  /// The same, for links of every kind.
  mutating func transmit(_ size: DataSize, of packet: PacketHandle, after extra: Duration, at now: Instant)
    -> LinkVerdict
  {
    guard queue != nil else {
      let verdict = transmit(size, at: now)
      guard extra > .zero, case .arrives(let time) = verdict else { return verdict }
      return .arrives(time + extra)
    }
    if let reason = refusal(of: size, at: now) { return .dropped(reason) }
    guard let begin = server.begin(size, at: now.nanoseconds) else { return .dropped(.cut) }
    let isFirst = queue?.isEmpty ?? true
    queue?.append(
      CoDelQueue.Entry(packet: packet, size: size, enteredAt: now.nanoseconds, extraDelay: extra.nanoseconds))
    guard isFirst else { return .waits(nil) }
    guard begin <= now.nanoseconds else { return .waits(Instant(nanoseconds: begin)) }
    // It does not wait, so that it is not dropped.
    return dequeue(at: now) { _ in }?.verdict ?? .dropped(.cut)
  }

  /// Takes a packet out of the managed queue and sends it; tells those that CoDel drops before.
  mutating func dequeue(
    at now: Instant, dropped: (PacketHandle) -> Void
  ) -> (packet: PacketHandle, verdict: LinkVerdict)? {
    var drops: Int64 = 0
    let entry = queue?.dequeue(at: now.nanoseconds) { entry in
      drops += 1
      dropped(entry.packet)
    }
    for _ in 0..<drops { counts.noteQueueDrop(at: now) }
    guard let entry else { return nil }
    guard let verdict = serve(entry.size, enteredAt: entry.enteredAt, at: now) else {
      return (entry.packet, .dropped(.cut))
    }
    guard entry.extraDelay > 0, case .arrives(let time) = verdict else { return (entry.packet, verdict) }
    return (entry.packet, .arrives(time + .nanoseconds(entry.extraDelay)))
  }

  /// When the next packet of the managed queue can leave it; `nil` when none waits.
  func nextDequeue(at now: Instant) -> Instant? {
    guard let first = queue?.first else { return nil }
    // One that could never leave is told so now.
    return Instant(nanoseconds: server.begin(first.size, at: now.nanoseconds) ?? now.nanoseconds)
  }

  /// Why a packet may not enter.
  private mutating func refusal(of size: DataSize, at now: Instant) -> DropReason? {
    counts.offeredPackets += 1
    if policer != nil, policer?.passes(size, at: now.nanoseconds) == false {
      counts.noteQueueDrop(at: now)
      return .policed
    }
    guard !server.isFull(configuration.queueLimit, for: size, queued: queue?.bytes ?? 0, at: now.nanoseconds) else {
      counts.noteQueueDrop(at: now)
      return .queueFull
    }
    return nil
  }

  /// Serves a packet; `nil` when it would wait for ever.
  private mutating func serve(_ size: DataSize, enteredAt: Int64, at now: Instant) -> LinkVerdict? {
    guard let service = server.serve(size, at: now.nanoseconds) else { return nil }
    let waiting = service.begin - enteredAt
    counts.queueingDelay += waiting
    meter?.note(waiting: waiting)
    counts.carriedPackets += 1
    counts.carriedBytes += Int64(size.bytes)
    return leave(at: service.end)
  }

  /// What becomes of a packet whose last bit has left the link.
  private mutating func leave(at time: Int64) -> LinkVerdict {
    var arrival = time + server.delay
    if configuration.jitter != .none { arrival += configuration.jitter.draw(using: &dice) }
    if keepsOrder {
      arrival = max(arrival, lastArrival)
      lastArrival = arrival
    }
    if configuration.loss != .none, lossState.loses(configuration.loss, using: &dice) {
      counts.lostPackets += 1
      return .dropped(.lost)
    }
    return .arrives(Instant(nanoseconds: arrival))
  }
}

/// What one direction of a link has seen.
public struct LinkStatistics: Hashable, Sendable {
  /// Packets that were sent into the link.
  public var offeredPackets: Int64 = 0
  /// Packets that the queue accepted, and bytes (IP layer) that were sent of them.
  public var carriedPackets: Int64 = 0
  public var carriedBytes: Int64 = 0
  /// Packets that the full queue, its management or a policer dropped.
  public var queueDrops: Int64 = 0
  /// Packets that were carried and then lost at random.
  public var lostPackets: Int64 = 0
  /// The sum of the times that packets waited, in nanoseconds.
  public var queueingDelay: Int64 = 0
  /// When the queue dropped first.
  public var firstQueueDrop: Instant?

  public init() {}

  mutating func noteQueueDrop(at now: Instant) {
    queueDrops += 1
    if firstQueueDrop == nil { firstQueueDrop = now }
  }
}
