import RTCPrimitives
import RTCSession
import RTCWire
import SimKernel

/// Joining, offering, answering, hanging up: the control plane.
extension Client {
  /// Takes part in the call: asks for camera and microphone, joins the room, and offers to those who are there already.
  ///
  /// Who is connected before the call and finds nobody waits to be called, and is asked for the camera then.
  public func join() async {
    joinedAt = port.simulation.now
    let isConnected = configuration.isSignalingConnected
    var present: [String] = []
    if isConnected {
      present = await signaling.joinConnected(self, over: configuration.signalingAccess)
      isInRoom = true
    }
    let servers = configuration.offers.keys.filter { isServer($0) }.sorted()
    guard !isConnected || !present.isEmpty || !servers.isEmpty else { return }
    connections.log.note(.call, isConnected ? "somebody clicks on Call" : "", from: port)
    await wait(configuration.delays.camera)
    guard !hasHungUp else { return }
    guard askForMedia() else { return }
    await wait(configuration.delays.page)
    guard !hasHungUp else { return }
    if !isConnected { present = await enterRoom() }
    guard !hasHungUp else { return await signaling.leave(port.name) }
    for peer in present + servers.filter({ !present.contains($0) }) {
      if let lines = configuration.offers[peer] { await offer(lines, to: peer) }
    }
    setMediaAlarm()
  }

  /// Asks for camera and microphone; says whether the application goes on.
  private func askForMedia() -> Bool {
    let settings = configuration.media.settings
    let kinds = [settings.video.map { _ in "video" }, settings.audio.map { _ in "audio" }].compactMap { $0 }
    // A call of data alone needs no devices.
    guard !kinds.isEmpty else { return true }
    guard configuration.page == .https else {
      camera = .unavailable
      connections.log.note(
        .mediaDevicesMissing, "navigator.mediaDevices is undefined, because the page came over http", from: port)
      return false
    }
    if settings.video != nil, isCameraRefused {
      camera = .refused
      connections.log.note(.cameraRefused, "NotAllowedError; the call goes on with sound only", from: port)
    } else if settings.video != nil, configuration.camera == .busy {
      camera = .busy
      connections.log.note(.cameraBusy, "NotReadableError; the call goes on with sound only", from: port)
    } else {
      camera = .granted
      connections.log.note(.getUserMedia, kinds.joined(separator: " and "), from: port)
    }
    return true
  }

  private var hasNoCamera: Bool { camera == .refused || camera == .busy }

  /// Gives those who were there before.
  private func enterRoom() async -> [String] {
    let connecting = signaling.connecting
    connections.log.note(.joining, connecting.text, rfc: connecting.rfc, from: port, to: signaling.port.name)
    let present = await signaling.join(self, over: configuration.signalingAccess)
    isInRoom = true
    connections.log.note(
      .joined, present.isEmpty ? "nobody else is present" : "present: \(present.joined(separator: ", "))", from: port)
    return present
  }

  /// Lets a delay of a person or an application pass.
  private func wait(_ delay: Duration) async {
    if delay > .zero { await port.simulation.sleep(for: delay) }
  }

  /// Closes every connection and leaves the room; a call that is being set up goes no further.
  public func hangUp() {
    guard !hasHungUp else { return }
    let now = port.simulation.now
    hasHungUp = true
    connections.log.note(.hangUp, from: port)
    for connection in connections.all {
      connection.core.close(at: now, into: &connection.output)
      finish(connection, at: now)
    }
    for index in pictureDues.indices { pictureDues[index] = .distantFuture }
    nextVideo = .distantFuture
    nextAudio = .distantFuture
    nextPlayoutTick = .distantFuture
    nextPicture = .distantFuture
    nextData = .distantFuture
    isInRoom = false
    // After what was handed to the channel just before.
    let (signaling, name) = (signaling, port.name)
    port.simulation.spawn { await signaling.leave(name) }
  }

