import RTCWire

/// A description whose first bundle is looked up once, because every section asks whose transport it has.
///
/// - SeeAlso: RFC 9143 §7, RFC 9429 §5.2.2
struct BundledDescription {
  private let description: SessionDescription
  /// The tags of the first bundle; `nil` without one.
  private let group: Set<String>?
  private let firstMid: String?
  /// The first section of the bundle, whose transport the others share.
  private let tag: MediaDescription?

  init(_ description: SessionDescription) {
    let mids = description.bundleGroups.first
    self.description = description
    group = mids.map(Set.init)
    firstMid = mids?.first
    tag = firstMid.flatMap { mid in description.media.first { $0.attributes.mid == mid } }
  }

  /// Whether a section leaves ICE, DTLS and RTCP multiplexing to the bundle's first, as all may that are in it for good.
  ///
  /// - SeeAlso: RFC 9143 §7.1.3, RFC 9429 §5.2.2
  private func leavesTransportToBundle(_ section: MediaDescription) -> Bool {
    guard let mid = section.attributes.mid, let group, firstMid != mid, group.contains(mid) else { return false }
    return section.attributes.contains(.bundleOnly) || description.iceUfrag(of: section) == nil
  }

  /// The section that states the transport of `section`: itself, or the first of the bundle.
  func transportSection(of section: MediaDescription) -> MediaDescription {
    leavesTransportToBundle(section) ? tag ?? section : section
  }

  /// Whether RTP and RTCP of a section share one port.
  func multiplexesRTCP(_ section: MediaDescription) -> Bool {
    guard leavesTransportToBundle(section) else { return Self.multiplexesRTCP(section.attributes) }
    // Data has no RTCP to say it of; in a bundle it is so for all (RFC 9143 §9.3).
    guard let tag, tag.isRTP else { return true }
    return Self.multiplexesRTCP(tag.attributes)
  }

  private static func multiplexesRTCP(_ stated: [SDPAttribute]) -> Bool {
    stated.contains(.rtcpMux) || stated.contains(.rtcpMuxOnly)
  }

  /// Whether a section is in use and of a form that we speak: RTP with RTCP on the same port.
  ///
  /// The profile says nothing more: every RTP section is secured by DTLS (RFC 9429 §5.1.2).
  func isAcceptable(_ section: MediaDescription) -> Bool {
    !section.isRejected && section.isRTP && multiplexesRTCP(section)
  }

  /// Who begins the handshake; a section that leaves its transport to the bundle leaves this, too.
  func sharedSetup(of section: MediaDescription) -> SetupRole? {
    description.setup(of: section) ?? tag.flatMap { description.setup(of: $0) }
  }

  /// Whether RTCP packets of a section may stand alone (RFC 5506).
  func isRTCPReducedSize(in section: MediaDescription) -> Bool {
    guard leavesTransportToBundle(section) else { return section.attributes.contains(.rtcpRsize) }
    return tag?.attributes.contains(.rtcpRsize) ?? false
  }

  /// The tags of the sections that can share our one transport: the first group, or the first section that is usable.
  func sharedTransportMids(withData: Bool) -> Set<String> {
    if let group { return group }
    let usable = description.media.first { section in
      section.isData
        ? withData && !section.isRejected : isAcceptable(section) && MediaKind(rawValue: section.kind) != nil
    }
    return Set([usable?.attributes.mid].compactMap { $0 })
  }

  /// Whether an offer can be answered: each section in use has a tag, and a transport that states ICE credentials, a
  /// certificate's fingerprint and a role that an answer can complete.
  ///
  /// - SeeAlso: RFC 9429 §5.8.3
  /// - Note: A missing `a=setup` counts as `actpass`.
  func requireAnswerable() throws(NegotiationError) {
    try description.requireMids()
    for (index, section) in description.media.enumerated() where !section.isRejected {
      let transport = transportSection(of: section)
      guard description.iceUfrag(of: transport) != nil else { throw .missing(attribute: "ice-ufrag", section: index) }
      guard description.icePwd(of: transport) != nil else { throw .missing(attribute: "ice-pwd", section: index) }
      guard !description.fingerprints(of: transport).isEmpty else {
        throw .missing(attribute: "fingerprint", section: index)
      }
      if let role = sharedSetup(of: section), role == .holdconn { throw .setup(role, section: index) }
    }
  }
}
