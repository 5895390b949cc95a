public import RTCPrimitives

/// Finds gaps in the sequence numbers of one stream and asks for what is missing, again after a round trip, until it
/// arrives or is given up.
///
/// A stream whose packets turn out to be merely late is given as much time before they are asked for.
///
/// - SeeAlso: RFC 4585 §6.2.1
public struct NACKGenerator: ~Copyable, Sendable {
  public enum Event: Hashable, Sendable {
    /// A generic NACK for these packets, oldest first.
    case request([SequenceNumber])
    /// Packets were given up: only a key frame helps.
    case keyFrameNeeded
  }

  /// What an arriving packet was.
  public enum Arrival: Hashable, Sendable {
    /// The next one, or one after a gap.
    case new
    /// One that had been asked for.
    case recovered
    /// Late: it came before it was asked for, or sooner than an answer could.
    case reordered
    /// Known already, or given up.
    case unneeded
  }

  public struct Settings: Hashable, Sendable {
    /// How long a missing packet may be late before it is asked for, at the beginning.
    public var reorderingTolerance: Duration
    /// How often a packet is asked for before it is given up.
    public var largestRequestCount: Int
    /// How long a packet may be missing before it is given up: no longer than senders keep it.
    public var largestAge: Duration
    /// How many packets may be missing at once; more are not worth repairing.
    public var largestMissingCount: Int

    public init(
      reorderingTolerance: Duration = .zero, largestRequestCount: Int = 10, largestAge: Duration = .seconds(1),
      largestMissingCount: Int = 500
    ) {
      self.reorderingTolerance = reorderingTolerance
      self.largestRequestCount = largestRequestCount
      self.largestAge = largestAge
      self.largestMissingCount = largestMissingCount
    }
  }

  private struct Missing {
    let number: Int64
    let since: Instant
    var requests: Int
    /// When it was asked for first.
    var askedAt: Instant
  }

  /// When a packet is to be asked for, if it is still missing.
  private struct Request {
    let number: Int64
    let due: Instant
  }

  private let settings: Settings
  private var extender = SequenceExtender()
  /// Ascending.
  private var missing: [Missing] = []
  /// Requests to come, by their time; those before `firstRequest` are done.
  private var requests: [Request] = []
  private var firstRequest = 0
  /// At or before the earliest time at which a missing packet is due; `nil` when none is missing.
  public private(set) var nextTimeout: Instant?
  /// The round-trip time to the sender, from which the retry interval follows.
  public var roundTripTime: Duration = .milliseconds(100) {
    didSet { shortestRoundTrip = min(shortestRoundTrip ?? .max, roundTripTime.nanoseconds) }
  }
  /// The least that was measured: what comes in less than half of it after a request is not its answer.
  private var shortestRoundTrip: Int64?
  /// How late a packet may be, in nanoseconds: as late as any was.
  private var tolerance: Int64
  private static let largestTolerance: Int64 = 100_000_000
  /// Requests for a packet, its repetitions included.
  public private(set) var packetsRequested = 0
  /// Packets that arrived after they had been asked for.
  public private(set) var packetsRecovered = 0

  public init(settings: Settings = Settings()) {
    self.settings = settings
    tolerance = settings.reorderingTolerance.nanoseconds
  }

  /// How many packets are missing and not given up.
  public var missingCount: Int { missing.count }

  /// Takes note of a packet, and asks at once for those that are missing without any tolerance left.
  @discardableResult
  public mutating func insert(
    _ number: SequenceNumber, at now: Instant, into output: inout Output<Event>
  ) -> Arrival {
    let previous = extender.highest
    let extended = extender.extend(number)
    guard let previous else { return .new }
    guard extended > previous else { return arrived(extended, at: now) }
    if extended > previous + 1 { noteGap(previous + 1..<extended, at: now, into: &output) }
    return .new
  }

