import RTCSession
import RTCWire
import SimKernel
import SimSessions

/// A history with what the page wants to know of it.
final class StoredHistory {
  let history: History
  /// The call that it is a change of.
  let original: StoredHistory?
  /// Equal scenarios, seeds and changes have the same one.
  let id: String
  /// Every description of the call, in the order in which it appears.
  let texts: [SessionDescription]
  private let numberOfText: [String: Int]
  /// Where and when each description appears first, in the order of time.
  let appearances: [Appearance]

  /// A description in one place of one end.
  struct Appearance: Hashable {
    let node: String
    let isLocal: Bool
    let type: String
    let text: Int
    let moment: Int
  }

  init(_ history: History, original: StoredHistory?) {
    self.history = history
    self.original = original
    var hash = TraceHash()
    hash.combine(history.id)
    id = hash.description
    (texts, numberOfText) = Self.texts(of: history)
    appearances = Self.appearances(in: history, texts)
  }

  /// The number of a description among `texts`.
  func number(ofText sdp: String) -> Int? { numberOfText[sdp] }

  private static func appearances(in history: History, _ texts: [SessionDescription]) -> [Appearance] {
    let numbers = Dictionary(uniqueKeysWithValues: texts.enumerated().map { ($0.element, $0.offset) })
    var appearances: [Appearance] = []
    var known: Set<Appearance> = []
    for moment in history.moments {
      for end in moment.ends {
        for slot in end.slots {
          let place = Appearance(
            node: end.node, isLocal: slot.isLocal, type: slot.description.type,
            text: numbers[slot.description.description] ?? 0, moment: 0)
          guard known.insert(place).inserted else { continue }
          appearances.append(
            Appearance(
              node: place.node, isLocal: place.isLocal, type: place.type, text: place.text, moment: moment.number))
        }
      }
    }
    return appearances
  }

  private static func texts(of history: History) -> ([SessionDescription], [String: Int]) {
    var texts: [SessionDescription] = []
    var numbers: [SessionDescription: Int] = [:]
    func add(_ description: SessionDescription?) {
      guard let description, numbers[description] == nil else { return }
      numbers[description] = texts.count
      texts.append(description)
    }
    for message in history.messages { add(message.description) }
    for end in history.moments.lazy.flatMap(\.ends) {
      for slot in end.slots { add(slot.description.description) }
    }
    var numberOfText: [String: Int] = [:]
    for (number, text) in texts.enumerated() where numberOfText[text.description] == nil {
      numberOfText[text.description] = number
    }
    return (texts, numberOfText)
  }
}

/// The histories that were asked for last; the oldest one makes room.
final class HistoryStore {
  private var histories: [StoredHistory] = []
  private let limit: Int

  init(limit: Int = 24) { self.limit = limit }

  func find(_ id: String) -> StoredHistory? {
    guard let index = histories.firstIndex(where: { $0.id == id }) else { return nil }
    let found = histories.remove(at: index)
    histories.append(found)
    return found
  }

  /// The history of a call with changes; what is there already is not run again.
  ///
  /// - Throws: `WhatIfError`.
  func history(of run: HistoryRun, _ changes: [WhatIf]) throws -> StoredHistory {
    let sought = StoredHistory.id(of: run.scenario, changes)
    if let found = find(sought) { return found }
    guard let last = changes.last else { return keep(StoredHistory(run.record(), original: nil)) }
    let before = try history(of: run, Array(changes.dropLast()))
    guard changes.dropLast().allSatisfy({ $0.moment <= last.moment }) else {
      throw WhatIfError.notInOrder(last.moment, after: changes.dropLast().map(\.moment).max() ?? 0)
    }
    return keep(StoredHistory(try run.record(last, in: before.history), original: before))
  }

  private func keep(_ history: StoredHistory) -> StoredHistory {
    histories.append(history)
    if histories.count > limit { histories.removeFirst() }
    return history
  }
}

extension StoredHistory {
  static func id(of scenario: Scenario, _ changes: [WhatIf]) -> String {
    var hash = TraceHash()
    hash.combine(History.id(of: scenario, changes))
    return hash.description
  }
}
