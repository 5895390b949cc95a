import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire

/// Receives one RTP stream: counts it, has losses repaired, and holds its frames until they are played.
///
/// A class because a connection reaches its streams and its transport at the same time.
public final class RTPStreamReceiver {
  /// What is done with the packets.
  public enum Purpose: Hashable, Sendable {
    /// Frames are put together and played.
    case playout
    /// Packets are handed on; only losses are repaired.
    case forwarding
  }

  @exclusivity(unchecked) public private(set) var parameters: StreamParameters
  @exclusivity(unchecked) public private(set) var place: StreamPlace
  /// The identifier of the encoding that it receives; `nil` without simulcast.
  public private(set) var rid: String?
  /// Whether its transceiver receives nothing else; otherwise it is one of several encodings.
  @exclusivity(unchecked) private(set) var isAlone: Bool
  /// How often the encoding, and the stream of its retransmissions, had another source before.
  var changes = SourceChanges()
  var retransmissionChanges = SourceChanges()
  private let purpose: Purpose
  /// Whether any packet has arrived.
  @exclusivity(unchecked) public internal(set) var hasBegun = false
  // Sound first: of thousands of receivers each one's is touched every 20 ms.
  @exclusivity(unchecked) private var audioPlayout: AudioJitterBuffer?
  @exclusivity(unchecked) private var timeline: CaptureTimeline
  @exclusivity(unchecked) private(set) var replays = ReplayWindow()
  @exclusivity(unchecked) private var reception: ReceptionStatistics
  @exclusivity(unchecked) private var repair = NACKGenerator()
  @exclusivity(unchecked) private var repairOutput = Output<NACKGenerator.Event>()
  @exclusivity(unchecked) private var keyFrames = KeyFrameRequester()
  @exclusivity(unchecked) private var assembler: VP8FrameAssembler?
  @exclusivity(unchecked) private var videoPlayout: VideoJitterBuffer?
  /// When the next frame is due.
  @exclusivity(unchecked) public private(set) var nextPlayout: Instant?
  /// Luma samples of a picture, as the newest key frame has them; `nil` before the first.
  @exclusivity(unchecked) public private(set) var picturePixels: Int?
  /// The sound that is to be heard with these pictures.
  @exclusivity(unchecked) var companion: Companion?
  private var lastReport: (time: CompactNTP, arrival: Instant)?
  /// What arrived on the stream of retransmissions, and when last.
  @exclusivity(unchecked) private var repeated: (reception: ReceptionStatistics, last: Instant)?
  /// A stream of retransmissions is reported on as long as it is used (`kStatisticsTimeoutMs` of libwebrtc).
  private static let reportedAfterUse = Duration.seconds(8)
  @exclusivity(unchecked) private var counts = InboundStreamStatistics()

  init(
    _ parameters: StreamParameters, at place: StreamPlace, rid: String? = nil, isAlone: Bool = true, purpose: Purpose,
    ntp: NTPClock
  ) {
    self.parameters = parameters
    self.place = place
    self.rid = rid
    self.isAlone = isAlone
    self.purpose = purpose
    reception = ReceptionStatistics(clockRate: parameters.clockRate)
    timeline = CaptureTimeline(clockRate: parameters.clockRate, ntp: ntp)
    counts.ssrc = parameters.ssrc
    counts.kind = parameters.kind
    guard purpose == .playout else { return }
    switch parameters.kind {
    case .audio: audioPlayout = AudioJitterBuffer()
    case .video:
      assembler = VP8FrameAssembler()
      videoPlayout = VideoJitterBuffer()
    }
  }

  /// Has another place from now on; what came before is of no use there.
  func move(to place: StreamPlace, rid: String?, isAlone: Bool) {
    if place != self.place { hasBegun = false }
    self.place = place
    self.rid = rid
    self.isAlone = isAlone
  }

  /// Takes a stream as that of its retransmissions.
  func setRetransmission(_ stream: StreamParameters.RetransmissionStream) {
    parameters.retransmission = stream
    repeated = nil
  }