  /// Asks for everything that is due and gives up what is too old; harmless when called early.
  public mutating func handleTimeout(at now: Instant, into output: inout Output<Event>) {
    guard let nextTimeout, nextTimeout <= now else { return }
    var due: [Int64] = []
    let missingBefore = missing.count
    let (retry, tooOld) = (now + retryInterval, now - settings.largestAge)
    var guess = 0
    while firstRequest < requests.count, requests[firstRequest].due <= now {
      let number = requests[firstRequest].number
      firstRequest += 1
      let index = place(of: number, guess: guess)
      guess = index + 1
      guard index < missing.count, missing[index].number == number else { continue }
      guard missing[index].requests < settings.largestRequestCount, missing[index].since > tooOld else {
        missing.remove(at: index)
        continue
      }
      if missing[index].requests == 0 { missing[index].askedAt = now }
      missing[index].requests += 1
      due.append(number)
      schedule(number, at: retry)
    }
    if missing.count < missingBefore { output.emit(.keyFrameNeeded) }
    due.sort()
    ask(for: due, into: &output)
    noteNextTimeout()
  }

  /// Forgets what is missing before `number`: frames that are played or skipped need no repair.
  public mutating func forget(before number: SequenceNumber) {
    guard !missing.isEmpty, let highest = extender.highest else { return }
    let last = SequenceNumber(UInt16(truncatingIfNeeded: highest))
    let limit = highest + Int64(number.distance(from: last))
    missing.removeFirst(place(of: limit))
    noteNextTimeout()
  }

  /// A round trip, and what queues and the sender's pacing may add to it.
  private var retryInterval: Duration { roundTripTime + .milliseconds(20) }

  private mutating func arrived(_ number: Int64, at now: Instant) -> Arrival {
    let index = place(of: number)
    guard index < missing.count, missing[index].number == number else { return .unneeded }
    let packet = missing.remove(at: index)
    noteNextTimeout()
    guard packet.requests == 0 || 2 * (now.nanoseconds - packet.askedAt.nanoseconds) < shortestRoundTrip ?? 0 else {
      packetsRecovered += 1
      return .recovered
    }
    tolerance = max(tolerance, min(now.nanoseconds - packet.since.nanoseconds, Self.largestTolerance))
    return .reordered
  }

  private mutating func noteGap(_ gap: Range<Int64>, at now: Instant, into output: inout Output<Event>) {
    guard missing.count + gap.count <= settings.largestMissingCount else {
      missing.removeAll(keepingCapacity: true)
      noteNextTimeout()
      output.emit(.keyFrameNeeded)
      return
    }
    let asksNow = tolerance <= 0
    let due = asksNow ? now + retryInterval : Instant(nanoseconds: now.nanoseconds + tolerance)
    for number in gap {
      missing.append(Missing(number: number, since: now, requests: asksNow ? 1 : 0, askedAt: now))
      schedule(number, at: due)
    }
    if asksNow { ask(for: gap, into: &output) }
    noteNextTimeout()
  }

  private mutating func ask(for numbers: some Collection<Int64>, into output: inout Output<Event>) {
    guard !numbers.isEmpty else { return }
    packetsRequested += numbers.count
    output.emit(.request(numbers.map { SequenceNumber(UInt16(truncatingIfNeeded: $0)) }))
  }

  private mutating func schedule(_ number: Int64, at due: Instant) {
    var index = requests.count
    while index > firstRequest, requests[index - 1].due > due { index -= 1 }
    requests.insert(Request(number: number, due: due), at: index)
  }

  private mutating func noteNextTimeout() {
    if missing.isEmpty {
      requests.removeAll(keepingCapacity: true)
      firstRequest = 0
    } else if firstRequest > 64, 2 * firstRequest > requests.count {
      requests.removeFirst(firstRequest)
      firstRequest = 0
    }
    nextTimeout = missing.isEmpty ? nil : requests[firstRequest].due
  }

  /// The index of the first missing packet that is not before `number`.
  ///
  /// - Parameter guess: where it probably is.
  private func place(of number: Int64, guess: Int = 0) -> Int {
    if guess < missing.count, missing[guess].number == number { return guess }
    var (low, high) = (0, missing.count)
    while low < high {
      let middle = (low + high) / 2
      if missing[middle].number < number { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
