import RTCPrimitives
public import RTCWire

/// Candidates between the agent and signalling.
extension Candidate {
  /// What signalling says of a UDP candidate with an address.
  ///
  /// `nil` for what this agent cannot use: TCP, host and mDNS names, component 2, port 0.
  public init?(_ signalled: ICECandidate) {
    guard signalled.transport == .udp, signalled.component == 1, let address = signalled.endpoint, address.port != 0,
      let kind = Kind(rawValue: signalled.kind.rawValue)
    else { return nil }
    self.init(
      foundation: signalled.foundation, priority: signalled.priority, address: address, kind: kind,
      relatedAddress: signalled.relatedEndpoint)
  }

  /// What signalling says of this candidate.
  ///
  /// - Parameter ufrag: states the generation that it belongs to (RFC 8839 §5.1).
  public func signalled(ufrag: String? = nil) -> ICECandidate {
    guard let kind = ICECandidate.Kind(rawValue: kind.rawValue) else {
      preconditionFailure("both name the four types of RFC 8839")
    }
    return ICECandidate(
      foundation: foundation, component: component, priority: priority, address: address.address.description,
      port: address.port, kind: kind, relatedAddress: relatedAddress?.address.description,
      relatedPort: relatedAddress?.port,
      extensions: ufrag.map { [ICECandidate.Extension(name: "ufrag", value: $0)] } ?? [])
  }
}
