import RTCPrimitives
import RTCSession
import RTCWire
import SimKernel
import SimNetwork
import SimNodes

/// Writes down a call while it happens: milestones with snapshots of both ends, messages with their ways.
///
/// An actor of the simulation, so that nodes may tell it from within their own events. It changes nothing in the run,
/// save for the faults that it is told to bring in at a moment.
actor CallRecorder: SessionObserver, DatagramObserver {
  nonisolated let simulation: Simulation
  nonisolated var unownedExecutor: UnownedSerialExecutor { simulation.asUnownedSerialExecutor() }

  private(set) var moments: [Moment] = []
  var messages: [Message] = []
  private(set) var series: CallSeries
  private(set) var isCut = false
  private var clients: [Client] = []
  private var nodeNames: [String] = []
  private var faults: [PlannedFault]
  private var injector: FaultInjector?

  // What belongs together.
  /// Messages on their way, by packet.
  private var travelling: [PacketHandle: Int] = [:]
  private var messageOfTransfer: [Int: Int] = [:]
  /// What each node received last.
  private var lastDelivered: [String: (message: Int, time: Instant)] = [:]
  /// Moments that say that something is sent, which comes right after them.
  private var awaiting: [(moment: Int, node: String, kind: Message.Kind, transaction: TransactionID?)] = []
  private var packetsOfHop: [Hop: Int] = [:]
  /// By record of DTLS: the SCTP packet in it.
  private var contents: [[UInt8]: [UInt8]] = [:]
  private var dropsTold: [String: Int] = [:]

  /// A stream on one part of its way: a TURN server sends again what it received.
  private struct Hop: Hashable {
    /// The SSRC, or the port of a server; `nil` for data.
    let ssrc: UInt32?
    let node: Int
  }

  /// Of each RTP stream, this many packets are kept on every hop.
  static let keptPackets = 3
  /// The same of data.
  static let keptData = 60
  /// Of equal drops, this many become moments.
  static let toldDrops = 12
  static let mostMoments = 3000
  static let mostMessages = 6000

  init(_ simulation: Simulation, faults: [PlannedFault], duration: Duration, clients: Int) {
    self.simulation = simulation
    self.faults = faults
    series = CallSeries(duration: duration, clients: clients)
  }

  /// Makes the nodes and the network, and watches them from now on; gives those who will join.
  func begin(_ builder: SessionBuilder) -> [Client] {
    let built = builder.build(in: simulation, observer: self)
    built.network.observer = self
    clients = built.clients
    nodeNames = built.nodeNames
    injector = FaultInjector(built)
    return clients
  }

  /// Lets go of the nodes, which hold the recorder in turn; gives what was written down.
  func end() -> Recording {
    clients = []
    injector?.network.observer = nil
    injector = nil
    return Recording(
      moments: moments, messages: messages, series: series, isCut: isCut)
  }

  /// Reads round trips, between two bins of the series.
  func sample() { series.sample(at: simulation.now, clients.map { $0.assumeIsolated { $0.selectedRoundTripTime } }) }

  /// Lets a fault of the scenario happen now.
  func bring(_ fault: ScheduledFault) {
    injector?.network.restartTranslator(named: fault.rebootedNAT)
    note(fault.milestone(simulation))
  }

  // MARK: Milestones

  /// What is stamped with a later time, such as the end of a decoder's work, is written down when that has come.
  nonisolated func noted(_ milestone: Milestone) {
    guard milestone.time > simulation.now else { return assumeIsolated { $0.note(milestone) } }
    simulation.spawn {
      await self.simulation.sleep(for: milestone.time - self.simulation.now)
      await self.note(milestone)
    }
  }

  private func note(_ milestone: Milestone) {
    guard moments.count < Self.mostMoments else {
      isCut = true
      return
    }
    let number = moments.count
    var message: Int?
    if let kind = milestone.kind.sentMessage {
      awaiting.append((number, milestone.node, kind, milestone.transaction))
      if awaiting.count > 32 { awaiting.removeFirst() }
    } else if milestone.kind != .whatIf, let last = lastDelivered[milestone.node], last.time == simulation.now {
      message = last.message
      if messages[last.message].moment == nil { messages[last.message].moment = number }
    }
    moments.append(
      Moment(
        number: number, milestone: milestone, message: message,
        ends: clients.map { $0.assumeIsolated { $0.snapshot() } }))
    while let fault = faults.first, fault.moment == number {
      faults.removeFirst()
      injector?.inject(fault.fault)
      tell(.whatIf, fault.fault.sentence, at: fault.fault.lane)
    }
  }

  /// A moment that no client tells: something that the network or somebody outside did.
  private func tell(_ kind: Milestone.Kind, _ detail: String, at lane: String, rfc: String? = nil) {
    note(
      Milestone(time: simulation.now, order: simulation.takeNumber(), node: lane, kind: kind, detail: detail, rfc: rfc))
  }

  // MARK: Signaling

  nonisolated func signaled(_ transfer: SignalingTransfer, _ stage: SignalingTransfer.Stage) {
    assumeIsolated { $0.follow(transfer, stage) }
  }

  private func follow(_ transfer: SignalingTransfer, _ stage: SignalingTransfer.Stage) {
    func stop(_ lane: String) -> Message.Stop {
      Message.Stop(lane: lane, time: simulation.now, source: nil, destination: nil)
    }
    if messageOfTransfer[transfer.number] == nil {
      guard messages.count < Self.mostMessages else { return }
      messageOfTransfer[transfer.number] = messages.count
      append(
        Message(
          number: messages.count, kind: .signaling, title: transfer.message.name, path: [stop(transfer.sender)],
          bytes: Array(transfer.message.text.utf8), elided: 0, plaintext: nil,
          description: transfer.message.sessionDescription))
    }
    guard let number = messageOfTransfer[transfer.number] else { return }
    switch stage {
    case .sent: break
    case .relayed: messages[number].path.append(stop("signaling"))
    case .delivered:
      messages[number].path.append(stop(transfer.receiver))
      messages[number].isDelivered = true
      lastDelivered[transfer.receiver] = (number, simulation.now)
    case .repeated: break
    case .lost:
      messages[number].path.append(stop("signaling"))
      messages[number].dropped = "the signaling server is stopped, or the receiver is not connected to it"
    }
  }

  // MARK: Datagrams

  nonisolated func disclosed(_ record: DisclosedRecord) {
    assumeIsolated { recorder in
      guard recorder.contents.count < Self.mostMessages else { return }
      recorder.contents[record.record] = record.content
    }
  }

  nonisolated func sent(_ packet: PacketHandle, in simulation: Simulation, by node: Int) {
    assumeIsolated { $0.follow(packet, sentBy: node) }
  }

  nonisolated func delivered(_ packet: PacketHandle, in simulation: Simulation, to node: Int) {
    assumeIsolated { $0.follow(packet, deliveredTo: node) }
  }

  nonisolated func dropped(_ packet: PacketHandle, in simulation: Simulation, _ reason: DropReason, at place: String) {
    assumeIsolated { $0.follow(packet, dropped: reason, at: place) }
  }

  nonisolated func translated(_ packet: PacketHandle, in simulation: Simulation, by translator: String) {
    assumeIsolated { recorder in
      guard let number = recorder.travelling[packet] else { return }
      recorder.messages[number].path.append(recorder.stop(translator, packet))
    }
  }

  nonisolated func copied(_ packet: PacketHandle, to copy: PacketHandle, in simulation: Simulation) {
    assumeIsolated { recorder in
      guard let number = recorder.travelling[packet], recorder.messages.count < Self.mostMessages else { return }
      let original = recorder.messages[number]
      let twin = Message(
        number: recorder.messages.count, kind: original.kind, title: original.title + " (copy)", path: original.path,
        bytes: original.bytes, elided: original.elided, plaintext: original.plaintext, description: nil)
      recorder.travelling[copy] = twin.number
      recorder.messages.append(twin)
    }
  }

  private func follow(_ packet: PacketHandle, sentBy node: Int) {
    let record = simulation[packet]
    if let client = clients.firstIndex(where: { $0.port.index == node }) {
      series.addSent(record.wireSize, by: client, at: simulation.now)
    }
    travelling[packet] = nil
    guard messages.count < Self.mostMessages else {
      isCut = true
      return
    }
    let (content, bytes) = simulation.withBytes(of: packet) {
      (MessageContent(of: $0, over: record.transport, elided: Int(record.elided)), $0.array())
    }
    // Of media, and of a TCP connection, the first packets are enough.
    if let ssrc = content.ssrc ?? (record.transport == .tcp ? UInt32(record.destination.port) : nil) {
      let hop = Hop(ssrc: ssrc, node: node)
      packetsOfHop[hop, default: 0] += 1
      guard (packetsOfHop[hop] ?? 0) <= Self.keptPackets else { return }
    } else if content.data != nil {
      packetsOfHop[Hop(ssrc: nil, node: node), default: 0] += 1
      guard (packetsOfHop[Hop(ssrc: nil, node: node)] ?? 0) <= Self.keptData else { return }
    }
    var message = makeMessage(
      content, bytes, elided: Int(record.elided), path: [stop(name(of: node), packet)])
    let place = awaiting.firstIndex {
      $0.node == message.sender && $0.kind == (content.inner ?? content.kind) && $0.transaction == content.transaction
    }
    if let place {
      message.moment = awaiting[place].moment
      moments[awaiting[place].moment].message = message.number
      awaiting.remove(at: place)
    }
    travelling[packet] = message.number
    messages.append(message)
  }

  private func follow(_ packet: PacketHandle, deliveredTo node: Int) {
    if let client = clients.firstIndex(where: { $0.port.index == node }) {
      series.addReceived(simulation[packet].wireSize, by: client, at: simulation.now)
    }
    guard let number = travelling.removeValue(forKey: packet) else { return }
    messages[number].path.append(stop(name(of: node), packet))
    messages[number].isDelivered = true
    lastDelivered[name(of: node)] = (number, simulation.now)
  }

  private func follow(_ packet: PacketHandle, dropped reason: DropReason, at place: String) {
    let sender = Int(simulation[packet].sender)
    if let client = clients.firstIndex(where: { $0.port.index == sender }) {
      series.addDropped(by: client, at: simulation.now)
    }
    // A packet of media that somebody takes off is told of, though its like are not kept.
    guard let number = travelling.removeValue(forKey: packet) ?? (reason == .takenOff ? keep(packet, sender) : nil)
    else { return }
    let lane = place.isEmpty ? name(of: sender) : place
    if messages[number].end.lane == lane, messages[number].path.count > 1 { messages[number].path.removeLast() }
    messages[number].path.append(stop(lane, packet))
    messages[number].dropped = reason.sentence
    let message = messages[number]
    let key = "\(lane) \(message.kind) \(reason)"
    dropsTold[key, default: 0] += 1
    guard let told = dropsTold[key], told <= Self.toldDrops else { return }
    let rest = told == Self.toldDrops ? "; more of the kind are not told" : ""
    if message.moment == nil { messages[number].moment = moments.count }
    lastDelivered[lane] = (number, simulation.now)
    tell(
      .datagramDropped,
      "\(message.title) from \(message.sender) to \(simulation[packet].destination): \(reason.sentence)\(rest)",
      at: lane,
      rfc: reason == .filtered || reason == .noMapping ? "RFC 4787 §5" : nil)
  }

  /// Writes down a packet whose way was not followed so far.
  private func keep(_ packet: PacketHandle, _ sender: Int) -> Int? {
    guard messages.count < Self.mostMessages else { return nil }
    let (elided, transport) = (Int(simulation[packet].elided), simulation[packet].transport)
    let (content, bytes) = simulation.withBytes(of: packet) {
      (MessageContent(of: $0, over: transport, elided: elided), $0.array())
    }
    messages.append(makeMessage(content, bytes, elided: elided, path: [stop(name(of: sender), packet)]))
    return messages.count - 1
  }

  /// A datagram with what is known of it: what is encrypted gives it its title.
  private func makeMessage(
    _ content: MessageContent, _ bytes: [UInt8], elided: Int, path: [Message.Stop]
  ) -> Message {
    let plaintext = content.data.flatMap { contents[Array(bytes[$0])] }
    let title = plaintext.map {
      content.title.replacing(DTLSFlight.Message.applicationData.description, with: DataContent.title(of: $0))
    }
    return Message(
      number: messages.count, kind: content.kind, title: title ?? content.title, path: path, bytes: bytes,
      elided: elided, plaintext: plaintext, description: nil)
  }

  private func stop(_ lane: String, _ packet: PacketHandle) -> Message.Stop {
    Message.Stop(
      lane: lane, time: simulation.now, source: simulation[packet].source, destination: simulation[packet].destination)
  }

  private func name(of node: Int) -> String { nodeNames[node] }

  /// Adds a signaling message and ties it to the moment that announced it.
  private func append(_ message: Message) {
    var message = message
    let place = awaiting.firstIndex { $0.node == message.sender && $0.kind == .signaling }
    if let place {
      message.moment = awaiting[place].moment
      moments[awaiting[place].moment].message = message.number
      awaiting.remove(at: place)
    }
    messages.append(message)
  }
}

