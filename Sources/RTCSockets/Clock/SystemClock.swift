import Glibc
public import RTCPrimitives
public import RTCWire

/// The machine's monotonic clock, as protocol cores are told the time: `Instant.start` is when it was made.
///
/// Setting the machine's clock changes nothing, neither here nor in the relation to NTP time that was read at the start.
public struct SystemClock: Sendable {
  /// NTP time as the machine knew it when the clock was made, for sender reports.
  public let ntp: NTPClock
  private let origin: Int64

  public init() {
    origin = Self.read(CLOCK_MONOTONIC)
    let sinceEpoch = Self.read(CLOCK_REALTIME)
    ntp = NTPClock(origin: NTPClock(origin: Self.unixEpoch).timestamp(at: Instant(nanoseconds: sinceEpoch)))
  }

  /// The time that has passed since the clock was made.
  public var now: Instant { Instant(nanoseconds: Self.read(CLOCK_MONOTONIC) - origin) }

  /// How long ago something was that the kernel has stamped with its real-time clock.
  func timeSince(_ stamp: timespec) -> Duration {
    .nanoseconds(Self.read(CLOCK_REALTIME) - Self.nanoseconds(of: stamp))
  }

  /// 1970-01-01 (RFC 5905 §6 counts from 1900).
  private static let unixEpoch = NTPTimestamp(seconds: 2_208_988_800)

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    let status = clock_gettime(clock, &time)
    precondition(status == 0, "Linux has both clocks")
    return nanoseconds(of: time)
  }

  private static func nanoseconds(of time: timespec) -> Int64 {
    Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
