/// 20 ms of sound: 960 samples per channel at 48 kHz, 16 bits, interleaved when stereo.
public struct AudioFrame: Hashable, Sendable {
  /// Samples per second and channel.
  public static let sampleRate = 48_000
  /// Samples per channel in one frame.
  public static let samplesPerChannel = 960
  /// How long one frame lasts.
  public static let duration = Duration.milliseconds(20)

  public let channels: Int
  public var samples: [Int16]

  /// Silence.
  ///
  /// - Precondition: one or two channels.
  public init(channels: Int = 1) {
    precondition((1...2).contains(channels), "mono or stereo")
    self.channels = channels
    samples = Array(repeating: 0, count: Self.samplesPerChannel * channels)
  }

  /// - Precondition: 960 samples per channel, one or two channels.
  public init(channels: Int = 1, samples: [Int16]) {
    precondition((1...2).contains(channels), "mono or stereo")
    precondition(samples.count == Self.samplesPerChannel * channels, "a frame holds 20 ms")
    self.channels = channels
    self.samples = samples
  }
}
