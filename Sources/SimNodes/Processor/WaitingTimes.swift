import RTCPrimitives

/// How work waited for a core, and what was refused because it would have come too late.
public struct WaitingTimes: Hashable, Sendable {
  /// From when on a wait counts as long, in nanoseconds.
  public let longWait: Int64
  /// The waits of all work that was done.
  public private(set) var durations = DurationHistogram()
  /// How many of them were long.
  public private(set) var longCount = 0
  /// When work waited for long, or was refused, for the first time.
  public private(set) var firstLong: Instant?
  private var done = [Int](repeating: 0, count: WorkCategory.allCases.count)
  private var refused = [Int](repeating: 0, count: WorkCategory.allCases.count)

  init(longWait: Int64) { self.longWait = longWait }

  /// How many pieces of work of a kind were refused.
  public func refused(_ category: WorkCategory) -> Int { refused[category.index] }

  /// Whether more than one in twenty pieces of work waited for long, or of any kind was refused.
  public var isOverloaded: Bool {
    longCount * 20 > durations.count
      || WorkCategory.allCases.contains { refused[$0.index] * 20 > refused[$0.index] + done[$0.index] }
  }

  mutating func note(_ wait: Int64, at now: Instant) {
    durations.insert(nanoseconds: wait)
    guard wait > longWait else { return }
    longCount += 1
    if firstLong == nil { firstLong = now }
  }

  mutating func noteDone(_ category: WorkCategory) { done[category.index] += 1 }

  mutating func noteRefused(_ category: WorkCategory, at now: Instant) {
    refused[category.index] += 1
    if firstLong == nil { firstLong = now }
  }
}
