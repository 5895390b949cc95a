import RTCSession
import RTCWire

/// Every client is connected to one server, which decodes all, mixes and composes, and encodes one stream per client
/// (MCU).
public struct Mixing: Topology {
  public let name = "mcu"
  public let summary = "every client sends its media once, to a server that mixes all into one stream for each"
  /// What a listener's mix leaves out.
  public var layout: MixingLayout

  public init(layout: MixingLayout = .individual) { self.layout = layout }

  public func plan(for participants: [Participant]) -> SessionPlan {
    var plan = SessionPlan(participants: participants, server: .mixing(layout))
    for client in participants {
      let others = participants.filter { $0.index != client.index }
      let lines = MediaKind.allCases.compactMap { kind -> SessionPlan.Line? in
        let direction = MediaDirection(sends: client.sends(kind), receives: others.contains { $0.sends(kind) })
        return direction == .inactive ? nil : SessionPlan.Line(kind: kind, direction: direction)
      }
      plan.connect(.participant(client.index), to: .server, lines)
    }
    return plan
  }
}
