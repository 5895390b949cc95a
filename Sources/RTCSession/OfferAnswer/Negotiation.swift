public import RTCWire

/// The outcome of one offer and its answer, as one side sees it.
///
/// - SeeAlso: RFC 9429 §5.8 to §5.11, RFC 3264 §6 and §7
public struct Negotiation: Hashable, Sendable {
  /// One for each section, in order.
  public let media: [NegotiatedMedia]
  /// `nil` without data channels.
  public let data: NegotiatedData?
  /// `nil` when every section was rejected.
  public let transport: NegotiatedTransport?

  /// What our offer and their answer amount to.
  public init(localOffer: SessionDescription, remoteAnswer: SessionDescription) throws(NegotiationError) {
    try self.init(offer: localOffer, answer: remoteAnswer, isAnswerer: false)
  }

  /// What their offer and our answer amount to.
  public init(remoteOffer: SessionDescription, localAnswer: SessionDescription) throws(NegotiationError) {
    try self.init(offer: remoteOffer, answer: localAnswer, isAnswerer: true)
  }

  private init(
    offer: SessionDescription, answer: SessionDescription, isAnswerer: Bool
  ) throws(NegotiationError) {
    try Self.check(answer, against: offer)
    let (local, remote) = isAnswerer ? (answer, offer) : (offer, answer)
    let (localBundle, remoteBundle) = (BundledDescription(local), BundledDescription(remote))
    media = offer.media.indices.map { index in
      let mid = offer.media[index].attributes.mid ?? ""
      let kind = MediaKind(rawValue: offer.media[index].kind)
      let isRejected = offer.media[index].isRejected || answer.media[index].port == 0
      if !isRejected, offer.media[index].isData { return .data(mid: mid) }
      guard !isRejected, kind != nil else { return .rejected(mid: mid, kind: kind) }
      let isRTCPReducedSize =
        localBundle.isRTCPReducedSize(in: local.media[index])
        && remoteBundle.isRTCPReducedSize(in: remote.media[index])
      return NegotiatedMedia(
        mid: mid, kind: kind, section: index, local: local, remote: remote, isAnswerer: isAnswerer,
        isRTCPReducedSize: isRTCPReducedSize)
    }
    let dataIndex = media.firstIndex { !$0.isRejected && $0.kind == nil }
    data = dataIndex.map {
      NegotiatedData(
        mid: offer.media[$0].attributes.mid ?? "", local: local.media[$0], remote: remote.media[$0])
    }
    let mids = media.filter { !$0.isRejected }.map(\.mid)
    transport = try mids.first.map { mid throws(NegotiationError) in
      try NegotiatedTransport(tag: mid, mids: mids, remote: remote, answer: answer, isAnswerer: isAnswerer)
    }
  }

  private static func check(
    _ answer: SessionDescription, against offer: SessionDescription
  ) throws(NegotiationError) {
    guard offer.media.count == answer.media.count else {
      throw .sectionCount(offered: offer.media.count, answered: answer.media.count)
    }
    try offer.requireMids()
    let bundle = BundledDescription(answer)
    for (index, (offered, answered)) in zip(offer.media, answer.media).enumerated() {
      guard offered.kind == answered.kind else {
        throw .mismatch(what: "media", section: index, offered: offered.kind, answered: answered.kind)
      }
      // A rejected section may be bare.
      guard answered.port != 0 else { continue }
      let (mid, answeredMid) = (offered.attributes.mid ?? "", answered.attributes.mid ?? "")
      guard mid == answeredMid else {
        throw .mismatch(what: "mid", section: index, offered: mid, answered: answeredMid)
      }
      guard !offered.isRejected else {
        throw .mismatch(what: "port", section: index, offered: "0", answered: String(answered.port))
      }
      guard bundle.multiplexesRTCP(answered) || !answered.isRTP else {
        throw .missing(attribute: "rtcp-mux", section: index)
      }
      let payloadTypes = Set(offered.payloadTypes)
      for payloadType in answered.payloadTypes where !payloadTypes.contains(payloadType) {
        throw .payloadTypeNotOffered(payloadType, section: index)
      }
    }
    for (first, group) in zip(answer.bundleGroups, offer.bundleGroups) {
      let offered = Set(group)
      for mid in first where !offered.contains(mid) {
        let section = answer.media.firstIndex { $0.attributes.mid == mid } ?? 0
        throw .mismatch(
          what: "BUNDLE group", section: section, offered: group.joined(separator: " "),
          answered: first.joined(separator: " "))
      }
    }
  }
}

