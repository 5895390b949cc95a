/// What an application does about offers that meet: one side is polite and gives way, the other ignores.
///
/// Ask it for everything that arrives. The connection itself rolls the polite side's offer back when the other one is
/// set, and asks for negotiation again afterwards.
/// ```swift
/// guard negotiation.accepts(.offer, in: connection.signaling.state) else { return }   // an offer that is ignored
/// try connection.setRemote(.offer(offer), at: now, into: &output)                     // rolls ours back if need be
/// ```
/// - SeeAlso: W3C webrtc-pc §10.7 "Perfect Negotiation Example"
public struct PerfectNegotiation: Hashable, Sendable {
  /// Exactly one of the two sides must be.
  public var isPolite: Bool
  /// Whether the peer's latest offer was ignored; errors of its candidates are no errors then.
  public private(set) var ignoresOffer = false
  /// Whether an offer is being made and not set yet.
  public var isMakingOffer = false
  /// Whether an answer has arrived and is not set yet: the state is as good as stable.
  public var isSettingRemoteAnswerPending = false

  public init(isPolite: Bool) { self.isPolite = isPolite }

  /// Whether a description that arrives is to be set; otherwise it is an offer that this side ignores.
  public mutating func accepts(_ type: SDPType, in state: SignalingState) -> Bool {
    let isReady = !isMakingOffer && (state == .stable || isSettingRemoteAnswerPending)
    ignoresOffer = type == .offer && !isReady && !isPolite
    if !ignoresOffer { isSettingRemoteAnswerPending = type == .answer }
    return !ignoresOffer
  }

  /// The types of description that arrive.
  public enum SDPType: Hashable, Sendable { case offer, answer }
}
