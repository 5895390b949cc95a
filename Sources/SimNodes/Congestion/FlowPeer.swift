public import RTCMedia
public import RTCPrimitives
public import RTCSession
public import RTCWire
public import SimKernel
import RTCTransport

/// One end of a flow of media whose congestion is controlled: a whole peer connection, without a room and with all the CPU
/// that it wants.
///
/// The sending end codes modelled media at the rate that the controller leaves it; the receiving end plays it.
public actor FlowPeer: Node {
  /// What an end sends.
  public struct Media: Hashable, Sendable {
    /// The picture that is captured, with the highest bitrate of its encoder; `nil` for no video.
    public var video: VP8Settings?
    /// The bitrate of sound, which is not adapted; `nil` for none.
    public var audio: DataRate?
    /// Whether the picture becomes smaller when the rate is too low for it.
    public var adaptsSize = true
    /// Whether a share of the rate is kept from the encoder under loss, as Chromium keeps one for FEC; packets that are
    /// sent again fill it.
    public var reservesProtection = false

    public init(
      video: VP8Settings? = nil, audio: DataRate? = nil, adaptsSize: Bool = true, reservesProtection: Bool = false
    ) {
      self.video = video
      self.audio = audio
      self.adaptsSize = adaptsSize
      self.reservesProtection = reservesProtection
    }
  }

  /// What an end has done so far.
  public struct Reading: Hashable, Sendable {
    /// What the controller allows, all headers included; `nil` before media may flow.
    public var estimate: DataRate?
    /// The bitrate that the video encoder is to have.
    public var target = DataRate.zero
    /// Bytes of RTP payload sent, all streams and repetitions included.
    public var payloadBytesSent = 0
    public var headerBytesSent = 0
    public var packetsSent = 0
    /// Bytes of IP packets of RTP, padding included.
    public var wireBytesSent = 0
    public var retransmittedBytesSent = 0
    public var paddingBytesSent = 0
    public var framesSent = 0
    public var framesDropped = 0
    public var roundTripTime: Duration?
    public var width = 0
    public var height = 0
    /// Of the receiving end.
    public var payloadBytesReceived = 0
    public var packetsLost = 0
    public var framesDecoded = 0
    public var freezeCount = 0
    /// What waits in the pacer.
    public var queueBytes = 0

    public init() {}
  }

  public nonisolated let port: NodePort
  private var connection: PeerConnection
  private var output = Output<PeerConnection.Event>()
  private let media: Media
  private var videoEncoder: VideoStreamEncoder?
  private var audioEncoder: AudioStreamEncoder?
  private var ladder: VideoSizeLadder?
  private var repair: RepairReserve
  private var repairNoted = (sent: 0, retransmitted: 0)
  private var videoLine: Int?
  private var audioLine: Int?
  private var nextVideo = Instant.distantFuture
  private var nextAudio = Instant.distantFuture
  private var nextPicture = Instant.distantFuture
  private var nextSound = Instant.distantFuture
  private var startsAt = Instant.start
  private var nextRepairNote = Instant.start
  private var endsAt = Instant.distantFuture
  private var audioIndex = 0
  private var reading = Reading()
  /// Bytes of an RTP packet of video that are not payload, from IP down to the tag: 28 + 12 + 8 of extensions + 3 of
  /// VP8's descriptor + 10.
  private static let videoOverhead = DataSize.bytes(61)
  private static let audioOverhead = DataSize.bytes(28 + 12 + 12 + 10)
  private static let videoPacket = DataSize.bytes(RTPStreamSender.largestPacket - 36)

  /// - Parameters:
  ///   - address: the host's own.
  ///   - media: what is sent; nothing for an end that only receives.
  public init(
    _ port: NodePort, address: IPAddress, media: Media, congestion: CongestionSettings, fidelity: Fidelity = .model
  ) {
    self.port = port
    self.media = media
    repair = RepairReserve(reservesProtection: media.reservesProtection)
    let provider: CryptoProvider
    let identity: DTLSIdentity
    do {
      provider = try CryptoProvider(host: .lent(by: HostEnvironment(seed: port.simulation.seed)))
      identity = try provider.identity(named: port.name)
    } catch {
      preconditionFailure("OpenSSL has P-256 and SHA-256: \(error)")
    }
    let transport = MediaTransport.Configuration(
      ice: ICEConfiguration(hosts: [Endpoint(address, ConnectionSet.firstPort)]), fidelity: fidelity, name: port.name,
      provider: provider, identity: identity)
    var configuration = PeerConnection.Configuration(transport: transport, cname: port.name, ntp: .simulation)
    configuration.congestion = congestion
    connection = PeerConnection(
      configuration, entropy: EntropySource(port.simulation.generator("\(port.name)/entropy")))
    let seed = port.simulation.seed
    if let video = media.video {
      videoLine = connection.addTransceiver(.video, direction: .sendonly)
      videoEncoder = VideoStreamEncoder(
        video, mode: .modelled, fidelity: fidelity, seed: seed, stream: "\(port.name)/video")
      if media.adaptsSize {
        ladder = VideoSizeLadder(width: video.width, height: video.height, framesPerSecond: video.framesPerSecond)
      }
      (reading.width, reading.height) = (video.width, video.height)
    }
    if let audio = media.audio {
      audioLine = connection.addTransceiver(.audio, direction: .sendonly)
      var dice = SeededGenerator(seed: seed, stream: "\(port.name)/voice")
      audioEncoder = AudioStreamEncoder(
        audio, mode: .modelled, fidelity: fidelity, pattern: SpeechPattern(seed: dice.next()), seed: seed,
        stream: "\(port.name)/audio")
    }
  }

  // MARK: - Set-up

  /// An offer with all candidates.
  public func offer() throws -> SessionDescription {
    let offer = try connection.createOffer()
    try connection.setLocal(.offer(offer), at: port.simulation.now, into: &output)
    let complete = connection.withCandidates(offer)
    finish(at: port.simulation.now)
    return complete
  }

  /// Takes an offer and gives the answer, with all candidates.
  public func answer(_ offer: SessionDescription) throws -> SessionDescription {
    try connection.setRemote(.offer(offer), at: port.simulation.now, into: &output)
    let answer = try connection.createAnswer()
    try connection.setLocal(.answer(answer), at: port.simulation.now, into: &output)
    let complete = connection.withCandidates(answer)
    finish(at: port.simulation.now)
    return complete
  }

  public func accept(_ answer: SessionDescription) throws {
    try connection.setRemote(.answer(answer), at: port.simulation.now, into: &output)
    finish(at: port.simulation.now)
  }

  /// Captures between these times, as far as media may flow.
  public func run(from start: Instant, until end: Instant) { (startsAt, endsAt) = (start, end) }

  /// Whether media may flow.
  public var isReady: Bool { connection.transport.isReady }

  // MARK: - Events

  public func receive(_ datagram: Datagram, at now: Instant) {
    if let packet = connection.receive(datagram, at: now, into: &output) {
      if let due = packet.nextPlayout { nextPicture = min(nextPicture, due) }
      if connection.transceivers[packet.transceiver].kind == .audio, nextSound == .distantFuture {
        nextSound = now + .milliseconds(20)
      }
    }
    finish(at: now)
  }

  public func wake(at now: Instant) {
    if let due = connection.nextTimeout, due <= now { connection.handleTimeout(at: now, into: &output) }
    capture(at: now)
    play(at: now)
    finish(at: now)
  }

  private func finish(at now: Instant) {
    for event in output.takeEvents() {
      switch event {
      case .transport(.ready): start(at: now)
      case .keyFrameRequested: videoEncoder?.needsKeyFrame = true
      default: break
      }
    }
    adapt(at: now)
    port.send(&output.datagrams)
    setAlarm()
  }

  private func setAlarm() {
    let due = min(min(nextVideo, nextAudio), min(nextPicture, nextSound))
    port.wake(at: min(due, connection.nextTimeout ?? .distantFuture))
  }

  // MARK: - Media

  private func start(at now: Instant) {
    let begin = max(now, startsAt)
    if let video = media.video {
      nextVideo = begin
      let total = RateAllocation.total(
        of: video.bitrate, framesPerSecond: video.framesPerSecond, packet: Self.videoPacket,
        overhead: Self.videoOverhead)
      connection.control?.setAllocated(total + audioTotal, at: now)
    }
    if media.audio != nil { nextAudio = begin + .milliseconds(20) }
  }

  /// What sound takes of the rate, all headers included: 50 packets a second.
  private var audioTotal: DataRate {
    guard let audio = media.audio else { return .zero }
    return audio + .bitsPerSecond(Int64(Self.audioOverhead.bits * 50))
  }

  /// Gives the encoder what the controller leaves it.
  private func adapt(at now: Instant) {
    guard let video = media.video, let estimate = connection.control?.decision?.target else { return }
    noteRepair(at: now)
    reading.estimate = estimate
    let left = DataRate.bitsPerSecond(max(estimate.bitsPerSecond - audioTotal.bitsPerSecond, 0))
    let payload = RateAllocation.payload(
      of: left, framesPerSecond: video.framesPerSecond, packet: Self.videoPacket, overhead: Self.videoOverhead)
    let target = max(min(payload.scaled(by: 1 - repair.share), video.bitrate), Self.leastVideo)
    guard target != reading.target else { return }
    reading.target = target
    videoEncoder?.setBitrate(target)
    // FEC is not sent; packets that are sent again take its place.
    let share = repair.protectionShare
    let total = RateAllocation.total(
      of: target.scaled(by: 1 / (1 - share)), framesPerSecond: video.framesPerSecond, packet: Self.videoPacket,
      overhead: Self.videoOverhead)
    connection.control?.fill(upTo: share > 0 ? total : .zero, at: now)
  }

  /// What was sent and what of it again, and what is lost.
  private func noteRepair(at now: Instant) {
    guard let videoLine, let sent = connection.transceivers[videoLine].sender?.statistics else { return }
    guard now >= nextRepairNote else { return }
    nextRepairNote = now + .milliseconds(50)
    repair.note(
      sent: sent.bytesSent - repairNoted.sent,
      retransmitted: sent.retransmittedBytesSent - repairNoted.retransmitted, at: now)
    repairNoted = (sent.bytesSent, sent.retransmittedBytesSent)
    repair.note(loss: connection.control?.decision?.loss ?? 0, at: now)
  }

  /// Chromium's smallest bitrate of a video stream.
  private static let leastVideo = DataRate.kilobitsPerSecond(30)

  private func capture(at now: Instant) {
    if nextVideo <= now {
      captureVideo(at: now)
      nextVideo =
        now >= endsAt
        ? .distantFuture : nextVideo + .nanoseconds(1_000_000_000 / Int64(media.video?.framesPerSecond ?? 30))
    }
    if nextAudio <= now {
      captureAudio(at: now)
      nextAudio = now >= endsAt ? .distantFuture : nextAudio + .milliseconds(20)
    }
  }

  private func captureVideo(at now: Instant) {
    guard let videoEncoder, let videoLine else { return }
    if ladder?.update(reading.target, at: now) == true, let size = ladder?.size {
      videoEncoder.resize(width: size.width, height: size.height)
      (reading.width, reading.height) = size
    }
    guard !videoEncoder.dropsNextFrame() else {
      reading.framesDropped += 1
      return
    }
    guard let frame = videoEncoder.encode(nil, capturedAt: now) else { return }
    let bytes = videoEncoder.bytes
    connection.send(frame, in: bytes.bytes.span, on: videoLine, at: now, into: &output.datagrams)
  }

  private func captureAudio(at now: Instant) {
    guard let audioEncoder, let audioLine else { return }
    guard let frame = audioEncoder.encode(audioIndex, nil, capturedAt: now - .milliseconds(20)) else { return }
    audioIndex += 1
    let bytes = audioEncoder.bytes
    connection.send(frame, in: bytes.bytes.span, on: audioLine, at: now, into: &output.datagrams)
  }

  private func play(at now: Instant) {
    if nextPicture <= now {
      nextPicture = .distantFuture
      for transceiver in connection.transceivers {
        guard let receiver = transceiver.receiver, receiver.parameters.kind == .video else { continue }
        while receiver.nextVideo(at: now) != nil {}
        if let due = receiver.nextPlayout { nextPicture = min(nextPicture, due) }
      }
    }
    if nextSound <= now {
      nextSound += .milliseconds(20)
      for transceiver in connection.transceivers {
        guard let receiver = transceiver.receiver, receiver.parameters.kind == .audio else { continue }
        _ = receiver.nextAudio(at: now)
      }
    }
  }

  // MARK: - Figures

  /// What has happened so far.
  public func read() -> Reading {
    var result = reading
    for transceiver in connection.transceivers {
      if let sent = transceiver.sender?.statistics {
        result.payloadBytesSent += sent.bytesSent
        result.headerBytesSent += sent.headerBytesSent
        result.packetsSent += sent.packetsSent
        result.retransmittedBytesSent += sent.retransmittedBytesSent
        result.framesSent += sent.framesSent
        result.roundTripTime = sent.roundTripTime ?? result.roundTripTime
      }
      guard let received = transceiver.receiver?.statistics(at: port.simulation.now) else { continue }
      result.payloadBytesReceived += received.bytesReceived
      result.packetsLost += received.packetsLost
      result.framesDecoded += received.framesDecoded
      result.freezeCount += received.freezeCount
    }
    result.paddingBytesSent = connection.control?.statistics.paddingBytesSent ?? 0
    result.wireBytesSent = connection.control?.statistics.bytesSent ?? 0
    result.queueBytes = connection.control?.queueSize.bytes ?? 0
    return result
  }
}
