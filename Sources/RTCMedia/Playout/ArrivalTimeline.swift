import RTCPrimitives

/// Maps the capture times of a stream to arrival times, by the fastest of the packets that came lately.
///
/// The least delay is that of the window that is not over yet and of the one before.
struct ArrivalTimeline: Sendable {
  private let clockRate: Int64
  private let window: Int64
  private(set) var newestTimestamp: UInt32?
  /// How far the newest timestamp is from the first one.
  private var ticks: Int64 = 0
  /// Arrival less capture time in nanoseconds, in this window and in the one before.
  private var current: ClosedRange<Int64>?
  private var previous: ClosedRange<Int64>?
  private var windowBegin = Instant.start

  init(clockRate: Int, window: Duration) {
    self.clockRate = Int64(clockRate)
    self.window = window.nanoseconds
  }

  /// When media of this capture time arrives at the earliest.
  func earliestArrival(of timestamp: UInt32) -> Instant {
    Instant(nanoseconds: mediaTime(of: timestamp) &+ (least ?? 0))
  }

  /// By how many nanoseconds the slowest packet was later than the fastest one.
  var spread: Int64 {
    let most = current.map { max($0.upperBound, previous?.upperBound ?? $0.upperBound) } ?? previous?.upperBound
    return (most ?? 0) - (least ?? 0)
  }

  /// Takes note of an arrival.
  ///
  /// - Returns: by how many nanoseconds it is later than the fastest one.
  mutating func insert(_ timestamp: UInt32, at now: Instant) -> Int64 {
    if let newestTimestamp {
      let step = Int64(Int32(bitPattern: timestamp &- newestTimestamp))
      // What is late has its place already; only newer media moves the origin.
      if step > 0 {
        ticks += step
        self.newestTimestamp = timestamp
      }
    } else {
      newestTimestamp = timestamp
      windowBegin = now
    }
    if now.nanoseconds - windowBegin.nanoseconds > window {
      previous = current
      current = nil
      windowBegin = now
    }
    let offset = now.nanoseconds - mediaTime(of: timestamp)
    current = current.map { min($0.lowerBound, offset)...max($0.upperBound, offset) } ?? offset...offset
    return offset - (least ?? offset)
  }

  private var least: Int64? {
    guard let current else { return previous?.lowerBound }
    return previous.map { min($0.lowerBound, current.lowerBound) } ?? current.lowerBound
  }

  /// The capture time in nanoseconds since that of the first timestamp, continued over the wraps.
  private func mediaTime(of timestamp: UInt32) -> Int64 {
    guard let newestTimestamp else { return 0 }
    let place = ticks + Int64(Int32(bitPattern: timestamp &- newestTimestamp))
    let (seconds, rest) = place.quotientAndRemainder(dividingBy: clockRate)
    return seconds * 1_000_000_000 + rest * 1_000_000_000 / clockRate
  }
}
