import RTCSession
import RTCWire

/// Every client is connected to one server, which forwards each packet to all the others and never decodes it (SFU).
public struct SelectiveForwarding: Topology {
  public let name = "sfu"
  public let summary = "every client sends its media once, to a server that forwards it to the others"

  public init() {}

  public func plan(for participants: [Participant]) -> SessionPlan {
    var plan = SessionPlan(participants: participants, server: .forwarding)
    for client in participants {
      let own = client.kinds.map { SessionPlan.Line(kind: $0, direction: .sendonly) }
      let slots = participants.filter { $0.index != client.index }.flatMap { other in
        other.kinds.map { SessionPlan.Line(kind: $0, direction: .recvonly, source: other.index) }
      }
      plan.connect(.participant(client.index), to: .server, own + slots)
    }
    return plan
  }
}
