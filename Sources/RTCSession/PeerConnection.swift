import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire

/// The core of an RTCPeerConnection: offer and answer, one bundled transport, transceivers and their streams.
///
/// A state machine without sockets, clock or dice: it is given datagrams, descriptions and time, and says what to send.
/// ```swift
/// connection.addTransceiver(.audio, direction: .sendrecv)
/// let offer = connection.createOffer()
/// try connection.setLocal(.offer(offer), at: now, into: &output)     // gathers candidates
/// try connection.setRemote(.answer(answer), at: now, into: &output)  // checks, handshake, media
/// ```
/// - SeeAlso: RFC 9429 (JSEP), W3C webrtc-pc
/// - Note: Renegotiation keeps the transport; transceivers may be added between negotiations.
public struct PeerConnection: ~Copyable {
  public struct Configuration {
    public var transport: MediaTransport.Configuration
    /// CNAME of this endpoint's streams (RFC 7022).
    public var cname: String
    /// Relates virtual or real time to NTP time.
    public var ntp: NTPClock
    /// What is done with received packets.
    public var purpose: RTPStreamReceiver.Purpose
    /// The mean time between two reports.
    public var reportInterval: Duration = .seconds(1)

    public init(
      transport: MediaTransport.Configuration, cname: String, ntp: NTPClock,
      purpose: RTPStreamReceiver.Purpose = .playout
    ) {
      self.transport = transport
      self.cname = cname
      self.ntp = ntp
      self.purpose = purpose
    }
  }

  /// What a connection tells.
  public enum Event: Sendable {
    case signalingStateChanged(SignalingState)
    /// A local candidate to be sent to the peer.
    case candidate(ICECandidate)
    case gatheringCompleted
    case transport(MediaTransport.Event)
    /// The first RTP packet of a transceiver arrived.
    case firstPacketReceived(transceiver: Int)
    /// The peer wants a key frame on this transceiver.
    case keyFrameRequested(transceiver: Int)
    /// The peer lacks packets that a forwarding sender has sent (see `forward`).
    case packetsRequested(transceiver: Int, [SequenceNumber])
    /// A source's clock, for a unit that forwards.
    case senderReport(transceiver: Int, SenderReport)
  }

  /// A media packet that arrived and was counted; its bytes are in `received`.
  public struct IncomingPacket: Sendable {
    public let transceiver: Int
    public let packet: RTPPacket
    /// When the next frame of the stream is to be played; `nil` when none is complete.
    public let nextPlayout: Instant?
  }

  /// Datagrams and packets that came to nothing.
  public struct DropCounts: Hashable, Sendable {
    public var malformedRTP = 0
    public var malformedRTCP = 0
    /// RTP of a source that nobody announced.
    public var unknownSource = 0
    /// RTP that came before. With encryption SRTP drops it first.
    public var replayed = 0
  }

  public private(set) var signaling = Signaling()
  public private(set) var transceivers: [Transceiver] = []
  public private(set) var transport: MediaTransport
  public private(set) var drops = DropCounts()
  private let configuration: Configuration
  private var entropy: EntropySource
  private let sessionID: UInt64
  private var sessionVersion: UInt64 = 0
  /// The transceivers of remote and of own sources; and the streams themselves, to go through them all.
  private var remoteSources = SourceTable<RTPStreamReceiver>()
  private var ownSources = SourceTable<RTPStreamSender>()
  private var receivers: [RTPStreamReceiver] = []
  private var senders: [RTPStreamSender] = []
  private var transportOutput = Output<MediaTransport.Event>()
  private var feedback: [RTCPPacket] = []
  private var nextReport: Instant?
  /// At or before the earliest time at which a receiver wants to ask for something.
  private var nextRepair: Instant?
  /// The same of each transceiver, side by side, because they are all looked through.
  private var repairDues: [Instant] = []
  /// Receivers are asked together, and not more often than this, as libwebrtc does.
  private static let repairInterval = Duration.milliseconds(20)
  private var lastRepair = Instant.start
  private var hasStarted = false
  /// Whether feedback may travel without a report before it (RFC 5506).
  private var mayReduceSize = false
  /// What the reports of the datagram at hand say.
  private var roundTripTime: Duration?
  private let feedbackSSRC: UInt32

