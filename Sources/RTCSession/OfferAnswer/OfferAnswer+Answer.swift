public import RTCWire

extension OfferAnswer {
  /// An answer to a remote offer.
  ///
  /// Each section is answered by the transceiver with its tag (see `associate`). Rejected, with port 0, are sections
  /// without one, of other kinds than audio, video and data, without a common codec, without `rtcp-mux`, those outside
  /// the transport that all others share, and data that `data` does not name.
  public func answer(
    to offer: SessionDescription, _ media: [LocalMedia], data: LocalData? = nil
  ) throws(NegotiationError) -> SessionDescription {
    try offer.requireMids()
    let shared = offer.sharedTransportMids(withData: data != nil)
    var sections: [MediaDescription] = []
    var bundled: [String] = []
    for (index, remote) in offer.media.enumerated() {
      if let data, remote.isData, data.mid == remote.attributes.mid, shared.contains(data.mid), !remote.isRejected {
        let setup = try answeredSetup(to: offer.sharedSetup(of: remote) ?? .actpass, section: index)
        var section = section(of: data, transport: remote.transport, setup: setup)
        section.answerDraft(remote, port: data.port)
        sections.append(section)
        bundled.append(data.mid)
        continue
      }
      guard let mid = remote.attributes.mid, shared.contains(mid), offer.isAcceptable(remote),
        let local = media.first(where: { $0.mid == mid }), !local.isStopped, local.kind.rawValue == remote.kind
      else {
        sections.append(Self.rejection(of: remote))
        continue
      }
      let codecs = Self.answered(local.codecs, to: remote.codecs)
      guard codecs.contains(where: { !$0.isAuxiliary }) else {
        sections.append(Self.rejection(of: remote))
        continue
      }
      let setup = try answeredSetup(to: offer.sharedSetup(of: remote) ?? .actpass, section: index)
      sections.append(
        section(
          mid: mid, kind: remote.kind, transport: remote.transport, setup: setup, local: local,
          direction: local.direction.intersection(offer.direction(of: remote).reversed), codecs: codecs,
          headerExtensions: Self.answered(local.headerExtensions, to: remote.attributes.headerExtensions),
          isRTCPReducedSize: offer.isRTCPReducedSize(in: remote)))
      bundled.append(mid)
    }
    var answer = describe(sections, bundled: bundled)
    // An offer without a group gets an answer without one (RFC 9143 §7.3).
    if offer.bundleGroups.isEmpty { answer.attributes.removeAll { $0.name == "group" } }
    return answer
  }

  /// Who offers `actpass` leaves the choice to us: we begin, or stay what we are (RFC 8842 §5.3, §5.5).
  private func answeredSetup(to offered: SetupRole, section: Int) throws(NegotiationError) -> SetupRole {
    switch offered {
    case .actpass: return transport.establishedRole?.setup ?? .active
    case .active: return .passive
    case .passive: return .active
    case .holdconn: throw .setup(offered, section: section)
    }
  }

  /// Our codecs that were offered, in our order, with the offer's payload types (RFC 3264 §6.1).
  static func answered(_ ours: [RTPCodec], to offered: [RTPCodec]) -> [RTPCodec] {
    var payloadTypes: [UInt8: UInt8] = [:]
    for codec in ours where codec.associatedPayloadType == nil {
      let taken = payloadTypes.values
      guard let match = offered.first(where: { $0.isSameFormat(as: codec) && !taken.contains($0.payloadType) }) else {
        continue
      }
      payloadTypes[codec.payloadType] = match.payloadType
    }
    return ours.compactMap { codec in
      guard let original = codec.associatedPayloadType else {
        return offered.first { $0.payloadType == payloadTypes[codec.payloadType] }.map { codec.answering($0) }
      }
      guard let apt = payloadTypes[original] else { return nil }
      return offered.first { $0.associatedPayloadType == apt }.map { match in
        var repair = codec.answering(match)
        repair.parameters = match.parameters
        return repair
      }
    }
  }

