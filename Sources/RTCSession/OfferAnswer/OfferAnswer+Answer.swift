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
    let bundle = BundledDescription(offer)
    let shared = bundle.sharedTransportMids(withData: data != nil)
    let locals = Dictionary(
      media.compactMap { local in local.mid.map { ($0, local) } }, uniquingKeysWith: { first, _ in first })
    var sections: [MediaDescription] = []
    var bundled: [String] = []
    for (index, remote) in offer.media.enumerated() {
      if let data, remote.isData, data.mid == remote.attributes.mid, shared.contains(data.mid), !remote.isRejected {
        let setup = try answeredSetup(to: bundle.sharedSetup(of: remote) ?? .actpass, section: index)
        var section = section(of: data, transport: remote.transport, setup: setup)
        section.answerDraft(remote, port: data.port)
        sections.append(section)
        bundled.append(data.mid)
        continue
      }
      guard let mid = remote.attributes.mid, shared.contains(mid), bundle.isAcceptable(remote),
        var local = locals[mid], !local.isStopped, local.kind.rawValue == remote.kind
      else {
        sections.append(Self.rejection(of: remote))
        continue
      }
      var codecs = Self.answered(local.codecs, to: remote.codecs)
      guard codecs.contains(where: { !$0.isAuxiliary }) else {
        sections.append(Self.rejection(of: remote))
        continue
      }
      let setup = try answeredSetup(to: bundle.sharedSetup(of: remote) ?? .actpass, section: index)
      if !remote.attributes.exchangesReferenceTimes { local.exchangesReferenceTimes = false }
      let direction = local.direction.intersection(offer.direction(of: remote).reversed)
      let extensions = Self.answered(local.headerExtensions, to: remote.attributes.headerExtensions)
      var encodings = Self.answeredEncodings(
        to: remote, local, direction: direction, codecs: codecs, extensions: extensions,
        tag: offer.bundleGroups.isEmpty ? nil : mid)
      let receivesEncodings = encodings.contains { $0.identifier.direction == .recv }
      if receivesEncodings, !extensions.contains(RepairedRTPStreamID.uri, \.receives), !remote.announcesRetransmissions
      {
        // A stream of retransmissions could not be told from another one: they come on the stream that they repair.
        codecs.removeAll { $0.associatedPayloadType != nil }
        encodings = encodings.compactMap { $0.limited(to: codecs) }
      }
      if !encodings.contains(where: { $0.identifier.direction == .send }) { local = local.narrowed(to: []) }
      var answered = section(
        mid: mid, kind: remote.kind, transport: remote.transport, setup: setup, local: local, direction: direction,
        codecs: codecs, headerExtensions: extensions, isRTCPReducedSize: bundle.isRTCPReducedSize(in: remote))
      answered.attributes += Self.simulcast(encodings)
      sections.append(answered)
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

  /// Our extensions that were offered, each once, with the offer's ids (RFC 8285 §6).
  static func answered(_ ours: [HeaderExtensionMap], to offered: [HeaderExtensionMap]) -> [HeaderExtensionMap] {
    var seen: Set<String> = []
    return offered.compactMap { remote in
      guard remote.hasUsableID, seen.insert(remote.uri).inserted,
        let local = ours.first(where: { $0.uri == remote.uri })
      else { return nil }
      let direction = (local.direction ?? .sendrecv).intersection((remote.direction ?? .sendrecv).reversed)
      guard direction != .inactive else { return nil }
      return HeaderExtensionMap(
        id: remote.id, uri: remote.uri, direction: direction == .sendrecv ? nil : direction,
        attributes: remote.attributes)
    }
  }
}

extension HeaderExtensionMap {
  /// The longest value that such a header announces, in bytes.
  static let largestValue = 16

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
  /// Every section must have a tag of its own.
  func requireMids() throws(NegotiationError) {
    var seen: Set<String> = []
    for (index, section) in media.enumerated() {
      guard let mid = section.attributes.mid else { throw .missing(attribute: "mid", section: index) }
      guard seen.insert(mid).inserted else { throw .duplicateMid(mid) }
    }
  }
}
