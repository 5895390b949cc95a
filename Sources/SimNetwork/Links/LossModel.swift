import RTCPrimitives

/// How a link loses packets at random.
public enum LossModel: Hashable, Sendable {
  case none
  /// Each packet by itself with this probability, 0 ... 1.
  case independent(probability: Double)
  /// Two states with their own loss; a packet moves the state first (Gilbert 1960, Elliott 1963).
  case gilbertElliott(toBad: Double, toGood: Double, lossInGood: Double, lossInBad: Double)

  /// The share of packets that is lost in the long run.
  public var meanLoss: Double {
    switch self {
    case .none: 0
    case .independent(let probability): probability
    case .gilbertElliott(let toBad, let toGood, let lossInGood, let lossInBad):
      toBad + toGood > 0
        ? (toGood * lossInGood + toBad * lossInBad) / (toBad + toGood) : lossInGood
    }
  }

  /// What a link remembers between packets.
  struct State: Sendable {
    private var isBad = false

    mutating func loses(_ model: LossModel, using dice: inout SeededGenerator) -> Bool {
      switch model {
      case .none: return false
      case .independent(let probability): return dice.happens(withProbability: probability)
      case .gilbertElliott(let toBad, let toGood, let lossInGood, let lossInBad):
        if dice.happens(withProbability: isBad ? toGood : toBad) { isBad.toggle() }
        return dice.happens(withProbability: isBad ? lossInBad : lossInGood)
      }
    }
  }
}
