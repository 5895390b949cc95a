public import RTCWire

/// Makes offers and answers: all sections on one transport, with RTP and RTCP multiplexed.
///
/// ```swift
/// let offer = alice.offer(media)
/// let answer = try bob.answer(to: offer, media)
/// let agreed = try Negotiation(localOffer: offer, remoteAnswer: answer)
/// ```
/// - SeeAlso: RFC 9429 §5.2, §5.3, RFC 3264, RFC 9143
/// - Note: Every section repeats the transport's attributes, as browsers do, unless the bundle policy makes it
///   `bundle-only`.
public struct OfferAnswer: Hashable, Sendable {
  public var sessionID: UInt64
  /// Grows by one with every description that differs from the last one (RFC 9429 §5.2.2); the caller counts.
  public var sessionVersion: UInt64
  public var transport: LocalTransport

  public init(sessionID: UInt64, sessionVersion: UInt64 = 1, transport: LocalTransport) {
    self.sessionID = sessionID
    self.sessionVersion = sessionVersion
    self.transport = transport
  }

  /// An offer of `media`.
  ///
  /// - Parameters:
  ///   - media: the transceivers, each with its tag (see `assignMids`). One whose section was rejected is stopped.
  ///   - previous: our current description. Its sections come first, in order; one that `media` does not name is
  ///     rejected. Payload types and extension ids keep their meaning.
  ///   - answered: the peer's current description. A section that is rejected in both is used again for a transceiver
  ///     that has none, under the new one's tag.
  ///   - data: the section of the data channels, which comes last when it is new; `nil` for none.
  ///   - policy: which sections that are offered for the first time are only for the bundle.
  /// - SeeAlso: RFC 9429 §5.2.1, §5.2.2
  public func offer(
    _ media: [LocalMedia], previous: SessionDescription? = nil, answered: SessionDescription? = nil,
    data: LocalData? = nil, policy: BundlePolicy = .maxCompat
  ) -> SessionDescription {
    var numbers = FormatNumbers(previous: previous)
    var sections: [MediaDescription] = []
    let known = previous?.media ?? []
    let knownMids = Set(known.compactMap(\.attributes.mid))
    var unplaced = media.filter { local in
      guard let mid = local.mid else { preconditionFailure("a transceiver has its tag before it is offered") }
      return !knownMids.contains(mid) && !local.isStopped
    }
    for (index, section) in known.enumerated() {
      if let local = media.first(where: { $0.mid == section.attributes.mid }), !local.isStopped {
        sections.append(offered(local, isBundleOnly: false, &numbers))
      } else if let data, data.mid == section.attributes.mid {
        sections.append(self.section(of: data, setup: .actpass))
      } else if section.port == 0, let answered, answered.media.indices.contains(index),
        answered.media[index].port == 0, !unplaced.isEmpty
      {
        sections.append(offered(unplaced.removeFirst(), after: sections, policy, &numbers))
      } else {
        sections.append(Self.rejection(of: section))
      }
    }
    for local in unplaced { sections.append(offered(local, after: sections, policy, &numbers)) }
    if let data, !knownMids.contains(data.mid) { sections.append(offered(data, after: sections, policy)) }
    return describe(sections, bundled: sections.filter { !$0.isRejected }.compactMap(\.attributes.mid))
  }

  private func offered(
    _ local: LocalMedia, after sections: [MediaDescription], _ policy: BundlePolicy, _ numbers: inout FormatNumbers
  ) -> MediaDescription {
    let earlier = sections.filter { !$0.isRejected }.map(\.kind)
    return offered(local, isBundleOnly: policy.isBundleOnly(local.kind.rawValue, after: earlier), &numbers)
  }

  private func offered(
    _ local: LocalMedia, isBundleOnly: Bool, _ numbers: inout FormatNumbers
  ) -> MediaDescription {
    var section = section(
      mid: local.mid ?? "", kind: local.kind.rawValue, transport: "UDP/TLS/RTP/SAVPF", setup: .actpass, local: local,
      direction: local.direction, codecs: numbers.number(local.codecs),
      headerExtensions: numbers.number(local.headerExtensions), isRTCPReducedSize: true)
    section.attributes += Self.offeredSimulcast(local)
    if isBundleOnly { Self.leaveTransportToBundle(&section) }
    return section
  }

  private func offered(
    _ data: LocalData, after sections: [MediaDescription], _ policy: BundlePolicy
  ) -> MediaDescription {
    var section = section(of: data, setup: .actpass)
    let earlier = sections.filter { !$0.isRejected }.map(\.kind)
    if policy.isBundleOnly(section.kind, after: earlier) { Self.leaveTransportToBundle(&section) }
    return section
  }

  private static func leaveTransportToBundle(_ section: inout MediaDescription) {
    section.port = 0
    section.attributes.removeAll { transportAttributes.contains($0.name) }
    section.attributes.insert(.bundleOnly, at: 0)
  }

