import RTCPrimitives
import RTCWire
import SimKernel

/// What clients tell each other through the signaling server.
public enum SignalingMessage: Hashable, Sendable {
  case offer(String)
  case answer(String)
  case candidate(String)
  case endOfCandidates
  /// Somebody left the room.
  case left

  /// Bytes of the message on the wire: its text in a JSON envelope inside a WebSocket frame and a TLS record.
  var size: DataSize {
    switch self {
    case .offer(let text), .answer(let text), .candidate(let text): .bytes(text.utf8.count + Self.envelope)
    case .endOfCandidates, .left: .bytes(Self.envelope)
    }
  }

  public var name: String {
    switch self {
    case .offer: "offer"
    case .answer: "answer"
    case .candidate: "candidate"
    case .endOfCandidates: "end of candidates"
    case .left: "left"
    }
  }

  private static let envelope = 120
}

/// One who takes part in signaling.
public protocol SignalingMember: Node {
  func signaled(_ message: SignalingMessage, from peer: String)
}

/// A message on its way from one member to another.
public struct SignalingTransfer: Hashable, Sendable {
  /// How far it has come.
  public enum Stage: Hashable, Sendable {
    case sent
    /// The server has it and passes it on.
    case relayed
    case delivered
    /// The server was stopped, or the receiver is not there.
    case lost
  }

  /// Its number among all messages of the run.
  public let number: Int
  public let message: SignalingMessage
  public let sender: String
  public let receiver: String
}
