/// When a synthetic speaker talks: turns of 4 s, each a phrase of 2 to 3.4 s and a pause; a phrase is a row of
/// syllables of 200 ms, of which one in eight is a short rest.
///
/// A pure function of the seed, shared by `SyntheticSpeech` and `ModelledOpus`: with one seed both talk and pause at
/// the same times.
public struct SpeechPattern: Hashable, Sendable {
  public let seed: UInt64

  static let framesPerTurn = 200
  static let framesPerSyllable = 10

  public init(seed: UInt64) { self.seed = seed }

  /// Whether there is voice in the 20 ms frame at `index`.
  public func isTalking(at index: Int) -> Bool {
    let syllable = Self.syllable(of: index)
    return isInPhrase(syllable) && !isRest(syllable)
  }

  static func syllable(of index: Int) -> Int { floorDivide(index, by: framesPerSyllable) }

  private func isInPhrase(_ syllable: Int) -> Bool {
    let perTurn = Self.framesPerTurn / Self.framesPerSyllable
    let turn = floorDivide(syllable, by: perTurn)
    let length = 10 + Int(dice(seed, turn, 1) % 8)
    let begin = Int(dice(seed, turn, 2) % UInt64(perTurn - length + 1))
    return (begin..<begin + length).contains(syllable - turn * perTurn)
  }

  private func isRest(_ syllable: Int) -> Bool { dice(seed, syllable, 3) % 8 == 0 }
}

private func floorDivide(_ value: Int, by divisor: Int) -> Int {
  value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
}
