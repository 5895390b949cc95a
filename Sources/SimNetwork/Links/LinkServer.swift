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
  private let constantDelay: Int64
  private var busyUntil: Int64 = 0

  init(_ configuration: Link.Configuration) {
    rate = configuration.rate?.bitsPerSecond
    constantDelay = configuration.propagationDelay.nanoseconds
    timeline = configuration.changes.isEmpty ? nil : LinkTimeline(configuration)
  }

  /// The propagation delay for what was served last.
  var delay: Int64 { timeline?.delay ?? constantDelay }

  /// How long a packet that enters now waits before its service begins, in nanoseconds.
  func waiting(at now: Int64) -> Int64 { max(0, busyUntil - now) }

  /// Serves a packet that enters now; `nil` when it would wait for ever.
  mutating func serve(_ size: DataSize, at now: Int64) -> Service? {
    let begin = max(now, busyUntil)
    if timeline != nil {
      guard let service = timeline?.serve(bits: Int64(size.bits), from: begin) else { return nil }
      busyUntil = service.end
      return service
    } else if let rate {
      busyUntil = begin + DataRate(bitsPerSecond: rate).nanoseconds(for: size)
    } else {
      return Service(begin: now, end: now)
    }
    return Service(begin: begin, end: busyUntil)
  }

  /// Bytes that wait or are being sent.
  func backlog(at now: Int64) -> Int64 {
    guard busyUntil > now else { return 0 }
    if let timeline { return Int64((timeline.work(from: now, to: busyUntil) + 4_000_000_000) / 8_000_000_000) }
    let bits = Double(busyUntil - now) * Double(rate ?? 0) / 1e9
    return Int64((bits / 8).rounded())
  }

  /// Whether the queue has no room for `size` more.
  func isFull(_ limit: Link.QueueLimit, for size: DataSize, at now: Int64) -> Bool {
    let waiting = waiting(at: now)
    guard waiting > 0 else {
      if case .size(let limit) = limit, rate != nil || timeline != nil { return size > limit }
      return false
    }
    switch limit {
    case .unlimited: return false
    case .time(let time):
      guard let timeline else { return waiting > time.nanoseconds }
      guard let rate = timeline.queueRate(at: now) else { return false }
      return timeline.work(from: now, to: busyUntil) > Int128(rate) * Int128(time.nanoseconds)
    case .size(let limit):
      let bytes =
        timeline.map { Int64($0.work(from: now, to: busyUntil) / 8_000_000_000) }
        ?? waiting / 8 * (rate ?? 0) / 1_000_000_000
      return bytes + Int64(size.bytes) > Int64(limit.bytes)
    }
  }
}
