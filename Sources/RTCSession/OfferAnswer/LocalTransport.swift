public import RTCWire

/// What a description says about our one transport, which all sections share.
public struct LocalTransport: Hashable, Sendable {
  public var iceUfrag: String
  public var icePwd: String
  public var iceOptions: [String]
  public var isICELite: Bool
  public var fingerprint: CertificateFingerprint
  /// Our DTLS role of the association that exists, so that a later answer keeps it (RFC 8842 §5.5).
  public var establishedRole: DTLSRole?
  /// The candidates gathered so far.
  public var candidates: [ICECandidate]
  public var isGatheringComplete: Bool

  public init(
    iceUfrag: String, icePwd: String, iceOptions: [String] = ["trickle"], isICELite: Bool = false,
    fingerprint: CertificateFingerprint, establishedRole: DTLSRole? = nil, candidates: [ICECandidate] = [],
    isGatheringComplete: Bool = false
  ) {
    self.iceUfrag = iceUfrag
    self.icePwd = icePwd
    self.iceOptions = iceOptions
    self.isICELite = isICELite
    self.fingerprint = fingerprint
    self.establishedRole = establishedRole
    self.candidates = candidates
    self.isGatheringComplete = isGatheringComplete
  }

  /// The candidate of `m=` and `c=`: relayed before server-reflexive before host, UDP only (RFC 8839 §4.2.1.2).
  var defaultCandidate: ICECandidate? {
    for kind in [ICECandidate.Kind.relay, .srflx, .host] {
      if let found = candidates.first(where: { $0.kind == kind && $0.transport == .udp && $0.endpoint != nil }) {
        return found
      }
    }
    return nil
  }
}

/// Who begins the DTLS handshake: the client sends the ClientHello.
public enum DTLSRole: String, Hashable, Sendable {
  case client, server

  /// The role as `a=setup` states it.
  var setup: SetupRole { self == .client ? .active : .passive }
}