  /// Our extensions that were offered, with the offer's ids (RFC 8285 §6).
  static func answered(_ ours: [HeaderExtensionMap], to offered: [HeaderExtensionMap]) -> [HeaderExtensionMap] {
    offered.compactMap { remote in
      guard remote.hasUsableID, let local = ours.first(where: { $0.uri == remote.uri }) else { return nil }
      let direction = (local.direction ?? .sendrecv).intersection((remote.direction ?? .sendrecv).reversed)
      guard direction != .inactive else { return nil }
      return HeaderExtensionMap(
        id: remote.id, uri: remote.uri, direction: direction == .sendrecv ? nil : direction,
        attributes: remote.attributes)
    }
  }
}

extension HeaderExtensionMap {
  /// Whether the id can stand in the packets that we write: their blocks have one-byte headers (RFC 8285 §4.2).
  var hasUsableID: Bool { (1...14).contains(id) }
}

extension RTPCodec {
  /// Whether it carries no media of its own: repair, redundancy, comfort noise or tones.
  var isAuxiliary: Bool {
    ["rtx", "red", "ulpfec", "flexfec-03", "flexfec", "cn", "telephone-event"].contains(name.lowercased())
  }

  /// This codec under the offer's number, with the feedback that both know.
  fileprivate func answering(_ offered: RTPCodec) -> RTPCodec {
    var codec = self
    codec.payloadType = offered.payloadType
    codec.feedback = feedback.filter { offered.feedback.contains($0) }
    return codec
  }
}

extension SessionDescription {
  /// Whether a section leaves ICE, DTLS and RTCP multiplexing to the bundle's first, as all may that are in it for good.
  ///
  /// - SeeAlso: RFC 9143 §7.1.3, RFC 9429 §5.2.2
  func leavesTransportToBundle(_ section: MediaDescription) -> Bool {
    guard let mid = section.attributes.mid, let group = bundleGroups.first, group.first != mid, group.contains(mid)
    else {
      return false
    }
    return section.attributes.contains(.bundleOnly) || iceUfrag(of: section) == nil
  }

  /// Whether RTP and RTCP of a section share one port.
  func multiplexesRTCP(_ section: MediaDescription) -> Bool {
    guard leavesTransportToBundle(section) else { return Self.multiplexesRTCP(section.attributes) }
    // Data has no RTCP to say it of; in a bundle it is so for all (RFC 9143 §9.3).
    guard let bundleTag, bundleTag.isRTP else { return true }
    return Self.multiplexesRTCP(bundleTag.attributes)
  }

  private static func multiplexesRTCP(_ stated: [SDPAttribute]) -> Bool {
    stated.contains(.rtcpMux) || stated.contains(.rtcpMuxOnly)
  }

  /// Whether a section is in use and of a form that we speak: RTP with RTCP on the same port.
  ///
  /// The profile says nothing more: every RTP section is secured by DTLS (RFC 9429 §5.1.2).
  fileprivate func isAcceptable(_ section: MediaDescription) -> Bool {
    !section.isRejected && section.isRTP && multiplexesRTCP(section)
  }

  /// Who begins the handshake; a section that leaves its transport to the bundle leaves this, too.
  fileprivate func sharedSetup(of section: MediaDescription) -> SetupRole? {
    setup(of: section) ?? bundleTag.flatMap { setup(of: $0) }
  }

  /// Whether RTCP packets of a section may stand alone (RFC 5506).
  func isRTCPReducedSize(in section: MediaDescription) -> Bool {
    guard leavesTransportToBundle(section) else { return section.attributes.contains(.rtcpRsize) }
    return bundleTag?.attributes.contains(.rtcpRsize) ?? false
  }

  /// The first section of the bundle, whose transport the others share.
  private var bundleTag: MediaDescription? {
    bundleGroups.first?.first.flatMap { mid in media.first { $0.attributes.mid == mid } }
  }

  /// Every section must have a tag of its own.
  func requireMids() throws(NegotiationError) {
    var seen: Set<String> = []
    for (index, section) in media.enumerated() {
      guard let mid = section.attributes.mid else { throw .missing(attribute: "mid", section: index) }
      guard seen.insert(mid).inserted else { throw .duplicateMid(mid) }
    }
  }

  /// The tags of the sections that can share our one transport: the first group, or the first section that is usable.
  func sharedTransportMids(withData: Bool) -> [String] {
    if let group = bundleGroups.first { return group }
    return media.first { section in
      section.isData
        ? withData && !section.isRejected : isAcceptable(section) && MediaKind(rawValue: section.kind) != nil
    }.flatMap(\.attributes.mid).map { [$0] } ?? []
  }
}
