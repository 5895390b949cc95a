import RTCPrimitives
import RTCWire

/// Finds out who has the floor, from the audio levels that clients state in their packets (RFC 6464).
///
/// Somebody takes the floor from its holder when he speaks much more in the short run, more in the medium one and at least as much
/// in the long one; a cough or a door does not. Who is silent keeps the floor until somebody else takes it.
///
/// - SeeAlso: `SpeechActivity`, where the method comes from
package struct DominantSpeaker: Sendable {
  /// How often it is decided.
  package static let interval = Duration.milliseconds(300)
  /// A frame of sound that is later than this does not come.
  private static let patience = Duration.milliseconds(40)
  /// By how much the logarithms of the scores must be greater, from the short interval to the long one.
  private static let margins = [3.0, 2.0, 0.0]

  private var activities: [SpeechActivity]
  private var isThere: [Bool]
  /// Everybody, who had the floor last first; those who never had it in the order of joining.
  package private(set) var order: [Int]
  /// Who has the floor; `nil` before anybody has spoken.
  package private(set) var current: Int?

  /// - Parameter people: how many there are; they are called by their numbers.
  package init(people: Int) {
    activities = Array(repeating: SpeechActivity(), count: people)
    isThere = Array(repeating: false, count: people)
    order = Array(0..<people)
  }

  /// Takes the level of a frame of sound; gives what is above this person's silence.
  package mutating func note(_ level: AudioLevel, of person: Int, at now: Instant) -> Int {
    isThere[person] = true
    return activities[person].note(level, at: now)
  }

  /// Forgets somebody who has left.
  package mutating func remove(_ person: Int) {
    isThere[person] = false
    activities[person] = SpeechActivity()
    if current == person { current = nil }
  }

  /// Decides anew, every 300 ms.
  ///
  /// - Returns: whether another one has the floor now.
  package mutating func decide(at now: Instant) -> Bool {
    for person in activities.indices where isThere[person] {
      // What did not come counts as silence: as many frames as there are in the interval.
      if now - activities[person].lastHeard > Self.patience {
        for _ in 0..<15 { activities[person].noteNothing() }
      }
      activities[person].evaluate()
    }
    guard let winner = challenger else { return false }
    current = winner
    order.removeAll { $0 == winner }
    order.insert(winner, at: 0)
    return true
  }

  /// Who takes the floor: of several the one with the most speech in the medium interval.
  private var challenger: Int? {
    let holder = current.map { activities[$0].scores } ?? SpeechActivity().scores
    var best: (person: Int, ratio: Double)?
    for person in activities.indices where isThere[person] && person != current {
      let ratios = zip(activities[person].scores, holder).map { naturalLogarithm($0 / $1) }
      guard zip(ratios, Self.margins).allSatisfy({ $0 > $1 }), ratios[1] > best?.ratio ?? 0 else { continue }
      best = (person, ratios[1])
    }
    return best?.person
  }
}
