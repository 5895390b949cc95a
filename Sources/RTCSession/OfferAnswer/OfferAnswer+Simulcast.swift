import RTCWire

/// Simulcast in descriptions: `a=rid` and `a=simulcast`.
///
/// - SeeAlso: RFC 8851, RFC 8853 §5, RFC 9429 §5.2.1 and §5.3.1
extension OfferAnswer {
  /// What an offer says of the encodings that are to be sent; nothing of a single one.
  static func offeredSimulcast(_ local: LocalMedia) -> [SDPAttribute] {
    guard local.direction.sends, local.encodings.count > 1 else { return [] }
    let streams = local.encodings.map { [SimulcastDescription.Alternative(rid: $0.rid)] }
    return local.encodings.map { .rid(RestrictionIdentifier(id: $0.rid, direction: .send)) }
      + [.simulcast(SimulcastDescription([.init(direction: .send, streams: streams)]))]
  }

  /// What an answer says of the encodings that are offered: each one's first alternative is received, with the restrictions
  /// that it was offered with.
  static func answeredSimulcast(_ remote: MediaDescription) -> [SDPAttribute] {
    let rids = remote.attributes.rids(.send)
    guard rids.count > 1 else { return [] }
    let streams = rids.map { [SimulcastDescription.Alternative(rid: $0.id)] }
    return rids.map {
      .rid(RestrictionIdentifier(id: $0.id, direction: .recv, formats: $0.formats, restrictions: $0.restrictions))
    } + [.simulcast(SimulcastDescription([.init(direction: .recv, streams: streams)]))]
  }
}

extension [SDPAttribute] {
  /// The encodings of one direction in the order of `a=simulcast`, each with its first alternative that `a=rid` describes; at
  /// most as many as we handle.
  func rids(_ direction: RestrictionIdentifier.Direction) -> [RestrictionIdentifier] {
    let described: [RestrictionIdentifier] = rids.filter { $0.direction == direction }
    let streams = simulcast?.streams(direction) ?? []
    let found = streams.compactMap { alternatives -> RestrictionIdentifier? in
      alternatives.lazy.compactMap { alternative in described.first { $0.id == alternative.rid } }.first
    }
    return [RestrictionIdentifier](found.prefix(StreamPlace.largestEncodingCount))
  }
}
