import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire

/// Sends one RTP stream: packets of frames, their repetition, and sender reports.
///
/// A class because a connection reaches its streams and its transport at the same time.
public final class RTPStreamSender {
  /// The largest RTP packet before protection, in bytes.
  public static let largestPacket = 1200

  // What forwarding touches lies together, because a unit that forwards touches thousands of senders in turn.
  public let parameters: StreamParameters
  public let place: StreamPlace
  /// Whether the negotiated direction of its transceiver sends.
  @exclusivity(unchecked) public internal(set) var isActive = true
  /// How many packets may be sent again now: half of what is sent, so that loss by congestion does not feed itself.
  @exclusivity(unchecked) var repairBudget = largestRepairBudget
  @exclusivity(unchecked) public internal(set) var statistics = OutboundStreamStatistics()
  /// Bytes of RTP packets that have a payload: by their rate it is scheduled how often it is reported on them.
  @exclusivity(unchecked) private(set) var reportedBytes = 0
  let ntp: NTPClock
  private let clock: RTPClock
  @exclusivity(unchecked) private(set) var sequenceNumber: SequenceNumber
  @exclusivity(unchecked) private var packetizer: VP8Packetizer
  @exclusivity(unchecked) private var opus = OpusPacketizer()
  /// What was sent lately: of its own, or of a source that is forwarded.
  @exclusivity(unchecked) var sent: RetransmissionBuffer
  @exclusivity(unchecked) var forwarded: ForwardedPackets?
  /// The number of the next packet of the stream of retransmissions.
  @exclusivity(unchecked) var retransmissionNumber: SequenceNumber = 0
  /// The newest packet, which padding repeats first.
  @exclusivity(unchecked) var newestNumber: SequenceNumber?
  @exclusivity(unchecked) var paddingCursor = 0
  /// Whether there may be padding before any media: empty packets.
  @exclusivity(unchecked) var padsBeforeMedia = false
  @exclusivity(unchecked) private var announcer: CaptureTimeAnnouncer
  @exclusivity(unchecked) private var lastFrame: (rtpTimestamp: UInt32, captureTime: Instant)?
  var roundTripTime = Duration.milliseconds(100)
  private static let largestRepairBudget = 64.0
  private var reportedHighest: Int64?
  /// Whether its packets say where they belong: until the peer has reported on them, as libwebrtc does.
  @exclusivity(unchecked) private var statesIdentity: Bool

  init(_ parameters: StreamParameters, at place: StreamPlace, ntp: NTPClock, entropy: inout EntropySource) {
    self.parameters = parameters
    self.place = place
    statesIdentity = parameters.identity != nil
    self.ntp = ntp
    clock = RTPClock(rate: parameters.clockRate, offset: 0)
    // The upper half stays free, so that the first wrap comes late enough for receivers that join (RFC 3711 §3.3.1).
    sequenceNumber = SequenceNumber(UInt16(truncatingIfNeeded: entropy.next()) & 0x7FFF)
    packetizer = VP8Packetizer(
      maximumPayloadSize: Self.largestPacket - Self.largestHeader(parameters),
      pictureID: UInt16(truncatingIfNeeded: entropy.next()))
    // Packets that are paced wait there, too, up to two seconds.
    let isPaced = parameters.kind == .video && parameters.transportSequenceID != 0
    sent =
      isPaced
      ? RetransmissionBuffer(capacity: 4096, largestAge: .seconds(3))
      : RetransmissionBuffer(capacity: parameters.kind == .video ? 512 : 64)
    if parameters.retransmission != nil {
      retransmissionNumber = SequenceNumber(UInt16(truncatingIfNeeded: entropy.next()) & 0x7FFF)
    }
    announcer = CaptureTimeAnnouncer(clockRate: parameters.clockRate)
    statistics.ssrc = parameters.ssrc
    statistics.kind = parameters.kind
    statistics.rid = parameters.identity?.rid?.value
  }

