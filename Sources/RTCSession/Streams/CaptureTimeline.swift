import RTCPrimitives
import RTCWire

/// Decides which packets state when their frame was captured: those whose receivers could not have extrapolated it.
///
/// - SeeAlso: http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time ("interpolation")
struct CaptureTimeAnnouncer: Sendable {
  private let clock: RTPClock
  private var last: (rtpTimestamp: UInt32, captureTime: Instant, sentAt: Instant)?

  init(clockRate: UInt32) { clock = RTPClock(rate: clockRate, offset: 0) }

  /// Whether the first packet of this frame carries the capture time: once a second, and when the time differs by more
  /// than 1 ms from what follows from the last one.
  mutating func shouldAnnounce(rtpTimestamp: UInt32, captureTime: Instant, at now: Instant) -> Bool {
    if let last, now - last.sentAt < .seconds(1) {
      let expected = last.captureTime + clock.duration(from: last.rtpTimestamp, to: rtpTimestamp)
      if abs((captureTime - expected).nanoseconds) <= 1_000_000 { return false }
    }
    last = (rtpTimestamp, captureTime, now)
    return true
  }
}

/// Finds the capture time of any frame of a stream from the last one that stated it, and before any has, from the
/// sender reports.
struct CaptureTimeline: Sendable {
  private let clock: RTPClock
  private let ntp: NTPClock
  private var anchor: (rtpTimestamp: UInt32, captureTime: Instant)?
  private var isStated = false

  init(clockRate: UInt32, ntp: NTPClock) {
    clock = RTPClock(rate: clockRate, offset: 0)
    self.ntp = ntp
  }

  mutating func note(_ value: AbsoluteCaptureTime, rtpTimestamp: UInt32) {
    anchor = (rtpTimestamp, ntp.instant(of: value.captureTime))
    isStated = true
  }

  mutating func note(_ report: SenderReport) {
    if !isStated { anchor = (report.rtpTimestamp, ntp.instant(of: report.ntpTimestamp)) }
  }

  /// `nil` before the sender has said anything of its clock.
  func captureTime(of rtpTimestamp: UInt32) -> Instant? {
    guard let anchor else { return nil }
    let ticks = Int64(Int32(bitPattern: rtpTimestamp &- anchor.rtpTimestamp))
    return Instant(nanoseconds: anchor.captureTime.nanoseconds + clock.nanoseconds(ofTicks: ticks))
  }
}
