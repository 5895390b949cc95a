import RTCPrimitives

/// Serves the packets of a link one after the other: a server that is busy until some time, so that when a packet leaves
/// is known when it enters.
struct LinkServer: Sendable {
  /// When a packet's service begins and ends, in nanoseconds.
  struct Service {
    let begin: Int64
    let end: Int64
  }

  /// Bits per second, where it never changes; `nil` for no limit.
  private let rate: Int64?
  private var timeline: LinkTimeline?
  private var trace: TraceServer?
  private var shaper: Shaper?
  /// With a trace or a shaper.
  private var departures: Departures?
  private let constantDelay: Int64
  private var busyUntil: Int64 = 0

  init(_ configuration: Link.Configuration) {
    rate = configuration.rate?.bitsPerSecond
    constantDelay = configuration.propagationDelay.nanoseconds
    timeline = configuration.changes.isEmpty ? nil : LinkTimeline(configuration)
    trace = configuration.trace.map(TraceServer.init)
    if let bucket = configuration.tokenBucket, bucket.excess == .waits { shaper = Shaper(bucket) }
    departures = trace != nil || shaper != nil ? Departures() : nil
    precondition(
      trace == nil || rate == nil && configuration.changes.allSatisfy { $0.rate == nil },
      "a trace takes the place of a rate")
  }

  /// The propagation delay for what was served last.
  var delay: Int64 { timeline?.delay ?? constantDelay }

  /// How long a packet that enters now waits before its service begins, in nanoseconds.
  ///
  /// - Parameter queue: packets that are to be served before.
  func waiting(behind queue: some Sequence<DataSize>, at now: Int64) -> Int64 {
    var probe = self
    for size in queue { _ = probe.serve(size, at: now) }
    return (probe.serve(.bytes(1), at: now)?.begin ?? now) - now
  }

  /// When the service of a packet could begin that is the next; `nil` for never.
  func begin(_ size: DataSize, at now: Int64) -> Int64? {
    var probe = self
    return probe.serve(size, at: now)?.begin
  }

  /// Serves a packet that enters now; `nil` when it would wait for ever.
  mutating func serve(_ size: DataSize, at now: Int64) -> Service? {
    guard departures != nil else { return pass(size, at: now) }
    guard let service = pass(size, at: shaper?.ready(size, at: max(now, busyUntil)) ?? now) else { return nil }
    shaper?.take(size, at: service.begin)
    departures?.append(size, end: service.end)
    return service
  }

  /// Behind the shaper.
  private mutating func pass(_ size: DataSize, at now: Int64) -> Service? {
    let begin = max(now, busyUntil)
    if trace != nil {
      guard let service = trace?.serve(size, at: now) else { return nil }
      busyUntil = service.end
      // Only for the delay of the moment.
      _ = timeline?.serve(bits: 0, from: busyUntil)
      return service
    }
    if timeline != nil {
      guard let service = timeline?.serve(bits: Int64(size.bits), from: begin) else { return nil }
      busyUntil = service.end
      return service
    }
    guard let rate else { return Service(begin: now, end: now) }
    busyUntil = begin + DataRate(bitsPerSecond: rate).nanoseconds(for: size)
    return Service(begin: begin, end: busyUntil)
  }

  /// Bytes that wait or are being sent.
  func backlog(at now: Int64) -> Int64 {
    if let departures { return departures.backlog(at: now) }
    guard busyUntil > now else { return 0 }
    if let timeline { return Int64((timeline.work(from: now, to: busyUntil) + 4_000_000_000) / 8_000_000_000) }
    let bits = Double(busyUntil - now) * Double(rate ?? 0) / 1e9
    return Int64((bits / 8).rounded())
  }

  /// Whether the queue, with `queued` bytes that wait elsewhere, has no room for `size` more.
  ///
  /// A packet is dropped at a limit in bytes when it would exceed it, at one in time when what waits already does.
  mutating func isFull(_ limit: Link.QueueLimit, for size: DataSize, queued: Int64 = 0, at now: Int64) -> Bool {
    departures?.forget(upTo: now)
    switch limit {
    case .unlimited: return false
    case .size(let limit):
      guard isLimited else { return false }
      return waitingBytes(at: now) + queued + Int64(size.bytes) > Int64(limit.bytes)
    case .time(let time):
      if departures == nil, timeline == nil, queued == 0 { return busyUntil - now > time.nanoseconds }
      guard let rate = queueRate(at: now) else { return false }
      let room = Int128(rate) * Int128(time.nanoseconds)
      if let timeline, departures == nil, queued == 0 {
        return busyUntil > now && timeline.work(from: now, to: busyUntil) > room
      }
      return Int128(waitingBytes(at: now) + queued) * 8_000_000_000 > room
    }
  }

  private var isLimited: Bool { rate != nil || timeline != nil || trace != nil || shaper != nil }

  /// Rounded down.
  private func waitingBytes(at now: Int64) -> Int64 {
    if let departures { return departures.backlog(at: now) }
    guard busyUntil > now else { return 0 }
    if let timeline { return Int64(timeline.work(from: now, to: busyUntil) / 8_000_000_000) }
    return (busyUntil - now) / 8 * (rate ?? 0) / 1_000_000_000
  }

  /// By what a limit in time is measured, in bits per second; `nil` while there is no limit.
  private func queueRate(at now: Int64) -> Int64? {
    let own =
      if let trace { Optional(trace.meanRate) } else if let timeline { timeline.queueRate(at: now) } else { rate }
    guard let shaper else { return own }
    return min(own ?? .max, shaper.rate)
  }
}

/// A token bucket in front of a server.
private struct Shaper: Sendable {
  private var state: TokenBucketState
  private var lastBegin: Int64 = 0

  init(_ bucket: TokenBucket) { state = TokenBucketState(bucket) }

  var rate: Int64 { state.bucket.rate.bitsPerSecond }

  func ready(_ size: DataSize, at now: Int64) -> Int64 { state.ready(size, at: max(now, lastBegin)) }

  mutating func take(_ size: DataSize, at begin: Int64) {
    state.take(size, at: begin)
    lastBegin = begin
  }
}

/// What waits or is being sent, for servers whose backlog is not their rate times the time until they are free.
private struct Departures: Sendable {
  private var packets: [(end: Int64, bytes: Int64)] = []
  /// How many at the front have left.
  private var gone = 0

  mutating func append(_ size: DataSize, end: Int64) { packets.append((end, Int64(size.bytes))) }

  /// Whole packets, until their last bit is sent.
  func backlog(at now: Int64) -> Int64 {
    var bytes: Int64 = 0
    for packet in packets[gone...].reversed() {
      guard packet.end > now else { break }
      bytes += packet.bytes
    }
    return bytes
  }

  /// Forgets what has left; moved seldom, so that each entry is moved once on average.
  mutating func forget(upTo now: Int64) {
    while gone < packets.count, packets[gone].end <= now { gone += 1 }
    guard gone > 32, gone > packets.count / 2 else { return }
    packets.removeFirst(gone)
    gone = 0
  }
}
