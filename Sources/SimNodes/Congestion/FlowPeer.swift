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

  /// What a sending end has done so far.
  public struct Reading: Hashable, Sendable {
    /// What the controller allows, all headers included; `nil` before media may flow.
    public var estimate: DataRate?
    /// The bitrate that the video encoder is to have.
    public var target = DataRate.zero
    /// Bytes of RTP payload sent, all streams and repetitions included.
    public var payloadBytesSent = 0
    public var packetsSent = 0
    /// Bytes of IP packets of RTP, padding included.
    public var wireBytesSent = 0
    public var roundTripTime: Duration?
    public var width = 0
    public var height = 0

    public init() {}
  }

  public nonisolated let port: NodePort
  private var connection: PeerConnection
  private var output = Output<PeerConnection.Event>()
  private let media: Media
  private var videoEncoder: VideoStreamEncoder?
  private var audioEncoder: AudioStreamEncoder?
  private var streams = AdaptedStreams()
  private var videoLine: Int?
  private var audioLine: Int?
  private var nextVideo = Instant.distantFuture
  private var nextAudio = Instant.distantFuture
  private var nextPicture = Instant.distantFuture
  private var nextSound = Instant.distantFuture
  private var startsAt = Instant.start
  private var endsAt = Instant.distantFuture
  private var audioIndex = 0
  /// Packets of protection that are to be sent.
  private var protectionOwed = 0.0

  /// - Parameters:
  ///   - address: the host's own.
  ///   - media: what is sent; nothing for an end that only receives.
  public init(
    _ port: NodePort, address: IPAddress, media: Media, congestion: CongestionSettings, fidelity: Fidelity = .model
  ) {
    self.port = port
    self.media = media
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
      let line = connection.addTransceiver(.video, direction: .sendonly)
      let encoder = VideoStreamEncoder(
        video, mode: .modelled, fidelity: fidelity, seed: seed, stream: "\(port.name)/video",
        adaptation: VideoAdapter.Policy(
          adaptsSize: media.adaptsSize, reservesProtection: media.reservesProtection, pauses: false))
      (videoLine, videoEncoder) = (line, encoder)
      streams.video = [AdaptedStreams.Video(line: line, encoder: encoder)]
    }
    if let audio = media.audio {
      audioLine = connection.addTransceiver(.audio, direction: .sendonly)
      streams.sound = VideoAdapter.total(ofSound: audio)
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
    streams.adapt(to: connection, at: now)
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
    if media.video != nil { nextVideo = begin }
    if media.audio != nil { nextAudio = begin + .milliseconds(20) }
  }

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
    let reduction = connection.control?.decision?.frameReduction ?? 0
    guard videoEncoder.takesFrame(reducedBy: reduction, at: now),
      let frame = videoEncoder.encode(nil, capturedAt: now)
    else { return }
    let bytes = videoEncoder.bytes
    connection.send(frame, in: bytes.bytes.span, on: videoLine, at: now, into: &output.datagrams)
    protect(frame, on: videoLine, at: now)
  }

  /// FEC is not sent; packets of the frame that are sent again behind it take its place.
  private func protect(_ frame: EncodedFrame, on line: Int, at now: Instant) {
    let share = videoEncoder?.adapter?.protectionShare ?? 0
    guard share > 0 else { return protectionOwed = 0 }
    let packets = (frame.size.bytes + VideoAdapter.packet.bytes - 1) / VideoAdapter.packet.bytes
    protectionOwed += Double(packets) * share / (1 - share)
    let count = min(Int(protectionOwed), packets)
    protectionOwed -= Double(count)
    connection.repeatLast(count, on: line, at: now, into: &output.datagrams)
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
        while receiver.nextAudio(at: now) != nil {}
      }
    }
  }

  // MARK: - Figures

  /// What has happened so far.
  public func read() -> Reading {
    var result = Reading()
    if let adapter = videoEncoder?.adapter {
      result.estimate = connection.control?.decision?.target
      result.target = adapter.target
      (result.width, result.height) = adapter.size
    }
    for transceiver in connection.transceivers {
      guard let sent = transceiver.sender?.statistics else { continue }
      // With what is repeated as padding, as in Chromium's statistics, which it is compared with.
      result.payloadBytesSent += sent.payloadBytesSent
      result.packetsSent += sent.packetsSent
      result.roundTripTime = sent.roundTripTime ?? result.roundTripTime
    }
    result.wireBytesSent = connection.control?.statistics.bytesSent ?? 0
    return result
  }
}
