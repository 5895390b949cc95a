import RTCMedia
import RTCPrimitives
import RTCSession
import RTCSockets
import RTCTransport
import RTCWire
import SimNodes
import SimSessions

/// One end of a call over this machine's sockets, which captures, codes and plays as a simulated `Client` does.
final class RealCallEnd: TimedParticipant {
  /// What is captured, and the names of the dice that code it, are those of the simulated client.
  struct Media {
    let captured: CapturedMedia
    let seed: UInt64
    /// Of the encoders, such as `client-1/to client-2`.
    let stream: String
  }

  private static let soundLength = Duration.milliseconds(20)
  /// What a machine that was busy may make up for; older pictures and sounds are left out.
  private static let backlog = 30

  let connection: SocketConnection
  private let clock: SystemClock
  private let media: Media
  private var video: VideoStreamEncoder?
  private var audio: AudioStreamEncoder?
  private var lines: (audio: Int?, video: Int?)
  private var tracks: [PeerTrack] = []
  /// `nil` before media may flow.
  private var pictures: (first: Int, schedule: CaptureSchedule)?
  private var sounds: (first: Int, schedule: CaptureSchedule)?
  private var nextSound = Instant.distantFuture
  private(set) var reached: [CallTraffic.Step: Instant] = [:]
  /// CPU time for coding and decoding, and for making pictures and sound, since the beginning.
  private(set) var codecTime = Duration.zero
  private(set) var sourceTime = Duration.zero
  /// The first thing that the codec libraries refused.
  private(set) var failure: CodecError?
  /// Hands a candidate to the other end.
  var signal: (ICECandidate) -> Void = { _ in }

  init(
    _ media: Media, _ configuration: SocketConnection.Configuration, on loop: SocketLoop
  ) throws(SocketConnectionError) {
    self.media = media
    clock = loop.clock
    connection = try SocketConnection(configuration, on: loop)
    connection.eventHandler = { [unowned self] event, now in handle(event, at: now) }
    loop.add(self)
  }

  // MARK: - Signaling

  /// Offers what is captured, and gives the text of the offer.
  func offer() throws(PeerConnectionError) -> String {
    try connection.perform { core, now, output throws(PeerConnectionError) in
      if media.captured.settings.audio != nil { core.addTransceiver(.audio, direction: .sendrecv) }
      if media.captured.settings.video != nil { core.addTransceiver(.video, direction: .sendrecv) }
      let offer = try core.createOffer()
      try core.setLocal(.offer(offer), at: now, into: &output)
      prepareEncoders(core.transceivers)
      return offer.description
    }
  }

  /// Answers the text of an offer with that of the answer.
  func answer(_ text: String) throws -> String {
    let offer = try SessionDescription(parsing: text)
    return try connection.perform { core, now, output throws(PeerConnectionError) in
      try core.setRemote(.offer(offer), at: now, into: &output)
      for line in core.transceivers.indices { core.setDirection(.sendrecv, of: line) }
      let answer = try core.createAnswer()
      try core.setLocal(.answer(answer), at: now, into: &output)
      prepareEncoders(core.transceivers)
      return answer.description
    }
  }

  func apply(answer text: String) throws {
    let answer = try SessionDescription(parsing: text)
    try connection.perform { core, now, output throws(PeerConnectionError) in
      try core.setRemote(.answer(answer), at: now, into: &output)
    }
    reach(.answerApplied, at: clock.now)
  }

  private func prepareEncoders(_ transceivers: [Transceiver]) {
    let settings = media.captured.settings
    for (line, transceiver) in transceivers.enumerated() {
      switch transceiver.kind {
      case .video:
        lines.video = line
        video = settings.video.map {
          VideoStreamEncoder(
            $0, mode: settings.mode, fidelity: .wire, seed: media.seed, stream: "\(media.stream)/video")
        }
      case .audio:
        lines.audio = line
        audio = settings.audio.map {
          AudioStreamEncoder(
            $0, mode: settings.mode, fidelity: .wire, pattern: media.captured.voice.pattern, seed: media.seed,
            stream: "\(media.stream)/audio")
        }
      }
    }
  }

  private func handle(_ event: PeerConnection.Event, at now: Instant) {
    switch event {
    case .candidate(let candidate): signal(candidate)
    case .keyFrameRequested(let line, _): if line == lines.video { video?.needsKeyFrame = true }
    case .firstPacketReceived(let line, _):
      reach(.firstPacket, at: now)
      addTrack(line, at: now)
    case .transport(.ice(.stateChanged(.connected))): reach(.iceConnected, at: now)
    case .transport(.ready):
      reach(.keysExported, at: now)
      startCapture(at: now)
    case .gatheringCompleted, .transport, .dataChannel, .signalingStateChanged, .negotiationNeeded, .packetsRequested,
      .senderReport:
      break
    }
  }