  public init(_ configuration: Configuration, entropy: EntropySource) {
    var entropy = entropy
    self.configuration = configuration
    sessionID = entropy.next() >> 2
    feedbackSSRC = UInt32(truncatingIfNeeded: entropy.next())
    transport = MediaTransport(configuration.transport, role: .controlled, entropy: entropy.split())
    self.entropy = entropy
  }

  /// Adds a transceiver and gives its number.
  @discardableResult
  public mutating func addTransceiver(_ kind: MediaKind, direction: MediaDirection) -> Int {
    var media = LocalMedia(kind: kind, direction: direction)
    media.codecs = Transceiver.codecs(kind)
    media.headerExtensions = Transceiver.headerExtensions(kind)
    if direction.sends { announceSource(&media) }
    transceivers.append(Transceiver(media))
    return transceivers.count - 1
  }

  /// An offer of all transceivers.
  public mutating func createOffer() -> SessionDescription {
    assignMids()
    sessionVersion += 1
    return offerAnswer.offer(transceivers.map(\.media), previous: signaling.currentLocal)
  }

  /// An answer to the remote offer; sends what `addTransceiver` prepared.
  public mutating func createAnswer() throws(PeerConnectionError) -> SessionDescription {
    guard signaling.mayCreateAnswer, let offer = signaling.remote else {
      throw .invalidState(InvalidStateError(state: signaling.state, operation: "create an answer"))
    }
    sessionVersion += 1
    let media = transceivers.map(\.media)
    let answerer = offerAnswer
    return try negotiate { () throws(NegotiationError) in try answerer.answer(to: offer, media) }
  }

  /// Applies a description of ours; the first one starts gathering.
  public mutating func setLocal(
    _ change: DescriptionChange, at now: Instant, into output: inout Output<Event>
  ) throws(PeerConnectionError) {
    try set(.local, change, into: &output)
    if !hasStarted {
      hasStarted = true
      if case .offer = change { transport.setRole(.controlling) }
      transport.start(at: now, into: &transportOutput)
    }
    if case .answer(let answer) = change, let offer = signaling.currentRemote {
      let negotiation = try negotiate { () throws(NegotiationError) in
        try Negotiation(remoteOffer: offer, localAnswer: answer)
      }
      apply(negotiation, at: now, into: &output)
    }
    flush(at: now, into: &output)
  }

  /// Applies a description of the peer's.
  public mutating func setRemote(
    _ change: DescriptionChange, at now: Instant, into output: inout Output<Event>
  ) throws(PeerConnectionError) {
    try set(.remote, change, into: &output)
    switch change {
    case .offer(let offer): associate(with: offer)
    case .answer(let answer):
      guard let offer = signaling.currentLocal else { break }
      let negotiation = try negotiate { () throws(NegotiationError) in
        try Negotiation(localOffer: offer, remoteAnswer: answer)
      }
      apply(negotiation, at: now, into: &output)
    case .pranswer, .rollback: break
    }
    flush(at: now, into: &output)
  }

  /// Learns a candidate that trickled in.
  public mutating func addRemoteCandidate(_ candidate: ICECandidate, at now: Instant, into output: inout Output<Event>)
  {
    guard let candidate = Candidate(candidate) else { return }
    transport.addRemote(candidate, at: now, into: &transportOutput)
    flush(at: now, into: &output)
  }

  /// Learns that no more candidates will come.
  public mutating func remoteCandidatesEnded(at now: Instant, into output: inout Output<Event>) {
    transport.remoteCandidatesEnded(at: now, into: &transportOutput)
    flush(at: now, into: &output)
  }

  // MARK: Media

