import RTCPrimitives
import SimKernel

/// Something worth telling in the life of a call: who did what, when, and where it is written down.
public struct Milestone: Hashable, Sendable {
  public let time: Instant
  /// Its place among all milestones of the run.
  public let order: Int
  public let node: String
  public let name: String
  public let detail: String
  /// The section that describes it, such as `RFC 8445 §7.2`.
  public let rfc: String
  /// Whom a message goes to; `nil` when nothing is sent.
  public let receiver: String?
}

/// The milestones of one node.
struct MilestoneLog {
  /// Whether every check and candidate is told, or only what marks the way to media.
  let isDetailed: Bool
  private(set) var milestones: [Milestone] = []

  init(isDetailed: Bool) { self.isDetailed = isDetailed }

  mutating func note(
    _ name: String, _ detail: @autoclosure () -> String = "", rfc: String, from port: NodePort,
    to receiver: String? = nil, at time: Instant? = nil
  ) {
    milestones.append(
      Milestone(
        time: time ?? port.simulation.now, order: port.simulation.takeNumber(), node: port.name, name: name,
        detail: detail(),
        rfc: rfc, receiver: receiver))
  }
}
