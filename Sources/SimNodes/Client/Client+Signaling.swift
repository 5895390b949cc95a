import RTCPrimitives
import RTCSession
import RTCWire
import SimKernel

/// Joining, offering, answering, hanging up: the control plane.
extension Client {
  /// Joins the room and offers to those who are there already.
  public func join() async {
    joinedAt = port.simulation.now
    let kinds = [
      configuration.media.settings.video.map { _ in "video" }, configuration.media.settings.audio.map { _ in "audio" },
    ]
    connections.log.note(
      "getUserMedia", kinds.compactMap { $0 }.joined(separator: " and "), rfc: "W3C mediacapture-streams §9.2",
      from: port)
    connections.log.note(
      "joining", "WebSocket to the signaling server", rfc: "RFC 6455 §4", from: port, to: signaling.port.name)
    let present = await signaling.join(self, over: configuration.signalingAccess)
    connections.log.note("joined", "\(present.count) others present", rfc: "RFC 6455 §4", from: port)
    let servers = configuration.offers.keys.filter { !present.contains($0) && isServer($0) }.sorted()
    for peer in present + servers {
      if let lines = configuration.offers[peer] { offer(lines, to: peer, at: port.simulation.now) }
    }
    setMediaAlarm()
  }

  /// Closes every connection and leaves the room.
  public func hangUp() async {
    let now = port.simulation.now
    connections.log.note("hang up", rfc: "RFC 3550 §6.6", from: port)
    for connection in connections.all {
      connection.core.close(at: now, into: &connection.output)
      finish(connection, at: now)
    }
    for index in pictureDues.indices { pictureDues[index] = .distantFuture }
    nextVideo = .distantFuture
    nextAudio = .distantFuture
    nextPlayoutTick = .distantFuture
    nextPicture = .distantFuture
    await signaling.leave(port.name)
  }

  public func signaled(_ message: SignalingMessage, from peer: String) {
    let now = port.simulation.now
    switch message {
    case .offer(let text): answer(text, from: peer, at: now)
    case .answer(let text):
      guard let connection = connection(with: peer), let answer = parse(text, from: peer) else { return }
      apply("setRemoteDescription(answer)", connection) {
        try connection.core.setRemote(.answer(answer), at: now, into: &connection.output)
      }
      finish(connection, at: now)
    case .candidate(let text):
      guard let connection = connection(with: peer), let candidate = try? ICECandidate(parsing: text) else { return }
      if connections.log.isDetailed {
        connections.log.note("candidate received", text, rfc: "RFC 8838 §11", from: port)
      }
      connection.core.addRemoteCandidate(candidate, at: now, into: &connection.output)
      finish(connection, at: now)
    case .endOfCandidates:
      guard let connection = connection(with: peer) else { return }
      connection.core.remoteCandidatesEnded(at: now, into: &connection.output)
      finish(connection, at: now)
    case .left: break
    }
    setMediaAlarm()
  }

  private func isServer(_ name: String) -> Bool { configuration.sources[name] == nil }

  private func offer(_ lines: [LineSettings], to peer: String, at now: Instant) {
    let connection = connections.open(to: peer)
    for line in lines {
      let index = connection.core.addTransceiver(line.kind, direction: line.direction)
      sourceOfLine[LineID(connection: connection.number, transceiver: index)] = line.source ?? peer
    }
    prepareEncoders(of: connection)
    let offer = connection.core.createOffer()
    connections.log.note("createOffer", "to \(peer), \(lines.count) m-lines", rfc: "RFC 9429 §5.2", from: port)
    signal(.offer(offer.description), to: peer)
    apply("setLocalDescription(offer)", connection) {
      try connection.core.setLocal(.offer(offer), at: now, into: &connection.output)
    }
    finish(connection, at: now)
  }

  private func answer(_ text: String, from peer: String, at now: Instant) {
    guard let offer = parse(text, from: peer) else { return }
    let connection = connections.open(to: peer)
    apply("setRemoteDescription(offer)", connection) {
      try connection.core.setRemote(.offer(offer), at: now, into: &connection.output)
    }
    finish(connection, at: now)
    for index in connection.core.transceivers.indices {
      let kind = connection.core.transceivers[index].kind
      let hasSource =
        kind == .video ? configuration.media.settings.video != nil : configuration.media.settings.audio != nil
      if hasSource { connection.core.setDirection(.sendrecv, of: index) }
      sourceOfLine[LineID(connection: connection.number, transceiver: index)] = peer
    }
    prepareEncoders(of: connection)
    do {
      let answer = try connection.core.createAnswer()
      connections.log.note("createAnswer", "to \(peer)", rfc: "RFC 9429 §5.3", from: port)
      signal(.answer(answer.description), to: peer)
      apply("setLocalDescription(answer)", connection) {
        try connection.core.setLocal(.answer(answer), at: now, into: &connection.output)
      }
    } catch {
      connections.log.note("createAnswer failed", "\(error)", rfc: "RFC 9429 §5.3", from: port)
      connection.hasFailed = true
    }
    finish(connection, at: now)
  }

  private func prepareEncoders(of connection: Connection) {
    let settings = configuration.media.settings
    let stream = "\(port.name)/to \(connection.peer)"
    var media = OutgoingMedia()
    for (index, transceiver) in connection.core.transceivers.enumerated() where transceiver.media.direction.sends {
      switch transceiver.kind {
      case .video:
        guard let video = settings.video, media.video == nil else { continue }
        media.videoLine = index
        media.video = VideoStreamEncoder(
          video, mode: settings.mode, fidelity: configuration.endpoint.fidelity, seed: port.simulation.seed,
          stream: "\(stream)/video")
      case .audio:
        guard let bitrate = settings.audio, media.audio == nil else { continue }
        media.audioLine = index
        media.audio = AudioStreamEncoder(
          bitrate, mode: settings.mode, fidelity: configuration.endpoint.fidelity,
          pattern: configuration.media.voice.pattern, seed: port.simulation.seed, stream: "\(stream)/audio")
      }
    }
    outgoing[connection.number] = media
  }

  private func connection(with peer: String) -> Connection? { connections.all.last { $0.peer == peer } }

  func signal(_ message: SignalingMessage, to peer: String) {
    let (signaling, name) = (signaling, port.name)
    if connections.log.isDetailed || message.isDescription {
      connections.log.note("\(message.name) sent", "to \(peer)", rfc: message.rfc, from: port, to: peer)
    }
    port.simulation.spawn { await signaling.relay(message, from: name, to: peer) }
  }

  private func parse(_ text: String, from peer: String) -> SessionDescription? {
    do {
      return try SessionDescription(parsing: text)
    } catch {
      connections.log.note("malformed description", "from \(peer): \(error)", rfc: "RFC 8866 §5", from: port)
      return nil
    }
  }

  private func apply(_ name: String, _ connection: Connection, _ body: () throws -> Void) {
    do {
      try body()
      connections.log.note(name, "with \(connection.peer)", rfc: "RFC 9429 §4.1.8", from: port)
    } catch {
      connections.log.note("\(name) failed", "\(error)", rfc: "RFC 9429 §4.1.8", from: port)
      connection.hasFailed = true
    }
  }
}

extension SignalingMessage {
  /// Where it is said what is sent.
  var rfc: String {
    switch self {
    case .offer, .answer: "RFC 9429 §3.1"
    case .candidate: "RFC 8838 §9"
    case .endOfCandidates: "RFC 8838 §13"
    case .left: "RFC 3550 §6.6"
    }
  }

  var isDescription: Bool {
    switch self {
    case .offer, .answer: true
    case .candidate, .endOfCandidates, .left: false
    }
  }
}
