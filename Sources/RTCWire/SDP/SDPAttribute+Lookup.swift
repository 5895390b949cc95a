/// The first attribute of each kind, or all of a kind that may repeat.
extension [SDPAttribute] {
  private func first<Value>(_ value: (SDPAttribute) -> Value?) -> Value? {
    for attribute in self { if let value = value(attribute) { return value } }
    return nil
  }

  public var mid: String? { first { if case .mid(let value) = $0 { value } else { nil } } }
  public var direction: MediaDirection? { first { if case .direction(let value) = $0 { value } else { nil } } }
  public var iceUfrag: String? { first { if case .iceUfrag(let value) = $0 { value } else { nil } } }
  public var icePwd: String? { first { if case .icePwd(let value) = $0 { value } else { nil } } }
  public var setup: SetupRole? { first { if case .setup(let value) = $0 { value } else { nil } } }
  public var rtcp: RTCPPort? { first { if case .rtcp(let value) = $0 { value } else { nil } } }
  public var simulcast: SimulcastDescription? { first { if case .simulcast(let value) = $0 { value } else { nil } } }
  public var sctpPort: UInt16? { first { if case .sctpPort(let value) = $0 { value } else { nil } } }
  public var maxMessageSize: UInt64? { first { if case .maxMessageSize(let value) = $0 { value } else { nil } } }

  public var iceOptions: [String] {
    flatMap { attribute -> [String] in if case .iceOptions(let value) = attribute { value } else { [] } }
  }
  public var fingerprints: [CertificateFingerprint] {
    compactMap { if case .fingerprint(let value) = $0 { value } else { nil } }
  }
  public var candidates: [ICECandidate] { compactMap { if case .candidate(let value) = $0 { value } else { nil } } }
  public var rtpmaps: [RTPMap] { compactMap { if case .rtpmap(let value) = $0 { value } else { nil } } }
  public var formatParameters: [FormatParameters] {
    compactMap { if case .fmtp(let value) = $0 { value } else { nil } }
  }
  public var rtcpFeedback: [RTCPFeedback] {
    compactMap { if case .rtcpFeedback(let value) = $0 { value } else { nil } }
  }
  public var headerExtensions: [HeaderExtensionMap] {
    compactMap { if case .extmap(let value) = $0 { value } else { nil } }
  }
  public var msids: [MediaStreamIdentification] {
    compactMap { if case .msid(let value) = $0 { value } else { nil } }
  }
  public var sources: [SourceAttribute] { compactMap { if case .ssrc(let value) = $0 { value } else { nil } } }
  public var sourceGroups: [SourceGroup] { compactMap { if case .ssrcGroup(let value) = $0 { value } else { nil } } }
  public var rids: [RestrictionIdentifier] { compactMap { if case .rid(let value) = $0 { value } else { nil } } }

  /// The value of the first attribute of this name that is not interpreted.
  public func value(of name: String) -> String? {
    first { if case .other(name, let value) = $0 { value } else { nil } }
  }
}