  /// The longest header of its packets, with every extension: 36 bytes, unless the tag of its section is a long one.
  private static func largestHeader(_ parameters: StreamParameters) -> Int {
    let identity = parameters.identity.map { 2 + ($0.mid?.size ?? 0) + ($0.rid?.size ?? 0) } ?? 0
    // A transport-wide number, the time of sending and a capture time, each behind a byte of its own (RFC 8285 §4.2).
    let extensions = 3 + 4 + 9 + identity
    return max(36, RTPHeader.fixedSize + 4 + (extensions + 3) / 4 * 4)
  }

  /// Sends one coded frame whose bytes lie in `buffer`.
  ///
  /// With congestion control, packets of video are handed to its pacer, and leave with `release`.
  /// - Parameters:
  ///   - audioLevel: of a packet of sound, if it is known.
  func send(
    _ frame: EncodedFrame, in buffer: Span<UInt8>, audioLevel: AudioLevel? = nil, at now: Instant,
    through transport: inout MediaTransport, _ control: SendControl?, into datagrams: inout Transmissions
  ) {
    let control = parameters.transportSequenceID != 0 ? control : nil
    let announces = announcer.shouldAnnounce(
      rtpTimestamp: frame.rtpTimestamp, captureTime: frame.captureTime, at: now)
    lastFrame = (frame.rtpTimestamp, frame.captureTime)
    statistics.framesSent += 1
    if frame.isKeyFrame { statistics.keyFramesEncoded += 1 }
    switch parameters.kind {
    case .audio:
      let marker = opus.marker(of: frame)
      send(
        stored: frame.stored, elided: frame.elided, of: buffer, descriptor: nil, marker: marker, frame,
        captureTime: announces ? frame.captureTime : nil, audioLevel, at: now, &transport, control, &datagrams)
    case .video:
      let packets = packetizer.packets(of: frame)
      for index in packets.indices {
        let packet = packets[index]
        send(
          stored: packet.stored, elided: packet.elided, of: buffer, descriptor: packet.descriptor,
          marker: packet.isLast, frame, captureTime: announces && index == 0 ? frame.captureTime : nil, nil, at: now,
          &transport, control, &datagrams)
      }
    }
  }

  /// Whether the budget of repetitions allows one now.
  public var mayRepeat: Bool { repairBudget >= 1 }

  /// Forwards a packet of another stream, with its own numbers moved into this stream's.
  ///
  /// With congestion control its transport-wide number becomes one of this connection, for its receiver tells of those.
  /// - Parameters:
  ///   - bytes: the plain packet; its extension identifiers are kept, because all sides agreed on the same ones.
  ///   - number: its number in this stream.
  func forward(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, number: SequenceNumber, isRetransmission: Bool, at now: Instant,
    through transport: inout MediaTransport, _ control: SendControl?, into datagrams: inout Transmissions
  ) {
    if isRetransmission {
      guard mayRepeat else { return }
      repairBudget -= 1
    }
    let forwarding = RTPForwarding(
      payloadType: parameters.payloadType, sequenceNumber: number, timestamp: packet.header.timestamp,
      ssrc: parameters.ssrc)
    let numbered = control == nil ? nil : packet.extensionRange(id: parameters.transportSequenceID, in: bytes)
    let timed =
      numbered == nil || parameters.sendTimeID == 0
      ? nil : packet.extensionRange(id: parameters.sendTimeID, in: bytes)
    let sent = transport.sendRTP(elided: packet.elided, at: now, into: &datagrams) { writer in
      let begin = writer.count
      packet.writeForwarded(bytes, as: forwarding, into: &writer)
      guard let control, let numbered else { return }
      _ = packet.replaceExtension(
        with: TransportSequenceNumber(control.nextNumber), at: numbered, ofPacketAt: begin, in: &writer)
      guard let timed else { return }
      _ = packet.replaceExtension(with: sendTime(at: now), at: timed, ofPacketAt: begin, in: &writer)
    }
    guard sent > 0 else { return }
    if numbered != nil { control?.sent(sent, probe: nil, at: now) }
    count(packet.payloadSize, header: packet.payloadRange.lowerBound, isRetransmission: isRetransmission)
  }