  /// The plain bytes of the packet that `receive` returned last.
  public var received: ByteWriter { transport.inbox }

  /// Takes a datagram. An RTP packet is counted, handed to its receiver and returned.
  public mutating func receive(_ datagram: Datagram, at now: Instant, into output: inout Output<Event>)
    -> IncomingPacket?
  {
    guard let received = transport.receive(datagram, at: now, into: &transportOutput) else {
      flush(at: now, into: &output)
      return nil
    }
    switch received {
    case .rtp(let elided): return receiveRTP(elided: elided, at: now, into: &output)
    case .rtcp:
      receiveRTCP(at: now, into: &output)
      return nil
    }
  }

  /// When `handleTimeout` wants to be called.
  public var nextTimeout: Instant? {
    var earliest = transport.nextTimeout ?? .distantFuture
    if let nextReport { earliest = min(earliest, nextReport) }
    if let nextRepair { earliest = min(earliest, nextRepair) }
    return earliest == .distantFuture ? nil : earliest
  }

  /// Does everything that is due.
  public mutating func handleTimeout(at now: Instant, into output: inout Output<Event>) {
    if let due = transport.nextTimeout, due <= now {
      transport.handleTimeout(at: now, into: &transportOutput)
      flush(at: now, into: &output)
    }
    if let due = nextRepair, due <= now { repair(at: now, into: &output) }
    if let due = nextReport, due <= now { report(at: now, into: &output) }
  }

  /// Sends a coded frame on a transceiver; nothing happens before media may flow.
  public mutating func send(
    _ frame: EncodedFrame, in buffer: Span<UInt8>, on index: Int, audioLevel: AudioLevel? = nil, at now: Instant,
    into datagrams: inout Transmissions
  ) {
    guard canSend(on: index), let sender = transceivers[index].sender else { return }
    sender.send(frame, in: buffer, audioLevel: audioLevel, at: now, through: &transport, into: &datagrams)
  }

  /// Forwards a packet that another connection received, with a sender of this connection.
  public mutating func forward(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, with sender: RTPStreamSender, number: SequenceNumber,
    isRetransmission: Bool = false, at now: Instant, into datagrams: inout Transmissions
  ) {
    guard transport.isReady else { return }
    sender.forward(
      packet, bytes, number: number, isRetransmission: isRetransmission, at: now, through: &transport,
      into: &datagrams)
  }

  /// Asks the peer for a key frame on a transceiver.
  public mutating func requestKeyFrame(on index: Int, at now: Instant, into output: inout Output<Event>) {
    guard let receiver = transceivers[index].receiver else { return }
    receiver.requestKeyFrame(at: now, feedback: &feedback, from: feedbackSSRC)
    noteRepair(receiver.nextTimeout, of: index)
    sendFeedback(at: now, into: &output)
  }

  /// Whether a key frame may be sent on this transceiver: it is connected and sending.
  public func canSend(on index: Int) -> Bool {
    transport.isReady && transceivers[index].direction.sends && transceivers[index].sender != nil
  }

  /// Says goodbye and ends.
  public mutating func close(at now: Instant, into output: inout Output<Event>) {
    let sources = senders.map(\.parameters.ssrc)
    let packets = emptyReport + [.goodbye(Goodbye(sources: sources))]
    if transport.isReady, !sources.isEmpty {
      transport.sendRTCP(at: now, into: &output.datagrams) { writer in
        RTCPCompound.write(packets, into: &writer)
      }
    }
    transport.close(at: now, into: &transportOutput)
    flush(at: now, into: &output)
    signaling.close()
    nextReport = nil
    nextRepair = nil
  }

