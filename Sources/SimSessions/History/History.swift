import RTCPrimitives
import SimNodes

/// A call of two people from beginning to end, to be stepped through forward and back.
public struct History: Hashable, Sendable {
  public let scenario: Scenario
  /// What was changed, in the order in which it was tried.
  public let whatIfs: [WhatIf]
  /// From left to right as they are drawn.
  public let lanes: [Lane]
  /// The two clients.
  public let ends: [String]
  public let moments: [Moment]
  public let messages: [Message]
  public let series: CallSeries
  /// Whether moments or messages were left out, because there were too many.
  public let isCut: Bool
  public let duration: Duration
  public let traceHash: String
  /// What the changes do.
  let faults: [PlannedFault]

  /// What the last change does, as a sentence without its stop.
  public var fault: String? { faults.last?.fault.sentence }

  /// The first moment from `start` on whose title or detail contains `word`, in upper or lower case.
  public func moment(containing word: String, from start: Int) -> Int? {
    let word = word.lowercased()
    // The sentence of a change names what it does, which has not happened yet.
    return moments.indices.dropFirst(max(0, start)).first {
      (moments[$0].milestone.kind != .whatIf || "what if".contains(word))
        && "\(moments[$0].title) \(moments[$0].milestone.detail) \(moments[$0].lane)".lowercased().contains(word)
    }
  }

  /// The history's name among others: equal scenarios with equal changes have the same one.
  public var id: String { Self.id(of: scenario, whatIfs) }

  public static func id(of scenario: Scenario, _ whatIfs: [WhatIf]) -> String {
    let changes = whatIfs.flatMap { ["\($0.moment)", $0.action, $0.target ?? "", $0.argument ?? ""] }
    // Each part with its length, so that no part can be taken for two.
    return ([scenario.name, scenario.scenarioHash, "\(scenario.seed)"] + changes).map { "\($0.utf8.count):\($0)" }
      .joined()
  }
}
