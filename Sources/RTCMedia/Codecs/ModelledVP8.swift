public import RTCPrimitives
import RTCWire

/// Stands for `VP8Encoder` where nobody looks at the picture: frames of the sizes that the library was measured to
/// produce, and no pixels.
///
/// Measured with `VP8Encoder` on `SyntheticCamera` (libvpx 1.12, 640×360, 30 frames/s, 600 frames for each of seeds 1 to
/// 4, a key frame every 200):
/// - The sizes of frames between key frames spread around their mean as in `deltaSpread`, alike from 100 kbit/s to
///   1.7 Mbit/s (5 %: 0.87, median 1.00, 95 %: 1.13).
/// - A key frame is 3.4 frames' budget at 800 kbit/s and less at higher rates. It depends on the rate far more than on
///   the number of pixels.
/// - What a key frame takes too much is given back over the next second, so that the mean rate is the target (99.6 %).
/// - Below a size that depends on the picture the library cannot go (quantizer 56): 976 bytes for 640×360.
///
/// With temporal layers, on the same camera in 320×180 at 150 kbit/s, 640×360 at 500 and 1280×720 at 2500 (seeds 1 to 4, two
/// layers of 720p seeds 1 and 2; 600 frames with three layers, 400 with two, a key frame every 200; frames from the 60th
/// behind a key frame on for everything but key frames):
/// - The layers have 39.4 to 39.8, 20.0 to 20.5 and 40.1 to 40.2 % of the bytes, two layers 59.5 to 59.8 and 40.2 to
///   40.5 %, as libwebrtc asks of the library: 40, 20, 40 and 60, 40.
/// - Of three layers the first frame of the highest is 0.66 of the mean of all and the second, which is further from the
///   base layer, 0.98.
/// - Around the means of their places sizes spread as without layers (5 %: 0.87 to 0.90, 95 %: 1.12 to 1.16; more in 320×180).
/// - The first key frame is as small as the library can make it (up to a quarter larger with two layers). A later one is as
///   without layers with two, and larger with three.
///
/// For comparison: Chromium with its own camera clip at 640×360 and 1.7 Mbit/s (`steady_vp8_360p.json`) sent
/// frames of 7174 bytes in the mean, 5 %: 0.88, median 0.99, 95 %: 1.12 of it.
public struct ModelledVP8: Sendable {
  public private(set) var settings: VP8Settings
  private let payload: ModelledPayload
  private var generator: SeededGenerator
  private var filler: Filler?
  /// The bitrate that the coder has come to, in bits per second; `nil` while the target has never changed.
  private var reached: Double?
  /// Bytes sent beyond the target that the next frames give back.
  private var debt = 0.0
  private var needsKeyFrame = true
  private var isFirst = true
  private var temporalPattern: TemporalPattern?

  /// The encoder of one stream; `stream` names its dice.
  public init(settings: VP8Settings = VP8Settings(), seed: UInt64, stream: String, payload: ModelledPayload) {
    self.settings = settings
    self.payload = payload
    temporalPattern = settings.temporalPattern
    generator = SeededGenerator(seed: seed, stream: "\(stream)/vp8/sizes")
    // Filler has dice of its own, so that sizes are the same with and without it.
    filler = payload == .filler ? Filler(seed: seed, stream: "\(stream)/vp8/filler") : nil
  }

  /// Appends a frame's header, and its filler if any, to `output`.
  public mutating func encode(
    forcingKeyFrame: Bool = false, rtpTimestamp: UInt32, captureTime: Instant, into output: inout ByteWriter
  ) -> EncodedFrame {
    let isKeyFrame = forcingKeyFrame || needsKeyFrame
    approachTarget()
    let role = temporalPattern?.next(isKeyFrame: isKeyFrame)
    let size = nextSize(isKeyFrame: isKeyFrame, weight: role?.weight ?? 1)
    if let role { temporalPattern?.noteCoded(role) }
    needsKeyFrame = false
    let begin = output.count
    ModelledVP8Header.write(
      keyFrameDimensions: isKeyFrame ? (settings.width, settings.height) : nil, firstPartitionSize: size / 4,
      into: &output)
    var elided = size - (output.count - begin)
    if filler != nil {
      filler?.append(elided, to: &output)
      elided = 0
    }
    return EncodedFrame(
      isKeyFrame: isKeyFrame, stored: begin..<output.count, elided: elided, rtpTimestamp: rtpTimestamp,
      captureTime: captureTime, temporalLayer: role.map { isKeyFrame ? .keyFrame : $0.place })
  }

  /// Gives the next frame up instead of coding it, when what was sent beyond the target is more than the buffer holds.
  ///
  /// As libvpx does with libwebrtc's settings (buffer of 500 ms at the beginning and 600 ms at its best, frames dropped below
  /// 30 % of that).
  public mutating func dropsNextFrame() -> Bool {
    guard !needsKeyFrame, debt > budget * Double(settings.framesPerSecond) * Self.bufferedSeconds else { return false }
    debt -= budget * (temporalPattern?.next(isKeyFrame: false).weight ?? 1)
    return true
  }

