public import RTCWire

/// The signaling state machine with its four description slots.
///
/// - SeeAlso: RFC 9429 §3.2, §4.1.8 to §4.1.14, W3C webrtc-pc "set a session description"
/// - Note: A provisional answer cannot be rolled back: so says the W3C, though RFC 9429 §5.7 would allow it.
public struct Signaling: Hashable, Sendable {
  public private(set) var state = SignalingState.stable
  public private(set) var currentLocal: SessionDescription?
  public private(set) var currentRemote: SessionDescription?
  public private(set) var pendingLocal: SessionDescription?
  public private(set) var pendingRemote: SessionDescription?
  /// Whose the offer of the current descriptions is; `nil` before the first answer.
  public private(set) var currentOfferer: SignalingSide?

  public init() {}

  public var local: SessionDescription? { pendingLocal ?? currentLocal }
  public var remote: SessionDescription? { pendingRemote ?? currentRemote }

  public var mayCreateOffer: Bool { state == .stable || state == .haveLocalOffer }
  public var mayCreateAnswer: Bool { state == .haveRemoteOffer || state == .haveLocalPranswer }

  /// Sets or takes back a description.
  ///
  /// A remote offer in `have-local-offer` rolls the local one back first.
  ///
  /// - Returns: the states that were entered, in order; nothing when the state stayed the same.
  public mutating func set(
    _ side: SignalingSide, _ change: DescriptionChange
  ) throws(InvalidStateError) -> [SignalingState] {
    guard let states = states(entering: change, from: side), let next = states.last else {
      throw InvalidStateError(state: state, operation: "set \(side.rawValue) \(change.type)")
    }
    switch change {
    case .offer(let description):
      clearPending()
      setPending(description, of: side)
    case .pranswer(let description): setPending(description, of: side)
    case .answer(let description):
      setPending(description, of: side)
      currentOfferer = side == .local ? .remote : .local
      (currentLocal, currentRemote) = (pendingLocal, pendingRemote)
      clearPending()
    case .rollback: clearPending()
    }
    defer { state = next }
    return states == [state] ? [] : states
  }

  /// Ends everything; the descriptions stay readable.
  public mutating func close() { state = .closed }

  private func states(entering change: DescriptionChange, from side: SignalingSide) -> [SignalingState]? {
    switch (state, change, side) {
    case (.stable, .offer, .local), (.haveLocalOffer, .offer, .local): [.haveLocalOffer]
    case (.stable, .offer, .remote), (.haveRemoteOffer, .offer, .remote): [.haveRemoteOffer]
    case (.haveLocalOffer, .offer, .remote): [.stable, .haveRemoteOffer]
    case (.haveLocalOffer, .answer, .remote), (.haveRemotePranswer, .answer, .remote): [.stable]
    case (.haveRemoteOffer, .answer, .local), (.haveLocalPranswer, .answer, .local): [.stable]
    case (.haveLocalOffer, .pranswer, .remote), (.haveRemotePranswer, .pranswer, .remote): [.haveRemotePranswer]
    case (.haveRemoteOffer, .pranswer, .local), (.haveLocalPranswer, .pranswer, .local): [.haveLocalPranswer]
    case (.haveLocalOffer, .rollback, _), (.haveRemoteOffer, .rollback, _): [.stable]
    default: nil
    }
  }

  private mutating func setPending(_ description: SessionDescription, of side: SignalingSide) {
    switch side {
    case .local: pendingLocal = description
    case .remote: pendingRemote = description
    }
  }

  private mutating func clearPending() {
    pendingLocal = nil
    pendingRemote = nil
  }
}