  private mutating func receiveRTP(elided: Int, at now: Instant, into output: inout Output<Event>) -> IncomingPacket? {
    let inbox = transport.inbox
    let bytes = inbox.bytes.span
    guard let packet = try? RTPPacket(parsing: bytes, elided: elided) else {
      drops.malformedRTP += 1
      return nil
    }
    guard let (index, receiver) = remoteSources.find(packet.header.ssrc) else {
      drops.unknownSource += 1
      return nil
    }
    prefetch(receiver, bytes: 1024)
    guard receiver.insert(packet, bytes, at: now, feedback: &feedback, from: feedbackSSRC) else {
      drops.replayed += 1
      return nil
    }
    noteRepair(receiver.nextTimeout, of: index)
    if !feedback.isEmpty { sendFeedback(at: now, into: &output) }
    if !receiver.hasBegun {
      receiver.hasBegun = true
      output.emit(.firstPacketReceived(transceiver: index))
    }
    return IncomingPacket(transceiver: index, packet: packet, nextPlayout: receiver.nextPlayout)
  }

  private mutating func receiveRTCP(at now: Instant, into output: inout Output<Event>) {
    guard let packets = try? RTCPCompound.parse(transport.inbox.bytes.span) else {
      drops.malformedRTCP += 1
      return
    }
    roundTripTime = nil
    defer { if let roundTripTime { for receiver in receivers { receiver.setRoundTripTime(roundTripTime) } } }
    for packet in packets {
      switch packet {
      case .senderReport(let report):
        if let (index, receiver) = remoteSources.find(report.ssrc) {
          receiver.handle(report, at: now)
          output.emit(.senderReport(transceiver: index, report))
        }
        report.reports.forEach { handle($0, at: now) }
      case .receiverReport(let report): report.reports.forEach { handle($0, at: now) }
      case .genericNACK(let request):
        guard let (index, sender) = ownSources.find(request.mediaSSRC) else { continue }
        switch configuration.purpose {
        case .playout: sender.retransmit(request.lost, at: now, through: &transport, into: &output.datagrams)
        case .forwarding: output.emit(.packetsRequested(transceiver: index, request.lost))
        }
      case .pictureLossIndication(let request):
        noteKeyFrameRequest(request.mediaSSRC, isFullIntra: false, into: &output)
      case .fullIntraRequest(let request):
        for entry in request.entries { noteKeyFrameRequest(entry.ssrc, isFullIntra: true, into: &output) }
      case .sourceDescription, .goodbye, .applicationDefined, .transportFeedback, .receiverEstimatedMaximumBitrate,
        .unknown:
        break
      }
    }
  }

  private mutating func handle(_ block: ReportBlock, at now: Instant) {
    guard let (_, sender) = ownSources.find(block.ssrc) else { return }
    sender.handle(block, at: now)
    if let time = sender.statistics.roundTripTime { roundTripTime = time }
  }

  private mutating func noteKeyFrameRequest(_ ssrc: UInt32, isFullIntra: Bool, into output: inout Output<Event>) {
    guard let (index, sender) = ownSources.find(ssrc) else { return }
    sender.noteKeyFrameRequest(isFullIntra: isFullIntra)
    output.emit(.keyFrameRequested(transceiver: index))
  }

  // MARK: Feedback and reports

  private mutating func noteRepair(_ due: Instant?, of index: Int) {
    guard let due else {
      if index < repairDues.count { repairDues[index] = .distantFuture }
      return
    }
    while repairDues.count <= index { repairDues.append(.distantFuture) }
    repairDues[index] = due
    let allowed = max(due, lastRepair + Self.repairInterval)
    nextRepair = nextRepair.map { min($0, allowed) } ?? allowed
  }

  private mutating func repair(at now: Instant, into output: inout Output<Event>) {
    nextRepair = nil
    lastRepair = now
    var earliest = Instant.distantFuture
    for index in repairDues.indices {
      if repairDues[index] <= now, let receiver = transceivers[index].receiver {
        receiver.handleTimeout(at: now, feedback: &feedback, from: feedbackSSRC)
        repairDues[index] = receiver.nextTimeout ?? .distantFuture
      }
      earliest = min(earliest, repairDues[index])
    }
    if earliest < .distantFuture { nextRepair = max(earliest, now + Self.repairInterval) }
    sendFeedback(at: now, into: &output)
  }

