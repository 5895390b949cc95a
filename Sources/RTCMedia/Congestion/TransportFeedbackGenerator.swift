public import RTCPrimitives

/// Tells the sender which packets of a transport arrived, and when.
///
/// As libwebrtc sends it: on a timer and not for each packet, every 50 ms with video and every 100 ms without. Chromium wakes
/// such timers 64 times a second, which makes that 62.5 and 109.4 ms: 16 and 9.1 packets a second, as recorded (15.9 and
/// 9.0; `twcc_rate.csv`, `steady_summary.csv`).
/// - SeeAlso: draft-holmer-rmcat-transport-wide-cc-extensions-01
public struct TransportFeedbackGenerator: Sendable {
  /// One feedback: statuses of the numbers from `base` on.
  public struct Report: Sendable {
    public let base: SequenceNumber
    /// When each of them arrived; `nil` for those that did not. The last one did.
    public let arrivals: [Instant?]
  }

  /// Chromium wakes its timers at multiples of this.
  static let tick = Duration.nanoseconds(15_625_000)
  private static let intervalWithVideo = tick * 4
  private static let intervalWithoutVideo = tick * 7
  /// How far back of a packet that comes late those before it are told again (libwebrtc's back window: 500 ms).
  private static let backWindow = Duration.milliseconds(500)
  /// The most statuses of one feedback: it then fits an MTU whatever they are.
  private static let largestReport = 500
  private static let capacity = 1 << 14

  /// Whether video is received, too.
  public var hasVideo = false
  private var extender = SequenceExtender()
  /// The arrival of each number, at its number modulo the capacity.
  private var arrivals: [(number: Int64, time: Instant)] = []
  /// The first number that the next feedback tells of; `nil` before the first packet.
  private var begin: Int64?
  private var end: Int64 = 0
  private var hasNews = false
  /// When the next feedback may leave; `nil` before the first packet.
  public private(set) var nextTimeout: Instant?

  public init() {}

  /// Notes a packet that arrived.
  public mutating func received(_ number: SequenceNumber, at now: Instant) {
    let extended = extender.extend(number)
    // A number from far back is a sender's restart or an error; it cannot be told of.
    guard extended >= 0, end - extended < Int64(Self.capacity) else { return }
    if arrivals.isEmpty { arrivals = Array(repeating: (-1, .start), count: 256) }
    while Int64(arrivals.count) <= max(end, extended + 1) - min(begin ?? extended, extended),
      arrivals.count < Self.capacity
    {
      grow()
    }
    guard arrivals[index(extended)].number != extended else { return }
    if let begin {
      if extended < begin { self.begin = extended }
    } else {
      begin = extended
    }
    end = max(end, extended + 1)
    if let begin, end - begin > Int64(arrivals.count) { self.begin = end - Int64(arrivals.count) }
    arrivals[index(extended)] = (extended, now)
    hasNews = true
    if nextTimeout == nil { nextTimeout = Self.nextTick(after: now + (interval - Self.tick)) }
  }

  /// The reports that are due, in order.
  public mutating func handleTimeout(at now: Instant) -> [Report] {
    guard let due = nextTimeout, due <= now, let first = begin else { return [] }
    guard hasNews else {
      // The next packet starts the timer again.
      nextTimeout = nil
      return []
    }
    nextTimeout = due + interval > now ? due + interval : Self.nextTick(after: now)
    hasNews = false
    var reports: [Report] = []
    var base: Int64?
    var times: [Instant?] = []
    times.reserveCapacity(min(Int(end - first), Self.largestReport))
    func flush() {
      guard let base, !times.isEmpty else { return }
      reports.append(Report(base: SequenceNumber(UInt16(truncatingIfNeeded: base)), arrivals: times))
    }
    for number in first..<end {
      let slot = arrivals[index(number)]
      let time = slot.number == number ? slot.time : nil
      if let start = base, number - start >= Int64(Self.largestReport) {
        flush()
        base = nil
        times = []
      }
      if base == nil { base = number }
      times.append(time)
    }
    while let last = times.last, last == nil { times.removeLast() }
    flush()
    begin = end
    return reports.filter { !$0.arrivals.allSatisfy { $0 == nil } }
  }

  private var interval: Duration { hasVideo ? Self.intervalWithVideo : Self.intervalWithoutVideo }

  /// When Chromium's timers wake next.
  package static func nextTick(after now: Instant) -> Instant {
    Instant(nanoseconds: (now.nanoseconds / tick.nanoseconds + 1) * tick.nanoseconds)
  }

  private func index(_ number: Int64) -> Int { Int(number & Int64(arrivals.count - 1)) }

  private mutating func grow() {
    let old = arrivals
    arrivals = Array(repeating: (-1, .start), count: 2 * old.count)
    for slot in old where slot.number >= 0 { arrivals[index(slot.number)] = slot }
  }
}
