public import RTCPrimitives

/// Holds 20 ms packets of sound and gives one out every 20 ms, or says that one must be concealed.
///
/// The wait begins with 40 ms and follows the observed jitter. When packets come late the sound is stretched by
/// concealment until they are there; when the wait is longer than needed, single packets are left out. A packet that
/// did not come while newer ones did is concealed once and given up.
///
/// - Note: The change is made in whole packets; NetEq stretches and shortens by pitch periods. Discontinuous
///   transmission looks like loss.
public struct AudioJitterBuffer: ~Copyable, Sendable {
  /// A packet to decode.
  public struct Packet: Hashable, Sendable {
    public let rtpTimestamp: UInt32
    /// The size of the coded sound on the wire.
    public let size: DataSize
    public let arrival: Instant
    let copy: PacketPool.Copy
  }

  /// What to play for the next 20 ms.
  public enum Tick: Hashable, Sendable {
    /// Silence: nothing has arrived, or not long enough ago.
    case idle
    case packet(Packet)
    /// Sound to make up, for a lost packet or to wait longer. The packet after a lost one may hold a copy of it
    /// (forward error correction).
    case concealment(next: Packet?)
  }

  /// Counters under their W3C webrtc-stats names; samples per channel.
  public struct Statistics: Hashable, Sendable {
    public var packetsDiscarded = 0
    public var totalSamplesReceived = 0
    public var concealedSamples = 0
    public var concealmentEvents = 0
    public var insertedSamplesForDeceleration = 0
    public var removedSamplesForAcceleration = 0
    /// The sum over played samples of the time from arrival to playout.
    public var jitterBufferDelay: Duration { .nanoseconds(waited) }
    /// The sum over played samples of the wait aimed at.
    public var jitterBufferTargetDelay: Duration { .nanoseconds(aimedAt) }
    public var jitterBufferEmittedCount = 0
    fileprivate var waited: Int64 = 0
    fileprivate var aimedAt: Int64 = 0
  }

  private struct Slot {
    /// The place of the packet in the stream, in 20 ms.
    var place: Int64
    var packet: Packet
  }

  public private(set) var statistics = Statistics()
  private var estimator: RelativeDelayEstimator
  private var slots: [Slot?]
  private var pool = PacketPool()
  private var firstArrival: Instant?
  private var newest: Int64 = 0
  private var newestTimestamp: UInt32 = 0
  /// The place that is played next; `nil` before playout begins.
  private var next: Int64?
  /// Places made up since the last packet was played.
  private var concealedPlaces: Int64 = 0
  private var lastAdjustment = Instant.start

  private static let capacity = 64
  private static let samples = AudioFrame.samplesPerChannel
  // Times are in nanoseconds, because this is done for every packet and tick of everybody.
  private static let maximumDelay: Int64 = 500_000_000
  private static let tickLength: Int64 = 20_000_000
  /// A packet that is later than 10 s belongs to a sender that began anew.
  private static let farAway: Int64 = 500
  /// The wait is changed by 20 ms when it is off by these, and not more often than the pause.
  private static let tooShort: Int64 = 10_000_000
  private static let tooLong: Int64 = 30_000_000
  private static let adjustmentPause: Int64 = 200_000_000

  public init() {
    estimator = Self.makeEstimator()
    slots = Array(repeating: nil, count: Self.capacity)
  }

  /// How long packets shall wait beyond the earliest arrival of their capture time.
  public var targetDelay: Duration { .nanoseconds(target) }

  private var target: Int64 { min(Self.maximumDelay, estimator.targetNanoseconds) }

  /// Takes a packet; `payload` is what exists of the coded sound, `elided` what follows without existing.
  public mutating func insert(timestamp: UInt32, payload: Span<UInt8>, elided: Int = 0, at now: Instant) {
    let place = place(of: timestamp)
    if firstArrival == nil { firstArrival = now }
    if let next, !(next - Self.farAway..<next + Int64(Self.capacity)).contains(place) {
      restart(at: place, timestamp: timestamp)
    }
    estimator.insert(timestamp, at: now)
    if let next, place < next {
      statistics.packetsDiscarded += 1
      return
    }
    if place > newest {
      newest = place
      newestTimestamp = timestamp
    }
    store(timestamp, payload, elided, at: place, now)
  }

  /// What to play from `now` on; to be called every 20 ms.
  public mutating func tick(at now: Instant) -> Tick {
    guard let firstArrival else { return .idle }
    if next == nil {
      guard now.nanoseconds - firstArrival.nanoseconds >= target - Self.tickLength else { return .idle }
      next = earliest(from: newest - Int64(Self.capacity) + 1) ?? newest
      lastAdjustment = now
    }
    statistics.totalSamplesReceived += Self.samples
    shortenIfTooLate(now)
    guard let next else { return .idle }
    if packet(at: next) != nil {
      return stretchIfTooEarly(now) ? .concealment(next: nil) : play(next, now)
    }
    guard let later = earliest(from: next) else { return conceal() }
    guard concealedPlaces < later - next else { return play(later, now) }
    return conceal(next: later == next + concealedPlaces + 1 ? packet(at: later) : nil)
  }