  /// Changes the size of the picture, which takes a key frame, and how many there are in a second unless that is `nil`.
  public mutating func resize(width: Int, height: Int, framesPerSecond: Int? = nil) {
    settings.framesPerSecond = framesPerSecond ?? settings.framesPerSecond
    settings.width = width
    settings.height = height
    needsKeyFrame = true
  }

  /// Changes the target from the next frame on; what is sent follows a lower one at once and a higher one within
  /// some seconds.
  public mutating func setBitrate(_ bitrate: DataRate) {
    let (before, target) = (reached ?? Double(settings.bitrate.bitsPerSecond), Double(bitrate.bitsPerSecond))
    reached = target < before ? target : max(before, Self.usedAtOnce * target)
    settings.bitrate = bitrate
  }

  /// Bytes per frame at the target rate.
  private var budget: Double {
    (reached ?? Double(settings.bitrate.bitsPerSecond)) / 8 / Double(settings.framesPerSecond)
  }

  /// One frame later.
  private mutating func approachTarget() {
    guard let rate = reached else { return }
    let target = Double(settings.bitrate.bitsPerSecond)
    reached = rate + (target - rate) / (Self.approach * Double(settings.framesPerSecond))
  }

  /// - Parameter weight: the share of the frame's layer in the rate over its share in the frames.
  private mutating func nextSize(isKeyFrame: Bool, weight: Double) -> Int {
    let draw = generator.unit()
    let budget = budget
    let pixels = Double(settings.width * settings.height)
    let size: Double
    if isKeyFrame {
      let spread = 0.95 + 0.1 * draw
      size = max(keyFrameSize(at: budget), Self.smallestKeyFrame.value(at: pixels)) * spread
      isFirst = false
    } else {
      let correction = 1 - debt / (Self.framesOfRecovery * budget)
      let aim = budget * weight * min(max(correction, 0.5), 1.2)
      size = max(aim, Self.smallestDeltaFrame.value(at: pixels)) * Self.deltaSpread.value(at: draw)
    }
    let bytes = max(VP8PayloadHeader.keyFrameSize + 1, Int(size.rounded()))
    // A target below what the picture needs is not made up for later.
    debt = min(debt + Double(bytes) - budget * weight, Self.framesOfRecovery * budget)
    return bytes
  }

  private func keyFrameSize(at budget: Double) -> Double {
    switch (isFirst, settings.temporalLayers) {
    case (true, 1): Self.firstKeyFrame.value(at: budget)
    case (true, _): 0
    case (false, 3): Self.laterKeyFrameOfThreeLayers.value(at: budget)
    case (false, _): Self.laterKeyFrame.value(at: budget)
    }
  }

  // MARK: - Measured, where nothing else is said

  private static let framesOfRecovery = 30.0
  /// The share of a raised target that is used at once, and the seconds in which the rest follows. Fitted to the first three
  /// seconds of `cc_fixed1M_owd50.csv`, where the rate follows a target that jumps from 300 to 796 kbit/s.
  private static let usedAtOnce = 0.5
  private static let approach = 1.3
  private static let bufferedSeconds = 0.5 - 0.3 * 0.6

  /// Size over the mean size, at quantiles 0, 1/16 … 1.
  private static let deltaSpread = QuantileTable(values: [
    0.742, 0.869, 0.900, 0.918, 0.934, 0.952, 0.970, 0.988, 1.003, 1.018, 1.032, 1.046, 1.061, 1.080, 1.103, 1.134,
    1.280,
  ])

  /// Bytes of the first key frame over bytes per frame of the target rate.
  private static let firstKeyFrame = MeasuredCurve(points: [
    (416, 2_500), (833, 5_000), (2_083, 7_374), (3_333, 12_312), (5_000, 16_267), (7_083, 22_937), (10_417, 32_860),
    (16_667, 59_765),
  ])

  /// The same for a key frame that was asked for later.
  private static let laterKeyFrame = MeasuredCurve(points: [
    (416, 2_348), (833, 4_443), (2_083, 7_520), (3_333, 11_256), (5_000, 14_917), (7_083, 18_795), (10_417, 21_170),
    (16_667, 21_170),
  ])

  /// The same with three temporal layers.
  private static let laterKeyFrameOfThreeLayers = MeasuredCurve(points: [
    (625, 4_770), (2_083, 9_450), (10_417, 34_000),
  ])

  /// The smallest size over the number of pixels (320×180, 640×360, 1280×720; larger ones on the same line).
  private static let smallestDeltaFrame = MeasuredCurve(points: [
    (57_600, 416), (230_400, 976), (921_600, 2_522), (8_294_400, 19_013),
  ])
  private static let smallestKeyFrame = MeasuredCurve(points: [
    (57_600, 1_895), (230_400, 4_645), (921_600, 10_180), (8_294_400, 69_220),
  ])
}
