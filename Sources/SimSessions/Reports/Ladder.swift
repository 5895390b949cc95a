import RTCPrimitives
import SimNodes

/// A run's milestones as a Mermaid sequence diagram.
public struct Ladder {
  private let milestones: [Milestone]

  public init(_ milestones: [Milestone]) { self.milestones = milestones }

  /// The whole file. Messages are arrows, everything else is a note.
  public var mermaid: String {
    var text = "sequenceDiagram\n"
    for node in participants { text += "  participant \(identifier(node)) as \(node)\n" }
    for milestone in milestones {
      let label = Self.escaped("\(milestone.time.milliseconds) ms · \(milestone.name)\(detail(milestone))")
      if let receiver = milestone.receiver {
        text += "  \(identifier(milestone.node))->>\(identifier(receiver)): \(label)\n"
      } else {
        text += "  Note over \(identifier(milestone.node)): \(label)\n"
      }
    }
    return text
  }

  /// In the order in which they appear first.
  private var participants: [String] {
    var names: [String] = []
    for milestone in milestones {
      for name in [milestone.node, milestone.receiver].compactMap(\.self) where !names.contains(name) {
        names.append(name)
      }
    }
    return names
  }

  private func detail(_ milestone: Milestone) -> String {
    let rfc = milestone.rfc.isEmpty ? "" : " (\(milestone.rfc))"
    return (milestone.detail.isEmpty ? "" : ": \(milestone.detail)") + rfc
  }

  private func identifier(_ name: String) -> String {
    String(name.map { $0.isLetter || $0.isNumber ? $0 : "_" })
  }

  /// Mermaid ends a message at a line's end and takes `#` and `;` for its own.
  private static func escaped(_ text: String) -> String {
    text.replacing("#", with: "#35;").replacing(";", with: ",").replacing("\n", with: " ")
  }
}
