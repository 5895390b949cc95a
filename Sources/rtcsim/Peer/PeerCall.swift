import RTCMedia
import RTCPrimitives
import RTCSession
import RTCSockets
import RTCTransport
import RTCWire
import SimNodes
import SimSessions

/// A call with one page: its connection, what is sent to it and what is played of it.
final class PeerCall: TimedParticipant {
  struct Settings {
    var connection: SocketConnection.Configuration
    var video: VP8Settings
    var channels: Int
    /// What the peer is known to play.
    var expected: PictureMatcher?
    /// Where tracks are recorded.
    var folder: String?
  }

  /// Sections in a description, and messages in a call; more is hostile.
  private static let mostSections = 16
  private static let mostMessages = 2000
  /// Bytes of echoes that wait for a peer; who does not read what it asked for is left.
  private static let mostEchoes = 16 << 20
  private static let soundLength = Duration.milliseconds(20)
  /// When the machine was busy for longer, the sound of that time is not played any more.
  private static let longestSilence = Duration.milliseconds(200)

  let number: Int
  let connection: SocketConnection
  private let settings: Settings
  private let clock: SystemClock
  private let signal: (PeerSignal) -> Void
  /// Is told once why the call is over.
  private let ended: (String) -> Void
  private var entropy = EntropySource.system
  private var messages = 0
  private var video: PeerVideoEncoder?
  private var audio: PeerAudioEncoder?
  private(set) var tracks: [PeerTrack] = []
  private(set) var connectedAt: Instant?
  /// When the next 20 ms of sound are played.
  private var nextSound = Instant.distantFuture

  init(
    _ number: Int, _ settings: Settings, on loop: SocketLoop, signal: @escaping (PeerSignal) -> Void,
    ended: @escaping (String) -> Void
  ) throws(SocketConnectionError) {
    self.number = number
    self.settings = settings
    self.signal = signal
    self.ended = ended
    clock = loop.clock
    var configuration = settings.connection
    configuration.receivesSimulcast = true
    connection = try SocketConnection(configuration, on: loop)
    connection.eventHandler = { [weak self] event, now in self?.handle(event, at: now) }
    loop.add(self)
  }

  /// Whether media may flow.
  var isReady: Bool { connection.core.transport.isReady }

  /// What congestion control allows now; `nil` where there is none, or the peer tells nothing of what arrives.
  var allowedRate: DataRate? { connection.core.control?.decision?.target }

  /// How our pictures are coded now; `nil` where they follow nothing.
  func encoding(at now: Instant) -> EncodingStatistics? { video?.statistics(at: now) }

  // MARK: - Signaling

  /// Offers sound, pictures and a data channel.
  func offer() throws {
    try connection.perform { core, now, output in
      for kind in [MediaKind.audio, .video] {
        let line = core.addTransceiver(kind, direction: .sendrecv)
        core.setStreams(["rtcsim"], of: line)
        try prepareEncoder(kind, line: line)
      }
      _ = try core.createDataChannel("echo", at: now, into: &output)
      let offer = try core.createOffer()
      try core.setLocal(.offer(offer), at: now, into: &output)
      // Candidates are told after this block, and so after the offer.
      signal(.offer(offer.description))
    }
  }

  /// Takes a message of the page.
  func receive(_ text: String) throws {
    messages += 1
    guard messages <= Self.mostMessages else { throw PeerSignalError.tooMany(limit: Self.mostMessages) }
    switch try PeerSignal(parsing: text) {
    case .offer(let sdp): try answer(try parse(sdp))
    case .answer(let sdp):
      let description = try parse(sdp)
      try connection.perform { core, now, output in
        try core.setRemote(.answer(description), at: now, into: &output)
      }
    case .candidate(let candidate): add(candidate)
    case .bye: ended("the page said goodbye")
    case .ready: throw PeerSignalError.unknownType("ready")
    }
  }

  private func parse(_ sdp: String) throws -> SessionDescription {
    let description = try SessionDescription(parsing: sdp)
    guard description.media.count <= Self.mostSections else {
      throw PeerCallError.tooManySections(description.media.count, limit: Self.mostSections)
    }
    return description
  }

  /// Answers an offer; one of ours that is open gives way to it.
  private func answer(_ offer: SessionDescription) throws {
    try connection.perform { core, now, output in
      try core.setRemote(.offer(offer), at: now, into: &output)
      for (line, transceiver) in core.transceivers.enumerated() where !transceiver.media.isStopped {
        let isFree = transceiver.kind == .video ? video == nil : audio == nil
        guard isFree, transceiver.media.mid != nil else { continue }
        core.setDirection(.sendrecv, of: line)
        core.setStreams(["rtcsim"], of: line)
        try prepareEncoder(transceiver.kind, line: line)
      }
      let answer = try core.createAnswer()
      try core.setLocal(.answer(answer), at: now, into: &output)
      signal(.answer(answer.description))
    }
  }

