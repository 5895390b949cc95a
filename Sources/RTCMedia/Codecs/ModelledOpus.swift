public import RTCPrimitives

/// Stands for `OpusEncoder` where nobody listens: packets of the sizes that the library was measured to produce.
///
/// Measured with `OpusEncoder` on `SyntheticSpeech` (libopus 1.3.1, mono, 20 ms, complexity 9, no expected loss, 4000
/// frames for each of seeds 1 to 8). At 32 kbit/s a packet of talk takes 72.0 bytes in the mean and one of a pause (room
/// noise) 61.9, together 27.2 kbit/s; from 16 to 64 kbit/s both grow by 2.25 bytes per kbit/s. The model talks when
/// `SyntheticSpeech` of the same seed talks.
///
/// Digital silence, of a microphone that is muted, takes 3 bytes.
///
/// For comparison: Chromium with its fake device (`steady_audio.json`: tones and digital silence, which takes 3 bytes)
/// sent packets of 63 bytes in the mean, median 76, 95 %: 120.
public struct ModelledOpus: Sendable {
  public let bitrate: DataRate
  public let pattern: SpeechPattern
  private var generator: SeededGenerator
  private var filler: Filler?

  /// The encoder of one stream; `stream` names its dice.
  public init(
    bitrate: DataRate = .kilobitsPerSecond(32), pattern: SpeechPattern, seed: UInt64, stream: String,
    payload: ModelledPayload
  ) {
    self.bitrate = bitrate
    self.pattern = pattern
    generator = SeededGenerator(seed: seed, stream: "\(stream)/opus/sizes")
    filler = payload == .filler ? Filler(seed: seed, stream: "\(stream)/opus/filler") : nil
  }

  /// Appends the packet of the 20 ms at `index`; in `elided` payloads only its table-of-contents byte.
  public mutating func encode(
    at index: Int, isSilent: Bool = false, rtpTimestamp: UInt32, captureTime: Instant, into output: inout ByteWriter
  ) -> EncodedFrame {
    let spread = pattern.isTalking(at: index) ? Self.talk : Self.pause
    let excess = (Double(bitrate.bitsPerSecond) / 1000 - 32) * Self.bytesPerKilobit
    let drawn = max(3, Int((spread.value(at: generator.unit()) + excess).rounded()))
    let size = isSilent ? 3 : drawn
    let begin = output.count
    output.append(Self.tableOfContents)
    var elided = size - 1
    if filler != nil {
      filler?.append(elided, to: &output)
      elided = 0
    }
    return EncodedFrame(
      isKeyFrame: true, stored: begin..<output.count, elided: elided, rtpTimestamp: rtpTimestamp,
      captureTime: captureTime)
  }

  // MARK: - Measured

  /// Hybrid, full band, 20 ms, mono, one frame (RFC 6716 §3.1).
  private static let tableOfContents: UInt8 = 15 << 3
  private static let bytesPerKilobit = 2.25

  /// Bytes at 32 kbit/s, at quantiles 0, 1/16 … 1.
  private static let talk = QuantileTable(values: [
    43, 56, 59, 62, 64, 66, 69, 71, 73, 74, 76, 77, 79, 81, 84, 87, 107,
  ])
  private static let pause = QuantileTable(values: [
    50, 56, 57, 58, 59, 60, 61, 62, 62, 63, 63, 64, 65, 65, 66, 67, 78,
  ])
}
