import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire
import SimKernel

/// A participant: it captures, codes and sends its own media on every connection, and plays what it receives.
///
/// A client encodes once per connection, as browsers do. Work is charged to its processor; a frame leaves when it is
/// coded, and is shown when it is decoded.
public actor Client: Node, SignalingMember {
  /// What a client is told before the run.
  public struct Configuration: Sendable {
    public var endpoint: EndpointSettings
    public var media: CapturedMedia
    /// Whom it offers to when it finds them in the room, and what.
    public var offers: [String: [LineSettings]]
    /// The media of all participants by name, to compare real media with their source.
    public var sources: [String: CapturedMedia]
    public var signalingAccess: SignalingAccess
    /// How many pictures of others are to be seen at once.
    public var watchedPictures: Int
    /// What is sent on data channels; `nil` for no such channels.
    public var data: DataSettings?
    public var delays = HumanDelays()
    public var camera = CameraPermission.granted
    public var page = PageOrigin.https
    /// Whether the signaling channel is open before the call begins, as in an application that is running already.
    public var isSignalingConnected = false

    public init(
      endpoint: EndpointSettings, media: CapturedMedia, offers: [String: [LineSettings]],
      sources: [String: CapturedMedia] = [:], signalingAccess: SignalingAccess,
      watchedPictures: Int = 0
    ) {
      self.endpoint = endpoint
      self.media = media
      self.offers = offers
      self.sources = sources
      self.signalingAccess = signalingAccess
      self.watchedPictures = watchedPictures
    }
  }

  public nonisolated let port: NodePort
  @exclusivity(unchecked) var configuration: Configuration
  let signaling: SignalingServer
  let connections: ConnectionSet
  /// What is sent on each connection, by its number.
  @exclusivity(unchecked) var outgoing: [Int: OutgoingMedia] = [:]
  /// What is played, in the order in which it came up.
  @exclusivity(unchecked) var tracks: [RemoteTrack] = []
  /// Those of them that are heard.
  @exclusivity(unchecked) var audioTracks: [RemoteTrack] = []
  /// Which of them rest because nothing comes, side by side, because this is asked for every packet; and how many do.
  @exclusivity(unchecked) var isResting: [Bool] = []
  @exclusivity(unchecked) var restingTracks = 0
  /// When the next picture of each track is due, side by side, because they are all looked through for every picture.
  @exclusivity(unchecked) var pictureDues: [Instant] = []
  /// The encodings of a connection's transceiver that sends several.
  var simulcastLayers: [LineID: [SimulcastFormat]] = [:]
  /// Whose media a connection's transceiver carries.
  var sourceOfLine: [LineID: String] = [:]

  // When these are due next; `distantFuture` for never.
  @exclusivity(unchecked) var nextVideo = Instant.distantFuture
  @exclusivity(unchecked) var nextAudio = Instant.distantFuture
  @exclusivity(unchecked) var nextPlayoutTick = Instant.distantFuture
  @exclusivity(unchecked) var nextPicture = Instant.distantFuture
  @exclusivity(unchecked) var nextData = Instant.distantFuture
  @exclusivity(unchecked) var measuresFrom: Instant?
  var baseline = MeasurementBaseline()
  /// Whose picture a unit that selects forwards; `nil` where none has said so.
  var selection: [String: WatchedSource]?
  var joinedAt: Instant?
  @exclusivity(unchecked) var firstRemoteFrame: Instant?
  @exclusivity(unchecked) var quality = QualityProbe()
  var camera = CameraState.notAsked
  /// Whether the person says no when asked for the camera.
  var isCameraRefused: Bool
  var isMuted = false
  var isInRoom = false
  var hasHungUp = false

  /// A transceiver of a connection.
  struct LineID: Hashable {
    let connection: Int
    let transceiver: Int
  }

  /// The encoders of one connection and the transceivers that they feed.
  struct OutgoingMedia {
    struct Video {
      let line: Int
      var encoding = 0
      let encoder: VideoStreamEncoder
    }

    var video: [Video] = []
    var audioLine: Int?
    var audio: AudioStreamEncoder?
  }

  public init(_ port: NodePort, _ configuration: Configuration, signaling: SignalingServer) {
    self.port = port
    self.configuration = configuration
    self.signaling = signaling
    isCameraRefused = configuration.camera == .denied
    connections = ConnectionSet(port, configuration.endpoint, purpose: .playout)
  }

  public func receive(_ datagram: Datagram, at now: Instant) {
    switch datagram.transport {
    case .udp: accept(datagram, at: now)
    case .tcp:
      let messages = connections.receiveSegment(datagram, at: now)
      for index in 0..<messages.count { accept(messages[index], at: now) }
      connections.flushStreams(at: now) { finish($0, at: now) }
    }
    setMediaAlarm()
  }

  /// Takes a datagram, or a message that a TURN server sent over a stream.
  private func accept(_ datagram: Datagram, at now: Instant) {
    if let (connection, packet, _) = connections.receive(datagram, at: now) {
      finish(connection, at: now)
      noteArrival(packet, on: connection)
    } else if let connection = connections.connection(of: datagram) {
      finish(connection, at: now)
    }
  }

  public func wake(at now: Instant) {
    connections.handleTimeouts(at: now) { finish($0, at: now) }
    capture(at: now)
    sendData(at: now)
    play(at: now)
    setMediaAlarm()
  }

  /// Acts on what a connection tells and sends what it wants sent.
  func finish(_ connection: Connection, at now: Instant) {
    connections.finish(connection, at: now) { handle($0, of: connection, at: now) }
  }

  private func handle(_ event: PeerConnection.Event, of connection: Connection, at now: Instant) {
    switch event {
    case .transport(.ready): startCapture(at: now)
    case .transport(.dtls(.closed)): audioTracks.removeAll { $0.connection === connection }
    case .signalingStateChanged(.closed):
      connections.log.note(.signalingClosed, "with \(connection.peer)", from: port)
    case .negotiationNeeded: if !hasHungUp { offer(connection, at: now) }
    case .candidate(let candidate):
      if trickles(connection) { signal(.candidate(candidate.description), to: connection.peer) }
    case .gatheringCompleted:
      if trickles(connection) {
        signal(.endOfCandidates, to: connection.peer)
      } else {
        releaseDescription(of: connection)
      }
    case .firstPacketReceived(let transceiver, _): addTrack(connection, transceiver)
    case .keyFrameRequested(let line, let encoding):
      let video = outgoing[connection.number]?.video.first { $0.line == line && $0.encoding == encoding }
      video?.encoder.needsKeyFrame = true
    case .dataChannel(let event): handle(event, of: connection, at: now)
    case .transport, .signalingStateChanged, .packetsRequested, .senderReport: break
    }
  }

  private func addTrack(_ connection: Connection, _ transceiver: Int) {
    let line = LineID(connection: connection.number, transceiver: transceiver)
    while connection.trackOfTransceiver.count <= transceiver { connection.trackOfTransceiver.append(-1) }
    guard connection.trackOfTransceiver[transceiver] < 0,
      let receiver = connection.core.transceivers[transceiver].receiver
    else { return }
    let track = RemoteTrack(
      connection, transceiver: transceiver, receiver: receiver, source: sourceOfLine[line] ?? connection.peer,
      mode: configuration.media.settings.mode)
    connection.trackOfTransceiver[transceiver] = tracks.count
    synchronize(track)
    tracks.append(track)
    if track.kind == .audio { audioTracks.append(track) } else { watch(track) }
    pictureDues.append(.distantFuture)
    isResting.append(false)
    connections.log.note(.firstRTPReceived, "\(track.kind.rawValue) of \(track.source)", from: port)
    if track.kind == .audio, nextPlayoutTick == .distantFuture {
      nextPlayoutTick = port.simulation.now + .milliseconds(20)
    }
  }

  /// Pictures of somebody are shown when the sound that was captured with them is heard.
  private func synchronize(_ track: RemoteTrack) {
    let other = tracks.last {
      $0.connection === track.connection && $0.source == track.source && $0.kind != track.kind
    }
    guard let other else { return }
    switch track.kind {
    case .audio: other.receiver.synchronize(with: track.receiver)
    case .video: track.receiver.synchronize(with: other.receiver)
    }
  }

  private func noteArrival(_ packet: PeerConnection.IncomingPacket, on connection: Connection) {
    guard let due = packet.nextPlayout else {
      if restingTracks > 0 { wakeSound(connection.trackOfTransceiver[packet.transceiver]) }
      return
    }
    pictureDues[connection.trackOfTransceiver[packet.transceiver]] = due
    nextPicture = min(nextPicture, due)
  }

  func setMediaAlarm() {
    port.wake(at: min(min(nextVideo, nextAudio), min(nextPlayoutTick, nextPicture), nextData))
  }
}
