import RTCPrimitives

/// Whose sound is forwarded: of the few that are loudest.
///
/// - SeeAlso: Jitsi's `loudest` of `DominantSpeakerIdentification`, whose numbers these are: levels are smoothed by half, and who
///   was not heard for 150 ms gives way
package struct LoudestSpeakers: Sendable {
  /// How many are heard at once.
  package let count: Int
  private struct Entry {
    let person: Int
    var lastHeard: Instant
  }
  private static let patience = Duration.milliseconds(150)
  private var entries: [Entry] = []
  private var energies: [Int]

  package init(count: Int, people: Int) {
    self.count = count
    energies = Array(repeating: 0, count: people)
    entries.reserveCapacity(count + 1)
  }

  /// Takes the level of a frame of sound above its speaker's silence; says whether he is one of the loudest.
  package mutating func note(_ level: Int, of person: Int, at now: Instant) -> Bool {
    energies[person] = (energies[person] + level) / 2
    entries.removeAll { $0.person != person && now - $0.lastHeard > Self.patience }
    if let place = entries.firstIndex(where: { $0.person == person }) {
      entries[place].lastHeard = now
      return true
    }
    if entries.count < count {
      entries.append(Entry(person: person, lastHeard: now))
      return true
    }
    // Who is louder by a hair does not yet push another one out.
    guard let quietest = entries.indices.min(by: { energies[entries[$0].person] < energies[entries[$1].person] }),
      energies[person] > energies[entries[quietest].person] + Self.margin
    else { return false }
    entries[quietest] = Entry(person: person, lastHeard: now)
    return true
  }

  /// Ours: about 3 dB.
  private static let margin = 3

  package mutating func remove(_ person: Int) {
    entries.removeAll { $0.person == person }
    energies[person] = 0
  }
}
