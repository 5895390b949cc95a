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
  /// A unit that selects tells a client which encodings of his picture anybody sees, by their places from the smallest on.
  ///
  /// LiveKit calls it dynacast, Jitsi sender constraints.
  case encodingsWanted([Int])
  /// A unit that selects tells a receiver whose picture is forwarded to him from now on, and whose is not (as Jitsi's
  /// `ForwardedSources`).
  case selection([SourceChange])

  /// What the message says, for the trace; empty where its name says it all.
  var text: String {
    switch self {
    case .offer(let text), .answer(let text), .candidate(let text): text
    case .endOfCandidates, .left: ""
    case .encodingsWanted(let encodings): encodings.map(String.init).joined(separator: " ")
    case .selection(let changes): changes.map { "\($0.source) \($0.visibility.rawValue)" }.joined(separator: "\n")
    }
  }

  /// Bytes of the message on the wire: its text in an envelope.
  func size(envelope: Int) -> DataSize {
    switch self {
    case .offer(let text), .answer(let text), .candidate(let text): .bytes(text.utf8.count + envelope)
    case .endOfCandidates, .left: .bytes(envelope)
    case .encodingsWanted: .bytes(Self.numberSize + envelope)
    case .selection(let changes):
      .bytes(changes.reduce(0) { $0 + $1.source.utf8.count + Self.numberSize } + envelope)
    }
  }

  /// The same with another fingerprint in a description.
  var withOtherFingerprint: SignalingMessage {
    switch self {
    case .offer(let text): .offer(Self.replacingFingerprints(in: text))
    case .answer(let text): .answer(Self.replacingFingerprints(in: text))
    case .candidate, .endOfCandidates, .left, .encodingsWanted, .selection: self
    }
  }

  /// A number or a word of a message as JSON, about.
  private static let numberSize = 16

  /// The digest of a certificate that nobody has.
  private static func replacingFingerprints(in text: String) -> String {
    let other = Array(repeating: "00", count: 32).joined(separator: ":")
    let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix("a=fingerprint:") ? "a=fingerprint:sha-256 \(other)" : String(line)
    }
    return lines.joined(separator: "\r\n")
  }

  public var name: String {
    switch self {
    case .offer: "offer"
    case .answer: "answer"
    case .candidate: "candidate"
    case .endOfCandidates: "end of candidates"
    case .left: "left"
    case .encodingsWanted: "encodings wanted"
    case .selection: "selection"
    }
  }
}

/// What becomes of one participant's picture at one receiver.
public struct SourceChange: Hashable, Sendable {
  public let source: String
  public let visibility: SourceVisibility

  public init(source: String, visibility: SourceVisibility) {
    self.source = source
    self.visibility = visibility
  }
}

/// One who takes part in signaling.
public protocol SignalingMember: Node {
  func signaled(_ message: SignalingMessage, from peer: String)
  /// Its connection to the server broke, or stands again.
  func signalingChanged(isConnected: Bool)
}

extension SignalingMember {
  public func signalingChanged(isConnected: Bool) {}
}

/// A message on its way from one member to another.
public struct SignalingTransfer: Hashable, Sendable {
  /// How far it has come.
  public enum Stage: Hashable, Sendable {
    case sent
    /// The server has it and passes it on.
    case relayed
    case delivered
    /// It came a second time, and the receiver knows its number.
    case repeated
    /// The server was stopped, or the receiver is not there.
    case lost
  }

  /// Its number among all messages of the run.
  public let number: Int
  public let message: SignalingMessage
  public let sender: String
  public let receiver: String
}
