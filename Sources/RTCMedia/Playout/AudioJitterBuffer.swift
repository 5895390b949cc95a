public import RTCPrimitives

/// Holds packets of sound until they are played, and says what 20 ms of sound are to be made of.
///
/// Playout begins with the first packet. What is played should wait as long as `AudioDelayEstimator` says; when it waits
/// for less a period of the wave form is repeated, when it waits for more than that and the spread of delays one is left
/// out. Where the next packet is missing sound is made up, until the packet or a later one's time comes.
///
/// - Note: The decisions and their constants are those of libwebrtc's NetEq (`DecisionLogic`), made for 20 ms instead of
///   10 ms at a time. Fading from made-up sound to that of a packet is the decoder's task here.
public struct AudioJitterBuffer: ~Copyable, Sendable {
  /// A packet to decode.
  public struct Packet: Hashable, Sendable {
    public let rtpTimestamp: UInt32
    /// The size of the coded sound on the wire.
    public let size: DataSize
    public let arrival: Instant
    let copy: PacketPool.Copy
  }

  /// What is appended to the sound that is ready to be played.
  public enum Step: Hashable, Sendable {
    /// 20 ms of a packet, to be stretched if the wave form lets itself; it is heard after `lead`.
    case packet(Packet, stretch: TimeStretch?, lead: Duration)
    /// 20 ms to make up, for a lost packet or one that is late. The packet after a lost one may hold a copy of it
    /// (forward error correction).
    case concealment(next: Packet?)
    /// 20 ms of silence: what was made up has faded out, and nothing is decoded (NetEq's muted state).
    case silence
  }

  public private(set) var statistics = AudioPlayoutStatistics()
  /// The place that is played next; `nil` before the first packet.
  private var next: Int64?
  /// Samples that are decoded or made up, and not played.
  private var ready: Int64 = 0
  /// Places made up since the last packet was played.
  private var concealedPlaces: Int64 = 0
  private var newest: Int64 = 0
  private var newestTimestamp: UInt32 = 0
  private var minimum: Int64 = 0
  private var lastStretch = Instant.start
  /// Since when nobody asks for steps, because they are all silence.
  private var restingSince: Instant?
  /// Whether the sender said with the last packet that it falls silent (discontinuous transmission).
  private var isPaused = false
  private var slots = [Slot](repeating: .free, count: 8)
  private var estimator = AudioDelayEstimator()
  private var pool = PacketPool()
  /// The packet that was played last, with the time at which it is heard.
  public private(set) var lastHeard: (rtpTimestamp: UInt32, at: Instant)?

  private struct Slot {
    /// The place of the packet in the stream, in 20 ms; that of a free slot is never asked for.
    var place: Int64
    var packet: Packet

    static let free = Slot(
      place: .min, packet: Packet(rtpTimestamp: 0, size: .zero, arrival: .start, copy: .none))
  }

  private static let samples = Int64(AudioFrame.samplesPerChannel)
  // Times are in nanoseconds, because this is done for every packet and tick of everybody.
  private static let tickLength: Int64 = 20_000_000
  /// At most 200 packets wait in Chromium; the target takes three quarters of them.
  private static let capacity: Int64 = 256
  private static let longestTarget: Int64 = 3_000_000_000
  /// A packet that is later than 10 s belongs to a sender that began anew.
  private static let farAway: Int64 = 500
  /// By how much more than necessary sound waits before it is shortened.
  private static let granularity: Int64 = 20_000_000
  private static let stretchPause: Int64 = 50_000_000
  /// By how much more than necessary sound waits before the rest of a gap is skipped.
  private static let skipMargin: Int64 = 50_000_000
  /// What is made up fades out: then as many as half of the target are collected before sound begins again.
  private static let fadedPlaces: Int64 = 5
  private static let silentPlaces: Int64 = 10
  /// Discontinuous transmission sends something every 400 ms; what is missing for longer is lost.
  private static let longestPause: Int64 = 50

  public init() {}

  /// How long packets shall wait beyond the earliest arrival of their capture time.
  public var targetDelay: Duration { .nanoseconds(target) }