  /// One that cannot be used, such as of an earlier generation, costs its way and nothing else.
  private func add(_ candidate: ICECandidateInit) {
    connection.perform { core, now, output in
      try? core.addICECandidate(candidate, at: now, into: &output)
    }
  }

  private func prepareEncoder(_ kind: MediaKind, line: Int) throws(CodecError) {
    switch kind {
    case .video: video = try PeerVideoEncoder(line: line, settings: settings.video, entropy: &entropy)
    case .audio: audio = try PeerAudioEncoder(line: line, channels: settings.channels, entropy: &entropy)
    }
  }

  private func handle(_ event: PeerConnection.Event, at now: Instant) {
    switch event {
    case .candidate(let candidate):
      // All sections share the transport of the first.
      let mid = connection.core.signaling.local?.media.first?.attributes.mid
      signal(.candidate(ICECandidateInit(candidate.description, mid: mid, sectionIndex: 0)))
    case .gatheringCompleted: signal(.candidate(ICECandidateInit("")))
    case .keyFrameRequested(let line, _): if video?.line == line { video?.requestKeyFrame() }
    case .firstPacketReceived(let line, let encoding): addTrack(line, encoding, at: now)
    case .transport(.ready): connectedAt = connectedAt ?? now
    case .transport(.ice(.stateChanged(.failed))): ended("there is no path to the page")
    case .transport(.dtls(.failed(let failure))): ended("DTLS failed: \(failure)")
    case .transport(.dtls(.closed)): ended("the page closed the connection")
    case .dataChannel(.message(let channel, let message)): echo(message, on: channel)
    case .dataChannel, .transport, .signalingStateChanged, .negotiationNeeded, .packetsRequested, .senderReport: break
    }
  }

  /// Sends a message back on the channel that it came on.
  private func echo(_ message: DataChannelMessage, on channel: Int) {
    guard connection.core.bufferedAmount(ofDataChannel: channel) <= Self.mostEchoes else {
      return ended("the page does not read its echoes: more than \(Self.mostEchoes >> 20) MiB wait for it")
    }
    connection.perform { core, now, output in
      // A channel that is being closed takes nothing more.
      try? core.send(message, onDataChannel: channel, at: now, into: &output)
    }
  }

  // MARK: - Media

  func send(picture: VideoFrame, capturedAt time: Instant) throws(CodecError) {
    try video?.send(picture, capturedAt: time, beside: audio?.rate ?? .zero, over: connection)
  }

  func send(sound: AudioFrame, capturedAt time: Instant) throws(CodecError) {
    try audio?.send(sound, capturedAt: time, over: connection)
  }

  /// What is sent in several encodings is a track for each; one that begins anew from another source goes on.
  private func addTrack(_ line: Int, _ encoding: Int, at now: Instant) {
    let receivers = connection.core.transceivers[line].receivers
    guard receivers.indices.contains(encoding), let receiver = receivers[encoding] else { return }
    if let known = tracks.first(where: { $0.line == line && $0.rid == receiver.rid }) {
      known.receiver = receiver
      return
    }
    let name = "\(receiver.parameters.kind.rawValue)-\(line)" + (receiver.rid == nil ? "" : "-\(encoding)")
    let path = settings.folder.map { "\($0)/call-\(number)-\(name)" }
    do {
      tracks.append(try PeerTrack(line: line, receiver: receiver, expecting: settings.expected, path: path))
    } catch {
      ended("\(error)")
    }
    if receiver.parameters.kind == .audio, nextSound == .distantFuture { nextSound = now }
  }

  /// When something is to be played.
  var nextTimeout: Instant? {
    guard !connection.isClosed else { return nil }
    var earliest = nextSound
    for track in tracks { if let due = track.receiver.nextPlayout { earliest = min(earliest, due) } }
    return earliest == .distantFuture ? nil : earliest
  }

  func handleTimeout(at now: Instant) {
    do throws(FileError) {
      for track in tracks where track.kind == .video { try show(track, at: now) }
      if now - nextSound > Self.longestSilence { nextSound = now }
      while nextSound <= now {
        for track in tracks where track.kind == .audio { try track.playSound(at: nextSound) }
        nextSound += Self.soundLength
      }
    } catch {
      ended("\(error)")
    }
  }

  private func show(_ track: PeerTrack, at now: Instant) throws(FileError) {
    while let playout = track.receiver.nextVideo(at: now) {
      let isShown = try track.show(playout)
      guard !isShown else { continue }
      connection.perform { core, now, output in
        core.requestKeyFrame(
          on: track.line, encoding: track.receiver.place.encoding, at: now, into: &output)
      }
    }
  }

  /// Ends the connection and puts recordings in their places.
  func close() throws(FileError) {
    connection.close()
    for track in tracks { try track.finish() }
  }
}

/// Why a description is not taken.
enum PeerCallError: Error, Hashable, CustomStringConvertible {
  case tooManySections(Int, limit: Int)

  var description: String {
    switch self {
    case .tooManySections(let count, let limit):
      "a description has \(count) sections, at most \(limit) are taken"
    }
  }
}
