import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire

/// The core of an RTCPeerConnection: offer and answer, one bundled transport, transceivers and their streams, data channels.
///
/// A state machine without sockets, clock or dice: it is given datagrams, descriptions and time, and says what to send.
/// ```swift
/// connection.addTransceiver(.audio, direction: .sendrecv)
/// let offer = try connection.createOffer()
/// try connection.setLocal(.offer(offer), at: now, into: &output)     // gathers candidates
/// try connection.setRemote(.answer(answer), at: now, into: &output)  // checks, handshake, media
/// ```
/// - SeeAlso: RFC 9429 (JSEP), W3C webrtc-pc
/// - Note: Renegotiation keeps the transport; transceivers may be added between negotiations, by either side. An ICE
///   restart keeps the DTLS association, the keys and the streams.
public struct PeerConnection: ~Copyable {
  public struct Configuration {
    public var transport: MediaTransport.Configuration
    /// CNAME of this endpoint's streams (RFC 7022).
    public var cname: String
    /// Relates virtual or real time to NTP time.
    public var ntp: NTPClock
    /// What is done with received packets.
    public var purpose: RTPStreamReceiver.Purpose
    /// The encoding names of the codecs that this endpoint has, as in `a=rtpmap`; `nil` for all that there are.
    public var codecs: [String]?
    /// Which sections of an offer are only for the bundle.
    public var bundlePolicy = BundlePolicy.maxCompat
    /// Whether this endpoint tells and awaits candidates one by one; its descriptions say so (RFC 8838 §4).
    public var trickles = true
    /// The mean time between two reports of all streams together; with congestion control each stream of an endpoint that plays
    /// reports by itself instead (see `ReportSchedule`).
    public var reportInterval: Duration = .seconds(1)
    /// Whether simulcast that a peer offers is received, each encoding as a stream of its own; `nil` if packets are forwarded, for
    /// who plays what arrives mostly wants one picture.
    public var receivesSimulcast: Bool?
    /// Congestion control of what is sent; `nil` for none, and then transport-wide feedback is not offered.
    public var congestion: CongestionSettings?

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
    /// Something changed that an offer has to tell; see `updateNegotiationNeeded`.
    case negotiationNeeded
    /// A local candidate to be sent to the peer.
    case candidate(ICECandidate)
    case gatheringCompleted
    case transport(MediaTransport.Event)
    /// The first RTP packet of a stream arrived; again when another source sends an encoding from now on, whose numbers and
    /// times begin anew.
    case firstPacketReceived(transceiver: Int, encoding: Int)
    /// The peer wants a key frame of this encoding.
    case keyFrameRequested(transceiver: Int, encoding: Int)
    /// The peer lacks packets that a forwarding sender has sent (see `forward`).
    case packetsRequested(transceiver: Int, [SequenceNumber])
    /// A source's clock, for a unit that forwards.
    case senderReport(transceiver: Int, encoding: Int, SenderReport)
    case dataChannel(DataChannelEvent)
  }

  /// A media packet that arrived and was counted; its bytes are in `received`.
  public struct IncomingPacket: Sendable {
    public let transceiver: Int
    /// Which of the encodings of its transceiver; 0 without simulcast.
    public let encoding: Int
    public let packet: RTPPacket
    /// When the next frame of the stream is to be played; `nil` when none is complete.
    public let nextPlayout: Instant?
  }

  /// Datagrams and packets that came to nothing.
  public struct DropCounts: Hashable, Sendable {
    public var malformedRTP = 0
    public var malformedRTCP = 0
    /// RTP of a source that nobody announced, and whose packets do not show where they belong.
    public var unknownSource = 0
    /// RTP that came before. With encryption SRTP drops it first.
    public var replayed = 0
  }