  public func signaled(_ message: SignalingMessage, from peer: String) {
    let now = port.simulation.now
    switch message {
    case .offer(let text):
      connections.log.note(.offerReceived, "from \(peer)", from: port)
      receive(offer: text, from: peer, at: now)
    case .answer(let text):
      connections.log.note(.answerReceived, "from \(peer)", from: port)
      guard let connection = connection(with: peer), let answer = parse(text, from: peer) else { return }
      _ = connection.negotiation.accepts(.answer, in: connection.core.signaling.state)
      let isSet = apply(.setRemoteAnswer, connection) {
        try connection.core.setRemote(.answer(answer), at: now, into: &connection.output)
      }
      connection.negotiation.isSettingRemoteAnswerPending = false
      finish(connection, at: now)
      if isSet { noteTracks(of: answer, on: connection) }
    case .candidate(let text):
      guard let connection = connection(with: peer) else { return }
      connections.log.note(.candidateReceived, text, from: port)
      receive(ICECandidateInit(text, sectionIndex: 0), on: connection, at: now)
    case .endOfCandidates:
      guard let connection = connection(with: peer) else { return }
      connections.log.note(.endOfCandidatesReceived, "from \(peer)", from: port)
      receive(ICECandidateInit(""), on: connection, at: now)
    case .left:
      connections.log.note(.peerLeft, peer, from: port)
      guard let connection = connection(with: peer) else { return }
      let (simulation, number) = (port.simulation, connection.number)
      simulation.spawn {
        await simulation.sleep(for: Self.goodbyeLimit)
        await self.close(number)
      }
    case .encodingsWanted(let encodings):
      if let connection = connection(with: peer) { code(encodings, for: connection) }
    case .selection(let changes): select(changes)
    }
    setMediaAlarm()
  }

  public func signalingChanged(isConnected: Bool) {
    guard !hasHungUp else { return }
    connections.log.note(
      isConnected ? .signalingRestored : .signalingLost,
      isConnected ? "" : "reset or refused; tries again every \(SignalingOutage.retryInterval.inSeconds) s", from: port,
      to: signaling.port.name)
  }

  /// How long the goodbye of a peer that left is waited for.
  private static let goodbyeLimit = Duration.seconds(1)

  /// Closes a connection whose peer is gone; its goodbye over DTLS was lost, or there was no DTLS yet.
  private func close(_ number: Int) {
    let (connection, now) = (connections.all[number], port.simulation.now)
    connection.core.close(at: now, into: &connection.output)
    finish(connection, at: now)
  }

  private func isServer(_ name: String) -> Bool { configuration.sources[name] == nil }

  /// Makes a connection to `peer` and offers it.
  private func offer(_ lines: [LineSettings], to peer: String) async {
    let connection = connections.open(to: peer, isPolite: false)
    for line in lines where configuration.endpoint.hasCodec(for: line.kind) {
      let sendsNothing = line.kind == .video && hasNoCamera
      let direction: MediaDirection = sendsNothing ? line.direction.withoutSending : line.direction
      let layers = layers(of: line)
      let index = connection.core.addTransceiver(line.kind, direction: direction, encodings: max(1, layers.count))
      if layers.count > 1 { simulcastLayers[LineID(connection: connection.number, transceiver: index)] = layers }
      sourceOfLine[LineID(connection: connection.number, transceiver: index)] = line.source ?? peer
      if direction.sends { connections.log.note(.trackAdded, line.kind.rawValue, from: port) }
    }
    openDataChannels(on: connection, at: port.simulation.now)
    await wait(configuration.delays.offer)
    guard !hasHungUp else { return }
    offer(connection, at: port.simulation.now)
  }

