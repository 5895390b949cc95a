import Foundation
import RTCSession
import RTCSockets

/// A message of `rtcsim peer`'s signaling: one JSON object as one text of the WebSocket.
///
/// - SeeAlso: `Peer.signaling`, which describes the messages to whoever writes the other end
enum PeerSignal: Hashable {
  /// The first message that we send: whose offer is awaited, and the servers that both use.
  case ready(offerer: Role, servers: [PeerServer])
  case offer(String)
  case answer(String)
  case candidate(ICECandidateInit)
  /// It is over, and why.
  case bye(reason: String?)

  enum Role: String, Hashable {
    case page
    case program
  }
}

/// A server as `RTCIceServer` names it.
struct PeerServer: Hashable {
  let url: String
  var username: String?
  var password: String?
}

/// Why a message was not taken.
enum PeerSignalError: Error, Hashable, CustomStringConvertible {
  case notJSON
  case unknownType(String?)
  case missing(String, in: String)
  case tooMany(limit: Int)

  var description: String {
    switch self {
    case .notJSON: "a message is not a JSON object with a type"
    case .unknownType(let type):
      "type: found \(type.map { "'\($0.printable.prefix(40))'" } ?? "none"), allowed: offer, answer, candidate, bye"
    case .missing(let member, let type): "\(member) is missing in a message of type \(type)"
    case .tooMany(let limit): "more than \(limit) messages came in one call"
    }
  }
}

extension PeerSignal {
  /// Reads a message of the page.
  init(parsing text: String) throws(PeerSignalError) {
    let message: Message
    do { message = try JSONDecoder().decode(Message.self, from: Data(text.utf8)) } catch { throw .notJSON }
    switch message.type {
    case "offer": self = .offer(try Self.require(message.sdp, "sdp", in: "offer"))
    case "answer": self = .answer(try Self.require(message.sdp, "sdp", in: "answer"))
    case "candidate":
      self = .candidate(
        ICECandidateInit(
          try Self.require(message.candidate, "candidate", in: "candidate"), mid: message.sdpMid,
          sectionIndex: message.sdpMLineIndex, ufrag: message.usernameFragment))
    case "bye": self = .bye(reason: message.reason)
    default: throw .unknownType(message.type)
    }
  }

  private struct Message: Decodable {
    let type: String
    let sdp: String?
    let candidate: String?
    let sdpMid: String?
    let sdpMLineIndex: Int?
    let usernameFragment: String?
    let reason: String?
  }

  private static func require(
    _ value: String?, _ member: String, in type: String
  ) throws(PeerSignalError) -> String {
    guard let value else { throw .missing(member, in: type) }
    return value
  }

  /// The message as it is sent.
  var text: String {
    let json: JSON =
      switch self {
      case .ready(let offerer, let servers):
        ["type": "ready", "role": .string(offerer.rawValue), "iceServers": .array(servers.map(\.json))]
      case .offer(let sdp): ["type": "offer", "sdp": .string(sdp)]
      case .answer(let sdp): ["type": "answer", "sdp": .string(sdp)]
      case .candidate(let candidate):
        [
          "type": "candidate", "candidate": .string(candidate.text), "sdpMid": JSON(candidate.mid),
          "sdpMLineIndex": candidate.sectionIndex.map { JSON($0) } ?? .null,
          "usernameFragment": JSON(candidate.ufrag),
        ]
      case .bye(let reason): ["type": "bye", "reason": JSON(reason)]
      }
    return json.text(isPretty: false)
  }
}

extension PeerServer {
  fileprivate var json: JSON {
    guard let username, let password else { return ["urls": .string(url)] }
    return ["urls": .string(url), "username": .string(username), "credential": .string(password)]
  }
}
