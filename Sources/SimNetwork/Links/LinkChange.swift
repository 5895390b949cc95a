import RTCPrimitives

/// A change of a link's rate or propagation delay at a time that is known beforehand.
public struct LinkChange: Hashable, Sendable {
  /// After the beginning of the run.
  public var time: Duration
  /// From then on; `nil` leaves it as it is, zero is an outage: what waits goes on waiting.
  public var rate: DataRate?
  /// From then on, for what leaves the link; `nil` leaves it as it is.
  public var propagationDelay: Duration?

  public init(at time: Duration, rate: DataRate? = nil, propagationDelay: Duration? = nil) {
    self.time = time
    self.rate = rate
    self.propagationDelay = propagationDelay
  }
}

/// The pieces of time within which a link's rate and delay stay what they are, and the place of the server in them.
///
/// All is known beforehand, so that the end of a packet's service is the integral of the rate, exact in bits times
/// nanoseconds and rounded up to a nanosecond once for each packet.
struct LinkTimeline: Sendable {
  private struct Piece: Sendable {
    let begin: Int64
    /// Bits per second; `nil` for no limit.
    let rate: Int64?
    let delay: Int64
    /// What a queue is measured by: the rate, or in an outage that before it, or where there was none that after it.
    var queueRate: Int64?
  }

  private let pieces: [Piece]
  /// That in which the last service ended; services only move forward.
  private var current = 0

  /// - Precondition: the times of the changes grow.
  init(_ configuration: Link.Configuration) {
    let changes = configuration.changes
    precondition(
      zip(changes, changes.dropFirst()).allSatisfy { $0.time < $1.time }, "changes are in order of their times")
    var rate = configuration.rate?.bitsPerSecond
    var delay = configuration.propagationDelay.nanoseconds
    var pieces = [Piece(begin: .min, rate: rate, delay: delay, queueRate: rate)]
    for change in changes {
      rate = change.rate?.bitsPerSecond ?? rate
      delay = change.propagationDelay?.nanoseconds ?? delay
      pieces.append(
        Piece(
          begin: change.time.nanoseconds, rate: rate, delay: delay,
          queueRate: rate == 0 ? pieces[pieces.count - 1].queueRate : rate))
    }
    let firstRate = pieces.first { $0.rate != 0 }?.rate
    for index in pieces.indices where pieces[index].queueRate == 0 { pieces[index].queueRate = firstRate }
    self.pieces = pieces
  }

  /// The propagation delay for what leaves when the last service ended.
  var delay: Int64 { pieces[current].delay }

  /// Serves `bits`, from `begin` on or from when an outage ends; `nil` if that is never.
  ///
  /// - Precondition: no earlier service ended after `begin`.
  mutating func serve(bits: Int64, from begin: Int64) -> LinkServer.Service? {
    var place = current
    var begin = begin
    var time = begin
    let all = bits * 1_000_000_000
    var work = all
    while true {
      let end = place + 1 < pieces.count ? pieces[place + 1].begin : .max
      if end <= time {
        place += 1
        continue
      }
      guard let rate = pieces[place].rate else { break }
      let need = rate > 0 ? (work + rate - 1) / rate : .max
      if need <= end - time {
        time += need
        break
      }
      guard end != .max else { return nil }
      // Less than `work`, because the piece was too short.
      work -= rate * (end - time)
      time = end
      if work == all { begin = end }
      place += 1
    }
    // What ends as a piece begins has left at the rate before, and travels as in the new piece.
    while place + 1 < pieces.count, pieces[place + 1].begin <= time { place += 1 }
    current = place
    return LinkServer.Service(begin: begin, end: time)
  }

  /// What is served from `begin` to `end`, in bits times nanoseconds per second.
  func work(from begin: Int64, to end: Int64) -> Int128 {
    var work: Int128 = 0
    var place = current
    while place > 0, pieces[place].begin > begin { place -= 1 }
    var time = begin
    while time < end {
      let next = place + 1 < pieces.count ? min(pieces[place + 1].begin, end) : end
      if next > time {
        // While there is no limit nothing waits.
        work += Int128(pieces[place].rate ?? 0) * Int128(next - time)
        time = next
      }
      place += 1
    }
    return work
  }

  /// By what the queue is measured at `time`, in bits per second; `nil` while there is no limit.
  func queueRate(at time: Int64) -> Int64? {
    var place = current
    while place > 0, pieces[place].begin > time { place -= 1 }
    while place + 1 < pieces.count, pieces[place + 1].begin <= time { place += 1 }
    return pieces[place].queueRate
  }
}
