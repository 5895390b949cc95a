import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire
import SimKernel

/// An MCU: it decodes everything, mixes the sound and composes the pictures, and encodes for each listener.
///
/// A listener hears and sees everybody but himself, so each has encoders of his own; with the layout `shared` all see
/// one picture of everybody, which is encoded once. What the capture time of a mix is: the mean of those of its parts,
/// so that latency means the same as without a mixer. What comes on data channels goes to all the others (see
/// `DataForwarder`): there is nothing to mix.
public actor MixingUnit: Node, SignalingMember {
  public enum Layout: String, Hashable, Sendable, CaseIterable {
    case individual, shared
  }

  /// The size of the composed picture.
  public struct Canvas: Hashable, Sendable {
    public let width: Int
    public let height: Int

    public init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }

    var pixels: Int { width * height }
  }

  /// One client: what it sends, and the encoders of what it gets.
  final class Listener {
    let connection: Connection
    var videoLine: Int?
    var audioLine: Int?
    var videoTrack: RemoteTrack?
    var audioTrack: RemoteTrack?
    var video: VideoStreamEncoder?
    var audio: AudioStreamEncoder?
    var composed: VideoFrame?

    init(_ connection: Connection) { self.connection = connection }
  }

  public nonisolated let port: NodePort
  let signaling: SignalingServer
  let connections: ConnectionSet
  private let data: DataForwarder
  let media: MediaSettings
  let layout: Layout
  let canvas: Canvas
  var listeners: [Listener] = []
  /// The one encoder of the layout `shared`.
  var sharedVideo: VideoStreamEncoder?
  var sharedPicture: VideoFrame?
  var mixer = AudioMixer()
  let compositor: VideoCompositor
  var nextMix: Instant?
  var nextComposition: Instant?
  /// At or before the time at which the next received picture is due.
  var nextPicture: Instant?
  var mixNumber = 0
  private var baseline = MeasurementBaseline()

  public init(
    _ port: NodePort, _ settings: EndpointSettings, signaling: SignalingServer, media: MediaSettings, layout: Layout,
    canvas: Canvas
  ) {
    self.port = port
    self.signaling = signaling
    self.media = media
    self.layout = layout
    self.canvas = canvas
    connections = ConnectionSet(port, settings, purpose: .playout)
    data = DataForwarder(connections)
    compositor = VideoCompositor(width: canvas.width, height: canvas.height)
  }

  public func receive(_ datagram: Datagram, at now: Instant) {
    if let (connection, packet, _) = connections.receive(datagram, at: now) {
      finish(connection, at: now)
      if let due = connection.core.transceivers[packet.transceiver].receiver?.nextPlayout {
        nextPicture = nextPicture.map { min($0, due) } ?? due
      }
    } else if let connection = connections.connection(of: datagram) {
      finish(connection, at: now)
    }
    setMediaAlarm()
  }

  public func wake(at now: Instant) {
    connections.handleTimeouts(at: now) { finish($0, at: now) }
    decodePictures(at: now)
    mixAndCompose(at: now)
    setMediaAlarm()
  }

  public func signaled(_ message: SignalingMessage, from peer: String) {
    let now = port.simulation.now
    switch message {
    case .offer(let text): answer(text, from: peer, at: now)
    case .candidate(let text):
      guard let connection = listener(peer)?.connection, let candidate = try? ICECandidate(parsing: text) else {
        return
      }
      connection.core.addRemoteCandidate(candidate, at: now, into: &connection.output)
      finish(connection, at: now)
    case .endOfCandidates:
      guard let connection = listener(peer)?.connection else { return }
      connection.core.remoteCandidatesEnded(at: now, into: &connection.output)
      finish(connection, at: now)
    case .answer, .left, .encodingsWanted, .selection: break
    }
    setMediaAlarm()
  }

  /// Begins the measured window.
  public func beginMeasuring() { baseline = connections.measurementBaseline(at: port.simulation.now) }

  public func report() -> ServerReport { connections.serverReport(since: baseline, data) }

  /// The last picture that a listener was sent, where media is real.
  public func composedPicture(for participant: String) -> VideoFrame? {
    layout == .shared ? sharedPicture : listener(participant)?.composed
  }

  func listener(_ peer: String) -> Listener? { listeners.last { $0.connection.peer == peer } }

  private func finish(_ connection: Connection, at now: Instant) {
    connections.finish(connection, at: now) { handle($0, of: connection, at: now) }
    data.settle(at: now) { touched in
      connections.finish(touched, at: now) { handle($0, of: touched, at: now) }
    }
  }

  private func handle(_ event: PeerConnection.Event, of connection: Connection, at now: Instant) {
    switch event {
    case .transport(.ready): start(at: now)
    case .transport(.dtls(.closed)):
      remove(connection)
      data.leave(connection)
    case .transport(.ice(.stateChanged(.failed))): data.leave(connection)
    case .dataChannel(let event): data.handle(event, of: connection, at: now)
    case .candidate(let candidate): signal(.candidate(candidate.description), to: connection.peer)
    case .gatheringCompleted: signal(.endOfCandidates, to: connection.peer)
    case .keyFrameRequested(let transceiver, _):
      if let listener = listener(connection.peer), listener.videoLine == transceiver {
        (layout == .shared ? sharedVideo : listener.video)?.needsKeyFrame = true
      }
    case .firstPacketReceived(let transceiver, _): addTrack(connection, transceiver)
    case .transport, .packetsRequested, .senderReport, .signalingStateChanged, .negotiationNeeded: break
    }
  }

  /// The unit's own clocks begin with its first connection.
  private func start(at now: Instant) {
    guard nextMix == nil, nextComposition == nil else { return }
    var dice = port.generator(for: "mixing")
    let phase = Duration.nanoseconds(Int64(dice.next() % 20_000_000))
    if media.audio != nil { nextMix = now + phase }
    if media.video != nil {
      nextComposition = now + .nanoseconds(Int64(dice.next() % UInt64(media.frameInterval.nanoseconds)))
    }
  }

  /// Forgets somebody who has hung up; the unit's clocks end with its last connection.
  private func remove(_ connection: Connection) {
    listeners.removeAll { $0.connection === connection }
    if listeners.isEmpty { (nextMix, nextComposition, nextPicture) = (nil, nil, nil) }
  }

  private func addTrack(_ connection: Connection, _ transceiver: Int) {
    guard let listener = listener(connection.peer),
      let receiver = connection.core.transceivers[transceiver].receiver
    else { return }
    let track = RemoteTrack(
      connection, transceiver: transceiver, receiver: receiver, source: connection.peer, mode: media.mode)
    switch track.kind {
    case .audio: listener.audioTrack = track
    case .video: listener.videoTrack = track
    }
    connections.log.note(.firstRTPReceived, "\(track.kind.rawValue) of \(connection.peer)", from: port)
  }

  // MARK: Negotiation

  private func answer(_ text: String, from peer: String, at now: Instant) {
    guard let offer = try? SessionDescription(parsing: text) else {
      connections.log.note(.malformedDescription, "from \(peer)", from: port)
      return
    }
    let connection = connections.open(to: peer)
    let listener = Listener(connection)
    do {
      try connection.core.setRemote(.offer(offer), at: now, into: &connection.output)
      connections.log.note(.setRemoteOffer, "of \(peer)", from: port)
      prepareEncoders(of: listener)
      let answer = try connection.core.createAnswer()
      connections.log.note(.createAnswer, "to \(peer)", from: port)
      try connection.core.setLocal(.answer(answer), at: now, into: &connection.output)
      signal(.answer(answer.description), to: peer)
      connections.log.note(.setLocalAnswer, "to \(peer)", from: port)
      listeners.append(listener)
    } catch {
      connections.log.note(.negotiationFailed, "with \(peer): \(error)", from: port)
    }
    finish(connection, at: now)
  }

  private func prepareEncoders(of listener: Listener) {
    let connection = listener.connection
    let stream = "\(port.name)/to \(connection.peer)"
    for (index, transceiver) in connection.core.transceivers.enumerated() {
      connection.core.setDirection(.sendrecv, of: index)
      switch transceiver.kind {
      case .video:
        guard media.video != nil, listener.videoLine == nil else { continue }
        listener.videoLine = index
        guard layout == .individual else { continue }
        listener.video = makeVideoEncoder("\(stream)/video", adaptation: connections.settings.adaptation)
        if let encoder = listener.video { connection.adapt(encoder, on: index) }
      case .audio:
        guard let bitrate = media.audio, listener.audioLine == nil else { continue }
        listener.audioLine = index
        connection.adapted.sound = VideoAdapter.total(ofSound: bitrate)
        listener.audio = AudioStreamEncoder(
          bitrate, mode: media.mode, fidelity: connections.settings.fidelity, pattern: SpeechPattern(seed: 0),
          seed: port.simulation.seed, stream: "\(stream)/audio")
      }
    }
    if layout == .shared, media.video != nil, sharedVideo == nil {
      sharedVideo = makeVideoEncoder("\(port.name)/shared/video", adaptation: nil)
    }
  }

  private func makeVideoEncoder(_ stream: String, adaptation: VideoAdapter.Policy?) -> VideoStreamEncoder? {
    guard let video = media.video else { return nil }
    let settings = VP8Settings(
      width: canvas.width, height: canvas.height, bitrate: video.bitrate, framesPerSecond: video.framesPerSecond)
    return VideoStreamEncoder(
      settings, mode: media.mode, fidelity: connections.settings.fidelity, seed: port.simulation.seed, stream: stream,
      adaptation: adaptation)
  }

  private func signal(_ message: SignalingMessage, to peer: String) {
    let (signaling, name) = (signaling, port.name)
    port.simulation.spawn { await signaling.relay(message, from: name, to: peer) }
  }

  private func setMediaAlarm() {
    var next = Instant.distantFuture
    for due in [nextMix, nextComposition, nextPicture] {
      if let due { next = min(next, due) }
    }
    if next != .distantFuture { port.wake(at: next) }
  }
}
