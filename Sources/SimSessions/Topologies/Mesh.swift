import RTCSession
import RTCWire

/// Everybody is connected to everybody: no media server, but every client encodes and sends once per connection.
public struct Mesh: Topology {
  public let name = "mesh"
  public let summary = "every client sends its media to every other client, without a server"

  public init() {}

  public func plan(for participants: [Participant]) -> SessionPlan {
    var plan = SessionPlan(participants: participants)
    for joiner in participants {
      for present in participants.prefix(while: { $0.index < joiner.index }) {
        let lines = MediaKind.allCases.compactMap { kind -> SessionPlan.Line? in
          let direction = MediaDirection(sends: joiner.sends(kind), receives: present.sends(kind))
          return direction == .inactive ? nil : SessionPlan.Line(kind: kind, direction: direction)
        }
        plan.connect(.participant(joiner.index), to: .participant(present.index), lines)
      }
    }
    return plan
  }
}
