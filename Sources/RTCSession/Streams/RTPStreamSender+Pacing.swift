import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire

/// What leaves when the pacer says so: media, retransmissions and padding.
extension RTPStreamSender {
  /// Where the transport-wide number stands in a packet of ours: behind the fixed header, the head of the extension block
  /// and that of its first element (RFC 8285 §4.2).
  private static let transportNumberOffset = RTPHeader.fixedSize + 5
  /// Where the time of sending stands, where it was agreed on: behind the number and the head of its own element.
  private static let sendTimeOffset = transportNumberOffset + 3
  /// The original sequence number in front of the payload (RFC 4588 §4).
  private static let originalNumberSize = 2
  /// Shorter packets are not worth repeating as padding (libwebrtc's RTX payload padding, too, leaves a rest).
  private static let smallestPadding = 50
  private static let largestPaddingLength = 224

  func enqueue(
    _ packet: KeptPacket, isRetransmission: Bool, isUrgent: Bool = true, _ control: SendControl
  ) {
    let size = packet.size + (isRetransmission ? retransmissionOverhead : 0) + control.packetOverhead
    control.pacer.enqueue(
      Pacer.Packet(
        stream: place.number, number: packet.number, size: .bytes(size), isRetransmission: isRetransmission,
        isUrgent: isRetransmission && isUrgent))
  }

  /// Writes what a packet is given when it leaves: they stand first, so that `transmit` finds them again.
  func writeStamps(
    _ number: TransportSequenceNumber, at now: Instant, in block: RTPExtensionBlock, into writer: inout ByteWriter
  ) throws(RTPError) {
    try block.append(number, id: parameters.transportSequenceID, into: &writer)
    if parameters.sendTimeID != 0 { try block.append(sendTime(at: now), id: parameters.sendTimeID, into: &writer) }
  }

  func sendTime(at now: Instant) -> AbsoluteSendTime { AbsoluteSendTime(ntp.timestamp(at: now)) }

  private var retransmissionOverhead: Int { parameters.retransmission == nil ? 0 : Self.originalNumberSize }

  /// Sends a packet that has waited in the pacer.
  func release(
    _ paced: Pacer.Packet, probe: ProbeCluster.ID?, at now: Instant, through transport: inout MediaTransport,
    _ control: SendControl, into datagrams: inout Transmissions
  ) {
    guard isActive, let packet = kept(paced.number) else { return control.noteExpired() }
    transmit(
      packet, isRetransmission: paced.isRetransmission, probe: probe, at: now, through: &transport, control,
      into: &datagrams)
    guard !paced.isRetransmission else { return }
    newestNumber = paced.number
    paddingCursor = 0
    if parameters.retransmission != nil { control.pacer.mayPad = true }
  }

  /// Hands the packets that were stored last to the pacer once more, behind those that it has.
  func repeatLast(_ count: Int, _ control: SendControl) {
    guard isActive, parameters.retransmission != nil else { return }
    for back in stride(from: count, through: 1, by: -1) {
      guard let packet = kept(sequenceNumber + -back) else { continue }
      enqueue(packet, isRetransmission: true, isUrgent: false, control)
    }
  }

  /// Whether this stream has one of retransmissions, on which padding may travel.
  var canPad: Bool { isActive && parameters.retransmission != nil && (newestNumber != nil || padsBeforeMedia) }

  /// Sends about `size` as padding: a packet again, from the newest backwards, or an empty one where none fits.
  ///
  /// - Returns: what was sent, with every header.
  func pad(
    _ size: DataSize, probe: ProbeCluster.ID?, at now: Instant, through transport: inout MediaTransport,
    _ control: SendControl, into datagrams: inout Transmissions
  ) -> DataSize {
    if let newestNumber, size.bytes >= Self.smallestPadding {
      let packet = kept(newestNumber + -paddingCursor)
      paddingCursor = packet == nil || paddingCursor >= 15 ? 0 : paddingCursor + 1
      if let packet {
        let sent = transmit(
          packet, isRetransmission: true, isPadding: true, probe: probe, at: now, through: &transport, control,
          into: &datagrams)
        if sent > 0 { return .bytes(sent) }
      }
    }
    return padEmpty(size, probe: probe, at: now, through: &transport, control, into: &datagrams)
  }