  /// Sends again what a receiver asks for, if it is still there.
  func retransmit(
    _ numbers: [SequenceNumber], at now: Instant, through transport: inout MediaTransport, _ control: SendControl?,
    into datagrams: inout Transmissions
  ) {
    statistics.nackCount += 1
    for number in numbers {
      if let control, parameters.transportSequenceID != 0 {
        guard let packet = keptForRepair(number, at: now) else { continue }
        guard control.mayRetransmit(.bytes(packet.size + control.packetOverhead), at: now) else { return }
        enqueue(packet, isRetransmission: true, control)
        continue
      }
      guard mayRepeat else { return }
      guard let packet = sent.retransmit(number, at: now, roundTripTime: roundTripTime) else { continue }
      repairBudget -= 1
      var header = 0
      var payload = packet.elided
      let size = transport.sendRTP(elided: packet.elided, at: now, into: &datagrams) { writer in
        sent.withBytes(of: packet) { bytes in
          writer.append(bytes)
          header = (try? RTPPacket(parsing: bytes))?.payloadRange.lowerBound ?? bytes.count
          payload += bytes.count - header
        }
      }
      guard size > 0 else { continue }
      count(payload, header: header, isRetransmission: true)
    }
  }

  /// Counts a request for a key frame.
  func noteKeyFrameRequest(isFullIntra: Bool) {
    if isFullIntra { statistics.firCount += 1 } else { statistics.pliCount += 1 }
  }

  /// Learns what the receiver says about this stream.
  func handle(_ block: ReportBlock, at now: Instant) {
    statesIdentity = false
    let highest = Int64(block.highestSequenceNumber)
    statistics.packetsReported = reportedHighest.map { Int(max(0, highest - $0)) } ?? 0
    reportedHighest = highest
    statistics.remotePacketsLost = Int(block.cumulativeLost)
    statistics.fractionLost = Double(block.fractionLost) / 256
    if let time = block.roundTripTime(at: ntp.timestamp(at: now)) {
      statistics.roundTripTime = time
      roundTripTime = time
    }
  }

  /// The sender report that is due at `now`; `nil` before the first frame.
  func report(at now: Instant) -> SenderReport? {
    guard let lastFrame, statistics.payloadBytesSent > 0 else { return nil }
    // In two parts, because a peer's clock may be decades away.
    let (seconds, rest) = (now.nanoseconds - lastFrame.captureTime.nanoseconds).quotientAndRemainder(
      dividingBy: 1_000_000_000)
    let ticks = seconds * Int64(parameters.clockRate) + rest * Int64(parameters.clockRate) / 1_000_000_000
    return SenderReport(
      ssrc: parameters.ssrc, ntpTimestamp: ntp.timestamp(at: now),
      rtpTimestamp: lastFrame.rtpTimestamp &+ UInt32(truncatingIfNeeded: ticks),
      packetCount: UInt32(truncatingIfNeeded: statistics.packetsSent),
      octetCount: UInt32(truncatingIfNeeded: statistics.payloadBytesSent))
  }

  /// Learns from a source's report how its clock runs, for a stream that is forwarded.
  public func adoptClock(of report: SenderReport) {
    lastFrame = (report.rtpTimestamp, ntp.instant(of: report.ntpTimestamp))
  }

