public import RTCWire

/// What a transceiver wants in a description: its kind, direction, codecs and sources.
public struct LocalMedia: Hashable, Sendable {
  /// The identification tag of its section; `nil` as long as it has none.
  public var mid: String?
  public var kind: MediaKind
  public var direction: MediaDirection
  /// In order of preference.
  public var codecs: [RTPCodec]
  public var headerExtensions: [HeaderExtensionMap]
  /// The MediaStreams that the track belongs to; may be empty.
  public var streamIDs: [String]
  public var trackID: String?
  public var ssrcs: [UInt32]
  /// The source of the retransmissions of the first one; `nil` for none.
  public var retransmissionSSRC: UInt32?
  /// With simulcast, the encodings that are sent at the same time, the smallest picture first; they take the place of `ssrcs`.
  ///
  /// An answer leaves those that the peer takes; of one alone the source is in `ssrcs`, as without simulcast.
  public var encodings: [LocalEncoding] = []
  /// Whether simulcast that the peer offers is received.
  public var receivesSimulcast = false
  /// The identifiers of the encodings that were agreed to be received, which a later offer asks for again.
  public var receivedRIDs: [String] = []
  public var cname: String?
  /// Whether its reports tell times, so that receivers learn the round-trip time (RFC 3611 §5).
  public var exchangesReferenceTimes = false
  /// A stopped transceiver keeps its section, with port 0.
  public var isStopped: Bool

  public init(
    mid: String? = nil, kind: MediaKind, direction: MediaDirection = .sendrecv, codecs: [RTPCodec]? = nil,
    headerExtensions: [HeaderExtensionMap]? = nil, streamIDs: [String] = [], trackID: String? = nil,
    ssrcs: [UInt32] = [], cname: String? = nil, isStopped: Bool = false
  ) {
    self.mid = mid
    self.kind = kind
    self.direction = direction
    self.codecs = codecs ?? kind.defaultCodecs
    self.headerExtensions = headerExtensions ?? kind.defaultHeaderExtensions
    self.streamIDs = streamIDs
    self.trackID = trackID
    self.ssrcs = ssrcs
    self.cname = cname
    self.isStopped = isStopped
  }
}

extension [LocalMedia] {
  /// Gives those without an identification tag the lowest number that no section uses or used.
  ///
  /// - Parameter previous: the most recent description, whose tags stay taken.
  public mutating func assignMids(avoiding previous: SessionDescription? = nil) {
    var taken = Set(compactMap(\.mid) + (previous?.media.compactMap(\.attributes.mid) ?? []))
    var number = 0
    for index in indices where self[index].mid == nil {
      while taken.contains(String(number)) { number += 1 }
      self[index].mid = String(number)
      taken.insert(String(number))
    }
  }

  /// Finds or adds the one for each audio and video section of a remote offer, as `setRemoteDescription` does.
  ///
  /// A section with a known tag keeps its transceiver. One that receives takes the first of its kind that has no tag
  /// yet. Any other gets a new one that only receives. Sections that are rejected in the offer get none.
  ///
  /// - SeeAlso: RFC 9429 §5.10
  public mutating func associate(with offer: SessionDescription) {
    var known = Set(compactMap(\.mid))
    var free = Dictionary(
      grouping: indices.reversed().filter { self[$0].mid == nil && !self[$0].isStopped && self[$0].direction.sends },
      by: { self[$0].kind })
    for section in offer.media where !section.isRejected {
      guard let kind = MediaKind(rawValue: section.kind), let mid = section.attributes.mid, known.insert(mid).inserted
      else { continue }
      if offer.direction(of: section).receives, let first = free[kind]?.popLast() {
        self[first].mid = mid
      } else {
        append(LocalMedia(mid: mid, kind: kind, direction: .recvonly))
      }
    }
  }
}
