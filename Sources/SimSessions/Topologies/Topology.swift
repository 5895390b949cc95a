/// A way to connect people: a pure function from who takes part to who connects to whom and which tracks flow.
public protocol Topology: Sendable {
  /// The name in scenarios and on the command line.
  var name: String { get }
  /// One sentence for lists and help.
  var summary: String { get }
  func plan(for participants: [Participant]) -> SessionPlan
}

/// The topologies that there are. Adding one is one file and one line here.
public enum Topologies {
  public static let all: [any Topology] = [Mesh(), SelectiveForwarding(), Mixing()]

  /// The names in the order of the list.
  public static let names = all.map(\.name)

  /// The topology called `name`.
  public static func named(_ name: String) -> (any Topology)? { all.first { $0.name == name } }
}
