import RTCWire

/// One of the encodings that a section names in `a=simulcast`, in the alternative that is used.
struct SimulcastEncoding: Hashable {
  var identifier: RestrictionIdentifier
  /// Whether it is not sent at first (`~`).
  var isPaused = false

  var id: String { identifier.id }

  /// What an answer says of it: the same from the other side.
  ///
  /// - SeeAlso: RFC 8851 §6.3, RFC 8853 §5.3.2
  var answer: SimulcastEncoding {
    var answer = self
    answer.identifier.direction = identifier.direction == .send ? .recv : .send
    return answer
  }

  /// Whether an answer may say this of what was offered: nothing that was not restricted, and no other formats.
  ///
  /// - SeeAlso: RFC 8851 §6.4
  func answers(_ offered: SimulcastEncoding) -> Bool {
    Set(offered.identifier.restrictions.map(\.name)).isSuperset(of: identifier.restrictions.map(\.name))
      && Set(offered.identifier.formats).isSuperset(of: identifier.formats) && id == offered.id
  }

  /// The same with formats of `codecs` only; `nil` when none of them carries media.
  func limited(to codecs: [RTPCodec]) -> SimulcastEncoding? {
    guard !identifier.formats.isEmpty else { return self }
    var limited = self
    let listed = Set(identifier.formats)
    let kept = codecs.filter { listed.contains(String($0.payloadType)) }
    guard kept.contains(where: { !$0.isAuxiliary }) else { return nil }
    var left = Set(kept.map { String($0.payloadType) })
    limited.identifier.formats = identifier.formats.filter { left.remove($0) != nil }
    return limited
  }
}

extension SimulcastEncoding {
  init(_ id: String, _ direction: RestrictionIdentifier.Direction) {
    self.init(identifier: RestrictionIdentifier(id: id, direction: direction))
  }
}

extension MediaDescription {
  /// The encodings of one direction in the order of `a=simulcast`, each in its first alternative that can be used; a stream
  /// without one is left out. At most as many as we handle.
  ///
  /// - SeeAlso: RFC 8853 §5.1
  func encodings(
    _ direction: RestrictionIdentifier.Direction, of side: SignalingSide, _ codecs: [RTPCodec]
  ) -> [SimulcastEncoding] {
    guard let streams = attributes.simulcast?.streams(direction), !streams.isEmpty else { return [] }
    let usable = usableEncodings(direction, of: side, codecs)
    var encodings: [SimulcastEncoding] = []
    for alternatives in streams where encodings.count < StreamPlace.largestEncodingCount {
      for alternative in alternatives {
        // One that is listed twice counts once (W3C webrtc-pc).
        guard var encoding = usable[alternative.rid], !encodings.contains(where: { $0.id == encoding.id }) else {
          continue
        }
        encoding.isPaused = alternative.isPaused
        encodings.append(encoding)
        break
      }
    }
    return encodings
  }

  /// The `a=rid` lines of a direction that can be used with `codecs`, by their identifiers.
  ///
  /// Left out are identifiers that stand twice or fit into no packet, those whose formats are not there, those that depend on
  /// others, and what restricts us: how we encode follows no restrictions. What restricts the peer need not be understood.
  /// - SeeAlso: RFC 8851 §6.2.2
  private func usableEncodings(
    _ direction: RestrictionIdentifier.Direction, of side: SignalingSide, _ codecs: [RTPCodec]
  ) -> [String: SimulcastEncoding] {
    let lines = attributes.rids
    let counts = Dictionary(lines.map { ($0.id, 1) }, uniquingKeysWith: +)
    var usable: [String: SimulcastEncoding] = [:]
    for line in lines where line.direction == direction && counts[line.id] == 1 {
      guard line.id.utf8.count <= HeaderExtensionMap.largestValue else { continue }
      let restrictsUs = side == .remote && direction == .recv && !line.restrictions.isEmpty
      guard !restrictsUs, !line.restrictions.contains(where: { $0.name == "depend" }) else { continue }
      usable[line.id] = SimulcastEncoding(identifier: line).limited(to: codecs)
    }
    return usable
  }

  /// Whether a stream of retransmissions is announced with each source, as `FID` does (RFC 5576 §4.2).
  var announcesRetransmissions: Bool { attributes.sourceGroups.contains { $0.semantics == "FID" } }
}

extension [HeaderExtensionMap] {
  /// Whether an extension was agreed on in a direction.
  func contains(_ uri: String, _ isUsable: (MediaDirection) -> Bool) -> Bool {
    contains { $0.uri == uri && isUsable($0.direction ?? .sendrecv) }
  }

  /// Whether packets say which encoding they are of, without which encodings cannot be told apart: by their RID and, among
  /// other sections, by their MID.
  ///
  /// - Parameter tag: that of the section; `nil` where it shares its transport with none.
  /// - SeeAlso: RFC 8852 §3, RFC 8853 §5.5, RFC 9143 §9.2
  func nameEncodings(amongSectionsAs tag: String?, _ isUsable: (MediaDirection) -> Bool) -> Bool {
    guard contains(RTPStreamID.uri, isUsable) else { return false }
    guard let tag else { return true }
    return contains(MediaIdentification.uri, isUsable) && tag.utf8.count <= HeaderExtensionMap.largestValue
  }
}
