public import RTCPrimitives

/// How the pictures of an encoder follow its rate, and how many of them there are.
public protocol VideoAdaptation: Sendable {
  /// The size of the coded picture.
  var size: (width: Int, height: Int) { get }
  /// How many pictures of a second are coded.
  var framesPerSecond: Int { get }
  /// The most that the encoder may use for pictures of this size.
  var highest: DataRate { get }
  /// How many steps the rate has taken the picture down.
  var step: Int { get }
  /// The step that is taken at least, because the processor cannot do more.
  var least: Int { get }

  /// - Parameter video: what is captured, with the highest bitrate of the encoder.
  init(_ video: VP8Settings)

  /// Learns what the encoder could use, and gives whether it takes another step now.
  mutating func update(_ rate: DataRate, at now: Instant) -> Bool
  /// Makes the picture one step smaller than it is, because of the processor.
  mutating func limit()
  /// Takes one such step back.
  mutating func relax()
}

/// What there is, by name.
public enum VideoAdaptations {
  /// One of them: how it is named, and how it begins.
  public struct Entry: Sendable {
    public let name: String
    /// One line for help texts and reports.
    public let summary: String
    /// The least video that is worth its bits.
    public let pause: VideoPause
    public let make: @Sendable (VP8Settings) -> any VideoAdaptation

    init<Adaptation: VideoAdaptation>(
      _ name: String, _ type: Adaptation.Type, _ pause: VideoPause, _ summary: String
    ) {
      self.name = name
      self.summary = summary
      self.pause = pause
      make = { Adaptation($0) }
    }
  }

  public static let chromium = Entry(
    "chromium", VideoSizeLadder.self, VideoPause(),
    "steps of 3/4 and 2/3 where there are too few bits for a pixel, as Chromium was recorded to take")
  public static let ladder = Entry(
    "ladder", RungLadder.self, RungLadder.pause,
    "rungs of 1080p up to 2.5 Mbit/s, 720p 1.5, 480p 0.8, 360p 0.5 and 240p 0.3, below 0.15 Mbit/s sound alone")

  /// Adding one is a file and a line here.
  public static let all = [chromium, ladder]

  public static func named(_ name: String) -> Entry? { all.first { $0.name == name } }
}
