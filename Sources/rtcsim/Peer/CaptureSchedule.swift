import RTCPrimitives

/// When pictures or packets of sound are captured in real time: every interval from an origin, by number.
struct CaptureSchedule {
  private let origin: Instant
  /// Captures per second, as a fraction.
  private let rate: (numerator: Int, denominator: Int)
  /// From the beginning of what is captured until it is there.
  private let length: Duration
  /// How many captures may be made up for when the machine was busy; older ones are left out.
  private let backlog: Int
  private var next = 0

  init(from origin: Instant, rate: (numerator: Int, denominator: Int), length: Duration = .zero, backlog: Int) {
    self.origin = origin
    self.rate = rate
    self.length = length
    self.backlog = backlog
  }

  /// When the next capture is there.
  var due: Instant { time(of: next) + length }

  /// When the capture with this number began.
  func time(of index: Int) -> Instant {
    let (seconds, rest) = (index * rate.denominator).quotientAndRemainder(dividingBy: rate.numerator)
    return origin + .nanoseconds(Int64(seconds) * 1_000_000_000 + Int64(rest) * 1_000_000_000 / Int64(rate.numerator))
  }

  /// The number of a capture that is due by `now`; to be called until it gives `nil`.
  mutating func take(at now: Instant) -> Int? {
    guard due <= now else { return nil }
    let passed = (now - length - origin).nanoseconds
    let latest = Int(passed / (1_000_000_000 * Int64(rate.denominator) / Int64(rate.numerator)))
    next = max(next, latest - backlog)
    defer { next += 1 }
    return next
  }
}
