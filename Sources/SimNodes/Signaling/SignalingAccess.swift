import RTCPrimitives
import RTCWire

/// The way between a member and the signaling server, as TCP carries it: a delay and a rate, in order and without loss.
public struct SignalingPath: Sendable {
  public let delay: Duration
  /// `nil` for no limit.
  public let rate: DataRate?
  private var busyUntil = Instant.start

  public init(delay: Duration, rate: DataRate? = nil) {
    self.delay = delay
    self.rate = rate
  }

  /// When a message that leaves at `now` is there.
  mutating func arrival(of size: DataSize, at now: Instant) -> Instant {
    busyUntil = max(now, busyUntil) + (rate?.time(for: size) ?? .zero)
    return busyUntil + delay
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
}
