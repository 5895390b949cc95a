import RTCPrimitives

/// The cores of one node as a queueing server: work goes to the core that is free first and delays what follows it.
///
/// One queue, first come first served; a piece of work is never split. Saturation shows up as waiting.
public struct Processor: Sendable {
  public let cores: Int
  public let costs: MeasuredCosts
  /// How work waited for a core since the last `resetWaiting`.
  public private(set) var waiting: WaitingTimes
  private var freeAt: [Int64]
  private var chargedNanoseconds: [Int64]

  /// - Precondition: there is at least one core.
  public init(cores: Int, costs: MeasuredCosts, longWait: Duration = .milliseconds(100)) {
    precondition(cores > 0, "a processor has at least one core")
    self.cores = cores
    self.costs = costs
    waiting = WaitingTimes(longWait: longWait.nanoseconds)
    freeAt = [Int64](repeating: 0, count: cores)
    chargedNanoseconds = [Int64](repeating: 0, count: WorkCategory.allCases.count)
  }

  /// A core that one thread of work occupies: what is performed in it follows without a gap.
  public struct Slot: Sendable {
    fileprivate let core: Int
    /// When what was performed so far is done; before that, when the core is free.
    public fileprivate(set) var time: Instant
  }

  /// Puts a thread of work in the queue, for the core that is free first. Perform it before the next one is reserved.
  public mutating func reserve(at now: Instant) -> Slot {
    let core = earliestCore
    let start = max(now.nanoseconds, freeAt[core])
    waiting.note(start - now.nanoseconds, at: now)
    return Slot(core: core, time: Instant(nanoseconds: start))
  }

  /// Does the next piece of a thread of work and gives the time at which it is done.
  @discardableResult
  public mutating func perform(_ work: Work, in slot: inout Slot) -> Instant {
    let time = costs.nanoseconds(for: work)
    slot.time.nanoseconds += time
    freeAt[slot.core] = slot.time.nanoseconds
    chargedNanoseconds[work.category.index] += time
    waiting.noteDone(work.category)
    return slot.time
  }

  /// Puts one piece of work in the queue and gives the time at which it is done.
  public mutating func charge(_ work: Work, at now: Instant) -> Instant {
    var slot = reserve(at: now)
    return perform(work, in: &slot)
  }

  /// How long work that came now would wait.
  public func queueDelay(at now: Instant) -> Duration {
    .nanoseconds(max(0, freeAt[earliestCore] - now.nanoseconds))
  }

  /// Whether work that came now would wait for so long or longer: callers that drop late work ask before they charge.
  public func isBehind(by nanoseconds: Int64, at now: Instant) -> Bool {
    freeAt[earliestCore] - now.nanoseconds >= nanoseconds
  }

  /// CPU time charged to a category so far, whether or not it has been worked off.
  public func charged(_ category: WorkCategory) -> Duration { .nanoseconds(chargedNanoseconds[category.index]) }

  /// CPU time charged so far in all categories.
  public var charged: Duration { .nanoseconds(chargedNanoseconds.reduce(0, +)) }

  /// CPU time worked off until `now`, over all cores: never more than cores × time.
  ///
  /// The utilisation of a window is the difference of two readings over cores × window.
  /// - Precondition: nothing was charged later than `now`.
  public func busyTime(at now: Instant) -> Duration {
    let ahead = freeAt.reduce(0) { $0 + max(0, $1 - now.nanoseconds) }
    return .nanoseconds(chargedNanoseconds.reduce(0, +) - ahead)
  }

  /// Counts a piece of work that is not done at all, because it would come too late.
  public mutating func refuse(_ category: WorkCategory, at now: Instant) { waiting.noteRefused(category, at: now) }

  /// Forgets the waiting times, at the start of a window of measurement.
  public mutating func resetWaiting() { waiting = WaitingTimes(longWait: waiting.longWait) }

  /// The core that is free first, the lowest of equals.
  private var earliestCore: Int {
    var best = 0
    for core in freeAt.indices where freeAt[core] < freeAt[best] { best = core }
    return best
  }
}