  /// A copy of the stored bytes of `packet`, which are kept until the next `insert`.
  public func bytes(of packet: Packet) -> [UInt8] { pool.bytes(of: packet.copy).array() }

  // MARK: - Playing

  private mutating func play(_ place: Int64, _ now: Instant) -> Tick {
    guard let packet = packet(at: place) else { return conceal() }
    concealedPlaces = 0
    next = place + 1
    remove(place)
    statistics.waited += (now.nanoseconds - packet.arrival.nanoseconds) * Int64(Self.samples)
    statistics.aimedAt += target * Int64(Self.samples)
    statistics.jitterBufferEmittedCount += Self.samples
    return .packet(packet)
  }

  private mutating func conceal(next packet: Packet? = nil) -> Tick {
    if concealedPlaces == 0 { statistics.concealmentEvents += 1 }
    concealedPlaces += 1
    statistics.concealedSamples += Self.samples
    return .concealment(next: packet)
  }

  /// Leaves one packet out when they wait longer than they need to.
  private mutating func shortenIfTooLate(_ now: Instant) {
    guard let place = next, let wait = wait(at: place, now), wait > target + Self.tooLong,
      mayAdjust(now), packet(at: place + 1) != nil
    else { return }
    remove(place)
    next = place + 1
    lastAdjustment = now
    statistics.removedSamplesForAcceleration += Self.samples
  }

  /// Whether to make up one packet because they wait less than they should.
  private mutating func stretchIfTooEarly(_ now: Instant) -> Bool {
    guard let place = next, let wait = wait(at: place, now), wait < target - Self.tooShort, mayAdjust(now) else {
      return false
    }
    lastAdjustment = now
    statistics.insertedSamplesForDeceleration += Self.samples
    return true
  }

  private func mayAdjust(_ now: Instant) -> Bool {
    now.nanoseconds - lastAdjustment.nanoseconds >= Self.adjustmentPause
  }

  /// By how much a packet that is there is played after its earliest arrival.
  private func wait(at place: Int64, _ now: Instant) -> Int64? {
    guard let packet = packet(at: place) else { return nil }
    return now.nanoseconds - estimator.earliestArrival(of: packet.rtpTimestamp).nanoseconds
  }

  // MARK: - Places

  /// The place of a timestamp, the one of the first packet being 0.
  private mutating func place(of timestamp: UInt32) -> Int64 {
    guard firstArrival != nil else {
      newestTimestamp = timestamp
      return 0
    }
    let distance = Int64(Int32(bitPattern: timestamp &- newestTimestamp))
    let samples = Int64(Self.samples)
    return newest + (distance >= 0 ? distance / samples : -((-distance + samples - 1) / samples))
  }

  private mutating func store(
    _ timestamp: UInt32, _ payload: Span<UInt8>, _ elided: Int, at place: Int64, _ now: Instant
  ) {
    let index = slotIndex(place)
    if let slot = slots[index] {
      guard slot.place != place else { return }
      pool.release(slot.packet.copy)
    }
    let packet = Packet(
      rtpTimestamp: timestamp, size: .bytes(payload.count + elided), arrival: now, copy: pool.store(payload))
    slots[index] = Slot(place: place, packet: packet)
  }

  /// Frees a place; its bytes stay until the next packet comes.
  private mutating func remove(_ place: Int64) {
    let index = slotIndex(place)
    guard let slot = slots[index], slot.place == place else { return }
    pool.release(slot.packet.copy)
    slots[index] = nil
  }

  /// After a jump of the sender's clock nothing that waits fits any more.
  private mutating func restart(at place: Int64, timestamp: UInt32) {
    for index in slots.indices {
      guard let slot = slots[index] else { continue }
      remove(slot.place)
      statistics.packetsDiscarded += 1
    }
    next = place
    newest = place
    newestTimestamp = timestamp
    concealedPlaces = 0
    estimator = Self.makeEstimator()
  }

  private static func makeEstimator() -> RelativeDelayEstimator {
    RelativeDelayEstimator(
      clockRate: AudioFrame.sampleRate, quantile: 0.99, memory: 500, initialDelay: .milliseconds(40))
  }

  private func packet(at place: Int64) -> Packet? {
    guard let slot = slots[slotIndex(place)], slot.place == place else { return nil }
    return slot.packet
  }

  private func earliest(from place: Int64) -> Int64? {
    guard place <= newest else { return nil }
    return (place...newest).first { packet(at: $0) != nil }
  }

  private func slotIndex(_ place: Int64) -> Int { Int(truncatingIfNeeded: place) & (Self.capacity - 1) }
}
