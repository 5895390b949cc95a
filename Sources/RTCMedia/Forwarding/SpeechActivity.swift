import RTCPrimitives
import RTCWire

/// How much one person has spoken in the last frame of sound, the last tenth of a second and the last second.
///
/// Each is a likelihood ratio: how much better the number of active parts is explained by speech than by its absence.
///
/// - SeeAlso: I. Volfin, I. Cohen, "Dominant speaker identification for multipoint videoconferencing", 2013, whose sub-bands
///   become parts of the range of levels, as in Jitsi's `DominantSpeakerIdentification` and mediasoup's
///   `ActiveSpeakerObserver`; the numbers are theirs
struct SpeechActivity: Sendable {
  /// Frames of sound in a medium interval, and medium intervals in a long one.
  private static let framesPerMedium = 5
  private static let mediumsPerLong = 10
  private static let memory = framesPerMedium * mediumsPerLong
  /// Parts of the range of levels, and their width.
  private static let subBands = 13
  private static let subBandWidth = 10
  /// Active sub-bands that make a frame active, and active frames that make a medium interval active.
  private static let frameThreshold = 7
  private static let mediumThreshold = 4
  /// After so many frames the level of silence may have risen: 15 s.
  private static let silenceWindow = 750
  private static let leastScore = 1e-10

  /// The newest first; 0 is silence, 127 the loudest.
  private var levels = [Int](repeating: 0, count: memory)
  private var newest = 0
  /// The level of this person's silence, 0 before anything was heard; and the one that is found meanwhile.
  private var silence = 0
  private var nextSilence = 0
  private var nextSilenceFrames = 0
  private(set) var lastHeard = Instant.start
  /// The scores of the three intervals, from short to long.
  private(set) var scores = [leastScore, leastScore, leastScore]

  /// Takes the level of a frame of sound.
  ///
  /// - Returns: the level above this person's silence, 0 within it.
  mutating func note(_ level: AudioLevel, at now: Instant) -> Int {
    lastHeard = now
    let loudness = 127 - Int(level.level)
    push(loudness)
    learnSilence(loudness)
    return loudness >= silence + Self.subBandWidth ? loudness : 0
  }

  /// Takes note that a frame should have come and did not.
  mutating func noteNothing() { push(0) }

  /// Computes the scores of what was heard so far.
  mutating func evaluate() {
    var (longs, mediums, frame) = (0, 0, 0)
    for medium in 0..<Self.mediumsPerLong {
      var active = 0
      for place in 0..<Self.framesPerMedium {
        let level = levels[(newest + medium * Self.framesPerMedium + place) % Self.memory]
        let bands = level < silence + Self.subBandWidth ? 0 : level / Self.subBandWidth
        if bands > Self.frameThreshold { active += 1 }
        if medium == 0, place == 0 { frame = bands }
      }
      if medium == 0 { mediums = active }
      if active > Self.mediumThreshold { longs += 1 }
    }
    scores[0] = Self.score(frame, of: Self.subBands, lambda: 0.78)
    scores[1] = Self.score(mediums, of: Self.framesPerMedium, lambda: 24)
    scores[2] = Self.score(longs, of: Self.mediumsPerLong, lambda: 47)
  }

  private mutating func push(_ level: Int) {
    newest = (newest + Self.memory - 1) % Self.memory
    levels[newest] = level
  }

  private mutating func learnSilence(_ level: Int) {
    guard level > 0 else { return }
    guard silence > 0, silence <= level else {
      (silence, nextSilence, nextSilenceFrames) = (level, 0, 0)
      return
    }
    nextSilence = nextSilence == 0 ? level : min(nextSilence, level)
    nextSilenceFrames += 1
    guard nextSilenceFrames >= Self.silenceWindow else { return }
    // The geometric mean, so that it rises slowly.
    silence = Int((Double(silence) * Double(nextSilence)).squareRoot())
    (nextSilence, nextSilenceFrames) = (0, 0)
  }

  /// The logarithm of a binomial probability (one half each) over an exponential one (the paper's equation 10).
  private static func score(_ active: Int, of count: Int, lambda: Double) -> Double {
    let ways = (0..<active).reduce(0.0) { $0 + naturalLogarithm(Double(count - $1) / Double($1 + 1)) }
    return max(
      leastScore, ways + Double(count) * naturalLogarithm(0.5) - naturalLogarithm(lambda) + lambda * Double(active))
  }
}