  /// Sends a packet that holds nothing but padding (RFC 3550 §5.1).
  private func padEmpty(
    _ size: DataSize, probe: ProbeCluster.ID?, at now: Instant, through transport: inout MediaTransport,
    _ control: SendControl, into datagrams: inout Transmissions
  ) -> DataSize {
    guard let stream = parameters.retransmission else { return .zero }
    var header = RTPHeader(
      payloadType: stream.payloadType, sequenceNumber: retransmissionNumber, timestamp: 0, ssrc: stream.ssrc)
    header.hasExtension = true
    header.hasPadding = true
    let length = min(max(1, size.bytes), Self.largestPaddingLength)
    var headerSize = 0
    let sent = transport.sendRTP(at: now, into: &datagrams) { writer in
      header.write(into: &writer)
      let block = RTPExtensionBlock(opening: &writer, form: .oneByte)
      try? writeStamps(TransportSequenceNumber(control.nextNumber), at: now, in: block, into: &writer)
      block.close(&writer)
      headerSize = writer.count
      for _ in 1..<length { writer.append(UInt8(0)) }
      writer.append(UInt8(length))
    }
    guard sent > 0 else { return .zero }
    retransmissionNumber = retransmissionNumber.next
    control.sent(sent, probe: probe, at: now)
    countPadding(length, header: headerSize)
    return .bytes(sent + SendControl.networkHeaders)
  }

  /// Writes the header of a packet that repeats one with `original`, as one of the stream of retransmissions.
  ///
  /// Where the description does not announce the stream, each of its packets says which encoding it repairs, because
  /// nobody reports on it (RFC 8852 §3.2).
  private func writeRepairHeader(
    _ original: Span<UInt8>, of repair: StreamParameters.RetransmissionStream, at now: Instant,
    into writer: inout ByteWriter
  ) {
    guard let identity = parameters.identity, identity.namesRepairs,
      let rid = identity.rid.flatMap({ RepairedRTPStreamID($0.value) }),
      var header = try? RTPPacket(parsing: original).header
    else {
      writer.append(original)
      var span = writer.bytes.mutableSpan
      return RTPHeader.rewrite(
        &span, payloadType: repair.payloadType, sequenceNumber: retransmissionNumber, ssrc: repair.ssrc)
    }
    header.payloadType = repair.payloadType
    header.sequenceNumber = retransmissionNumber
    header.ssrc = repair.ssrc
    header.hasExtension = true
    header.write(into: &writer)
    let block = RTPExtensionBlock(opening: &writer, form: .oneByte)
    // The number is entered when the packet leaves.
    try? writeStamps(TransportSequenceNumber(0), at: now, in: block, into: &writer)
    if let mid = identity.mid { _ = try? block.append(mid, id: identity.midID, into: &writer) }
    _ = try? block.append(rid, id: identity.repairedID, into: &writer)
    block.close(&writer)
  }

  /// Writes a packet that repeats another, which is written into `original` for that; gives the size of its header.
  private func writeRepair(
    of packet: KeptPacket, as repair: StreamParameters.RetransmissionStream, _ control: SendControl, at now: Instant,
    _ original: inout ByteWriter, into writer: inout ByteWriter
  ) -> Int {
    original.removeAll()
    let begin = write(packet, control, at: now, into: &original)
    let bytes = original.bytes.span
    writeRepairHeader(bytes.extracting(0..<begin), of: repair, at: now, into: &writer)
    let headerSize = writer.count
    writer.append(packet.number.rawValue)
    writer.append(bytes.extracting(begin..<bytes.count))
    return headerSize
  }

  /// - Returns: what was sent, with every header; 0 when nothing was.
  @discardableResult
  private func transmit(
    _ packet: KeptPacket, isRetransmission: Bool, isPadding: Bool = false, probe: ProbeCluster.ID?, at now: Instant,
    through transport: inout MediaTransport, _ control: SendControl, into datagrams: inout Transmissions
  ) -> Int {
    let repair = isRetransmission ? parameters.retransmission : nil
    let number = control.nextNumber
    var headerSize = 0
    var payloadSize = 0
    let size = transport.sendRTP(elided: packet.elided, at: now, into: &datagrams) { writer in
      if let repair {
        headerSize = writeRepair(of: packet, as: repair, control, at: now, &control.scratch, into: &writer)
      } else {
        headerSize = write(packet, control, at: now, into: &writer)
      }
      payloadSize = writer.count - headerSize + packet.elided - (repair == nil ? 0 : Self.originalNumberSize)
      var span = writer.bytes.mutableSpan
      TransportSequenceNumber(number).encode(into: &span, at: Self.transportNumberOffset)
      if parameters.sendTimeID != 0 { sendTime(at: now).encode(into: &span, at: Self.sendTimeOffset) }
    }
    guard size > 0 else { return 0 }
    if repair != nil { retransmissionNumber = retransmissionNumber.next }
    control.sent(size, probe: probe, at: now)
    count(payloadSize, header: headerSize, isRetransmission: isRetransmission, isPadding: isPadding)
    // The original number is a header of its own before the payload.
    if repair != nil { statistics.headerBytesSent += Self.originalNumberSize }
    return size + SendControl.networkHeaders
  }
}
