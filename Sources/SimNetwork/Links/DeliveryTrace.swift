public import RTCPrimitives

/// When a recorded link could have delivered a packet, in Mahimahi's format: a text with one number of milliseconds a line,
/// each an opportunity to deliver 1,504 bytes. After the last the trace begins again, that many milliseconds later.
///
/// A packet counts as it is on Mahimahi's TUN device, with 4 bytes in front of its IP header, so that 1,500 bytes take one
/// opportunity. Small packets share one; what nobody waits for is lost.
/// - SeeAlso: Netravali et al., "Mahimahi: Accurate Record-and-Replay for HTTP", USENIX ATC 2015, §4.2; `mm-link(1)`
public struct DeliveryTrace: Hashable, Sendable {
  /// Why a text is no trace; lines count from 1.
  public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    case notANumber(line: Int, found: String)
    case tooLate(line: Int, found: Int)
    case notInOrder(line: Int, found: Int, previous: Int)
    case tooMany
    /// There is no opportunity, or none after 0 ms.
    case noTime

    /// With the line, what was found and what is allowed.
    public var description: String {
      switch self {
      case .notANumber(let line, let found):
        "line \(line): found '\(found)', allowed: a whole number of milliseconds, 0 or more"
      case .tooLate(let line, let found):
        "line \(line): found \(found), allowed: at most \(DeliveryTrace.longest) ms, which is a day"
      case .notInOrder(let line, let found, let previous):
        "line \(line): found \(found), allowed: \(previous) or more, because times do not go back"
      case .tooMany: "found more than \(DeliveryTrace.mostOpportunities) lines, allowed: at most that many"
      case .noTime: "found no time after 0, allowed: at least one line with 1 or more"
      }
    }
  }

  public static let opportunity = DataSize.bytes(1504)
  /// What a packet has in front of its IP header.
  static let packetHeader = DataSize.bytes(4)
  public static let mostOpportunities = 5_000_000
  static let longest = 86_400_000

  /// Milliseconds, in order; the last is when the trace repeats.
  public let times: [Int32]

  public init(parsing text: String) throws(Failure) {
    var times: [Int32] = []
    var number = 0
    var emptyLine: Int?
    for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      let word = line.filter { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: " ") }
      // Only the end of the file may be empty, but it may be more than one line.
      guard !word.isEmpty else {
        emptyLine = emptyLine ?? number
        continue
      }
      if let emptyLine { throw .notANumber(line: emptyLine, found: "") }
      guard let time = Int(String(decoding: word, as: UTF8.self)), time >= 0, word[0] != UInt8(ascii: "+") else {
        throw .notANumber(line: number, found: String(decoding: line.prefix(40), as: UTF8.self))
      }
      guard time <= Self.longest else { throw .tooLate(line: number, found: time) }
      let previous = Int(times.last ?? 0)
      guard time >= previous else { throw .notInOrder(line: number, found: time, previous: previous) }
      guard times.count < Self.mostOpportunities else { throw .tooMany }
      times.append(Int32(time))
    }
    guard let last = times.last, last > 0 else { throw .noTime }
    self.times = times
  }

  /// After which the trace repeats.
  public var period: Duration { .milliseconds(Int64(times[times.count - 1])) }

  /// What the trace delivers at most, in the mean.
  public var meanRate: DataRate {
    .bitsPerSecond(Int64(Self.opportunity.bits * times.count) * 1000 / Int64(times[times.count - 1]))
  }
}

/// The place of a link's server in its trace.
struct TraceServer: Sendable {
  private let trace: DeliveryTrace
  /// The opportunity that was used last, counted from the beginning of the run; -1 for none.
  private var current: Int64 = -1
  /// Bytes of it that are left.
  private var left: Int64 = 0

  /// Bits per second.
  let meanRate: Int64

  init(_ trace: DeliveryTrace) {
    self.trace = trace
    meanRate = trace.meanRate.bitsPerSecond
  }

  private var count: Int64 { Int64(trace.times.count) }

  /// When an opportunity comes, in nanoseconds.
  private func time(of opportunity: Int64) -> Int64 {
    guard opportunity >= 0 else { return .min }
    let (round, place) = opportunity.quotientAndRemainder(dividingBy: count)
    return (round * Int64(trace.times[Int(count) - 1]) + Int64(trace.times[Int(place)])) * 1_000_000
  }

  /// The first opportunity after `time`: one at the very time has passed, as in Mahimahi.
  private func first(after time: Int64) -> Int64 {
    let period = Int64(trace.times[Int(count) - 1]) * 1_000_000
    // The last opportunity of a round and those at 0 of the next come at the same time.
    let round = max(0, (time - 1) / period)
    var low = round * count
    var high = (round + 2) * count
    while low < high {
      let middle = (low + high) / 2
      if self.time(of: middle) > time { high = middle } else { low = middle + 1 }
    }
    return low
  }

  mutating func serve(_ size: DataSize, at now: Int64) -> LinkServer.Service {
    if left <= 0 || time(of: current) <= now {
      current = time(of: current + 1) > now ? current + 1 : first(after: now)
      left = Int64(DeliveryTrace.opportunity.bytes)
    }
    let begin = time(of: current)
    left -= Int64((size + DeliveryTrace.packetHeader).bytes)
    while left < 0 {
      current += 1
      left += Int64(DeliveryTrace.opportunity.bytes)
    }
    return LinkServer.Service(begin: begin, end: time(of: current))
  }
}