  /// When losses must be asked for again; `nil` when nothing is missing.
  var nextTimeout: Instant? {
    guard let repairTimeout = repair.nextTimeout else { return keyFrames.nextTimeout }
    return keyFrames.nextTimeout.map { min($0, repairTimeout) } ?? repairTimeout
  }

  /// Takes a packet; feedback that it causes is appended.
  ///
  /// - Parameter isRepeated: whether it came on the stream of retransmissions.
  /// - Returns: whether it is new; a packet that came before changes nothing.
  func insert(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, isRepeated: Bool = false, at now: Instant, feedback: inout [RTCPPacket],
    from sender: UInt32
  ) -> Bool {
    let header = packet.header
    guard replays.accept(header.sequenceNumber) else { return false }
    counts.bytesReceived += packet.payloadSize
    var isRetransmission = isRepeated
    if parameters.kind == .video {
      switch repair.insert(header.sequenceNumber, at: now, into: &repairOutput) {
      case .new, .reordered: break
      case .recovered, .unneeded:
        isRetransmission = true
        counts.retransmittedPacketsReceived += 1
      }
      collectFeedback(at: now, &feedback, from: sender)
    }
    // A stream of its own for retransmissions has reports of its own: in this one, what was lost stays lost.
    if isRepeated {
      counts.packetsRepaired += 1
    } else if !reception.insert(
      header.sequenceNumber, timestamp: header.timestamp, at: now, isRetransmission: isRetransmission)
    {
      return true
    }
    noteCaptureTime(packet, bytes)
    let payload = bytes.extracting(packet.payloadRange)
    switch parameters.kind {
    case .audio: audioPlayout?.insert(timestamp: header.timestamp, payload: payload, elided: packet.elided, at: now)
    case .video: assemble(packet, payload, at: now, feedback: &feedback, from: sender)
    }
    return true
  }

  /// Asks again for what is missing by now.
  func handleTimeout(at now: Instant, feedback: inout [RTCPPacket], from sender: UInt32) {
    repair.handleTimeout(at: now, into: &repairOutput)
    collectFeedback(at: now, &feedback, from: sender)
    if keyFrames.handleTimeout(at: now) { appendKeyFrameRequest(&feedback, from: sender) }
  }

  /// Asks for a key frame, as often as is decent.
  func requestKeyFrame(at now: Instant, feedback: inout [RTCPPacket], from sender: UInt32) {
    if keyFrames.request(at: now) { appendKeyFrameRequest(&feedback, from: sender) }
  }

  /// Learns the round-trip time, from which retries follow.
  func setRoundTripTime(_ time: Duration) {
    repair.roundTripTime = time
    assembler?.roundTripTime = time
  }

  /// The next video frame that is due by `now`.
  public func nextVideo(at now: Instant) -> VideoJitterBuffer.Playout? {
    guard let due = nextPlayout, due <= now else { return nil }
    let playout = videoPlayout?.next(at: now)
    noteNextPlayout()
    if let frame = playout?.frame, let due = videoPlayout?.scheduledPlayout(of: frame.rtpTimestamp) {
      synchronizePlayout(of: frame.rtpTimestamp, scheduledAt: due, now)
    }
    return playout
  }

  private func noteNextPlayout() {
    switch videoPlayout {
    case .some(let playout): nextPlayout = playout.nextTimeout
    case .none: break
    }
  }

  /// What the 20 ms of sound from `now` on need; to be called every 20 ms until it gives `nil`.
  public func nextAudio(at now: Instant) -> AudioJitterBuffer.Step? { audioPlayout?.nextStep(at: now) }

  /// Whether every tick of sound from now on is silence until a packet comes; then none has to be asked for, and those that
  /// are left out are counted.
  public func restsInSilence(at now: Instant) -> Bool {
    switch audioPlayout {
    case .some(let playout): guard playout.isSilent else { return false }
    case .none: return false
    }
    audioPlayout?.rest(at: now)
    return true
  }

