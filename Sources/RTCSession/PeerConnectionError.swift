/// Why a method of a connection was refused.
public enum PeerConnectionError: Error, Hashable, Sendable {
  case invalidState(InvalidStateError)
  case negotiation(NegotiationError)
  /// A local description states something else than the one that was made last; what it is.
  case modified(String)
  case candidate(CandidateError)

  /// The exception that the W3C names for it.
  ///
  /// - SeeAlso: W3C webrtc-pc "set a session description", "add an ICE candidate"
  public var name: String {
    switch self {
    case .invalidState: "InvalidStateError"
    case .negotiation: "InvalidAccessError"
    case .modified: "InvalidModificationError"
    case .candidate(.namesNoSection): "TypeError"
    case .candidate(.unknownMid), .candidate(.noSuchSection), .candidate(.malformed), .candidate(.unknownUfrag):
      "OperationError"
    }
  }
}

/// Why a candidate of the peer was refused.
///
/// - SeeAlso: W3C webrtc-pc `addIceCandidate()`, RFC 9429 §4.1.19
public enum CandidateError: Error, Hashable, Sendable {
  /// Neither `sdpMid` nor `sdpMLineIndex` is given.
  case namesNoSection
  case unknownMid(String)
  /// Sections are counted from 0.
  case noSuchSection(Int, count: Int)
  case malformed(String)
  /// No remote description states this user name fragment.
  case unknownUfrag(String)
}

extension PeerConnectionError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .invalidState(let error): "\(error)"
    case .negotiation(let error): "\(error)"
    case .modified(let what): "\(what) of a local description may not be changed after it was made"
    case .candidate(let error): "\(error)"
    }
  }
}

extension CandidateError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .namesNoSection: "the candidate names neither sdpMid nor sdpMLineIndex"
    case .unknownMid(let mid): "no remote section has a=mid:\(mid)"
    case .noSuchSection(let index, let count): "the remote description has \(count) sections, none with number \(index)"
    case .malformed(let text): "'\(text)' is no candidate"
    case .unknownUfrag(let ufrag): "no remote description states a=ice-ufrag:\(ufrag)"
    }
  }
}
