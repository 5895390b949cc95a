import RTCPrimitives
import RTCWire

/// The streams of a track that is sent in several encodings: found by the identifiers that both ends agreed on, never by their
/// number.
///
/// - SeeAlso: RFC 8852, RFC 8853 §5
extension PeerConnection {
  // MARK: Sending

  /// Makes what sends the streams of a section: one without simulcast, and otherwise one for each encoding that the peer takes.
  ///
  /// A final answer decides for good: later offers have what it took, as in W3C webrtc-pc.
  mutating func updateSenders(_ media: NegotiatedMedia, on index: Int) {
    let local = transceivers[index].media
    guard let first = local.encodings.first else {
      for sender in transceivers[index].senders { sender.isActive = true }
      guard transceivers[index].senders.isEmpty, let ssrc = local.ssrcs.first else { return }
      return addSender(media, ssrc, local.retransmissionSSRC, at: StreamPlace(transceiver: index))
    }
    // Of a track of which the peer takes no encoding by name, it gets the first one (RFC 9429 §3.7).
    let taken = media.sendRIDs.isEmpty ? [first.rid] : media.sendRIDs
    for (number, encoding) in local.encodings.enumerated() {
      let isTaken = taken.contains(encoding.rid)
      if let sender = transceivers[index].senders.first(where: { $0.parameters.ssrc == encoding.ssrc }) {
        sender.isActive = isTaken
      } else if isTaken {
        let isNamed = !media.sendRIDs.isEmpty
        let identity = StreamParameters.Identity(media, rid: isNamed ? encoding.rid : nil)
        addSender(
          media, encoding.ssrc, encoding.retransmissionSSRC,
          identity: isNamed || !isAnnounced(encoding.ssrc, of: media) ? identity : nil,
          at: StreamPlace(transceiver: index, encoding: number))
      }
    }
    guard signaling.state == .stable else { return }
    transceivers[index].media = local.narrowed(to: media.sendRIDs)
    for sender in transceivers[index].senders where !sender.isActive { ownSources.remove(sender.parameters.ssrc) }
    transceivers[index].senders.removeAll { !$0.isActive }
    transceivers[index].senders.sort { $0.place.encoding < $1.place.encoding }
    senders.removeAll { $0.place.transceiver == index && !$0.isActive }
  }

  /// Whether our description tells a source, so that its packets need not say where they belong.
  private func isAnnounced(_ ssrc: UInt32, of media: NegotiatedMedia) -> Bool {
    let section = signaling.local?.media.first { $0.attributes.mid == media.mid }
    return section?.attributes.sources.contains { $0.ssrc == ssrc } ?? false
  }

  private mutating func addSender(
    _ media: NegotiatedMedia, _ ssrc: UInt32, _ retransmissionSSRC: UInt32?, identity: StreamParameters.Identity? = nil,
    at place: StreamPlace
  ) {
    guard
      let parameters = StreamParameters(
        media, ssrc: ssrc, retransmissionSSRC: retransmissionSSRC, identity: identity, codecs: media.sendCodecs)
    else { return }
    let sender = RTPStreamSender(parameters, at: place, ntp: configuration.ntp, entropy: &entropy)
    transceivers[place.transceiver].senders.append(sender)
    senders.append(sender)
    ownSources.insert(ssrc, transceiver: place.transceiver, stream: sender)
  }

  // MARK: Receiving