  /// The least `targetDelay`, at most 3 s: another stream may have to be waited for.
  public var minimumDelay: Duration {
    get { .nanoseconds(minimum) }
    set { minimum = max(0, min(Self.longestTarget, newValue.nanoseconds)) }
  }

  private var target: Int64 { max(minimum, estimator.target) }

  /// Takes a packet; `payload` is what exists of the coded sound, `elided` what follows without existing.
  public mutating func insert(timestamp: UInt32, payload: Span<UInt8>, elided: Int = 0, at now: Instant) {
    endRest(at: now)
    let place = place(of: timestamp)
    if let next, !(next - Self.farAway..<next + Self.capacity).contains(place) {
      restart(at: place, timestamp: timestamp)
    }
    estimator.insert(timestamp, at: now)
    let first = next ?? place
    next = first
    guard place >= first else {
      statistics.packetsDiscarded += 1
      return
    }
    if place > newest {
      newest = place
      newestTimestamp = timestamp
    }
    while place - first >= slots.count { widen() }
    store(timestamp, payload, elided, at: place, now)
  }

  /// What is needed for the 20 ms that are played from `now` on; to be called every 20 ms until it gives `nil`.
  public mutating func nextStep(at now: Instant) -> Step? {
    guard let place = next else { return nil }
    guard ready < Self.samples else {
      ready -= Self.samples
      statistics.totalSamplesReceived += Int(Self.samples)
      return nil
    }
    if slot(place).place == place {
      return isWorthWaiting(place, now) ? conceal() : play(place, now)
    }
    guard let later = earliest(from: place + 1) else { return conceal() }
    let gap = later - place
    if concealedPlaces >= gap || concealedPlaces > 0 && wait(of: slot(later).packet, now) > target + Self.skipMargin {
      return isWorthWaiting(later, now) ? conceal() : play(later, now)
    }
    return conceal(before: gap == concealedPlaces + 1 ? slot(later).packet : nil)
  }

  /// Whether every step is silence until a packet comes.
  public var isSilent: Bool {
    guard let next else { return false }
    return concealedPlaces > Self.silentPlaces && newest < next && !(isPaused && concealedPlaces <= Self.longestPause)
  }

  /// From now on nobody asks for steps until a packet has come; those that are left out are counted then.
  ///
  /// - Precondition: `isSilent`, and the step of `now` was asked for.
  public mutating func rest(at now: Instant) {
    precondition(isSilent, "a rest begins in silence")
    restingSince = now
  }

  /// The figures so far.
  public func statistics(at now: Instant) -> AudioPlayoutStatistics {
    var result = statistics
    result.noteSilence(ticks: restedTicks(at: now))
    return result
  }

  private mutating func endRest(at now: Instant) {
    guard restingSince != nil else { return }
    let ticks = restedTicks(at: now)
    statistics.noteSilence(ticks: ticks)
    concealedPlaces += Int64(ticks)
    restingSince = nil
  }

  /// The steps before `now` that were not asked for.
  private func restedTicks(at now: Instant) -> Int {
    guard let restingSince else { return 0 }
    return Int(max(0, (now.nanoseconds - restingSince.nanoseconds - 1) / Self.tickLength))
  }

  /// Takes note of how much longer the last packet was made, in samples per channel; less than 0 when it was shortened.
  public mutating func stretched(by change: Int, at now: Instant) {
    precondition(abs(change) <= TimeStretch.longestPeriod, "a period at a time is inserted or removed")
    guard change != 0 else { return }
    ready += Int64(change)
    lastStretch = now
    if change > 0 {
      statistics.insertedSamplesForDeceleration += change
    } else {
      statistics.removedSamplesForAcceleration -= change
    }
  }

  /// A copy of the stored bytes of `packet`, which are kept until the next `insert`.
  public func bytes(of packet: Packet) -> [UInt8] { packet.copy.isNone ? [] : pool.bytes(of: packet.copy).array() }

  // MARK: - Playing

  private mutating func play(_ place: Int64, _ now: Instant) -> Step {
    let packet = slot(place).packet
    let stretch = concealedPlaces == 0 ? stretch(packet, now) : nil
    concealedPlaces = 0
    next = place + 1
    isPaused = packet.size <= .bytes(2)
    remove(place)
    let lead = Self.duration(of: ready)
    lastHeard = (packet.rtpTimestamp, Instant(nanoseconds: now.nanoseconds + lead))
    ready += Self.samples
    statistics.noteEmitted(
      waited: now.nanoseconds + lead - packet.arrival.nanoseconds, target: target, minimum: estimator.target)
    return .packet(packet, stretch: stretch, lead: .nanoseconds(lead))
  }

