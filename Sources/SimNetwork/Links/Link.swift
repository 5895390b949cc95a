import RTCPrimitives

/// What a link made of a packet.
public enum LinkVerdict: Hashable, Sendable {
  /// The last bit arrives at the other end at this time.
  case arrives(Instant)
  case dropped(DropReason)
}

/// One direction of a link as arithmetic: a server that is busy until some time, so that a packet costs no event here.
///
/// In order: drop-tail queue → serialisation at the rate → propagation delay → jitter → loss.
public struct Link: Sendable {
  /// How much may wait in front of a link before packets are dropped at the tail.
  public enum QueueLimit: Hashable, Sendable {
    case unlimited
    /// Bytes of IP packets that wait or are being sent.
    case size(DataSize)
    /// What the link serves in this time.
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

    public init(
      rate: DataRate? = nil, propagationDelay: Duration = .zero, queueLimit: QueueLimit = .unlimited,
      loss: LossModel = .none, jitter: Jitter = .none
    ) {
      self.rate = rate
      self.propagationDelay = propagationDelay
      self.queueLimit = queueLimit
      self.loss = loss
      self.jitter = jitter
    }

    /// No limit, no delay, no loss.
    public static let ideal = Configuration()
  }

  public let configuration: Configuration
  private var counts = LinkStatistics()
  private let delay: Int64
  private let queueTime: Int64
  private let queueBytes: Int64
  private var busyUntil: Int64 = 0
  private var lastArrival: Int64 = 0
  private var lossState = LossModel.State()
  private var dice: SeededGenerator

  /// - Parameter dice: a generator of this link's own.
  public init(_ configuration: Configuration, dice: SeededGenerator) {
    self.configuration = configuration
    self.dice = dice
    delay = configuration.propagationDelay.nanoseconds
    switch configuration.queueLimit {
    case .unlimited: (queueTime, queueBytes) = (.max, .max)
    case .size(let size): (queueTime, queueBytes) = (.max, Int64(size.bytes))
    case .time(let time): (queueTime, queueBytes) = (time.nanoseconds, .max)
    }
  }

  /// What the link has seen so far; bytes that still wait are not carried yet.
  public func statistics(at now: Instant) -> LinkStatistics {
    var result = counts
    result.carriedBytes -= backlog(at: now)
    return result
  }

  /// Counts anew, at the beginning of a window of measurement: what waits now will be carried in it.
  public mutating func resetStatistics(at now: Instant) {
    counts = LinkStatistics()
    counts.carriedBytes = backlog(at: now)
  }

  /// Bytes that wait or are being sent.
  private func backlog(at now: Instant) -> Int64 {
    guard let rate = configuration.rate, busyUntil > now.nanoseconds else { return 0 }
    let bits = Double(busyUntil - now.nanoseconds) * Double(rate.bitsPerSecond) / 1e9
    return Int64((bits / 8).rounded())
  }

  /// Sends one IP packet of `size` bytes into the link.
  public mutating func transmit(_ size: DataSize, at now: Instant) -> LinkVerdict {
    counts.offeredPackets += 1
    var arrival = now.nanoseconds
    if let rate = configuration.rate {
      let start = max(arrival, busyUntil)
      let waiting = start - arrival
      let waitingBytes = waiting > 0 && queueBytes != .max ? waiting / 8 * rate.bitsPerSecond / 1_000_000_000 : 0
      if waiting > queueTime || (queueBytes != .max && waitingBytes + Int64(size.bytes) > queueBytes) {
        counts.noteQueueDrop(at: now)
        return .dropped(.queueFull)
      }
      counts.queueingDelay += waiting
      busyUntil = start + rate.nanoseconds(for: size)
      arrival = busyUntil
    }
    counts.carriedPackets += 1
    counts.carriedBytes += Int64(size.bytes)
    arrival += delay
    if configuration.jitter != .none {
      arrival += configuration.jitter.draw(using: &dice)
      if !configuration.jitter.reorders { arrival = max(arrival, lastArrival) }
      lastArrival = max(arrival, lastArrival)
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
  /// Packets that the full queue dropped.
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