  /// Takes note of how much longer the last packet of sound was made, in samples per channel.
  public func stretched(by change: Int, at now: Instant) { audioPlayout?.stretched(by: change, at: now) }

  /// The packet of sound that was played last, with the time at which it is heard.
  var lastHeard: (rtpTimestamp: UInt32, at: Instant)? {
    switch audioPlayout {
    case .some(let playout): playout.lastHeard
    case .none: nil
    }
  }

  /// Sets the least delay that the jitter buffer aims at.
  func setMinimumDelay(_ delay: Duration) {
    audioPlayout?.minimumDelay = delay
    videoPlayout?.minimumDelay = delay
  }

  /// The stored bytes of a packet of sound that is to be played.
  public func bytes(of packet: AudioJitterBuffer.Packet) -> [UInt8] {
    switch audioPlayout {
    case .some(let playout): playout.bytes(of: packet)
    case .none: []
    }
  }

  /// When the frame with this timestamp was captured; `nil` before the sender has said so.
  public func captureTime(of rtpTimestamp: UInt32) -> Instant? { timeline.captureTime(of: rtpTimestamp) }

  /// Learns the sender's clock.
  func handle(_ report: SenderReport, at now: Instant) {
    lastReport = (report.ntpTimestamp.compact, now)
    timeline.note(report)
  }

  /// What a report says about this stream; `nil` before its first packet.
  func reportBlock(at now: Instant) -> ReportBlock? {
    guard let summary = reception.report() else { return nil }
    return ReportBlock(
      ssrc: parameters.ssrc, fractionLost: summary.fractionLost, cumulativeLost: summary.cumulativeLost,
      highestSequenceNumber: summary.extendedHighestSequenceNumber, jitter: summary.jitter,
      lastSenderReport: lastReport?.time ?? .zero,
      delaySinceLastSenderReport: lastReport.map { CompactNTP(now - $0.arrival) } ?? .zero)
  }

  /// Notes a packet of the stream of retransmissions, which is reported on as a source of its own (RFC 4588 §6.3).
  func noteRepeated(_ header: RTPHeader, at now: Instant) {
    if repeated == nil { repeated = (ReceptionStatistics(clockRate: parameters.clockRate), now) }
    _ = repeated?.reception.insert(
      header.sequenceNumber, timestamp: header.timestamp, at: now, isRetransmission: false)
    repeated?.last = now
  }

  /// What a report says about this stream and about its retransmissions.
  func reportBlocks(at now: Instant) -> [ReportBlock] {
    guard let block = reportBlock(at: now) else { return [] }
    guard let ssrc = parameters.retransmission?.ssrc, let last = repeated?.last, now - last < Self.reportedAfterUse,
      let summary = repeated?.reception.report()
    else { return [block] }
    return [
      block,
      ReportBlock(
        ssrc: ssrc, fractionLost: summary.fractionLost, cumulativeLost: summary.cumulativeLost,
        highestSequenceNumber: summary.extendedHighestSequenceNumber, jitter: summary.jitter),
    ]
  }

  /// The figures so far.
  public func statistics(at now: Instant) -> InboundStreamStatistics {
    var result = counts
    result.packetsReceived = Int(reception.packetsReceived)
    result.packetsExpected = Int(reception.packetsExpected)
    result.packetsLost = Int(reception.packetsLost)
    result.jitter = reception.jitterDuration
    result.nackCount = repair.packetsRequested
    result.pliCount = keyFrames.requestCount
    switch videoPlayout {
    case .none: break
    case .some(let video):
      result.framesDecoded = video.statistics.framesDecoded
      result.keyFramesDecoded = video.statistics.keyFramesDecoded
      result.framesDropped = video.statistics.framesDropped
      result.jitterBufferDelay = video.statistics.jitterBufferDelay
      result.jitterBufferTargetDelay = video.statistics.jitterBufferTargetDelay
      result.jitterBufferEmittedCount = video.statistics.jitterBufferEmittedCount
      result.freezeCount = video.freezes.freezeCount
      result.totalFreezesDuration = video.freezes.frozenDuration(at: now)
    }
    switch audioPlayout {
    case .none: break
    case .some(let audio):
      let playout = audio.statistics(at: now)
      result.playout = playout
      result.jitterBufferDelay = playout.jitterBufferDelay
      result.jitterBufferTargetDelay = playout.jitterBufferTargetDelay
      result.jitterBufferEmittedCount = playout.jitterBufferEmittedCount
    }
    return result
  }

