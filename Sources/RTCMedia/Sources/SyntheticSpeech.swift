/// Speech-like sound: voiced syllables of pitched harmonics under moving formants, fricatives, rests and pauses over
/// a quiet room noise.
///
/// `frame(at:)` is a pure function of seed and index, in arithmetic that is the same on every machine.
public struct SyntheticSpeech: Hashable, Sendable {
  public let pattern: SpeechPattern
  /// The mean pitch in hertz, different from speaker to speaker.
  public let pitch: Double

  /// The speaker of `seed`.
  public init(seed: UInt64) {
    pattern = SpeechPattern(seed: seed)
    pitch = 95 + 130 * unitDice(seed, 0, 10)
  }

  /// The 20 ms of mono sound that begin at `index` × 20 ms.
  public func frame(at index: Int) -> AudioFrame {
    var frame = AudioFrame()
    render(index, into: &frame)
    return frame
  }

  /// The same as `frame(at:)`, into an existing mono frame.
  public func render(_ index: Int, into frame: inout AudioFrame) {
    precondition(frame.channels == 1, "synthetic speech is mono")
    var sum = [Double](repeating: 0, count: AudioFrame.samplesPerChannel)
    if pattern.isTalking(at: index) {
      addVoice(index, to: &sum)
      addFricative(index, to: &sum)
    }
    var noise = Noise(seed: dice(pattern.seed, index, 11))
    for sample in sum.indices {
      let value = sum[sample] + noise.next() * Self.roomNoise
      frame.samples[sample] = Int16(max(-32_000, min(32_000, value)))
    }
  }

  // MARK: - Voice

  private static let roomNoise = 12.0
  private static let level = 9_000.0
  private static let highestHarmonic = 4_000.0
  /// Loudness at the borders of a syllable's frames; zero at both ends, so that syllables join without a click.
  private static let envelope = [0.0, 0.55, 0.9, 1, 0.95, 0.85, 0.7, 0.5, 0.3, 0.12, 0]

  private struct Formants {
    var first: Double, second: Double, third: Double
    /// A resonance curve: one over one plus the squared distance in bandwidths.
    func gain(at frequency: Double) -> Double {
      func peak(_ center: Double, _ bandwidth: Double) -> Double {
        let distance = (frequency - center) / bandwidth
        return 1 / (1 + distance * distance)
      }
      return peak(first, 90) + 0.5 * peak(second, 120) + 0.25 * peak(third, 180)
    }
  }

  private func formants(of syllable: Int) -> Formants {
    Formants(
      first: 300 + 500 * unitDice(pattern.seed, syllable, 20),
      second: 900 + 1_300 * unitDice(pattern.seed, syllable, 21),
      third: 2_400 + 500 * unitDice(pattern.seed, syllable, 22))
  }

  /// Formants at a border between two frames: they glide from this syllable's vowel towards the next one's.
  private func formants(syllable: Int, border: Int) -> Formants {
    let from = formants(of: syllable)
    let to = formants(of: syllable + 1)
    let part = Double(border) / Double(SpeechPattern.framesPerSyllable) * 0.5
    return Formants(
      first: from.first + (to.first - from.first) * part,
      second: from.second + (to.second - from.second) * part,
      third: from.third + (to.third - from.third) * part)
  }

  /// The pitch of one frame of a syllable: falling a little, from an accent of the syllable.
  private func pitch(syllable: Int, frame: Int) -> Double {
    let accent = 0.9 + 0.25 * unitDice(pattern.seed, syllable, 23)
    return pitch * accent * (1 - 0.012 * Double(frame))
  }

  private func addVoice(_ index: Int, to sum: inout [Double]) {
    let syllable = SpeechPattern.syllable(of: index)
    let place = index - syllable * SpeechPattern.framesPerSyllable
    var phase = 0.0
    for earlier in 0..<place { phase += pitch(syllable: syllable, frame: earlier) * 0.02 }
    let fundamental = pitch(syllable: syllable, frame: place)
    let loudness = Self.level * (0.6 + 0.4 * unitDice(pattern.seed, syllable, 24))
    let begin = formants(syllable: syllable, border: place)
    let end = formants(syllable: syllable, border: place + 1)
    var harmonic = 1
    while fundamental * Double(harmonic) < Self.highestHarmonic {
      let frequency = fundamental * Double(harmonic)
      let tilt = loudness / Double(harmonic).squareRoot()
      addHarmonic(
        phase: phase * Double(harmonic), turnsPerSample: frequency / Double(AudioFrame.sampleRate),
        from: tilt * Self.envelope[place] * begin.gain(at: frequency),
        to: tilt * Self.envelope[place + 1] * end.gain(at: frequency), to: &sum)
      harmonic += 1
    }
  }

  private func addHarmonic(
    phase: Double, turnsPerSample: Double, from begin: Double, to end: Double, to sum: inout [Double]
  ) {
    let twiceCosine = 2 * sine(turns: turnsPerSample + 0.25)
    var previous = sine(turns: phase - turnsPerSample)
    var current = sine(turns: phase)
    var amplitude = begin
    let step = (end - begin) / Double(AudioFrame.samplesPerChannel)
    for sample in sum.indices {
      sum[sample] += amplitude * current
      (previous, current) = (current, twiceCosine * current - previous)
      amplitude += step
    }
  }

  /// Every third syllable begins with 40 ms of hiss.
  private func addFricative(_ index: Int, to sum: inout [Double]) {
    let syllable = SpeechPattern.syllable(of: index)
    let place = index - syllable * SpeechPattern.framesPerSyllable
    guard place < 2, dice(pattern.seed, syllable, 25) % 3 == 0 else { return }
    var noise = Noise(seed: dice(pattern.seed, index, 26))
    var previous = 0.0
    for sample in sum.indices {
      let value = noise.next()
      let progress = (Double(place) + Double(sample) / Double(sum.count)) / 2
      sum[sample] += 900 * progress * (1 - progress) * 4 * (value - previous)
      previous = value
    }
  }

  /// White noise in −1 ..< 1.
  private struct Noise {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(Int64(bitPattern: state) >> 11) * 0x1p-52
    }
  }
}