  /// What a section leaves to the one whose transport it shares (RFC 9429 §5.2.1).
  private static let transportAttributes = [
    "ice-ufrag", "ice-pwd", "fingerprint", "setup", "rtcp-mux", "rtcp-rsize",
  ]

  /// The description with its candidates in the first section that is not rejected.
  func describe(_ sections: [MediaDescription], bundled: [String]) -> SessionDescription {
    let origin = SessionDescription.Origin(sessionID: sessionID, sessionVersion: sessionVersion)
    var session = SessionDescription(origin: origin, media: sections)
    session.attributes.append(.group(MediaGroup(semantics: "BUNDLE", mids: bundled)))
    if transport.isICELite { session.attributes.append(.iceLite) }
    if !transport.iceOptions.isEmpty { session.attributes.append(.iceOptions(transport.iceOptions)) }
    if let mid = bundled.first, let index = sections.firstIndex(where: { $0.attributes.mid == mid }) {
      addCandidates(to: &session.media[index])
    }
    return session
  }

  /// A description that was made before, with the candidates of now.
  func withCandidates(_ description: SessionDescription) -> SessionDescription {
    var description = description
    let bundled = description.bundleGroups.first?.first
    guard let index = description.media.firstIndex(where: { $0.attributes.mid == bundled }) else { return description }
    description.media[index].attributes.removeAll { $0.name == "candidate" || $0.name == "end-of-candidates" }
    addCandidates(to: &description.media[index])
    return description
  }

  private func addCandidates(to section: inout MediaDescription) {
    if let candidate = transport.defaultCandidate, let endpoint = candidate.endpoint {
      section.port = endpoint.port
      section.connections = [ConnectionData(endpoint.address)]
    }
    var lines = transport.candidates.map { SDPAttribute.candidate($0) }
    if transport.isGatheringComplete { lines.append(.endOfCandidates) }
    section.attributes.insert(contentsOf: lines, at: 0)
  }

  /// A section that refuses its place: port 0 and nothing but its tag (RFC 9429 §5.3.1).
  static func rejection(of section: MediaDescription) -> MediaDescription {
    var attributes: [SDPAttribute] = []
    if let mid = section.attributes.mid { attributes.append(.mid(mid)) }
    attributes.append(.direction(.inactive))
    return MediaDescription(
      kind: section.kind, port: 0, transport: section.transport, formats: section.formats, connection: .unspecified,
      attributes: attributes)
  }

  /// One section that is used.
  func section(
    mid: String, kind: String, transport protocolName: String, setup: SetupRole, local: LocalMedia,
    direction: MediaDirection, codecs: [RTPCodec], headerExtensions: [HeaderExtensionMap], isRTCPReducedSize: Bool
  ) -> MediaDescription {
    var attributes: [SDPAttribute] = [
      .iceUfrag(transport.iceUfrag), .icePwd(transport.icePwd), .fingerprint(transport.fingerprint), .setup(setup),
      .mid(mid),
    ]
    attributes += headerExtensions.map { .extmap($0) }
    attributes.append(.direction(direction))
    if direction.sends { attributes += Self.msids(of: local) }
    attributes.append(.rtcpMux)
    if isRTCPReducedSize { attributes.append(.rtcpRsize) }
    if local.exchangesReferenceTimes { attributes.append(.exchangesReferenceTimes) }
    for codec in codecs { attributes += Self.lines(of: codec) }
    if direction.sends, let cname = local.cname {
      // Where the other side does not know retransmission streams, nothing is sent on it.
      let repair = codecs.contains { $0.associatedPayloadType != nil } ? local.retransmissionSSRC : nil
      if let first = local.ssrcs.first, let repair {
        attributes.append(.ssrcGroup(SourceGroup(semantics: "FID", ssrcs: [first, repair])))
      }
      attributes += (local.ssrcs + (repair.map { [$0] } ?? [])).map { .ssrc(.cname(cname, of: $0)) }
    }
    return MediaDescription(
      kind: kind, port: 9, transport: protocolName, formats: codecs.map { String($0.payloadType) },
      connection: .unspecified, attributes: attributes)
  }

  private static func msids(of local: LocalMedia) -> [SDPAttribute] {
    guard let track = local.trackID else { return [] }
    let streams = local.streamIDs.isEmpty ? ["-"] : local.streamIDs
    return streams.map { .msid(MediaStreamIdentification(stream: $0, track: track)) }
  }

  private static func lines(of codec: RTPCodec) -> [SDPAttribute] {
    let map = RTPMap(
      payloadType: codec.payloadType, encodingName: codec.name, clockRate: codec.clockRate, channels: codec.channels)
    var lines: [SDPAttribute] = [.rtpmap(map)]
    for feedback in codec.feedback {
      lines.append(
        .rtcpFeedback(
          RTCPFeedback(payloadType: codec.payloadType, kind: feedback.kind, parameter: feedback.parameter)))
    }
    if let parameters = codec.parameters {
      lines.append(.fmtp(FormatParameters(format: String(codec.payloadType), text: parameters)))
    }
    return lines
  }
}