  private mutating func sendFeedback(at now: Instant, into output: inout Output<Event>) {
    guard !feedback.isEmpty else { return }
    let packets = mayReduceSize ? feedback : emptyReport + feedback
    transport.sendRTCP(at: now, into: &output.datagrams) { RTCPCompound.write(packets, into: &$0) }
    feedback.removeAll(keepingCapacity: true)
  }

  /// What every compound begins with that holds no report (RFC 3550 §6.1).
  private var emptyReport: [RTCPPacket] {
    [
      .receiverReport(ReceiverReport(ssrc: feedbackSSRC)),
      .sourceDescription(SourceDescription(ssrc: feedbackSSRC, canonicalName: configuration.cname)),
    ]
  }

  /// Sends the reports of all streams, in as few datagrams as 31 blocks per packet and the MTU allow.
  private mutating func report(at now: Instant, into output: inout Output<Event>) {
    let half = configuration.reportInterval.nanoseconds / 2
    let interval = half + Int64(entropy.next() % UInt64(2 * half))
    nextReport = now + .nanoseconds(interval)
    var blocks = receivers.compactMap { $0.reportBlock(at: now) }
    var reports = senders.compactMap { $0.report(at: now) }
    while !blocks.isEmpty || !reports.isEmpty {
      var packets: [RTCPPacket] = []
      let some = Array(blocks.prefix(24))
      blocks.removeFirst(some.count)
      if reports.isEmpty {
        packets.append(.receiverReport(ReceiverReport(ssrc: feedbackSSRC, reports: some)))
      } else {
        reports[0].reports = some
        for report in reports.prefix(12) { packets.append(.senderReport(report)) }
        reports.removeFirst(min(12, reports.count))
      }
      let source: UInt32 = if case .senderReport(let first) = packets[0] { first.ssrc } else { feedbackSSRC }
      packets.append(.sourceDescription(SourceDescription(ssrc: source, canonicalName: configuration.cname)))
      transport.sendRTCP(at: now, into: &output.datagrams) { RTCPCompound.write(packets, into: &$0) }
    }
  }

  // MARK: Negotiation

  private var offerAnswer: OfferAnswer {
    let credentials = transport.ice.localCredentials
    let identity = configuration.transport.identity
    return OfferAnswer(
      sessionID: sessionID, sessionVersion: sessionVersion,
      transport: LocalTransport(
        iceUfrag: credentials.ufrag, icePwd: credentials.password,
        fingerprint: CertificateFingerprint(.sha256, bytes: identity.fingerprint.digest),
        establishedRole: transport.localDTLSRole.map { $0 == .client ? .client : .server },
        candidates: transport.ice.localCandidates.map { $0.signalled() },
        isGatheringComplete: transport.ice.isGatheringCompleted))
  }

  private mutating func assignMids() {
    var media = transceivers.map(\.media)
    media.assignMids(avoiding: signaling.currentLocal)
    for index in media.indices { transceivers[index].media = media[index] }
  }

  private mutating func associate(with offer: SessionDescription) {
    var media = transceivers.map(\.media)
    media.associate(with: offer)
    for index in media.indices {
      if index < transceivers.count {
        transceivers[index].media = media[index]
      } else {
        media[index].codecs = Transceiver.codecs(media[index].kind)
        media[index].headerExtensions = Transceiver.headerExtensions(media[index].kind)
        transceivers.append(Transceiver(media[index]))
      }
    }
  }

  /// Sets what a transceiver wants, before an offer or an answer is made.
  public mutating func setDirection(_ direction: MediaDirection, of index: Int) {
    var media = transceivers[index].media
    media.direction = direction
    if direction.sends { announceSource(&media) }
    transceivers[index].media = media
  }

  private mutating func announceSource(_ media: inout LocalMedia) {
    guard media.ssrcs.isEmpty else { return }
    media.ssrcs = [UInt32(truncatingIfNeeded: entropy.next())]
    media.cname = configuration.cname
    media.trackID = String(entropy.next(), radix: 16)
    media.streamIDs = ["-"]
  }