  /// Offers what the transceivers of a connection are now; a later offer renegotiates.
  func offer(_ connection: Connection, at now: Instant) {
    // The peer's offer came first and waits for its answer; what this one would have told is needed after that.
    guard connection.core.signaling.mayCreateOffer, let offer = try? connection.core.createOffer() else { return }
    prepareEncoders(of: connection)
    connections.log.note(.createOffer, "to \(connection.peer), \(offer.media.count) m-lines", from: port)
    let isSet = apply(.setLocalOffer, connection) {
      try connection.core.setLocal(.offer(offer), at: now, into: &connection.output)
    }
    if isSet {
      connection.isOffering = true
      tell(.offer(offer), of: connection)
    }
    finish(connection, at: now)
  }

  private func receive(offer text: String, from peer: String, at now: Instant) {
    // The server may not know yet that this one has left.
    guard !hasHungUp, let offer = parse(text, from: peer) else { return }
    let connection = connection(with: peer) ?? connections.open(to: peer)
    // Before the first offer that is accepted.
    let isCalled = connection.core.transceivers.isEmpty
    // Each has called the other, so that nobody was called first: the names decide.
    if connection.core.signaling.local != nil, connection.core.signaling.currentOfferer == nil {
      connection.negotiation.isPolite = port.name > peer
    }
    guard connection.negotiation.accepts(.offer, in: connection.core.signaling.state) else {
      return connections.log.note(.offerIgnored, "of \(peer), because ours is open", from: port)
    }
    let isCollision = connection.core.signaling.state == .haveLocalOffer
    let isSet = apply(.setRemoteOffer, connection) {
      try connection.core.setRemote(.offer(offer), at: now, into: &connection.output)
      if isCollision {
        connections.log.note(.rolledBack, "ours to \(peer), because \(peer)'s arrived", from: port)
      }
    }
    finish(connection, at: now)
    guard isSet else { return }
    if camera == .notAsked, !askForMedia() { return }
    if isCalled { prepareLines(of: connection) }
    noteTracks(of: offer, on: connection)
    let delay = configuration.delays.answer
    guard delay > .zero else { return answer(connection, at: now) }
    let (simulation, number) = (port.simulation, connection.number)
    simulation.spawn {
      await simulation.sleep(for: delay)
      await self.answer(number)
    }
  }

  /// Tells what a description announces for the first time that will come.
  private func noteTracks(of description: SessionDescription, on connection: Connection) {
    for section in description.media where !section.isRejected && description.direction(of: section).sends {
      guard let mid = section.attributes.mid, connection.announcedTracks.insert(mid).inserted else { continue }
      connections.log.note(.ontrack, "\(section.kind) of \(connection.peer)", from: port)
    }
  }

  /// Sends what it has on every line of a first offer.
  private func prepareLines(of connection: Connection) {
    let settings = configuration.media.settings
    for index in connection.core.transceivers.indices {
      let kind = connection.core.transceivers[index].kind
      guard configuration.endpoint.hasCodec(for: kind) else { continue }
      let hasSource = kind == .video ? settings.video != nil && !hasNoCamera : settings.audio != nil
      if hasSource {
        connection.core.setDirection(.sendrecv, of: index)
        connections.log.note(.trackAdded, kind.rawValue, from: port)
      }
      sourceOfLine[LineID(connection: connection.number, transceiver: index)] = connection.peer
    }
  }

  /// Answers when the person has: unless the offer is gone or answered by then.
  private func answer(_ number: Int) {
    let connection = connections.all[number]
    guard !hasHungUp, connection.core.signaling.state == .haveRemoteOffer else { return }
    answer(connection, at: port.simulation.now)
  }

  private func receive(_ candidate: ICECandidateInit, on connection: Connection, at now: Instant) {
    guard connection.core.signaling.state != .closed else { return }
    do {
      try connection.core.addICECandidate(candidate, at: now, into: &connection.output)
    } catch {
      // Those of an offer that was ignored have nowhere to go.
      if !connection.negotiation.ignoresOffer {
        connections.log.note(.negotiationFailed, "addIceCandidate: \(error.name), \(error)", from: port)
      }
    }
    finish(connection, at: now)
  }

