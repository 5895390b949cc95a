import RTCPrimitives
import SimKernel

/// Controlled delay: packets are dropped at the head of the queue when none has waited for less than `target` for an
/// interval, and then at the square root's pace.
///
/// - SeeAlso: RFC 8289; the defaults are those of §4.2 and §4.3
public struct CoDel: Hashable, Sendable {
  public var target: Duration
  public var interval: Duration

  /// - Precondition: both are positive.
  public init(target: Duration = .milliseconds(5), interval: Duration = .milliseconds(100)) {
    precondition(target > .zero && interval > .zero, "CoDel's target and interval are positive")
    self.target = target
    self.interval = interval
  }
}

/// A queue under CoDel: the pseudocode of RFC 8289 §5.
///
/// Its drops are decided when a packet leaves the queue, for one that is dropped then is kept where less than a packet's
/// worth waits behind it, which nobody knows when it enters. So such a link costs an event for each packet that waits.
struct CoDelQueue: Sendable {
  struct Entry: Sendable {
    let packet: PacketHandle
    let size: DataSize
    let enteredAt: Int64
    /// Beyond the link's own delay.
    let extraDelay: Int64
  }

  private let target: Int64
  private let interval: Int64
  private var entries: [Entry] = []
  /// How many at the front are gone.
  private var gone = 0
  private(set) var bytes: Int64 = 0

  /// When the queue will have stood above the target for an interval; `nil` while it does not stand.
  private var firstAboveTime: Int64?
  private var isDropping = false
  private var dropNext: Int64 = 0
  private var count: Int64 = 0
  private var lastCount: Int64 = 0

  /// An Ethernet frame's packet: so much may wait without being too much.
  private static let largestPacket: Int64 = 1500

  init(_ parameters: CoDel) {
    target = parameters.target.nanoseconds
    interval = parameters.interval.nanoseconds
  }

  var isEmpty: Bool { gone == entries.count }
  var sizes: [DataSize] { entries[gone...].map(\.size) }
  var first: Entry? { isEmpty ? nil : entries[gone] }

  mutating func append(_ entry: Entry) {
    entries.append(entry)
    bytes += Int64(entry.size.bytes)
  }

  /// The next packet that is to be sent; those before it that are dropped are told.
  mutating func dequeue(at now: Int64, dropped: (Entry) -> Void) -> Entry? {
    var (entry, isLate) = next(at: now)
    if isDropping {
      if !isLate { isDropping = false }
      while isDropping, now >= dropNext, let late = entry {
        dropped(late)
        count += 1
        (entry, isLate) = next(at: now)
        if isLate { dropNext = controlLaw(dropNext) } else { isDropping = false }
      }
    } else if isLate, let late = entry {
      dropped(late)
      (entry, isLate) = next(at: now)
      isDropping = true
      // Where the last drops are not long ago, their pace is gone on with.
      let delta = count - lastCount
      count = delta > 1 && now - dropNext < 16 * interval ? delta : 1
      dropNext = controlLaw(now)
      lastCount = count
    }
    return entry
  }

  /// Takes the first packet; says whether the queue has stood for an interval (`dodequeue`).
  private mutating func next(at now: Int64) -> (Entry?, isLate: Bool) {
    guard let entry = first else {
      firstAboveTime = nil
      return (nil, false)
    }
    gone += 1
    bytes -= Int64(entry.size.bytes)
    if gone > 32, gone > entries.count / 2 {
      entries.removeFirst(gone)
      gone = 0
    }
    guard now - entry.enteredAt >= target, bytes > Self.largestPacket else {
      firstAboveTime = nil
      return (entry, false)
    }
    guard let firstAboveTime else {
      firstAboveTime = now + interval
      return (entry, false)
    }
    return (entry, now >= firstAboveTime)
  }

  private func controlLaw(_ time: Int64) -> Int64 { time + Int64(Double(interval) / Double(count).squareRoot()) }
}