/// What a recorder leaves.
struct Recording {
  let moments: [Moment]
  let messages: [Message]
  let series: CallSeries
  /// Whether the call was longer than what is kept.
  let isCut: Bool
}

extension Milestone.Kind {
  /// What is sent right after this was noted.
  var sentMessage: Message.Kind? {
    switch self {
    case .offerSent, .answerSent, .candidateSent, .endOfCandidatesSent: .signaling
    case .checkSent, .nominatingCheckSent, .consentRequested: .stun
    case .flightSent, .flightRepeated: .dtls
    case .firstRTPSent: .rtp
    case .firstRTCPSent: .rtcp
    default: nil
    }
  }
}

extension SignalingMessage {
  /// What it carries.
  fileprivate var text: String {
    switch self {
    case .offer(let text), .answer(let text), .candidate(let text): text
    case .endOfCandidates: "end-of-candidates"
    case .left: "left"
    case .encodingsWanted(let encodings):
      "encodings wanted: \(encodings.isEmpty ? "none" : encodings.map(String.init).joined(separator: ", "))"
    case .selection(let changes):
      changes.map { "\($0.source): \($0.visibility.rawValue)" }.joined(separator: ", ")
    }
  }

  fileprivate var sessionDescription: SessionDescription? {
    switch self {
    case .offer(let text), .answer(let text): try? SessionDescription(parsing: text)
    case .candidate, .endOfCandidates, .left, .encodingsWanted, .selection: nil
    }
  }
}