  private func noteCaptureTime(_ packet: RTPPacket, _ bytes: Span<UInt8>) {
    guard packet.header.hasExtension, parameters.captureTimeID != 0 else { return }
    // A malformed value is as good as none.
    let value = try? packet.headerExtension(AbsoluteCaptureTime.self, id: parameters.captureTimeID, in: bytes)
    if let value { timeline.note(value, rtpTimestamp: packet.header.timestamp) }
  }

  private func assemble(
    _ packet: RTPPacket, _ payload: Span<UInt8>, at now: Instant, feedback: inout [RTCPPacket], from sender: UInt32
  ) {
    guard purpose == .playout else {
      if packet.startsVP8KeyFrame(payload) { keyFrames.keyFrameArrived() }
      return
    }
    // Of the first packet of a frame alone: its descriptor begins with S, and partition 0 (RFC 7741 §4.2).
    if payload.count > 0, payload[0] & 0x1F == 0x10, let pixels = packet.vp8KeyFramePixels(payload) {
      picturePixels = pixels
    }
    // A payload that ends inside its descriptor is dropped; the gap is asked for again.
    _ = try? assembler?.insert(
      packet.header.sequenceNumber, timestamp: packet.header.timestamp, marker: packet.header.marker,
      payload: payload, elided: packet.elided, at: now)
    while let frame = assembler?.nextFrame(at: now) {
      counts.framesReceived += 1
      if frame.isKeyFrame { keyFrames.keyFrameArrived() }
      repair.forget(before: frame.firstSequenceNumber)
      videoPlayout?.insert(frame, at: now)
      noteNextPlayout()
    }
    if needsKeyFrame { requestKeyFrame(at: now, feedback: &feedback, from: sender) }
  }

  private var needsKeyFrame: Bool {
    switch assembler {
    case .some(let assembler): assembler.needsKeyFrame
    case .none: false
    }
  }

  private func collectFeedback(at now: Instant, _ feedback: inout [RTCPPacket], from sender: UInt32) {
    guard !repairOutput.events.isEmpty else { return }
    repairOutput.drainEvents { event in
      switch event {
      case .request(let numbers):
        feedback.append(
          .genericNACK(GenericNACK(senderSSRC: sender, mediaSSRC: parameters.ssrc, lost: numbers)))
      case .keyFrameNeeded:
        assembler?.requireKeyFrame()
        requestKeyFrame(at: now, feedback: &feedback, from: sender)
      }
    }
  }

  private func appendKeyFrameRequest(_ feedback: inout [RTCPPacket], from sender: UInt32) {
    feedback.append(
      .pictureLossIndication(PictureLossIndication(senderSSRC: sender, mediaSSRC: parameters.ssrc)))
  }
}

extension RTPPacket {
  /// Luma samples of the key frame that this packet begins; `nil` for other packets.
  func vp8KeyFramePixels(_ payload: Span<UInt8>) -> Int? {
    var reader = ByteReader(payload)
    guard let descriptor = try? VP8PayloadDescriptor(parsing: &reader), descriptor.startsFrame,
      let header = try? VP8PayloadHeader(parsing: payload.extracting(reader.offset..<payload.count)),
      let width = header.width, let height = header.height
    else { return nil }
    return Int(width) * Int(height)
  }

  /// Whether this is the first packet of a VP8 key frame.
  public func startsVP8KeyFrame(_ payload: Span<UInt8>) -> Bool {
    var reader = ByteReader(payload)
    guard let descriptor = try? VP8PayloadDescriptor(parsing: &reader), descriptor.startsFrame else { return false }
    return reader.offset < payload.count && payload[reader.offset] & 1 == 0
  }
}