  private func reach(_ step: CallTraffic.Step, at now: Instant) { if reached[step] == nil { reached[step] = now } }

  // MARK: - Media

  private func startCapture(at now: Instant) {
    let captured = media.captured
    if let video = captured.settings.video {
      let first = captured.videoIndex(at: now)
      pictures = (
        first,
        CaptureSchedule(
          from: captured.videoTime(first), rate: (video.framesPerSecond, 1), backlog: Self.backlog)
      )
    }
    if captured.settings.audio != nil {
      let first = captured.audioIndex(at: now)
      sounds = (
        first,
        CaptureSchedule(
          from: captured.audioTime(first), rate: PeerSource.soundRate, length: Self.soundLength, backlog: Self.backlog)
      )
    }
  }

  private func addTrack(_ line: Int, at now: Instant) {
    guard let receiver = connection.core.transceivers[line].receiver else { return }
    do throws(CodecError) {
      tracks.append(try PeerTrack(line: line, receiver: receiver, expecting: nil, path: nil))
    } catch {
      failure = failure ?? error
    }
    if receiver.parameters.kind == .audio, nextSound == .distantFuture { nextSound = now + Self.soundLength }
  }

  var nextTimeout: Instant? {
    guard !connection.isClosed else { return nil }
    var earliest = min(nextSound, pictures?.schedule.due ?? .distantFuture)
    earliest = min(earliest, sounds?.schedule.due ?? .distantFuture)
    for track in tracks { if let due = track.receiver.nextPlayout { earliest = min(earliest, due) } }
    return earliest == .distantFuture ? nil : earliest
  }

  func handleTimeout(at now: Instant) {
    while let index = sounds?.schedule.take(at: now) { send(sound: index) }
    while let index = pictures?.schedule.take(at: now) { send(picture: index) }
    do throws(FileError) {
      for track in tracks where track.kind == .video { try show(track, at: now) }
      while nextSound <= now {
        for track in tracks where track.kind == .audio { try play(track, at: nextSound) }
        nextSound += Self.soundLength
      }
    } catch {
      preconditionFailure("nothing is recorded: \(error)")
    }
  }

  private func send(picture index: Int) {
    guard let base = pictures?.first, let line = lines.video, let video else { return }
    let (captured, number) = (media.captured, base + index)
    let time = captured.videoTime(number)
    let picture =
      captured.settings.mode == .real
      ? ThreadCPUClock.add(to: &sourceTime) { captured.picture(number) } : nil
    guard let frame = ThreadCPUClock.add(to: &codecTime, { video.encode(picture, capturedAt: time) }) else { return }
    let bytes = video.bytes
    connection.perform { core, now, output in
      core.send(frame, in: bytes.bytes.span, on: line, at: now, into: &output.datagrams)
    }
  }

  private func send(sound index: Int) {
    guard let base = sounds?.first, let line = lines.audio, let audio else { return }
    let (captured, number) = (media.captured, base + index)
    let time = captured.audioTime(number)
    let sound =
      captured.settings.mode == .real ? ThreadCPUClock.add(to: &sourceTime) { captured.sound(number) } : nil
    let coded = ThreadCPUClock.add(to: &codecTime) { audio.encode(number, sound, capturedAt: time) }
    guard let frame = coded else { return }
    let isTalking = captured.voice.pattern.isTalking(at: number)
    let level = AudioLevel(level: isTalking ? 30 : 90, hasVoice: isTalking)
    let bytes = audio.bytes
    connection.perform { core, now, output in
      core.send(frame, in: bytes.bytes.span, on: line, audioLevel: level, at: now, into: &output.datagrams)
    }
  }

  private func show(_ track: PeerTrack, at now: Instant) throws(FileError) {
    while let playout = track.receiver.nextVideo(at: now) {
      if media.captured.settings.mode == .real {
        let isShown = try ThreadCPUClock.add(to: &codecTime) { () throws(FileError) in try track.show(playout) }
        guard isShown else {
          connection.perform { core, now, output in core.requestKeyFrame(on: track.line, at: now, into: &output) }
          continue
        }
      }
      reach(.firstPicture, at: clock.now)
    }
  }

  private func play(_ track: PeerTrack, at now: Instant) throws(FileError) {
    guard media.captured.settings.mode == .real else {
      while track.receiver.nextAudio(at: now) != nil {}
      return
    }
    try ThreadCPUClock.add(to: &codecTime) { () throws(FileError) in try track.playSound(at: now) }
  }

  /// Packets that were sent to this end and have not come.
  func packetsLost(at now: Instant) -> Int {
    tracks.reduce(0) { $0 + $1.receiver.statistics(at: now).packetsLost }
  }
}