  /// The receiver of the encoding that a packet names, as its media or as its repetition (RFC 8852 §3).
  ///
  /// The source that names an encoding last has it, because a sender may begin anew with another one; not more than one change
  /// a second is followed, so that late packets of the one before change nothing, and a peer that invents sources little.
  mutating func adoptEncoding(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, _ media: NegotiatedMedia, on index: Int, at now: Instant
  ) -> (transceiver: Int, stream: RTPStreamReceiver)? {
    let (ssrc, payloadType) = (packet.header.ssrc, packet.header.payloadType)
    guard let codec = media.receiveCodecs.first(where: { $0.payloadType == payloadType }) else { return nil }
    if let original = codec.associatedPayloadType {
      guard let encoding = encoding(of: packet, bytes, media, namedBy: RepairedRTPStreamID.self),
        let receiver = transceivers[index].receiver(of: encoding), receiver.parameters.payloadType == original
      else { return nil }
      if let before = receiver.parameters.retransmission {
        guard receiver.retransmissionChanges.takesOne(at: now) else { return nil }
        release(before.ssrc, of: receiver, ReplayWindow())
      }
      receiver.setRetransmission(StreamParameters.RetransmissionStream(ssrc: ssrc, payloadType: payloadType))
      remoteSources.insert(ssrc, transceiver: index, stream: receiver)
      return (index, receiver)
    }
    guard let encoding = encoding(of: packet, bytes, media, namedBy: RTPStreamID.self) else { return nil }
    var changes = SourceChanges()
    if let before = transceivers[index].receiver(of: encoding) {
      guard before.changes.takesOne(at: now) else { return nil }
      changes = before.changes
      retire(before)
    }
    let repairs = media.receiveCodecs.filter { $0.associatedPayloadType == payloadType }
    addReceiver(of: ssrc, codecs: [codec] + repairs, at: StreamPlace(transceiver: index, encoding: encoding))
    guard let receiver = transceivers[index].receiver(of: encoding) else { return nil }
    receiver.changes = changes
    return (index, receiver)
  }

  private func encoding<ID: RTPStreamIdentifier>(
    of packet: RTPPacket, _ bytes: Span<UInt8>, _ media: NegotiatedMedia, namedBy type: ID.Type
  ) -> Int? {
    guard let id = media.extensionID(of: ID.uri),
      let name = try? packet.headerExtension(type, id: UInt8(id), in: bytes)
    else { return nil }
    return media.receiveRIDs.firstIndex(of: name.value)
  }

  /// Puts the receivers of a section where a later description has their encodings, and ends those that it has no more.
  mutating func arrangeReceivers(of media: NegotiatedMedia, on index: Int) {
    let known = transceivers[index].receivers.compactMap(\.self)
    var arranged: [RTPStreamReceiver?] = media.receiveRIDs.map { rid in known.first { $0.rid == rid } }
    if media.receiveRIDs.isEmpty {
      // Of a track without simulcast there is one, whatever is said. What goes on without it is the encoding that is announced,
      // or the first one (RFC 9429 §3.7).
      let single =
        known.first { $0.rid == nil || media.remoteSources.contains($0.parameters.ssrc) }
        ?? (media.remoteSources.isEmpty ? transceivers[index].receiver : nil)
      arranged = single.map { [$0] } ?? []
    }
    for receiver in known where !arranged.contains(where: { $0 === receiver }) { retire(receiver) }
    for (encoding, receiver) in arranged.enumerated() {
      receiver?.move(
        to: StreamPlace(transceiver: index, encoding: encoding),
        rid: media.receiveRIDs.isEmpty ? nil : media.receiveRIDs[encoding], isAlone: arranged.count < 2)
    }
    transceivers[index].receivers = arranged
  }

  /// Ends a receiver; what it has heard is remembered, in case that its source comes again.
  private mutating func retire(_ receiver: RTPStreamReceiver) {
    receivers.removeAll { $0 === receiver }
    release(receiver.parameters.ssrc, of: receiver, receiver.replays)
    if let repair = receiver.parameters.retransmission { release(repair.ssrc, of: receiver, ReplayWindow()) }
  }

  private mutating func release(_ ssrc: UInt32, of receiver: RTPStreamReceiver, _ window: ReplayWindow) {
    guard remoteSources.find(ssrc)?.stream === receiver else { return }
    remoteSources.remove(ssrc)
    if !earlySources.keep(window, of: ssrc) { transport.forgetSource(ssrc) }
  }
}

/// Header extensions that name an encoding.
private protocol RTPStreamIdentifier: RTPHeaderExtension {
  var value: String { get }
}

extension RTPStreamID: RTPStreamIdentifier {}
extension RepairedRTPStreamID: RTPStreamIdentifier {}

/// How often an encoding has changed its source: the first change is followed at once, others not more often than every second.
struct SourceChanges: Sendable {
  static let interval = Duration.seconds(1)

  private var last: Instant?

  /// Whether a change is followed now; then it counts.
  mutating func takesOne(at now: Instant) -> Bool {
    if let last, now - last < Self.interval { return false }
    last = now
    return true
  }
}
