public import RTCPrimitives

/// Finds gaps in the sequence numbers of one stream and asks for what is missing, again after a round trip, until it
/// arrives or is given up.
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
    /// Late, but not asked for yet.
    case reordered
    /// Known already, or given up.
    case unneeded
  }

  public struct Settings: Hashable, Sendable {
    /// How long a missing packet may be late before it is asked for.
    public var reorderingTolerance: Duration
    /// How often a packet is asked for before it is given up.
    public var largestRequestCount: Int
    /// How long a packet may be missing before it is given up.
    public var largestAge: Duration
    /// How many packets may be missing at once; more are not worth repairing.
    public var largestMissingCount: Int

    public init(
      reorderingTolerance: Duration = .zero, largestRequestCount: Int = 10, largestAge: Duration = .seconds(2),
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
    var due: Instant
    var requests = 0
  }

  private let settings: Settings
  private var extender = SequenceExtender()
  /// Ascending.
  private var missing: [Missing] = []
  /// At or before the earliest time at which a missing packet is due; `nil` when none is missing.
  public private(set) var nextTimeout: Instant?
  /// The round-trip time to the sender, from which the retry interval follows.
  public var roundTripTime: Duration = .milliseconds(100)
  /// Requests for a packet, its repetitions included.
  public private(set) var packetsRequested = 0
  /// Packets that arrived after they had been asked for.
  public private(set) var packetsRecovered = 0

  public init(settings: Settings = Settings()) { self.settings = settings }

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
    guard extended > previous else { return arrived(extended) }
    if extended > previous + 1 { noteGap(previous + 1..<extended, at: now, into: &output) }
    return .new
  }

  /// Asks for everything that is due and gives up what is too old; harmless when called early.
  public mutating func handleTimeout(at now: Instant, into output: inout Output<Event>) {
    guard let nextTimeout, nextTimeout <= now else { return }
    var requested: [SequenceNumber] = []
    let retry = now + retryInterval
    let tooOld = now - settings.largestAge
    var earliest = Instant.distantFuture
    var kept = 0
    for index in missing.indices {
      var packet = missing[index]
      if packet.due <= now {
        guard packet.requests < settings.largestRequestCount, packet.since > tooOld else { continue }
        packet.requests += 1
        packet.due = retry
        requested.append(SequenceNumber(UInt16(truncatingIfNeeded: packet.number)))
      }
      earliest = min(earliest, packet.due)
      missing[kept] = packet
      kept += 1
    }
    let isAnyGivenUp = kept < missing.count
    missing.removeLast(missing.count - kept)
    self.nextTimeout = missing.isEmpty ? nil : earliest
    packetsRequested += requested.count
    if !requested.isEmpty { output.emit(.request(requested)) }
    if isAnyGivenUp { output.emit(.keyFrameNeeded) }
  }

  /// Forgets what is missing before `number`: frames that are played or skipped need no repair.
  public mutating func forget(before number: SequenceNumber) {
    guard !missing.isEmpty, let highest = extender.highest else { return }
    let last = SequenceNumber(UInt16(truncatingIfNeeded: highest))
    let limit = highest + Int64(number.distance(from: last))
    missing.removeFirst(place(of: limit))
    if missing.isEmpty { nextTimeout = nil }
  }

  /// A round trip, and what queues and the sender's pacing may add to it.
  private var retryInterval: Duration { roundTripTime + .milliseconds(20) }

  private mutating func arrived(_ number: Int64) -> Arrival {
    let index = place(of: number)
    guard index < missing.count, missing[index].number == number else { return .unneeded }
    let wasRequested = missing.remove(at: index).requests > 0
    if wasRequested { packetsRecovered += 1 }
    if missing.isEmpty { nextTimeout = nil }
    return wasRequested ? .recovered : .reordered
  }

  private mutating func noteGap(_ gap: Range<Int64>, at now: Instant, into output: inout Output<Event>) {
    guard missing.count + gap.count <= settings.largestMissingCount else {
      missing.removeAll(keepingCapacity: true)
      nextTimeout = nil
      output.emit(.keyFrameNeeded)
      return
    }
    let due = now + settings.reorderingTolerance
    for number in gap { missing.append(Missing(number: number, since: now, due: due)) }
    nextTimeout = nextTimeout.map { min($0, due) } ?? due
    if due <= now { handleTimeout(at: now, into: &output) }
  }

  /// The index of the first missing packet that is not before `number`.
  private func place(of number: Int64) -> Int {
    var (low, high) = (0, missing.count)
    while low < high {
      let middle = (low + high) / 2
      if missing[middle].number < number { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
