public import RTCPrimitives

/// Gives video up while there is too little for it, so that sound alone goes on.
///
/// Video pauses when less than the least has been left for two seconds, and comes back as soon as there is enough: 30 kbit/s,
/// Chromium's smallest bitrate of a video stream, and 50.
/// - Note: That it comes back at 20 kbit/s or 10 % more than the minimum, whichever is more, is libwebrtc's
///   (`BitrateAllocator`, `kToggleFactor` and `kMinToggleBitrateBps`) for streams that may be suspended. The two seconds are
///   ours. Chromium's own default does not suspend video but holds it at its minimum.
public struct VideoPause: Sendable {
  /// Below which it pauses.
  public let least: DataRate
  /// With which it comes back.
  public let enough: DataRate
  private static let patience = Duration.seconds(2)

  public private(set) var isPaused = false
  /// Since when there has been too little.
  private var since: Instant?

  public init(least: DataRate = .kilobitsPerSecond(30), enough: DataRate = .kilobitsPerSecond(50)) {
    self.least = least
    self.enough = enough
  }

  /// Learns how much is left for the encoder.
  public mutating func update(_ rate: DataRate, at now: Instant) {
    if isPaused {
      isPaused = rate < enough
      return
    }
    guard rate < least else {
      since = nil
      return
    }
    let begin = since ?? now
    isPaused = now - begin >= Self.patience
    since = isPaused ? nil : begin
  }
}