  private func answer(_ connection: Connection, at now: Instant) {
    prepareEncoders(of: connection)
    do {
      let answer = try connection.core.createAnswer()
      connections.log.note(.createAnswer, "to \(connection.peer)", from: port)
      let isSet = apply(.setLocalAnswer, connection) {
        try connection.core.setLocal(.answer(answer), at: now, into: &connection.output)
      }
      if isSet {
        connection.isOffering = false
        tell(.answer(answer), of: connection)
      }
    } catch {
      connections.log.note(.negotiationFailed, "createAnswer: \(error)", from: port)
    }
    finish(connection, at: now)
  }

  /// Whether candidates are told one by one.
  func trickles(_ connection: Connection) -> Bool {
    switch configuration.endpoint.ice.trickle {
    case .full: connection.core.mayTrickle
    case .half: !connection.isOffering && connection.core.mayTrickle
    case .none: false
    }
  }

  /// Tells the peer a description, with its candidates where they do not trickle.
  private func tell(_ description: HeldDescription, of connection: Connection) {
    guard trickles(connection) || connection.core.transport.ice.isGatheringCompleted else {
      connection.held = description
      return
    }
    connection.held = nil
    switch description {
    case .offer(let offer): signal(.offer(complete(offer, of: connection).description), to: connection.peer)
    case .answer(let answer): signal(.answer(complete(answer, of: connection).description), to: connection.peer)
    }
  }

  private func complete(_ description: SessionDescription, of connection: Connection) -> SessionDescription {
    trickles(connection) ? description : connection.core.withCandidates(description)
  }

  /// Gathering has ended: what waited for it is told.
  func releaseDescription(of connection: Connection) {
    guard let held = connection.held else { return }
    tell(held, of: connection)
  }

  private func connection(with peer: String) -> Connection? { connections.all.last { $0.peer == peer } }

  func signal(_ message: SignalingMessage, to peer: String) {
    let (signaling, name) = (signaling, port.name)
    if let kind = message.sending { connections.log.note(kind, message.summary, from: port, to: peer) }
    port.simulation.spawn { await signaling.relay(message, from: name, to: peer) }
  }

  private func parse(_ text: String, from peer: String) -> SessionDescription? {
    do {
      return try SessionDescription(parsing: text)
    } catch {
      connections.log.note(.malformedDescription, "from \(peer): \(error)", from: port)
      return nil
    }
  }

  /// Applies a description, and tells the state that it leads to before anything that follows from it; says whether it
  /// was accepted.
  private func apply(_ kind: Milestone.Kind, _ connection: Connection, _ body: () throws -> Void) -> Bool {
    let before = connection.core.signaling.state
    do {
      try body()
      connections.log.note(kind, "with \(connection.peer)", from: port)
      let state = connection.core.signaling.state
      if state != before { connections.log.note(Milestone.Kind(state), "with \(connection.peer)", from: port) }
      return true
    } catch {
      let name = (error as? PeerConnectionError).map { "\($0.name), " } ?? ""
      connections.log.note(.negotiationFailed, "\(kind.rawValue): \(name)\(error)", from: port)
      return false
    }
  }
}

extension SignalingMessage {
  /// The milestone of its sending.
  fileprivate var sending: Milestone.Kind? {
    switch self {
    case .offer: .offerSent
    case .answer: .answerSent
    case .candidate: .candidateSent
    case .endOfCandidates: .endOfCandidatesSent
    case .left, .encodingsWanted, .selection: nil
    }
  }

  /// What of it is worth showing in a line.
  fileprivate var summary: String {
    switch self {
    case .offer(let text), .answer(let text): "\(text.utf8.count) bytes of SDP"
    case .candidate(let text): text
    case .endOfCandidates, .left, .encodingsWanted, .selection: ""
    }
  }
}

extension MediaDirection {
  /// The same without sending.
  fileprivate var withoutSending: MediaDirection { receives ? .recvonly : .inactive }
}
