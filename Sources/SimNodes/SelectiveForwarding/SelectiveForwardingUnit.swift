import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire
import SimKernel

/// An SFU: it decrypts each packet once, and rewrites, encrypts and sends it for each receiver.
///
/// A client offers its own media and one receiving slot per other participant and kind; the slot carries that
/// participant's stream under the unit's own SSRC. Losses towards the unit are asked for by the unit; losses towards a
/// receiver are repaired from what the unit keeps; key frame requests go to the source, no more often than is decent.
/// What comes on data channels goes to all the others (see `DataForwarder`).
public actor SelectiveForwardingUnit: Node, SignalingMember {
  public nonisolated let port: NodePort
  private let signaling: SignalingServer
  private let connections: ConnectionSet
  private let data: DataForwarder
  /// What selects for each receiver; `nil` where everybody gets everything.
  private let selective: SelectiveForwarder?
  /// What a client's slots carry, in m-line order, by the client's name.
  private let slots: [String: [LineSettings]]
  private var sources: [SourceID: Source] = [:]
  /// What each connection's transceivers carry, by the connection's number.
  @exclusivity(unchecked) private var lines: [[Line]] = []
  private var baseline = MeasurementBaseline()

  private struct SourceID: Hashable {
    let participant: String
    let kind: MediaKind
  }

  /// One m-line of a connection.
  private struct Line {
    /// The stream that arrives on it.
    var incoming: Source?
    /// The stream that is forwarded on it, and what is added to its sequence numbers.
    var outgoing: Source?
    var sender: RTPStreamSender?
    var offset: UInt16 = 0
  }

  /// One slot of one receiver.
  private struct Subscription {
    /// Not counted: the unit keeps its connections and their senders for as long as it lives.
    let connection: Unmanaged<Connection>
    let sender: Unmanaged<RTPStreamSender>
    let offset: UInt16

    /// Fetches what forwarding touches into the cache, while those before it are served.
    func prefetch() { sender._withUnsafeGuaranteedRef { RTCPrimitives.prefetch($0, bytes: 256) } }
  }

  /// One stream that is forwarded.
  private final class Source {
    let kind: MediaKind
    var origin: (connection: Connection, transceiver: Int)?
    @exclusivity(unchecked) var subscriptions: [Subscription] = []
    /// The last packets, for receivers that lost one.
    @exclusivity(unchecked) var cache: RetransmissionBuffer

    init(kind: MediaKind) {
      self.kind = kind
      cache = RetransmissionBuffer(capacity: kind == .video ? 512 : 64)
    }
  }

  /// - Parameters:
  ///   - slots: the lines of each client's offer, as it makes them.
  ///   - selection: what is selected for each receiver, for which there must be congestion control; `nil` for nothing.
  public init(
    _ port: NodePort, _ settings: EndpointSettings, signaling: SignalingServer, slots: [String: [LineSettings]],
    selection: SelectionSettings? = nil
  ) {
    precondition(selection == nil || settings.congestion != nil, "what is selected follows estimates")
    self.port = port
    self.signaling = signaling
    self.slots = slots
    connections = ConnectionSet(port, settings, purpose: .forwarding)
    data = DataForwarder(connections)
    selective = selection.map { [connections] in SelectiveForwarder(connections, $0, people: slots.count) }
  }

  public func receive(_ datagram: Datagram, at now: Instant) {
    if let (connection, incoming, done) = connections.receive(datagram, at: now) {
      finish(connection, at: now)
      if let selective {
        selective.forward(incoming, from: connection, at: now, after: done)
        if !selective.outbox.isEmpty { tell(selective) }
      } else {
        forward(incoming, from: connection, at: now, after: done)
      }
    } else if let connection = connections.connection(of: datagram) {
      finish(connection, at: now)
    }
  }

  public func wake(at now: Instant) {
    connections.handleTimeouts(at: now) { finish($0, at: now) }
    guard let selective else { return }
    selective.handleTimeout(at: now)
    tell(selective)
    port.wake(at: selective.nextTimeout)
  }

  private func tell(_ selective: SelectiveForwarder) {
    for (message, peer) in selective.outbox { signal(message, to: peer) }
    selective.outbox.removeAll()
  }

  public func signaled(_ message: SignalingMessage, from peer: String) {
    let now = port.simulation.now
    switch message {
    case .offer(let text): answer(text, from: peer, at: now)
    case .candidate(let text):
      guard let connection = connection(with: peer), let candidate = try? ICECandidate(parsing: text) else { return }
      connection.core.addRemoteCandidate(candidate, at: now, into: &connection.output)
      finish(connection, at: now)
    case .endOfCandidates:
      guard let connection = connection(with: peer) else { return }
      connection.core.remoteCandidatesEnded(at: now, into: &connection.output)
      finish(connection, at: now)
    case .answer, .left, .encodingsWanted, .selection: break
    }
  }

  /// Begins the measured window.
  public func beginMeasuring() { baseline = connections.measurementBaseline(at: port.simulation.now) }

  public func report() -> ServerReport { connections.serverReport(since: baseline, data) }

  // MARK: Forwarding

  private func forward(
    _ incoming: PeerConnection.IncomingPacket, from connection: Connection, at now: Instant, after done: Instant
  ) {
    let packet = incoming.packet
    guard let source = line(incoming.transceiver, of: connection).incoming else { return }
    let inbox = connection.core.received
    let bytes = inbox.bytes.span
    source.cache.store(packet.header.sequenceNumber, bytes: bytes, elided: packet.elided, at: now)
    let subscriptions = source.subscriptions
    for (index, subscription) in subscriptions.enumerated() {
      if index + 4 < subscriptions.count { subscriptions[index + 4].prefetch() }
      let number = SequenceNumber(packet.header.sequenceNumber.rawValue &+ subscription.offset)
      subscription.connection._withUnsafeGuaranteedRef { receiver in
        subscription.sender._withUnsafeGuaranteedRef { sender in
          forward(packet, bytes, to: receiver, sender, number, isRetransmission: false, after: done, at: now)
        }
      }
    }
  }

  private func forward(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, to receiver: Connection, _ sender: RTPStreamSender,
    _ number: SequenceNumber, isRetransmission: Bool, after done: Instant, at now: Instant
  ) {
    var slot = connections.processor.reserve(at: done)
    connections.processor.perform(.forwardPacket, in: &slot)
    receiver.core.forward(
      packet, bytes, with: sender, number: number, isRetransmission: isRetransmission, at: now,
      into: &receiver.output.datagrams)
    connections.transmit(receiver, in: &slot)
  }

  private func repair(_ numbers: [SequenceNumber], _ transceiver: Int, of receiver: Connection, at now: Instant) {
    let line = line(transceiver, of: receiver)
    guard let source = line.outgoing, let sender = line.sender else { return }
    for number in numbers {
      guard sender.mayRepeat else { return }
      let original = SequenceNumber(number.rawValue &- line.offset)
      // Each receiver asks for itself, so that a round trip of one says nothing about the other.
      guard let kept = source.cache.retransmit(original, at: now, roundTripTime: .zero) else { continue }
      source.cache.withBytes(of: kept) { bytes in
        guard let packet = try? RTPPacket(parsing: bytes, elided: kept.elided) else { return }
        forward(packet, bytes, to: receiver, sender, number, isRetransmission: true, after: now, at: now)
      }
    }
  }

  private func requestKeyFrame(_ source: Source?, at now: Instant) {
    guard let origin = source?.origin else { return }
    origin.connection.core.requestKeyFrame(on: origin.transceiver, at: now, into: &origin.connection.output)
    guard !origin.connection.output.datagrams.isEmpty else { return }
    var slot = connections.processor.reserve(at: now)
    connections.transmit(origin.connection, in: &slot)
    connections.setAlarm(origin.connection)
  }

  private func finish(_ connection: Connection, at now: Instant) {
    connections.finish(connection, at: now) { handle($0, of: connection, at: now) }
    data.settle(at: now) { touched in
      connections.finish(touched, at: now) { handle($0, of: touched, at: now) }
    }
  }

  private func handle(_ event: PeerConnection.Event, of connection: Connection, at now: Instant) {
    if let selective, handle(event, of: connection, selective, at: now) { return }
    switch event {
    case .transport(.ready): subscribed(connection, at: now)
    case .transport(.dtls(.closed)):
      unsubscribe(connection)
      data.leave(connection)
    case .transport(.ice(.stateChanged(.failed))): data.leave(connection)
    case .dataChannel(let event): data.handle(event, of: connection, at: now)
    case .candidate(let candidate): signal(.candidate(candidate.description), to: connection.peer)
    case .gatheringCompleted: signal(.endOfCandidates, to: connection.peer)
    case .keyFrameRequested(let transceiver, _):
      requestKeyFrame(line(transceiver, of: connection).outgoing, at: now)
    case .packetsRequested(let transceiver, let numbers): repair(numbers, transceiver, of: connection, at: now)
    case .senderReport(let transceiver, _, let report): passOn(report, connection, transceiver)
    case .firstPacketReceived(let transceiver, _):
      let kind = connection.core.transceivers[transceiver].kind
      connections.log.note(.firstRTPReceived, "\(kind.rawValue) of \(connection.peer)", from: port)
    case .transport, .signalingStateChanged, .negotiationNeeded: break
    }
  }

  /// Acts on what concerns what is selected; says whether that is all.
  private func handle(
    _ event: PeerConnection.Event, of connection: Connection, _ selective: SelectiveForwarder, at now: Instant
  ) -> Bool {
    switch event {
    case .transport(.ready):
      selective.ready(connection, at: now)
      tell(selective)
    case .keyFrameRequested(let transceiver, _): selective.keyFrameRequested(by: connection, transceiver, at: now)
    case .packetsRequested(let transceiver, let numbers):
      selective.repair(numbers, transceiver, of: connection, at: now)
    case .senderReport(let transceiver, let encoding, let report):
      selective.senderReport(report, connection, transceiver, encoding)
    case .firstPacketReceived(let transceiver, let encoding):
      selective.begins(encoding, of: connection, transceiver)
      return false
    case .transport(.dtls(.closed)):
      selective.unsubscribe(connection)
      return false
    case .transport(.ice(.consentExpired)), .transport(.ice(.stateChanged(.failed))):
      // Without a goodbye this is all that is heard of a dead link.
      if !connection.core.transport.ice.hasPath { selective.lose(connection) }
      return false
    case .transport(.ice(.stateChanged(.connected))), .transport(.ice(.stateChanged(.completed))):
      selective.regain(connection, at: now)
      tell(selective)
      return false
    default: return false
    }
    return true
  }

  /// A receiver that can be sent to needs key frames of everybody.
  private func subscribed(_ connection: Connection, at now: Instant) {
    guard connection.number < lines.count else { return }
    for line in lines[connection.number] where line.outgoing?.kind == .video { requestKeyFrame(line.outgoing, at: now) }
  }

  /// Forwards nothing more to somebody who has hung up, and asks him for nothing.
  private func unsubscribe(_ connection: Connection) {
    guard connection.number < lines.count else { return }
    let place = Unmanaged.passUnretained(connection).toOpaque()
    for line in lines[connection.number] {
      line.outgoing?.subscriptions.removeAll { $0.connection.toOpaque() == place }
      line.incoming?.origin = nil
    }
  }

  private func passOn(_ report: SenderReport, _ connection: Connection, _ transceiver: Int) {
    for subscription in line(transceiver, of: connection).incoming?.subscriptions ?? [] {
      subscription.sender.takeUnretainedValue().adoptClock(of: report)
    }
  }

  // MARK: Negotiation

  private func answer(_ text: String, from peer: String, at now: Instant) {
    guard let offer = try? SessionDescription(parsing: text), let lines = slots[peer] else {
      connections.log.note(.malformedDescription, "from \(peer)", from: port)
      return
    }
    // A later offer of the same client renegotiates, or restarts ICE.
    let current = connection(with: peer).flatMap { $0.core.signaling.state == .closed ? nil : $0 }
    let connection = current ?? connections.open(to: peer)
    do {
      try connection.core.setRemote(.offer(offer), at: now, into: &connection.output)
      connections.log.note(.setRemoteOffer, "of \(peer)", from: port)
      for (index, line) in lines.enumerated() where index < connection.core.transceivers.count {
        if line.direction.receives { connection.core.setDirection(.sendonly, of: index) }
      }
      let answer = try connection.core.createAnswer()
      connections.log.note(.createAnswer, "to \(peer)", from: port)
      try connection.core.setLocal(.answer(answer), at: now, into: &connection.output)
      signal(.answer(answer.description), to: peer)
      connections.log.note(.setLocalAnswer, "to \(peer)", from: port)
      if let selective { selective.subscribe(connection, lines) } else { subscribe(connection, lines) }
    } catch {
      connections.log.note(.negotiationFailed, "with \(peer): \(error)", from: port)
    }
    finish(connection, at: now)
  }

  private func subscribe(_ connection: Connection, _ settings: [LineSettings]) {
    guard connection.number >= lines.count || lines[connection.number].isEmpty else { return }
    var dice = port.generator(for: "offsets/\(connection.peer)")
    let made = settings.enumerated().map { index, line in
      var made = Line()
      if line.direction.sends {
        let source = source(SourceID(participant: connection.peer, kind: line.kind))
        source.origin = (connection, index)
        made.incoming = source
      }
      if line.direction.receives, let participant = line.source, index < connection.core.transceivers.count,
        let sender = connection.core.transceivers[index].sender
      {
        let source = source(SourceID(participant: participant, kind: line.kind))
        made.offset = UInt16(truncatingIfNeeded: dice.next()) & 0x3FFF
        made.outgoing = source
        made.sender = sender
        source.subscriptions.append(
          Subscription(
            connection: .passUnretained(connection), sender: .passUnretained(sender), offset: made.offset))
      }
      return made
    }
    while lines.count <= connection.number { lines.append([]) }
    lines[connection.number] = made
  }

  private func line(_ transceiver: Int, of connection: Connection) -> Line {
    guard connection.number < lines.count, transceiver < lines[connection.number].count else { return Line() }
    return lines[connection.number][transceiver]
  }

  private func source(_ id: SourceID) -> Source {
    if let known = sources[id] { return known }
    let made = Source(kind: id.kind)
    sources[id] = made
    return made
  }

  private func connection(with peer: String) -> Connection? { connections.all.last { $0.peer == peer } }

  private func signal(_ message: SignalingMessage, to peer: String) {
    let (signaling, name) = (signaling, port.name)
    port.simulation.spawn { await signaling.relay(message, from: name, to: peer) }
  }
}
