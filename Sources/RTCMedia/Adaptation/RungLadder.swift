public import RTCPrimitives

/// The well-known ladder: pictures of a few sizes, each with a bitrate that it does not exceed.
///
/// | picture | pictures a second | at most    | taken from   |
/// |---------|-------------------|------------|--------------|
/// | 1080p   | 30                | 2.5 Mbit/s | 2 Mbit/s     |
/// | 720p    | 30                | 1.5 Mbit/s | 1.15 Mbit/s  |
/// | 480p    | 30                | 0.8 Mbit/s | 0.65 Mbit/s  |
/// | 360p    | 30                | 0.5 Mbit/s | 0.4 Mbit/s   |
/// | 240p    | 15                | 0.3 Mbit/s | 0.15 Mbit/s  |
///
/// Rates are the encoder's, without headers. A rung is taken from midway between its highest bitrate and that of the next smaller
/// one; it is left after one second below that, and reached after three seconds with 10 % more, whatever lies between. What a
/// camera captures is the highest rung, at the bitrate of the next larger one where it is none of these sizes; pictures
/// beyond 1080p are made smaller.
/// - Note: 720p at 1.5 and 360p at 0.5 Mbit/s are what Jitsi Meet's clients use for VP8 (lib-jitsi-meet,
///   `STANDARD_VIDEO_BITRATES`), 1080p at 2.5 and 480p at 0.8 Mbit/s are common in presets of recorders and players. 240p, its frame
///   rate, the floor, where rungs begin and the times are ours.
public struct RungLadder: VideoAdaptation {
  /// Video gives way to sound below 0.15 Mbit/s, and comes back with a fifth more.
  static let pause = VideoPause(least: .kilobitsPerSecond(150), enough: .kilobitsPerSecond(180))

  private struct Rung {
    /// The shorter side of the picture.
    var side: Int
    var framesPerSecond: Int
    var highest: DataRate
  }

  private static let rungs = [
    Rung(side: 1080, framesPerSecond: 30, highest: .kilobitsPerSecond(2500)),
    Rung(side: 720, framesPerSecond: 30, highest: .kilobitsPerSecond(1500)),
    Rung(side: 480, framesPerSecond: 30, highest: .kilobitsPerSecond(800)),
    Rung(side: 360, framesPerSecond: 30, highest: .kilobitsPerSecond(500)),
    Rung(side: 240, framesPerSecond: 15, highest: .kilobitsPerSecond(300)),
  ]
  private static let (patienceDown, patienceUp) = (Duration.seconds(1), Duration.seconds(3))
  private static let marginUp = 1.1

  private let video: VP8Settings
  /// Those that this camera can fill, the largest first.
  private let rungs: [Rung]
  public private(set) var step = 0
  public private(set) var least = 0
  private var hasBegun = false
  /// Since when the rate has asked for another rung, below or above.
  private var since: Instant?
  private var wantsMore = false

  public init(_ video: VP8Settings) {
    self.video = video
    rungs = Self.rungs(of: video)
  }

  /// The bitrate of the highest rung of a camera.
  public static func highestBitrate(width: Int, height: Int) -> DataRate {
    rungs(of: VP8Settings(width: width, height: height))[0].highest
  }

  public var size: (width: Int, height: Int) {
    let (short, side) = (min(video.width, video.height), current.side)
    guard side < short else { return (video.width, video.height) }
    return ((video.width * side / short + 1) & ~1, (video.height * side / short + 1) & ~1)
  }

  public var framesPerSecond: Int { min(current.framesPerSecond, video.framesPerSecond) }
  public var highest: DataRate { min(current.highest, video.bitrate) }

  public mutating func limit() { least = min(max(step, least) + 1, rungs.count - 1) }
  public mutating func relax() { least = max(0, least - 1) }

  public mutating func update(_ rate: DataRate, at now: Instant) -> Bool {
    guard hasBegun else {
      // The first rate decides at once: nobody has seen a picture yet.
      hasBegun = true
      step = rung(at: rate)
      return step > 0
    }
    let below = rung(at: rate)
    // There will never be more than all that the encoder may use.
    let above = rate >= video.bitrate ? below : rung(at: rate.scaled(by: 1 / Self.marginUp))
    guard below > step || above < step else {
      since = nil
      return false
    }
    if since == nil || wantsMore != (above < step) { (since, wantsMore) = (now, above < step) }
    guard let since, now - since >= (wantsMore ? Self.patienceUp : Self.patienceDown) else { return false }
    step = wantsMore ? above : below
    self.since = nil
    return true
  }

  private var current: Rung { rungs[max(step, least)] }

  /// The largest that is taken at this rate.
  private func rung(at rate: DataRate) -> Int {
    rungs.indices.dropLast().first { rate >= begin(of: $0) } ?? rungs.count - 1
  }

  /// From which rate on a rung other than the smallest is taken.
  private func begin(of index: Int) -> DataRate {
    .bitsPerSecond((rungs[index].highest.bitsPerSecond + rungs[index + 1].highest.bitsPerSecond) / 2)
  }

  private static func rungs(of video: VP8Settings) -> [Rung] {
    let short = min(video.width, video.height)
    guard let next = rungs.last(where: { $0.side >= short }) else { return rungs }
    return [Rung(side: short, framesPerSecond: 30, highest: next.highest)] + rungs.filter { $0.side < short }
  }
}
