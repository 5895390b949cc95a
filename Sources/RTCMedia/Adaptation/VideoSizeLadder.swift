public import RTCPrimitives

/// Makes the picture smaller when the rate is too low for it, and larger again when there is plenty.
///
/// Chromium does so by the quantizer (it holds the frame rate of a camera and scales by 3/4 and 2/3 in turn); what decides here
/// is the bits that are left for a pixel, from which the quantizer follows.
/// - Note: Fitted to the sizes that Chromium was recorded to choose in `cc_rfc8867_5_1.csv`, 640×360 at 30 frames/s: 480×270
///   after some six seconds at about 200 kbit/s, 320×180 five seconds later at 210 kbit/s, and back to 480×270 at 840 kbit/s.
///   Not fitted to, and agreeing: `cc_twoflows_2M_owd50_flow2.csv` (480×270 at 445 kbit/s, 640×360 at 1.87 Mbit/s) in the
///   second step only, `cc_tcp_competing_2M_owd50.csv` (480×270 and 320×180 at 357 and 192 kbit/s). That the highest bitrate
///   of the encoder is plenty, too, where it is enough for the larger picture, is ours.
public struct VideoSizeLadder: VideoAdaptation {
  private static let leastBits = 0.052
  private static let plentyOfBits = 0.21
  private static let smallestHeight = 90
  private static let patience = Duration.seconds(5)

  private let width: Int
  private let height: Int
  public let framesPerSecond: Int
  /// Of every size: that of the encoder.
  public let highest: DataRate
  /// How often the picture was made smaller.
  public private(set) var step = 0
  public private(set) var least = 0
  /// Since when the rate has asked for another step.
  private var since: Instant?
  private var wanted = 0

  /// - Parameters:
  ///   - width: of the picture as it is captured, as are `height` and `framesPerSecond`.
  ///   - highest: the highest bitrate of the encoder.
  public init(width: Int, height: Int, framesPerSecond: Int, highest: DataRate) {
    self.highest = highest
    self.width = width
    self.height = height
    self.framesPerSecond = framesPerSecond
  }

  public init(_ video: VP8Settings) {
    self.init(
      width: video.width, height: video.height, framesPerSecond: video.framesPerSecond, highest: video.bitrate)
  }

  public var size: (width: Int, height: Int) { size(at: max(step, least)) }

  public mutating func limit() {
    let next = max(step, least) + 1
    if size(at: next).height >= Self.smallestHeight { least = next }
  }

  public mutating func relax() { least = max(0, least - 1) }

  public mutating func update(_ rate: DataRate, at now: Instant) -> Bool {
    let change = change(at: rate)
    guard change != 0 else {
      since = nil
      return false
    }
    if since == nil || wanted != change { (since, wanted) = (now, change) }
    guard let since, now - since >= Self.patience else { return false }
    step += change
    self.since = nil
    return true
  }

  private func change(at rate: DataRate) -> Int {
    if bits(rate, at: step) < Self.leastBits, size(at: step + 1).height >= Self.smallestHeight { return 1 }
    guard step > 0 else { return 0 }
    let enough = rate >= highest ? Self.leastBits : Self.plentyOfBits
    return bits(rate, at: step - 1) > enough ? -1 : 0
  }

  private func bits(_ rate: DataRate, at step: Int) -> Double {
    let size = size(at: step)
    return Double(rate.bitsPerSecond) / Double(size.width * size.height * framesPerSecond)
  }

  /// Every second step halves the picture.
  private func size(at step: Int) -> (width: Int, height: Int) {
    let (halvings, isBetween) = step.quotientAndRemainder(dividingBy: 2)
    let (numerator, denominator) = isBetween == 1 ? (3, 4) : (1, 1)
    let scale = denominator << halvings
    return ((width * numerator / scale) & ~1, (height * numerator / scale) & ~1)
  }
}
