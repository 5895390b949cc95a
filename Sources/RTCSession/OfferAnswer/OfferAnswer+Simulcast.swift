import RTCWire

/// Simulcast in descriptions: `a=rid` and `a=simulcast`.
///
/// - SeeAlso: RFC 8851 §6, RFC 8853 §5, RFC 9429 §5.2.1 and §5.3.1
/// - Note: Which encodings are sent is the application's decision: that one is initially paused (`~`) is passed on to the
///   answer, and stops nothing, as in W3C webrtc-pc.
extension OfferAnswer {
  /// What an offer says of the encodings of a section: of those that are sent, if there are several, and of those that have
  /// been received so far.
  static func offeredSimulcast(_ local: LocalMedia) -> [SDPAttribute] {
    let sent = local.direction.sends && local.encodings.count > 1 ? local.encodings.map(\.rid) : []
    // An identifier stands once in a section.
    let received = local.direction.receives ? local.receivedRIDs.filter { !sent.contains($0) } : []
    return simulcast(sent.map { SimulcastEncoding($0, .send) } + received.map { SimulcastEncoding($0, .recv) })
  }

  /// The encodings that an answer takes of those that are offered, and those that it sends of those that are asked for.
  ///
  /// - Parameters:
  ///   - direction: that of the answer.
  ///   - codecs: those of the answer.
  ///   - extensions: those of the answer.
  ///   - tag: that of the section; `nil` where it shares its transport with none.
  static func answeredEncodings(
    to remote: MediaDescription, _ local: LocalMedia, direction: MediaDirection, codecs: [RTPCodec],
    extensions: [HeaderExtensionMap], tag: String?
  ) -> [SimulcastEncoding] {
    guard remote.attributes.simulcast != nil else { return [] }
    var encodings: [SimulcastEncoding] = []
    if local.receivesSimulcast, direction.receives, extensions.nameEncodings(amongSectionsAs: tag, \.receives) {
      encodings += remote.encodings(.send, of: .remote, codecs)
    }
    if direction.sends, extensions.nameEncodings(amongSectionsAs: tag, \.sends) {
      let asked = remote.encodings(.recv, of: .remote, codecs)
      encodings += asked.filter { encoding in local.encodings.contains { $0.rid == encoding.id } }
    }
    return encodings.map(\.answer)
  }

  /// The lines of encodings.
  static func simulcast(_ encodings: [SimulcastEncoding]) -> [SDPAttribute] {
    guard !encodings.isEmpty else { return [] }
    let lists = [RestrictionIdentifier.Direction.send, .recv].compactMap { direction in
      let streams = encodings.filter { $0.identifier.direction == direction }.map {
        [SimulcastDescription.Alternative(rid: $0.id, isPaused: $0.isPaused)]
      }
      return streams.isEmpty ? nil : SimulcastDescription.Streams(direction: direction, streams: streams)
    }
    return encodings.map { .rid($0.identifier) } + [.simulcast(SimulcastDescription(lists))]
  }
}

extension LocalMedia {
  /// The same with those of its encodings alone that the peer takes: the first where it takes none by name, for it receives the
  /// track all the same. One that is left is described as a track without simulcast is.
  ///
  /// - SeeAlso: RFC 9429 §3.7, W3C webrtc-pc "set description" (what an answer rejects of `[[SendEncodings]]`)
  func narrowed(to rids: [String]) -> LocalMedia {
    guard let first = encodings.first else { return self }
    var media = self
    media.encodings = encodings.filter { rids.contains($0.rid) }
    guard media.encodings.count < 2 else { return media }
    let single = media.encodings.first ?? first
    media.encodings = []
    media.ssrcs = [single.ssrc]
    media.retransmissionSSRC = single.retransmissionSSRC
    return media
  }
}
