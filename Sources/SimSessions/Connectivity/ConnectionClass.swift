import RTCPrimitives
import RTCTransport

/// How two hosts reach each other in the end; the raw value is the word of the truth table.
public enum ConnectionClass: String, Hashable, Sendable, CaseIterable {
  /// By addresses that were signalled.
  case direct
  /// By an address that only a check revealed.
  case directPeerReflexive = "direct-prflx"
  /// Through a TURN server that both reach over UDP.
  case relay
  /// Through a TURN server that one of them reaches over TCP or TLS.
  case relayOverTCP = "relay-tcp"
  /// Not at all.
  case none

  /// - Parameter views: the pair as each of the two sees it; a side without one has none.
  init(_ views: [CandidatePair?]) {
    let pairs = views.compactMap { $0 }
    guard pairs.count == views.count else {
      self = .none
      return
    }
    // A relay is its client's local candidate and the other's remote one, which the other may know as prflx.
    let relays = pairs.map(\.local).filter { $0.kind == .relayed }
    if relays.contains(where: { $0.relayProtocol != .udp }) {
      self = .relayOverTCP
    } else if !relays.isEmpty || pairs.contains(where: { $0.remote.kind == .relayed }) {
      self = .relay
    } else {
      self = pairs.contains { $0.remote.kind == .peerReflexive } ? .directPeerReflexive : .direct
    }
  }

  public var isRelay: Bool {
    switch self {
    case .relay, .relayOverTCP: true
    case .direct, .directPeerReflexive, .none: false
    }
  }
}
