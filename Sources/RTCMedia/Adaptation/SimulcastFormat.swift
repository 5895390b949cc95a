public import RTCPrimitives

/// What Chromium gives a simulcast layer of VP8 of some size.
///
/// - SeeAlso: libwebrtc `video/config/simulcast.cc`: `kSimulcastFormatsVP8`, `InterpolateSimulcastFormat`
/// - Note: The bitrates are payload; headers come on top.
public struct SimulcastFormat: Hashable, Sendable {
  public let width: Int
  public let height: Int
  /// How many layers a picture of this size is sent in at most, itself the largest.
  public let layers: Int
  /// The bitrate of this layer while it is the highest that is sent.
  public let maximum: DataRate
  /// Its bitrate while a higher one is sent.
  public let target: DataRate
  /// Below this it is not sent.
  public let minimum: DataRate

  /// Chromium's table, from large to small.
  ///
  /// The last line is the one before it again: libwebrtc scales down to zero there only in an experiment
  /// (`WebRTC-LowresSimulcastBitrateInterpolation`).
  public static let vp8 = [
    SimulcastFormat(1920, 1080, layers: 3, maximum: 5000, target: 4000, minimum: 800),
    SimulcastFormat(1280, 720, layers: 3, maximum: 2500, target: 2500, minimum: 600),
    SimulcastFormat(960, 540, layers: 3, maximum: 1200, target: 1200, minimum: 350),
    SimulcastFormat(640, 360, layers: 2, maximum: 700, target: 500, minimum: 150),
    SimulcastFormat(480, 270, layers: 2, maximum: 450, target: 350, minimum: 150),
    SimulcastFormat(320, 180, layers: 1, maximum: 200, target: 150, minimum: 30),
    SimulcastFormat(0, 0, layers: 1, maximum: 200, target: 150, minimum: 30),
  ]

  /// A size this near below a line of the table has the number of layers of that line (`kDefaultMaxRoundupRate`).
  private static let nearness = 0.1

  /// The format of a picture of any size: between two lines of the table in proportion to the number of pixels, above the
  /// first as there.
  ///
  /// - Precondition: the size is not negative.
  public init(width: Int, height: Int) {
    precondition(width >= 0 && height >= 0, "a picture has a size")
    let table = Self.vp8
    let pixels = width * height
    let below = table.firstIndex { pixels >= $0.pixels } ?? table.count - 1
    let (lower, upper) = (table[below], table[max(0, below - 1)])
    // How far down the way from the upper line to the lower one.
    let share = below == 0 ? 1 : Double(upper.pixels - pixels) / Double(upper.pixels - lower.pixels)
    self.width = width
    self.height = height
    layers = share < Self.nearness ? upper.layers : lower.layers
    maximum = Self.between(upper.maximum, lower.maximum, share)
    target = Self.between(upper.target, lower.target, share)
    minimum = Self.between(upper.minimum, lower.minimum, share)
  }

  /// The layers of a picture, the smallest first: each has twice the width and height of the one before.
  ///
  /// There are as many as are wanted or fewer when the picture is small. The picture is first cut so that it can be halved
  /// as often as is needed (`NormalizeSimulcastSize`); an odd row or column that comes of it is left out, which libwebrtc does not.
  ///
  /// - Precondition: at least one is wanted.
  public static func layers(width: Int, height: Int, wanted: Int) -> [SimulcastFormat] {
    precondition(wanted > 0, "one layer at least")
    let count = min(wanted, SimulcastFormat(width: width, height: height).layers)
    return (0..<count).map { layer in
      let (unit, halvings) = (1 << (count - 1), count - 1 - layer)
      return SimulcastFormat(
        width: width / unit * unit >> halvings & ~1, height: height / unit * unit >> halvings & ~1)
    }
  }

  /// The same with no bitrate beyond `limit`, as by `maxBitrate` of an `RTCRtpEncodingParameters`.
  public func limited(to limit: DataRate) -> SimulcastFormat {
    SimulcastFormat(
      width: width, height: height, layers: layers, maximum: min(maximum, limit), target: min(target, limit),
      minimum: min(minimum, limit))
  }

  private var pixels: Int { width * height }

  private static func between(_ upper: DataRate, _ lower: DataRate, _ share: Double) -> DataRate {
    upper.scaled(by: 1 - share) + lower.scaled(by: share)
  }

  private init(_ width: Int, _ height: Int, layers: Int, maximum: Int64, target: Int64, minimum: Int64) {
    self.init(
      width: width, height: height, layers: layers, maximum: .kilobitsPerSecond(maximum),
      target: .kilobitsPerSecond(target), minimum: .kilobitsPerSecond(minimum))
  }

  private init(width: Int, height: Int, layers: Int, maximum: DataRate, target: DataRate, minimum: DataRate) {
    self.width = width
    self.height = height
    self.layers = layers
    self.maximum = maximum
    self.target = target
    self.minimum = minimum
  }
}
