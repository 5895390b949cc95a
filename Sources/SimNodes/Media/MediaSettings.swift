import RTCMedia
import RTCPrimitives
import RTCSession

/// Where pictures and sound come from, and how they are coded.
public enum MediaMode: String, Hashable, Sendable, CaseIterable {
  /// Pictures and sound are made, coded by libvpx and libopus, and decoded.
  case real
  /// Frames have the sizes that the libraries were measured to produce, and no content.
  case modelled
}

/// What a participant captures and sends.
public struct MediaSettings: Sendable {
  public var mode: MediaMode
  /// `nil` for no camera.
  public var video: VP8Settings?
  /// The bitrate of sound; `nil` for no microphone.
  public var audio: DataRate?
  /// A file instead of the synthetic camera, for real media.
  public var videoFile: Y4MFile?
  /// A file instead of the synthetic voice, for real media.
  public var audioFile: WAVFile?

  public init(
    mode: MediaMode = .modelled, video: VP8Settings? = VP8Settings(), audio: DataRate? = .kilobitsPerSecond(32)
  ) {
    self.mode = mode
    self.video = video
    self.audio = audio
  }

  /// Luma samples of one picture.
  var pixels: Int { video.map { $0.width * $0.height } ?? 0 }

  /// The time between two pictures.
  var frameInterval: Duration { .nanoseconds(1_000_000_000 / Int64(video?.framesPerSecond ?? 30)) }
}

/// What one participant captures: a pure function of the seed, the participant and time, the same in every topology.
public struct CapturedMedia: Sendable {
  /// The participant's number, from 0.
  public let participant: Int
  public let settings: MediaSettings
  /// When the first picture and the first 20 ms of sound are captured, seen from the start of the run.
  public let videoPhase: Duration
  public let audioPhase: Duration
  let camera: SyntheticCamera?
  package let voice: SyntheticSpeech

  public init(participant: Int, settings: MediaSettings, seed: UInt64) {
    self.participant = participant
    self.settings = settings
    var dice = SeededGenerator(seed: seed, stream: "capture/\(participant)")
    let interval = UInt64(settings.frameInterval.nanoseconds)
    videoPhase = .nanoseconds(Int64(dice.next() % interval))
    audioPhase = .nanoseconds(Int64(dice.next() % 20_000_000))
    voice = SyntheticSpeech(seed: dice.next())
    // A camera has textures to make; nobody looks at them when media is modelled.
    camera =
      settings.mode == .modelled
      ? nil
      : settings.video.map {
        SyntheticCamera(seed: seed, participant: participant, width: $0.width, height: $0.height)
      }
  }

  /// The number of the first picture at or after `instant`.
  package func videoIndex(at instant: Instant) -> Int {
    let interval = settings.frameInterval.nanoseconds
    return Int((instant.nanoseconds - videoPhase.nanoseconds + interval - 1) / interval)
  }

  package func videoTime(_ index: Int) -> Instant {
    .start + videoPhase + .nanoseconds(Int64(index) * settings.frameInterval.nanoseconds)
  }

  package func audioIndex(at instant: Instant) -> Int {
    Int((instant.nanoseconds - audioPhase.nanoseconds + 19_999_999) / 20_000_000)
  }

  package func audioTime(_ index: Int) -> Instant { .start + audioPhase + .nanoseconds(Int64(index) * 20_000_000) }

  /// The picture with this number.
  public func picture(_ index: Int) -> VideoFrame {
    if let file = settings.videoFile { return file.frame(at: index) }
    guard let camera else { preconditionFailure("a participant with video has a camera") }
    return camera.frame(at: index)
  }

  /// The 20 ms of sound with this number.
  public func sound(_ index: Int) -> AudioFrame { settings.audioFile?.frame(at: index) ?? voice.frame(at: index) }

  /// The number of the picture that was captured at `instant`, within half an interval.
  func videoIndex(capturedAt instant: Instant) -> Int {
    videoIndex(at: instant - .nanoseconds(settings.frameInterval.nanoseconds / 2))
  }

  /// The number of the sound that was captured at `instant`, within 10 ms.
  func audioIndex(capturedAt instant: Instant) -> Int { audioIndex(at: instant - .milliseconds(10)) }
}