  private mutating func conceal(before next: Packet? = nil) -> Step {
    ready += Self.samples
    concealedPlaces += 1
    // A pause that the sender announced is filled with noise, which makes up for nothing.
    if isPaused, concealedPlaces <= Self.longestPause {
      statistics.comfortNoiseSamples += Int(Self.samples)
    } else {
      statistics.noteConcealed(isFirst: concealedPlaces == 1, isSilent: concealedPlaces > Self.silentPlaces)
    }
    return next == nil && isSilent ? .silence : .concealment(next: next)
  }

  private func stretch(_ packet: Packet, _ now: Instant) -> TimeStretch? {
    let wait = wait(of: packet, now)
    let longest = target + estimator.spread + Self.granularity
    if wait >= 4 * longest { return .accelerate }
    guard now.nanoseconds - lastStretch.nanoseconds >= Self.stretchPause else { return nil }
    if wait >= longest { return .accelerate }
    return wait < target ? .preemptiveExpand : nil
  }

  /// Whether so little follows after made-up sound that the next gap would come at once.
  private func isWorthWaiting(_ place: Int64, _ now: Instant) -> Bool {
    guard concealedPlaces >= Self.fadedPlaces else { return false }
    let age = now.nanoseconds - slot(place).packet.arrival.nanoseconds
    return age + (newest - place) * Self.tickLength < target / 2
  }

  /// By how much a packet that is played now comes after its earliest arrival.
  private func wait(of packet: Packet, _ now: Instant) -> Int64 {
    now.nanoseconds + Self.duration(of: ready) - estimator.earliestArrival(of: packet.rtpTimestamp).nanoseconds
  }

  private static func duration(of samples: Int64) -> Int64 { samples * tickLength / Self.samples }

  // MARK: - Places

  /// The place of a timestamp, the one of the first packet being 0.
  private mutating func place(of timestamp: UInt32) -> Int64 {
    guard next != nil else {
      newestTimestamp = timestamp
      return 0
    }
    let distance = Int64(Int32(bitPattern: timestamp &- newestTimestamp))
    return newest + (distance >= 0 ? distance : distance - Self.samples + 1) / Self.samples
  }

  private mutating func store(
    _ timestamp: UInt32, _ payload: Span<UInt8>, _ elided: Int, at place: Int64, _ now: Instant
  ) {
    guard slot(place).place != place else { return }
    let packet = Packet(
      rtpTimestamp: timestamp, size: .bytes(payload.count + elided), arrival: now,
      copy: payload.isEmpty ? .none : pool.store(payload))
    slots[index(place)] = Slot(place: place, packet: packet)
  }

  /// Frees a place; its bytes stay until the next packet comes.
  private mutating func remove(_ place: Int64) {
    let copy = slot(place).packet.copy
    if !copy.isNone { pool.release(copy) }
    slots[index(place)] = .free
  }

  /// After a jump of the sender's clock nothing that waits fits any more.
  private mutating func restart(at place: Int64, timestamp: UInt32) {
    for slot in slots where slot.place != Slot.free.place {
      remove(slot.place)
      statistics.packetsDiscarded += 1
    }
    next = place
    newest = place
    newestTimestamp = timestamp
    concealedPlaces = 0
    isPaused = false
    estimator = AudioDelayEstimator()
  }

  private func slot(_ place: Int64) -> Slot { slots[index(place)] }

  private func earliest(from place: Int64) -> Int64? {
    guard place <= newest else { return nil }
    return (place...newest).first { slot($0).place == $0 }
  }

  private mutating func widen() {
    let waiting = slots
    slots = Array(repeating: .free, count: 2 * waiting.count)
    for slot in waiting where slot.place != Slot.free.place { slots[index(slot.place)] = slot }
  }

  private func index(_ place: Int64) -> Int { Int(truncatingIfNeeded: place) & (slots.count - 1) }
}
