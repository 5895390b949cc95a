import RTCPrimitives
import SimNodes

/// What happened in a run, as a Mermaid sequence diagram.
public struct Ladder {
  private enum Entry {
    case note(lane: String, text: String)
    case arrow(from: String, to: String, isLost: Bool, text: String)
  }

  private var lanes: [String] = []
  private var entries: [Entry] = []

  /// A run's milestones: those that send something are arrows, everything else is a note.
  public init(_ milestones: [Milestone]) {
    for milestone in milestones {
      for name in [milestone.node, milestone.receiver].compactMap(\.self) where !lanes.contains(name) {
        lanes.append(name)
      }
      let text = Self.text(milestone)
      entries.append(
        milestone.receiver.map { .arrow(from: milestone.node, to: $0, isLost: false, text: text) }
          ?? .note(lane: milestone.node, text: text))
    }
  }

  /// A call with its NATs and servers: messages are arrows from where they were sent to where they ended.
  public init(_ history: History) {
    lanes = history.lanes.map(\.name)
    let moments = history.moments.filter {
      $0.milestone.kind.sentMessage == nil && $0.milestone.kind != .datagramDropped
    }
    var next = moments.startIndex
    for message in history.messages {
      // What a message caused stands below it, also when it took no time.
      while next < moments.endIndex, moments[next].time <= message.sentAt,
        (moments[next].message ?? -1) < message.number
      {
        entries.append(.note(lane: moments[next].lane, text: Self.text(moments[next].milestone)))
        next += 1
      }
      let loss = message.dropped.map { ", lost: \($0)" } ?? ""
      entries.append(
        .arrow(
          from: message.sender, to: message.end.lane, isLost: message.dropped != nil,
          text: "\(message.sentAt.text) ms · \(message.title)\(loss)"))
    }
    for moment in moments[next...] { entries.append(.note(lane: moment.lane, text: Self.text(moment.milestone))) }
  }

  /// The whole file.
  public var mermaid: String {
    var text = "sequenceDiagram\n"
    for lane in lanes { text += "  participant \(identifier(lane)) as \(lane)\n" }
    for entry in entries {
      switch entry {
      case .note(let lane, let label): text += "  Note over \(identifier(lane)): \(Self.escaped(label))\n"
      case .arrow(let from, let to, let isLost, let label):
        text += "  \(identifier(from))\(isLost ? "-x" : "->>")\(identifier(to)): \(Self.escaped(label))\n"
      }
    }
    return text
  }

  private static func text(_ milestone: Milestone) -> String {
    let detail = milestone.detail.isEmpty ? "" : ": \(milestone.detail)"
    let rfc = milestone.rfc.isEmpty ? "" : " (\(milestone.rfc))"
    return "\(milestone.time.text) ms · \(milestone.name)\(detail)\(rfc)"
  }

  private func identifier(_ name: String) -> String {
    String(name.map { $0.isLetter || $0.isNumber ? $0 : "_" })
  }

  /// Mermaid ends a message at a line's end and takes `#` and `;` for its own.
  private static func escaped(_ text: String) -> String {
    text.replacing("#", with: "#35;").replacing(";", with: ",").replacing("\n", with: " ")
  }
}
