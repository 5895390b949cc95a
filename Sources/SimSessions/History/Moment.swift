import RTCPrimitives
import SimNodes

/// One step of a call: what happened, why, and all that could be seen of both ends when it did.
public struct Moment: Hashable, Sendable {
  /// Counts from 0.
  public let number: Int
  public let milestone: Milestone
  /// The datagram or signaling message that caused it, or that it sent; `nil` for what somebody or a timer did.
  public internal(set) var message: Int?
  /// Both ends, in the order of joining, before anything followed from it.
  public let ends: [EndSnapshot]

  public var time: Instant { milestone.time }
  /// Where in the ladder it stands: a client, a NAT or a server.
  public var lane: String { milestone.node }
  public var title: String { milestone.name }
}

/// One participant of the ladder.
public struct Lane: Hashable, Sendable, Encodable {
  public enum Kind: String, Hashable, Sendable, Encodable {
    case client, nat, signaling, stun, turn
  }

  public let name: String
  public let kind: Kind
}
