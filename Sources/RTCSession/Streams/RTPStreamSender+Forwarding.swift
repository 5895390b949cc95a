import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire

/// A stream of which a forwarding unit decides what it is made of.
extension RTPStreamSender {
  /// The number before the first one of this stream.
  package var firstNumber: SequenceNumber { sequenceNumber }

  /// Sends a packet of a source under the numbers that it has for this receiver.
  ///
  /// Pictures wait in the pacer, so that a key frame does not fill the queue of a narrow link, and are kept: what the receiver misses
  /// is sent again on the stream of retransmissions, and so is padding. Sound leaves at once. Of the source's header
  /// extensions those go on that mean something to the receiver: when the frame was captured, and how loud it is.
  /// - Parameters:
  ///   - bytes: the plain packet.
  ///   - numbers: what it is called here.
  ///   - source: where pictures of this source are kept, this one among them.
  func forward(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, as numbers: ForwardedNumbers, of source: SharedPackets?, at now: Instant,
    through transport: inout MediaTransport, _ control: SendControl, into datagrams: inout Transmissions
  ) {
    let elided = numbers.isEmpty ? 0 : packet.elided
    if let source {
      if forwarded == nil { forwarded = ForwardedPackets() }
      let stored = numbers.isEmpty ? 0 : packet.payloadRange.count
      let size = headerSize(of: packet, bytes) + stored + elided
      let kept = forwarded?.store(
        numbers, of: source, packet.header.sequenceNumber, size: size, elided: elided, at: now)
      if let kept { enqueue(.forwarded(kept), isRetransmission: false, control) }
      return
    }
    var headerSize = 0
    var payloadSize = 0
    let size = transport.sendRTP(elided: elided, at: now, into: &datagrams) { writer in
      headerSize = write(packet, bytes, as: numbers, control, at: now, into: &writer)
      payloadSize = writer.count - headerSize + elided
    }
    guard size > 0 else { return }
    control.sent(size, probe: nil, at: now)
    control.pacer.noteUnpaced(.bytes(size + SendControl.networkHeaders), at: now)
    count(payloadSize, header: headerSize, isRetransmission: false)
  }

  /// How long the header will be that `write` writes.
  private func headerSize(of packet: RTPPacket, _ bytes: Span<UInt8>) -> Int {
    var size = 1 + TransportSequenceNumber(0).size + (parameters.sendTimeID == 0 ? 0 : 1 + sendTime(at: .start).size)
    forEachExtensionThatGoesOn(of: packet, bytes) { _, value in size += 1 + value.count }
    return RTPHeader.fixedSize + 4 + (size + 3) / 4 * 4
  }

  /// Gives the size of the header with its extensions.
  func write(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, as numbers: ForwardedNumbers, _ control: SendControl, at now: Instant,
    into writer: inout ByteWriter
  ) -> Int {
    var header = RTPHeader(
      payloadType: parameters.payloadType, sequenceNumber: numbers.number, timestamp: numbers.timestamp,
      ssrc: parameters.ssrc, marker: packet.header.marker || numbers.startsTalkspurt)
    header.hasExtension = true
    header.write(into: &writer)
    writeExtensions(of: packet, bytes, control, at: now, into: &writer)
    let headerSize = writer.count
    guard !numbers.isEmpty else { return headerSize }
    writer.append(bytes.extracting(packet.payloadRange))
    rewriteDescriptor(in: &writer, at: headerSize, numbers)
    return headerSize
  }

  /// The transport-wide number and the time of sending stand first, where `transmit` finds it.
  private func writeExtensions(
    of packet: RTPPacket, _ bytes: Span<UInt8>, _ control: SendControl, at now: Instant, into writer: inout ByteWriter
  ) {
    let block = RTPExtensionBlock(opening: &writer, form: .oneByte)
    // Identifiers below 15 fit; 0, of what was not agreed on, is left out.
    try? writeStamps(TransportSequenceNumber(control.nextNumber), at: now, in: block, into: &writer)
    forEachExtensionThatGoesOn(of: packet, bytes) { id, value in
      _ = try? block.append(id: id, value: value, into: &writer)
    }
    block.close(&writer)
  }

  /// Those of the source's header extensions that mean something to the receiver; one that does not fit the form is left out.
  private func forEachExtensionThatGoesOn(
    of packet: RTPPacket, _ bytes: Span<UInt8>, _ body: (UInt8, Span<UInt8>) -> Void
  ) {
    guard packet.extensionForm != nil else { return }
    var elements = packet.extensionElements
    while let element = elements.next(in: bytes) {
      guard element.id > 0, element.id == parameters.captureTimeID || element.id == parameters.audioLevelID,
        RTPExtensionForm.oneByte.holds(id: element.id, size: element.range.count)
      else { continue }
      body(element.id, bytes.extracting(element.range))
    }
  }

  private func rewriteDescriptor(in writer: inout ByteWriter, at offset: Int, _ numbers: ForwardedNumbers) {
    guard parameters.kind == .video else { return }
    var span = writer.bytes.mutableSpan
    VP8PayloadDescriptor.rewrite(
      &span, at: offset, pictureID: numbers.pictureID, temporalLevelZeroIndex: numbers.baseLayerIndex)
  }
}