  private func send(
    stored: Range<Int>, elided: Int, of buffer: Span<UInt8>, descriptor: VP8PayloadDescriptor?, marker: Bool,
    _ frame: EncodedFrame, captureTime: Instant?, _ audioLevel: AudioLevel?, at now: Instant,
    _ transport: inout MediaTransport, _ control: SendControl?, _ datagrams: inout Transmissions
  ) {
    var header = RTPHeader(
      payloadType: parameters.payloadType, sequenceNumber: sequenceNumber, timestamp: frame.rtpTimestamp,
      ssrc: parameters.ssrc, marker: marker)
    let announced = parameters.captureTimeID != 0 ? captureTime : nil
    let level = parameters.audioLevelID != 0 ? audioLevel : nil
    let number = control.map { TransportSequenceNumber($0.nextNumber) }
    let identity = statesIdentity ? parameters.identity : nil
    header.hasExtension = announced != nil || level != nil || number != nil || identity != nil
    var headerSize = 0
    func write(into writer: inout ByteWriter) {
      header.write(into: &writer)
      if header.hasExtension { writeExtensions(number, identity, announced, level, at: now, into: &writer) }
      headerSize = writer.count
      descriptor?.write(into: &writer)
      writer.append(buffer.extracting(stored))
    }
    if let control, parameters.kind == .video {
      control.scratch.removeAll()
      write(into: &control.scratch)
      sent.store(sequenceNumber, bytes: control.scratch.bytes.span, elided: elided, at: now)
      if let packet = kept(sequenceNumber) { enqueue(packet, isRetransmission: false, control) }
      sequenceNumber = sequenceNumber.next
      return
    }
    var payloadSize = 0
    let size = transport.sendRTP(elided: elided, at: now, into: &datagrams) { writer in
      write(into: &writer)
      payloadSize = writer.count - headerSize + elided
      if parameters.kind == .video {
        sent.store(sequenceNumber, bytes: writer.bytes.span, elided: elided, at: now)
      }
    }
    guard size > 0 else { return }
    control?.sent(size, probe: nil, at: now)
    sequenceNumber = sequenceNumber.next
    count(payloadSize, header: headerSize, isRetransmission: false)
  }

  /// The transport-wide number and the time of sending stand first, where `transmit` finds them.
  private func writeExtensions(
    _ number: TransportSequenceNumber?, _ identity: StreamParameters.Identity?, _ captureTime: Instant?,
    _ level: AudioLevel?, at now: Instant, into writer: inout ByteWriter
  ) {
    let block = RTPExtensionBlock(opening: &writer, form: .oneByte)
    do {
      if let number { try writeStamps(number, at: now, in: block, into: &writer) }
      if let identity {
        if let mid = identity.mid { try block.append(mid, id: identity.midID, into: &writer) }
        if let rid = identity.rid { try block.append(rid, id: identity.ridID, into: &writer) }
      }
      if let level { try block.append(level, id: parameters.audioLevelID, into: &writer) }
      if let captureTime {
        let value = AbsoluteCaptureTime(captureTime: ntp.timestamp(at: captureTime))
        try block.append(value, id: parameters.captureTimeID, into: &writer)
      }
    } catch {
      preconditionFailure("identifiers below 15 and values up to 16 bytes fit: \(error)")
    }
    block.close(&writer)
  }

  func count(_ payload: Int, header: Int, isRetransmission: Bool, isPadding: Bool = false) {
    statistics.payloadBytesSent += payload
    reportedBytes += payload + header
    guard !isPadding else { return countPadding(payload, header: header) }
    if isRetransmission {
      statistics.retransmittedPacketsSent += 1
      statistics.retransmittedBytesSent += payload
    } else {
      repairBudget = min(repairBudget + 0.5, Self.largestRepairBudget)
    }
    statistics.packetsSent += 1
    statistics.bytesSent += payload
    statistics.headerBytesSent += header
  }

  /// Counts a packet that is there only for its size.
  func countPadding(_ padding: Int, header: Int) {
    statistics.packetsSent += 1
    statistics.paddingBytesSent += padding
    statistics.headerBytesSent += header + padding
  }
}
