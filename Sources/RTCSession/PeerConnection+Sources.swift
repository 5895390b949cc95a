import RTCPrimitives
import RTCWire

/// Whose stream a source is: as the description says, or as its first packet does (see `PeerConnection+Encodings` for those
/// that name an encoding).
///
/// - SeeAlso: RFC 9143 §9.2
extension PeerConnection {
  /// Prepares what was agreed on for the packets that a section receives: its sources where the peer announced them.
  mutating func expect(_ media: NegotiatedMedia, on index: Int) {
    guard media.direction.receives else {
      transceivers[index].expected = nil
      return
    }
    transceivers[index].expected = media
    arrangeReceivers(of: media, on: index)
    // Which of the sources that are announced is which encoding is known from their packets alone.
    guard media.receiveRIDs.isEmpty, transceivers[index].receivers.isEmpty, let ssrc = media.remoteSources.first else {
      return
    }
    addReceiver(of: ssrc, codecs: media.receiveCodecs, at: StreamPlace(transceiver: index))
  }

  /// The receiver of a source that nobody announced, when its packet shows where it belongs.
  ///
  /// That is the section whose tag it carries (`a=extmap` with `sdes:mid`); without a tag the only section that receives
  /// its payload type. A section takes one source, so that a peer that invents sources makes no more of them.
  @inline(never)
  mutating func adopt(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, at now: Instant
  ) -> (transceiver: Int, stream: RTPStreamReceiver)? {
    guard let index = section(of: packet, bytes), let media = transceivers[index].expected else { return nil }
    if !media.receiveRIDs.isEmpty { return adoptEncoding(packet, bytes, media, on: index, at: now) }
    guard media.remoteSources.isEmpty, transceivers[index].receivers.isEmpty,
      let codec = media.receiveCodecs.first(where: { $0.payloadType == packet.header.payloadType })
    else { return nil }
    addReceiver(of: packet.header.ssrc, codecs: [codec], at: StreamPlace(transceiver: index))
    return transceivers[index].receiver.map { (index, $0) }
  }

  private func section(of packet: RTPPacket, _ bytes: Span<UInt8>) -> Int? {
    let id = transceivers.lazy.compactMap { $0.expected?.extensionID(of: MediaIdentification.uri) }.first
    if let id, let tag = try? packet.headerExtension(MediaIdentification.self, id: UInt8(id), in: bytes) {
      return transceivers.firstIndex { $0.expected?.mid == tag.value }
    }
    var found: Int?
    for (index, transceiver) in transceivers.enumerated() {
      guard let codecs = transceiver.expected?.receiveCodecs,
        codecs.contains(where: { $0.payloadType == packet.header.payloadType })
      else { continue }
      guard found == nil else { return nil }
      found = index
    }
    return found
  }

  mutating func addReceiver(of ssrc: UInt32, codecs: [RTPCodec], at place: StreamPlace) {
    let index = place.transceiver
    guard let media = transceivers[index].expected else { return }
    let repair = media.remoteSourceGroups.first { $0.semantics == "FID" && $0.ssrcs.first == ssrc }?.ssrcs.dropFirst()
      .first
    guard let parameters = StreamParameters(media, ssrc: ssrc, retransmissionSSRC: repair, codecs: codecs) else {
      return
    }
    let receiver = RTPStreamReceiver(
      parameters, at: place, rid: media.receiveRIDs.isEmpty ? nil : media.receiveRIDs[place.encoding],
      isAlone: media.receiveRIDs.count < 2, purpose: configuration.purpose, ntp: configuration.ntp)
    // Those that were there when the transport became ready have it from there.
    if transport.isReady, let time = transport.ice.roundTripTime { receiver.setRoundTripTime(time) }
    while transceivers[index].receivers.count <= place.encoding { transceivers[index].receivers.append(nil) }
    transceivers[index].receivers[place.encoding] = receiver
    receivers.append(receiver)
    synchronize(receiver, of: media)
    remoteSources.insert(ssrc, transceiver: index, stream: receiver)
    if let repair = parameters.retransmission?.ssrc, remoteSources.find(repair) == nil {
      remoteSources.insert(repair, transceiver: index, stream: receiver)
    }
  }

  /// Plays the tracks of one MediaStream together; a track without one has `-` (RFC 8830 §2).
  private func synchronize(_ receiver: RTPStreamReceiver, of media: NegotiatedMedia) {
    let streams = media.remoteMSIDs.map(\.stream).filter { $0 != "-" }
    guard configuration.purpose == .playout, !streams.isEmpty else { return }
    let others = transceivers.filter { $0.expected?.remoteMSIDs.contains { streams.contains($0.stream) } ?? false }
    for other in others.compactMap(\.receiver) where other.parameters.kind != receiver.parameters.kind {
      switch receiver.parameters.kind {
      case .audio: other.synchronize(with: receiver)
      case .video: receiver.synchronize(with: other)
      }
    }
  }
}
