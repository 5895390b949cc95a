public import RTCWire

/// Where an offer/answer exchange stands.
///
/// ```
///                 local offer                          remote offer
///        ┌──────────────────────► stable ◄─────────────────────┐
///        ▼        answer, rollback   ▲     answer, rollback     ▼
///  have-local-offer                  │                  have-remote-offer
///        │ remote pranswer           │ answer                   │ local pranswer
///        ▼                           │                          ▼
///  have-remote-pranswer ─────────────┴────────────── have-local-pranswer
/// ```
/// - SeeAlso: RFC 9429 §3.2
public enum SignalingState: String, Hashable, Sendable, CaseIterable {
  case stable
  case haveLocalOffer = "have-local-offer"
  case haveRemoteOffer = "have-remote-offer"
  case haveLocalPranswer = "have-local-pranswer"
  case haveRemotePranswer = "have-remote-pranswer"
  case closed
}

/// Whose description is set.
public enum SignalingSide: String, Hashable, Sendable { case local, remote }

/// What is set: a description in its role, or the way back to the last stable state.
public enum DescriptionChange: Hashable, Sendable {
  case offer(SessionDescription)
  case pranswer(SessionDescription)
  case answer(SessionDescription)
  case rollback

  /// The name that the W3C gives it (`RTCSdpType`).
  public var type: String {
    switch self {
    case .offer: "offer"
    case .pranswer: "pranswer"
    case .answer: "answer"
    case .rollback: "rollback"
    }
  }

  /// The description in it; `nil` for a rollback.
  public var sessionDescription: SessionDescription? {
    switch self {
    case .offer(let description), .pranswer(let description), .answer(let description): description
    case .rollback: nil
    }
  }
}

/// The operation is not allowed in this signaling state (the W3C's `InvalidStateError`).
public struct InvalidStateError: Error, Hashable, Sendable, CustomStringConvertible {
  public let state: SignalingState
  /// What was tried, such as `set local answer`.
  public let operation: String

  public var description: String { "cannot \(operation) in signaling state \(state.rawValue)" }
}
