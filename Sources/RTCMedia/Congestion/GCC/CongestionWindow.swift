import RTCPrimitives

/// How much may be in flight: where more is, the encoder leaves frames out.
///
/// libwebrtc's default (rate_control_settings.cc: `QueueSize:350,MinBitrate:30000,DropFrame:true`) limits neither the pacer
/// nor the target. In the recordings Chromium's encoder goes down to 5–15 frames/s in the seconds after the capacity drops,
/// which is this.
///
/// - SeeAlso: libwebrtc congestion_window_pushback_controller.cc, goog_cc_network_control.cc, whose constants these are
struct CongestionWindow: Hashable, Sendable {
  /// The share of the target that is to be left out, 0 ... 1.
  private(set) var reduction = 0.0

  private var limit: Double?
  private var ratio = 1.0
  private var roundTrips: [Duration] = []
  private var next = 0

  /// QueueSize
  private static let queue = Duration.milliseconds(350)
  /// kMaxFeedbackRttWindow
  private static let window = 32
  private static let least = 2.0 * 1500
  /// MinBitrate
  private static let leastRate = 30_000.0

  init() { roundTrips.reserveCapacity(Self.window) }

  /// - Parameter roundTrip: the longest time from sending to this feedback.
  mutating func heard(roundTrip: Duration, target: DataRate) {
    if roundTrips.count < Self.window {
      roundTrips.append(roundTrip)
    } else {
      roundTrips[next] = roundTrip
      next = (next + 1) % Self.window
    }
    let time = (roundTrips.min() ?? roundTrip) + Self.queue
    let size = Double(target.bitsPerSecond) * time.safeMilliseconds / 8000
    limit = max(Self.least, limit.map { (size + $0) / 2 } ?? size)
  }

  /// After every packet and every feedback.
  mutating func update(inFlight: DataSize, target: DataRate) {
    guard let limit else { return }
    let fill = Double(inFlight.bytes) / limit
    if fill > 1.5 {
      ratio *= 0.9
    } else if fill > 1 {
      ratio *= 0.95
    } else if fill < 0.1 {
      ratio = 1
    } else {
      ratio = min(ratio * 1.05, 1)
    }
    let rate = Double(target.bitsPerSecond)
    let reduced = max(rate * ratio, min(rate, Self.leastRate))
    reduction = rate > 0 ? 1 - reduced / rate : 0
  }
}
