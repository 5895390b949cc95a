public import RTCPrimitives
import RTCWire

/// The way between a member and the signaling server, as TCP carries it: a delay and a rate, in order.
///
/// A segment that is lost is sent again after the retransmission timeout, which doubles each time; what comes after it
/// waits for it.
public struct SignalingPath: Sendable {
  public let delay: Duration
  /// `nil` for no limit.
  public let rate: DataRate?
  private var busyUntil = Instant.start
  private var lastArrival = Instant.start

  public init(delay: Duration, rate: DataRate? = nil) {
    self.delay = delay
    self.rate = rate
  }

  /// The way of a new connection that takes the place of `other` and is open from `time` on; what is on its way on the
  /// old one comes first.
  func replacing(_ other: SignalingPath, from time: Instant) -> SignalingPath {
    var path = self
    path.busyUntil = time
    path.lastArrival = other.lastArrival
    return path
  }

  /// When a message that leaves at `now` is there.
  mutating func arrival(of size: DataSize, at now: Instant, repeating extra: Duration = .zero) -> Instant {
    busyUntil = max(now, busyUntil) + (rate?.time(for: size) ?? .zero)
    lastArrival = max(lastArrival, busyUntil + delay + extra)
    return lastArrival
  }
}

/// A member's two ways, to the signaling server and from it.
public struct SignalingAccess: Sendable {
  public var uplink: SignalingPath
  public var downlink: SignalingPath

  public init(uplink: SignalingPath, downlink: SignalingPath) {
    self.uplink = uplink
    self.downlink = downlink
  }

  /// The same way in both directions.
  public init(delay: Duration, rate: DataRate? = nil) {
    let path = SignalingPath(delay: delay, rate: rate)
    self.init(uplink: path, downlink: path)
  }

  /// There and back.
  var roundTripTime: Duration { uplink.delay + downlink.delay }

  /// TCP's first retransmission timeout after one measured round trip R: R + 4·R/2, but not less than Linux's 200 ms.
  ///
  /// - SeeAlso: RFC 6298 §2.2
  public var retransmissionTimeout: Duration { max(.milliseconds(200), roundTripTime * 3) }
}

/// The dice of TCP segments that are lost.
struct SegmentLoss {
  private let probability: Double
  private var dice: SeededGenerator

  init(_ probability: Double, dice: SeededGenerator) {
    self.probability = probability
    self.dice = dice
  }

  /// How much later a segment is there for having been lost, perhaps again and again.
  mutating func delay(timeout: Duration) -> Duration {
    guard probability > 0 else { return .zero }
    var (delay, timeout) = (Duration.zero, timeout)
    while dice.happens(withProbability: probability) {
      delay += timeout
      timeout = min(timeout * 2, Self.longestTimeout)
    }
    return delay
  }

  /// Of round trips that set a connection up, one after the other; the first has no measured round trip to go by.
  mutating func delay(roundTrips: Int, timeout: Duration) -> Duration {
    var sum = Duration.zero
    for number in 0..<(2 * roundTrips) { sum += delay(timeout: number < 2 ? Self.initialTimeout : timeout) }
    return sum
  }

  /// RFC 6298 §2.1 and §2.5.
  private static let initialTimeout = Duration.seconds(1)
  private static let longestTimeout = Duration.seconds(60)
}
