public import RTCPrimitives

/// Spreads the packets of video over time, so that a large frame does not fill the queue of the bottleneck.
///
/// A leaky bucket: what is sent is a debt that the pacing rate pays off, and packets may leave as long as the debt is less than
/// a burst. Sound does not wait here. Clusters of probes leave at their own rate, filled up with padding.
/// - Note: Numbers as in libwebrtc's `pacing_controller.h`: burst 40 ms unless told otherwise, queue paid off within 2 s, debt
///   of at most 500 ms.
public struct Pacer: Sendable {
  /// A packet that waits; whoever enqueued it keeps its bytes.
  public struct Packet: Hashable, Sendable {
    /// Whose stream it is, in the enqueuer's count.
    public var stream: Int32
    public var number: SequenceNumber
    /// With every header down to IP.
    public var size: DataSize
    public var isRetransmission: Bool
    /// Whether it goes before media.
    public var isUrgent: Bool

    public init(
      stream: Int32, number: SequenceNumber, size: DataSize, isRetransmission: Bool = false, isUrgent: Bool? = nil
    ) {
      self.stream = stream
      self.number = number
      self.size = size
      self.isRetransmission = isRetransmission
      self.isUrgent = isUrgent ?? isRetransmission
    }
  }

  /// What is to leave now.
  public enum Departure: Hashable, Sendable {
    case packet(Packet, probe: ProbeCluster.ID?)
    /// About as much padding; `sentPadding` says how much it became.
    case padding(DataSize, probe: ProbeCluster.ID?)
  }

  private static let longestQueue = Duration.seconds(2).inSeconds
  private static let longestDebt = Duration.milliseconds(500).inSeconds

  private var urgent = PacketQueue()
  private var video = PacketQueue()
  private var prober = Prober()
  private var pacingRate = 0.0
  private var paddingRate = 0.0
  /// Seconds.
  private var burst = 0.0
  /// Bytes.
  private var mediaDebt = 0.0
  private var paddingDebt = 0.0
  private var lastUpdate = Instant.start
  /// Whether padding can be sent at all: somebody must have sent media first.
  public var mayPad = false
  /// Whether so much is in flight that media waits.
  public var isCongested = false

  public init() {}

  public var isEmpty: Bool { urgent.isEmpty && video.isEmpty }
  /// The bytes that wait.
  public var queueSize: DataSize { urgent.size + video.size }

  /// Takes the rates that congestion control has decided on.
  ///
  /// - Parameter burst: how long the pacing rate takes for what may leave at once.
  public mutating func setRates(
    pacing: DataRate, padding: DataRate, burst: Duration = .milliseconds(40), at now: Instant
  ) {
    update(at: now)
    self.burst = burst.inSeconds
    pacingRate = Double(pacing.bitsPerSecond) / 8
    paddingRate = Double(padding.bitsPerSecond) / 8
  }

  public mutating func add(_ cluster: ProbeCluster, at now: Instant) { prober.add(cluster, at: now) }

  public mutating func enqueue(_ packet: Packet) {
    prober.noteMedia(packet.size)
    if packet.isUrgent { urgent.append(packet) } else { video.append(packet) }
  }

  /// What may leave now; to be asked until it says nothing. A packet counts as sent.
  public mutating func next(at now: Instant) -> Departure? {
    update(at: now)
    // While a cluster is under way nothing else leaves, or its rate would say nothing.
    if let due = prober.nextProbe(at: now), !isEmpty || mayPad {
      guard due <= now else { return nil }
      if let packet = popPacket() {
        account(packet.size)
        return .packet(packet, probe: prober.sent(packet.size, at: now))
      }
      return prober.recommendedSize.map { .padding($0, probe: prober.current) }
    }
    if isCongested { return nil }
    if !isEmpty {
      guard mediaDebt <= rate * burst, let packet = popPacket() else { return nil }
      account(packet.size)
      return .packet(packet, probe: nil)
    }
    guard mayPad, paddingRate > 0, mediaDebt <= 0.5, paddingDebt <= 0.5 else { return nil }
    // 5 ms of padding at a time, as libwebrtc.
    return .padding(.bytes(max(1, Int(paddingRate * 0.005))), probe: nil)
  }

  /// Says how much padding was sent on what `next` asked for.
  public mutating func sentPadding(_ size: DataSize, probe: ProbeCluster.ID?, at now: Instant) {
    account(size)
    if probe != nil { _ = prober.sent(size, at: now) }
  }

  /// Lets padding, and with it probes, go before any media.
  public mutating func padBeforeMedia() {
    mayPad = true
    prober.begin()
  }

  /// Says that a packet left without waiting here: padding gives way to it.
  public mutating func noteUnpaced(_ size: DataSize, at now: Instant) {
    update(at: now)
    account(size)
  }

  /// When `next` may have something; `nil` for never before something else happens.
  public mutating func nextTimeout(at now: Instant) -> Instant? {
    if !isEmpty || mayPad, let probe = prober.nextProbe(at: now) { return probe }
    if !isEmpty, !isCongested, rate > 0 {
      let over = mediaDebt - rate * burst
      return over <= 0 ? now : lastUpdate + .nanoseconds(Int64((over / rate * 1e9).rounded(.up)) + 1)
    }
    if isEmpty, mayPad, paddingRate > 0, rate > 0 {
      let wait = max(mediaDebt / rate, paddingDebt / paddingRate)
      return lastUpdate + .nanoseconds(Int64((wait * 1e9).rounded(.up)) + 1)
    }
    return nil
  }

  /// The pacing rate, raised where the queue would take longer than two seconds.
  private var rate: Double { max(pacingRate, Double(queueSize.bytes) / Self.longestQueue) }

  private mutating func update(at now: Instant) {
    guard now > lastUpdate else { return }
    let elapsed = (now - lastUpdate).inSeconds
    mediaDebt = max(0, mediaDebt - rate * elapsed)
    paddingDebt = max(0, paddingDebt - paddingRate * elapsed)
    lastUpdate = now
  }

  private mutating func account(_ size: DataSize) {
    mediaDebt = min(mediaDebt + Double(size.bytes), rate * Self.longestDebt)
    paddingDebt = min(paddingDebt + Double(size.bytes), paddingRate * Self.longestDebt)
  }

  private mutating func popPacket() -> Packet? { urgent.popFirst() ?? video.popFirst() }
}

/// A queue in a ring that is used again.
private struct PacketQueue: Sendable {
  private var ring: [Pacer.Packet?] = Array(repeating: nil, count: 64)
  private var head = 0
  private var count = 0
  private(set) var size = DataSize.zero

  var isEmpty: Bool { count == 0 }

  mutating func append(_ packet: Pacer.Packet) {
    if count == ring.count {
      ring = Array(ring[head...]) + Array(ring[..<head]) + Array(repeating: nil, count: ring.count)
      head = 0
    }
    ring[(head + count) & (ring.count - 1)] = packet
    count += 1
    size += packet.size
  }

  mutating func popFirst() -> Pacer.Packet? {
    guard count > 0, let packet = ring[head] else { return nil }
    ring[head] = nil
    head = (head + 1) & (ring.count - 1)
    count -= 1
    size -= packet.size
    return packet
  }
}