extension NegotiatedMedia {
  fileprivate init(
    mid: String, kind: MediaKind?, section index: Int, local: SessionDescription, remote: SessionDescription,
    isAnswerer: Bool, isRTCPReducedSize: Bool
  ) {
    let ours = local.media[index]
    let theirs = remote.media[index]
    let sources = theirs.attributes.sources
    var seen: Set<UInt32> = []
    let remoteSources = sources.map(\.ssrc).filter { seen.insert($0).inserted }
    let (ourCodecs, theirCodecs) = (ours.codecs, theirs.codecs)
    self.init(
      mid: mid, kind: kind, isRejected: false,
      direction: local.direction(of: ours).intersection(remote.direction(of: theirs).reversed),
      sendCodecs: Self.common(theirCodecs, with: ourCodecs),
      receiveCodecs: Self.common(ourCodecs, with: theirCodecs),
      headerExtensions: OfferAnswer.answered(ours.attributes.headerExtensions, to: theirs.attributes.headerExtensions),
      remoteSources: remoteSources, remoteSourceGroups: theirs.attributes.sourceGroups,
      remoteCNAME: sources.first { $0.attribute == "cname" }?.value, remoteMSIDs: theirs.attributes.msids,
      isRTCPReducedSize: isRTCPReducedSize,
      exchangesReferenceTimes: ours.attributes.exchangesReferenceTimes && theirs.attributes.exchangesReferenceTimes)
    let tag = (isAnswerer ? local : remote).bundleGroups.isEmpty ? nil : mid
    if direction.sends, headerExtensions.nameEncodings(amongSectionsAs: tag, \.sends) {
      sendRIDs = Self.agreed(
        ours.encodings(.send, of: .local, sendCodecs), theirs.encodings(.recv, of: .remote, sendCodecs),
        isAnswerer: isAnswerer)
    }
    if direction.receives, headerExtensions.nameEncodings(amongSectionsAs: tag, \.receives) {
      receiveRIDs = Self.agreed(
        ours.encodings(.recv, of: .local, receiveCodecs), theirs.encodings(.send, of: .remote, receiveCodecs),
        isAnswerer: isAnswerer)
    }
  }

  /// The encodings that both sides name, in our order.
  private static func agreed(
    _ ours: [SimulcastEncoding], _ theirs: [SimulcastEncoding], isAnswerer: Bool
  ) -> [String] {
    ours.filter { our in theirs.contains { isAnswerer ? our.answers($0) : $0.answers(our) } }.map(\.id)
  }

  /// The codecs of one side that the other side has too, with the feedback that both have.
  private static func common(_ codecs: [RTPCodec], with others: [RTPCodec]) -> [RTPCodec] {
    codecs.compactMap { codec in
      guard let other = others.first(where: { $0.payloadType == codec.payloadType }),
        other.associatedPayloadType == codec.associatedPayloadType, other.isSameFormat(as: codec)
      else { return nil }
      var common = codec
      common.feedback = codec.feedback.filter { other.feedback.contains($0) }
      return common
    }
  }
}

extension NegotiatedTransport {
  /// - Parameters:
  ///   - tag: the first section in use.
  ///   - mids: all sections in use.
  fileprivate init(
    tag: String, mids: [String], remote: SessionDescription, answer: SessionDescription, isAnswerer: Bool
  ) throws(NegotiationError) {
    let inUse = Set(mids)
    let tag = answer.bundleGroups.first?.first { inUse.contains($0) } ?? tag
    let index = remote.media.firstIndex { $0.attributes.mid == tag } ?? 0
    // Where the offer's first section was rejected, the tagged one may have left its transport to that.
    let section = BundledDescription(remote).transportSection(of: remote.media[index])
    guard let ufrag = remote.iceUfrag(of: section) else { throw .missing(attribute: "ice-ufrag", section: index) }
    guard let pwd = remote.icePwd(of: section) else { throw .missing(attribute: "ice-pwd", section: index) }
    remoteFingerprints = remote.fingerprints(of: section)
    guard !remoteFingerprints.isEmpty else { throw .missing(attribute: "fingerprint", section: index) }
    // A bundled section may leave the transport's attributes to another one (RFC 9143 §7.1.3).
    guard let answered = answer.media.first(where: { $0.attributes.mid == tag }).flatMap({ answer.setup(of: $0) })
    else {
      throw .missing(attribute: "setup", section: index)
    }
    let answererIsClient: Bool
    switch answered {
    case .active: answererIsClient = true
    case .passive: answererIsClient = false
    case .actpass, .holdconn: throw .setup(answered, section: index)
    }
    localRole = isAnswerer == answererIsClient ? .client : .server
    self.mids = [tag] + mids.filter { $0 != tag }
    remoteUfrag = ufrag
    remotePwd = pwd
    isRemoteICELite = remote.attributes.contains(.iceLite)
    remoteICEOptions = remote.iceOptions(of: section)
    // Sections of one transport have one user name fragment; some peers repeat the candidates in each of them.
    let sharing = remote.media.filter { remote.iceUfrag(of: $0) == ufrag }
    var seen: Set<ICECandidate> = []
    remoteCandidates = sharing.flatMap(\.attributes.candidates).filter {
      $0.component == 1 && seen.insert($0).inserted
    }
    isEndOfCandidates =
      remote.attributes.contains(.endOfCandidates) || sharing.contains { $0.attributes.contains(.endOfCandidates) }
  }
}