  public internal(set) var signaling = Signaling()
  public internal(set) var transceivers: [Transceiver] = []
  public internal(set) var transport: MediaTransport
  public internal(set) var drops = DropCounts()
  let configuration: Configuration
  var entropy: EntropySource
  let sessionID: UInt64
  var sessionVersion: UInt64 = 0
  /// The transceivers of remote and of own sources; and the streams themselves, to go through them all.
  var remoteSources = SourceTable<RTPStreamReceiver>()
  var ownSources = SourceTable<RTPStreamSender>()
  var earlySources = EarlySources()
  var receivers: [RTPStreamReceiver] = []
  var senders: [RTPStreamSender] = []
  var reports = ReportSchedule()
  /// The times that receivers at the peer have told.
  var references = ReferenceTimes()
  var transportOutput = Output<MediaTransport.Event>()
  var dataChannels = DataChannelSet<UsrsctpAssociation>()
  /// The tag of the section of the data channels, once it has one.
  var dataMid: String?
  /// Whether this side has made a data channel, so that an offer has a section for them.
  var offersData = false
  /// What was agreed on for data channels.
  var agreedData: NegotiatedData?
  var dataEvents: [DataChannelEvent] = []
  var feedback: [RTCPPacket] = []
  var nextReport: Instant?
  var lastReport = Instant.start
  /// At or before the earliest time at which a receiver wants to ask for something.
  var nextRepair: Instant?
  /// The same of each transceiver, side by side, because they are all looked through.
  var repairDues: [Instant] = []
  /// Receivers are asked together, and not more often than this, as libwebrtc does.
  static let repairInterval = Duration.milliseconds(20)
  var lastRepair = Instant.start
  var hasStarted = false
  /// Those of a description that restarts ICE, until it is applied.
  var preparedCredentials: ICECredentials?
  /// Those that are to go with the next offer (the W3C's `LocalIceCredentialsToReplace`).
  var credentialsToReplace: [ICECredentials] = []
  var isNegotiationNeeded = false
  /// Those that were made last.
  var lastOffer: SessionDescription?
  var lastAnswer: SessionDescription?
  /// Those that the peer's current description states.
  var remoteCredentials: ICECredentials?
  /// What the peer says of its ICE agent; `nil` before the first answer.
  var remoteICEOptions: [String]?
  var early = EarlyCandidates()
  /// Whether feedback may travel without a report before it (RFC 5506).
  var mayReduceSize = false
  /// Congestion control of what is sent; `nil` for none.
  public let control: SendControl?
  /// The identifier of transport-wide sequence numbers; 0 where they were not agreed on.
  var transportSequenceID: UInt8 = 0
  var arrivals = TransportFeedbackGenerator()
  var feedbackCount: UInt8 = 0
  var lastMediaSource: UInt32 = 0
  /// What the reports of the datagram at hand say.
  var roundTripTime: Duration?
  let feedbackSSRC: UInt32

  public init(_ configuration: Configuration, entropy: EntropySource) {
    var entropy = entropy
    self.configuration = configuration
    sessionID = entropy.next() >> 2
    feedbackSSRC = UInt32(truncatingIfNeeded: entropy.next())
    control = configuration.congestion.map(SendControl.init)
    transport = MediaTransport(configuration.transport, role: .controlled, entropy: entropy.split())
    self.entropy = entropy
  }

  /// When `handleTimeout` wants to be called.
  public var nextTimeout: Instant? {
    var earliest = transport.nextTimeout ?? .distantFuture
    if let nextReport { earliest = min(earliest, nextReport) }
    if let due = reports.nextTimeout { earliest = min(earliest, due) }
    if let nextRepair { earliest = min(earliest, nextRepair) }
    if let due = dataChannels.nextTimeout { earliest = min(earliest, due) }
    if let due = arrivals.nextTimeout { earliest = min(earliest, due) }
    if let due = control?.nextTimeout { earliest = min(earliest, due) }
    return earliest == .distantFuture ? nil : earliest
  }

  /// Does everything that is due.
  public mutating func handleTimeout(at now: Instant, into output: inout Output<Event>) {
    if let due = transport.nextTimeout, due <= now {
      transport.handleTimeout(at: now, into: &transportOutput)
      flush(at: now, into: &output)
    }
    if let due = dataChannels.nextTimeout, due <= now {
      dataChannels.handleTimeout(at: now, into: &dataEvents)
      flushData(at: now, into: &output)
    }
    if let due = nextRepair, due <= now { repair(at: now, into: &output) }
    if let due = arrivals.nextTimeout, due <= now { sendArrivals(at: now, into: &output) }
    if let due = control?.nextTimeout, due <= now {
      control?.handleTimeout(at: now)
      pace(at: now, into: &output.datagrams)
    }
    if let due = nextReport, due <= now { report(at: now, into: &output) }
    if let due = reports.nextTimeout, due <= now { reportEach(at: now, into: &output) }
  }

