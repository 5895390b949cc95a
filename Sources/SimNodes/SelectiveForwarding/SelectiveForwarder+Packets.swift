import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire

/// What becomes of a packet that arrives.
extension SelectiveForwarder {
  /// Bytes of a packet that are not RTP: IPv4, UDP and the tag of SRTP.
  private static let overhead = 28 + 16

  func forward(
    _ incoming: PeerConnection.IncomingPacket, from connection: Connection, at now: Instant, after done: Instant
  ) {
    guard let source = origin(connection), incoming.encoding < source.encodings.count else { return }
    let inbox = connection.core.received
    let bytes = inbox.bytes.span
    let packet = incoming.packet
    switch connection.core.kind(of: incoming.transceiver) {
    case .audio: forwardSound(packet, bytes, of: source, incoming.transceiver, connection, at: now, after: done)
    case .video: forwardPicture(packet, bytes, of: source, incoming.encoding, at: now, after: done)
    }
  }

  private func forwardSound(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, of source: ForwardedSource, _ transceiver: Int,
    _ connection: Connection, at now: Instant, after done: Instant
  ) {
    let id = connection.core.audioLevelID(of: transceiver)
    // Who does not say how loud he is, is silent.
    let level =
      (try? packet.headerExtension(AudioLevel.self, id: id, in: bytes)) ?? AudioLevel(level: 127, hasVoice: false)
    let loudness = speakers.note(level, of: source.person, at: now)
    let isHeard = loudest.note(loudness, of: source.person, at: now)
    guard let given = source.heard.number(of: packet.header.sequenceNumber, isHeard: isHeard) else { return }
    let size = packet.payloadRange.lowerBound + packet.payloadSize + Self.overhead
    sound.note(.bytes(size), encoding: 0, temporal: 0, at: now)
    for listener in source.listeners {
      let numbers = ForwardedNumbers(
        number: SequenceNumber(given.number.rawValue &+ listener.offset), timestamp: packet.header.timestamp,
        startsTalkspurt: given.startsTalkspurt)
      listener.connection._withUnsafeGuaranteedRef { receiver in
        listener.sender._withUnsafeGuaranteedRef { sender in
          send(packet, bytes, to: receiver, sender, numbers, of: nil, after: done, at: now)
        }
      }
    }
  }

  private func forwardPicture(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, of source: ForwardedSource, _ number: Int, at now: Instant,
    after done: Instant
  ) {
    let video = VideoPacket(packet, bytes, encoding: number)
    let size = packet.payloadRange.lowerBound + packet.payloadSize + Self.overhead
    let standsIn =
      video.startsKeyFrame && !source.meter.isSent(number, at: now) && source.demand.isStandIn(number)
    let hasStopped = source.meter.note(
      .bytes(size), encoding: number, temporal: video.temporal, startsFrame: video.startsFrame,
      startsKeyFrame: video.startsKeyFrame, at: now)
    if standsIn {
      for asked in source.demand.asked.indices where source.demand.asked[asked] { source.meter.stop(asked) }
    }
    if standsIn || hasStopped { allocateViewers(of: source, at: now) }
    let encoding = source.encodings[number]
    encoding.packets.buffer.store(video.number, bytes: bytes, elided: packet.elided, at: now)
    if encoding.newest.map({ video.number.isNewer(than: $0) }) ?? true { encoding.newest = video.number }
    let (viewers, places) = (source.viewers, source.places)
    for index in viewers.indices {
      if index + 4 < places.count { places[index + 4].prefetch() }
      let slot = viewers[index]
      guard let numbers = forward(video, of: source, on: slot, at: now) else { continue }
      send(packet, bytes, to: slot.connection, slot.sender, numbers, of: encoding.packets, after: done, at: now)
      if numbers.beginsEncoding { catchUp(slot, with: encoding, number, from: video.number, at: now) }
    }
  }

  private func forward(
    _ video: VideoPacket, of source: ForwardedSource, on slot: ForwardingSlot, at now: Instant
  ) -> ForwardedNumbers? {
    slot.stream.forward(video, at: now) { last, encoding in
      source.elapsed(from: last, of: encoding, to: video.timestamp, of: video.encoding)
    }
  }

  /// Forwards what came before the first packet of the key frame with which a stream begins.
  private func catchUp(
    _ slot: ForwardingSlot, with encoding: ForwardedEncoding, _ index: Int, from first: SequenceNumber, at now: Instant
  ) {
    guard let newest = encoding.newest else { return }
    var number = first
    while newest.isNewer(than: number) {
      number = number.next
      guard let kept = encoding.packets.buffer.packet(number) else { continue }
      encoding.packets.buffer.withBytes(of: kept) { bytes in
        guard let packet = try? RTPPacket(parsing: bytes, elided: kept.elided) else { return }
        let video = VideoPacket(packet, bytes, encoding: index)
        guard let numbers = forward(video, of: slot.source, on: slot, at: now) else { return }
        send(packet, bytes, to: slot.connection, slot.sender, numbers, of: encoding.packets, after: now, at: now)
      }
    }
  }

  private func send(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, to receiver: Connection, _ sender: RTPStreamSender,
    _ numbers: ForwardedNumbers, of source: SharedPackets?, after done: Instant, at now: Instant
  ) {
    var slot = connections.processor.reserve(at: done)
    connections.processor.perform(.forwardPacket, in: &slot)
    receiver.core.forward(
      packet, bytes, with: sender, as: numbers, of: source, at: now, into: &receiver.output.datagrams)
    connections.transmit(receiver, in: &slot)
    if receiver.core.isPacing { connections.setAlarm(receiver) }
  }

  /// Sends again what a receiver misses.
  func repair(_ numbers: [SequenceNumber], _ transceiver: Int, of receiver: Connection, at now: Instant) {
    receiver.core.retransmit(numbers, on: transceiver, at: now, into: &receiver.output.datagrams)
  }
}

extension VideoPacket {
  /// What the descriptor of a packet of VP8 says; one without a descriptor goes on with its frame.
  fileprivate init(_ packet: RTPPacket, _ bytes: Span<UInt8>, encoding: Int) {
    let payload = bytes.extracting(packet.payloadRange)
    var reader = ByteReader(payload)
    let descriptor = try? VP8PayloadDescriptor(parsing: &reader)
    let startsFrame = descriptor?.startsFrame ?? false
    self.init(
      encoding: encoding, number: packet.header.sequenceNumber, timestamp: packet.header.timestamp,
      startsFrame: startsFrame,
      startsKeyFrame: startsFrame && reader.offset < payload.count && payload[reader.offset] & 1 == 0,
      temporal: Int(descriptor?.temporalLayer?.index ?? 0),
      isSwitchingPoint: descriptor?.temporalLayer?.isSynchronizationPoint ?? true,
      pictureID: descriptor?.pictureID?.value, baseLayerIndex: descriptor?.temporalLevelZeroIndex)
  }
}