  private func negotiate<Result>(
    _ body: () throws(NegotiationError) -> Result
  ) throws(PeerConnectionError) -> Result {
    do {
      return try body()
    } catch {
      throw .negotiation(error)
    }
  }

  private mutating func set(
    _ side: SignalingSide, _ change: DescriptionChange, into output: inout Output<Event>
  ) throws(PeerConnectionError) {
    do {
      for state in try signaling.set(side, change) { output.emit(.signalingStateChanged(state)) }
    } catch {
      throw .invalidState(error)
    }
  }

  private mutating func apply(_ negotiation: Negotiation, at now: Instant, into output: inout Output<Event>) {
    for media in negotiation.media {
      guard let index = transceivers.firstIndex(where: { $0.media.mid == media.mid }) else { continue }
      if media.isRejected {
        transceivers[index].media.isStopped = true
        continue
      }
      transceivers[index].direction = media.direction
      if media.direction.sends, transceivers[index].sender == nil, let ssrc = transceivers[index].media.ssrcs.first,
        let parameters = StreamParameters(media, ssrc: ssrc, codecs: media.sendCodecs)
      {
        let sender = RTPStreamSender(parameters, ntp: configuration.ntp, entropy: &entropy)
        transceivers[index].sender = sender
        senders.append(sender)
        ownSources.insert(ssrc, transceiver: index, stream: sender)
      }
      if media.direction.receives, transceivers[index].receiver == nil, let ssrc = media.remoteSources.first,
        let parameters = StreamParameters(media, ssrc: ssrc, codecs: media.receiveCodecs)
      {
        let receiver = RTPStreamReceiver(parameters, purpose: configuration.purpose, ntp: configuration.ntp)
        transceivers[index].receiver = receiver
        receivers.append(receiver)
        remoteSources.insert(ssrc, transceiver: index, stream: receiver)
      }
    }
    mayReduceSize = negotiation.media.allSatisfy { $0.isRejected || $0.isRTCPReducedSize }
    if let agreed = negotiation.transport { apply(agreed, at: now) }
  }

  private mutating func apply(_ agreed: NegotiatedTransport, at now: Instant) {
    transport.setRemote(
      ICECredentials(ufrag: agreed.remoteUfrag, password: agreed.remotePwd),
      fingerprints: agreed.remoteFingerprints.compactMap { DTLSFingerprint($0.description) },
      role: agreed.localRole == .client ? .client : .server, at: now, into: &transportOutput)
    for candidate in agreed.remoteCandidates.compactMap(Candidate.init) {
      transport.addRemote(candidate, at: now, into: &transportOutput)
    }
    if agreed.isEndOfCandidates { transport.remoteCandidatesEnded(at: now, into: &transportOutput) }
  }

  /// Passes on what the transport wants done.
  private mutating func flush(at now: Instant, into output: inout Output<Event>) {
    if !transportOutput.datagrams.isEmpty { output.datagrams.take(&transportOutput.datagrams) }
    guard !transportOutput.events.isEmpty else { return }
    for event in transportOutput.takeEvents() {
      switch event {
      case .ice(.candidateGathered(let candidate)): output.emit(.candidate(candidate.signalled()))
      case .ice(.gatheringCompleted): output.emit(.gatheringCompleted)
      case .ready:
        nextReport = now + configuration.reportInterval * 0.5
        if let time = transport.ice.roundTripTime { for receiver in receivers { receiver.setRoundTripTime(time) } }
      default: break
      }
      output.emit(.transport(event))
    }
  }
}

/// Why a description could not be applied.
public enum PeerConnectionError: Error, Hashable, Sendable, CustomStringConvertible {
  case invalidState(InvalidStateError)
  case negotiation(NegotiationError)

  public var description: String {
    switch self {
    case .invalidState(let error): "\(error)"
    case .negotiation(let error): "\(error)"
    }
  }
}