  /// Sends a coded frame on a transceiver; nothing happens before media may flow, and with an encoding that the peer does not
  /// take.
  ///
  /// - Parameter encoding: which of those that `addTransceiver` was told of.
  public mutating func send(
    _ frame: EncodedFrame, in buffer: Span<UInt8>, on index: Int, encoding: Int = 0, audioLevel: AudioLevel? = nil,
    at now: Instant, into datagrams: inout Transmissions
  ) {
    guard canSend(on: index), let sender = transceivers[index].sender(of: encoding), sender.isActive else { return }
    sender.send(
      frame, in: buffer, audioLevel: audioLevel, at: now, through: &transport, control, into: &datagrams)
    pace(at: now, into: &datagrams)
  }

  /// Asks the peer for a key frame of an encoding.
  public mutating func requestKeyFrame(
    on index: Int, encoding: Int = 0, at now: Instant, into output: inout Output<Event>
  ) {
    guard signaling.state != .closed, let receiver = transceivers[index].receiver(of: encoding) else { return }
    receiver.requestKeyFrame(at: now, feedback: &feedback, from: feedbackSSRC)
    noteRepair(of: receiver)
    sendFeedback(at: now, into: &output)
  }

  /// Whether media may be sent on this transceiver: it is connected, and its direction sends.
  public func canSend(on index: Int) -> Bool {
    transport.isReady && transceivers[index].direction.sends && !transceivers[index].senders.isEmpty
  }

  /// Says goodbye and ends.
  public mutating func close(at now: Instant, into output: inout Output<Event>) {
    let sources = senders.map(\.parameters.ssrc)
    // One packet names 31 sources.
    let goodbyes = stride(from: 0, to: sources.count, by: 31).map { first in
      RTCPPacket.goodbye(Goodbye(sources: Array(sources[first..<min(first + 31, sources.count)])))
    }
    if transport.isReady, !goodbyes.isEmpty {
      let packets = emptyReport + goodbyes
      transport.sendRTCP(at: now, into: &output.datagrams) { writer in
        RTCPCompound.write(packets, into: &writer)
      }
    }
    dataChannels.close(at: now, into: &dataEvents)
    flushData(at: now, into: &output)
    transport.close(at: now, into: &transportOutput)
    flush(at: now, into: &output)
    signaling.close()
    nextReport = nil
    reports = ReportSchedule()
    nextRepair = nil
  }

  /// Passes on what the transport wants done.
  mutating func flush(at now: Instant, into output: inout Output<Event>) {
    if !transportOutput.datagrams.isEmpty { output.datagrams.take(&transportOutput.datagrams) }
    defer { if transport.hasPackets { receiveData(at: now, into: &output) } }
    guard !transportOutput.events.isEmpty else { return }
    for event in transportOutput.takeEvents() {
      output.emit(.transport(event))
      switch event {
      case .ice(.candidateGathered(let candidate)): output.emit(.candidate(signalled(candidate)))
      case .ice(.gatheringCompleted): output.emit(.gatheringCompleted)
      case .ice(.stateChanged(.failed)): control?.pathLost(at: now)
      case .ice(.stateChanged(.connected)):
        if senders.contains(where: \.canPad) { control?.pathFound(at: now) }
      case .ready:
        if reportsEach { scheduleReports(at: now) } else { nextReport = now + configuration.reportInterval * 0.5 }
        if let time = transport.ice.roundTripTime { for receiver in receivers { receiver.setRoundTripTime(time) } }
        startDataChannels(at: now, into: &output)
        startCongestionControl(at: now)
      case .dtls(.closed), .dtls(.failed):
        dataChannels.close(at: now, into: &dataEvents)
        flushData(at: now, into: &output)
      default: break
      }
    }
  }
}
