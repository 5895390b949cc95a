public import RTCWire

/// What both sides agreed on for one section.
public struct NegotiatedMedia: Hashable, Sendable {
  public var mid: String
  /// `nil` for data channels (see `Negotiation.data`), and for a kind that we do not know, which is rejected.
  public var kind: MediaKind?
  public var isRejected: Bool
  /// As seen from here.
  public var direction: MediaDirection
  /// What we may send, in the order that the other side prefers, with the payload types of our packets. The feedback
  /// is what both sides know.
  public var sendCodecs: [RTPCodec]
  /// What we must be ready to receive, in our order of preference.
  public var receiveCodecs: [RTPCodec]
  /// The header extensions that may stand in packets, with their directions as seen from here.
  public var headerExtensions: [HeaderExtensionMap]
  /// The sources that the other side announced, in order.
  public var remoteSources: [UInt32]
  public var remoteSourceGroups: [SourceGroup]
  public var remoteCNAME: String?
  /// The identifiers of the encodings that we send, in order, each of which its packets name; empty without simulcast.
  public var sendRIDs: [String] = []
  /// The same of those that we receive.
  public var receiveRIDs: [String] = []
  public var remoteMSIDs: [MediaStreamIdentification]
  /// Whether RTCP packets may stand alone (RFC 5506).
  public var isRTCPReducedSize: Bool
  /// Whether reports tell times, so that receivers learn the round-trip time (RFC 3611 §5).
  public var exchangesReferenceTimes = false

  /// The id of an extension, where it was agreed on.
  public func extensionID(of uri: String) -> UInt16? { headerExtensions.first { $0.uri == uri }?.id }

  /// The same, where it may stand in what we send.
  func sentExtensionID(of uri: String) -> UInt8 {
    let map = headerExtensions.first { $0.uri == uri && ($0.direction ?? .sendrecv).sends }
    return UInt8(map?.id ?? 0)
  }

  /// A section of data channels that is in use.
  static func data(mid: String) -> NegotiatedMedia {
    var media = rejected(mid: mid, kind: nil)
    media.isRejected = false
    media.isRTCPReducedSize = true
    return media
  }

  static func rejected(mid: String, kind: MediaKind?) -> NegotiatedMedia {
    NegotiatedMedia(
      mid: mid, kind: kind, isRejected: true, direction: .inactive, sendCodecs: [], receiveCodecs: [],
      headerExtensions: [], remoteSources: [], remoteSourceGroups: [], remoteCNAME: nil, remoteMSIDs: [],
      isRTCPReducedSize: false)
  }
}

/// What both sides agreed on for the transport that all sections share.
public struct NegotiatedTransport: Hashable, Sendable {
  /// The sections that share it; the first one is tagged, and candidates name it.
  public var mids: [String]
  public var remoteUfrag: String
  public var remotePwd: String
  public var isRemoteICELite: Bool
  public var remoteICEOptions: [String]
  /// The certificate must match one of them.
  public var remoteFingerprints: [CertificateFingerprint]
  public var localRole: DTLSRole
  /// The candidates in the description; more may follow by trickling.
  public var remoteCandidates: [ICECandidate]
  public var isEndOfCandidates: Bool
}
