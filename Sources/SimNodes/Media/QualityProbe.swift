import RTCMedia
import RTCPrimitives

/// Compares real media with its source, which is known because it is a pure function of time.
struct QualityProbe {
  private var sum = 0.0
  private var pictures = 0
  /// Sound as it was heard and as it was captured, of one source.
  private var heard: [Int16] = []
  private var captured: [Int16] = []
  private var participant: Int?
  private static let longestSound = 96_000

  mutating func compare(_ picture: VideoFrame, with source: CapturedMedia, capturedAt time: Instant) {
    let original = source.picture(source.videoIndex(capturedAt: time))
    guard original.width == picture.width, original.height == picture.height else { return }
    sum += min(PSNR(picture, original).overall, 100)
    pictures += 1
  }

  /// Collects two seconds of one participant's sound while he talks.
  mutating func collect(_ sound: AudioFrame, of source: CapturedMedia, capturedAt time: Instant) {
    guard heard.count < Self.longestSound, participant == nil || participant == source.participant else { return }
    let index = source.audioIndex(capturedAt: time)
    // The noise of a pause has no wave form that a codec would keep.
    guard source.settings.audioFile != nil || source.voice.pattern.isTalking(at: index) else { return }
    participant = source.participant
    heard += sound.samples
    captured += source.sound(index).samples
  }

  /// In dB, over all pictures that were shown.
  var meanPSNR: Double? { pictures > 0 ? sum / Double(pictures) : nil }

  /// The highest correlation within 20 ms of codec delay.
  var correlation: Double? {
    heard.count >= 9600 ? Correlation(heard, captured, lags: -960...960).coefficient : nil
  }
}
