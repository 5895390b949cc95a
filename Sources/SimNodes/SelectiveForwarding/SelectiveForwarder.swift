import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire
import SimKernel

/// Selects what each receiver gets: whose picture, in which size, and whose sound.
///
/// The pictures are of those who had the floor last, each as large as its tile needs and as the receiver's estimate allows; the
/// sound is of the loudest. Clients are told which encodings anybody sees, and code no others; receivers are told whose picture
/// is left out on purpose.
final class SelectiveForwarder {
  /// How often allocations are made anew.
  static let interval = Duration.milliseconds(100)

  let connections: ConnectionSet
  let settings: SelectionSettings
  @exclusivity(unchecked) var sources: [ForwardedSource] = []
  @exclusivity(unchecked) var receivers: [ForwardingReceiver] = []
  @exclusivity(unchecked) var speakers: DominantSpeaker
  @exclusivity(unchecked) var loudest: LoudestSpeakers
  /// What all the sound that is forwarded takes.
  @exclusivity(unchecked) var sound = LayerMeter()
  /// What is to be told, and to whom.
  var outbox: [(message: SignalingMessage, peer: String)] = []
  private var nextAllocation = Instant.distantFuture
  private var nextDecision = Instant.start
  /// Whose media come on each connection, by its number.
  @exclusivity(unchecked) private var sourceOfConnection: [ForwardedSource?] = []
  /// Those to whom no way leads at the moment.
  private var lost: [ForwardingReceiver] = []

  /// - Parameter people: how many may take part.
  init(_ connections: ConnectionSet, _ settings: SelectionSettings, people: Int) {
    self.connections = connections
    self.settings = settings
    speakers = DominantSpeaker(people: people)
    loudest = LoudestSpeakers(count: settings.loudest, people: people)
  }

  /// When `handleTimeout` wants to be called; `distantFuture` for never.
  var nextTimeout: Instant { nextAllocation }

  func handleTimeout(at now: Instant) {
    guard nextAllocation <= now else { return }
    nextAllocation = receivers.isEmpty ? .distantFuture : now + Self.interval
    if nextDecision <= now {
      _ = speakers.decide(at: now)
      nextDecision = now + DominantSpeaker.interval
    }
    sound.measure(at: now)
    for source in sources {
      source.meter.measure(at: now)
      source.steps.removeAll(keepingCapacity: true)
    }
    for receiver in receivers { allocate(receiver, at: now) }
    tellSources(at: now)
  }

  // MARK: Who is there

  /// Takes in a client whose first offer was answered.
  func subscribe(_ connection: Connection, _ lines: [LineSettings]) {
    guard !(receivers + lost).contains(where: { $0.connection === connection }) else { return }
    let own = source(connection.peer)
    let receiver = ForwardingReceiver(connection)
    for (index, line) in lines.enumerated() where index < connection.core.transceivers.count {
      if line.direction.sends, line.kind == .video { own.videoLine = index }
      guard line.direction.receives, let name = line.source, let sender = connection.core.transceivers[index].sender
      else { continue }
      let source = source(name)
      switch line.kind {
      case .audio: receiver.listen(to: source, with: sender)
      case .video: receiver.add(ForwardingSlot(connection, index, sender, of: source))
      }
    }
    enter(receiver)
  }

  private func enter(_ receiver: ForwardingReceiver) {
    let connection = receiver.connection
    let own = source(receiver.name)
    own.connection = connection
    while sourceOfConnection.count <= connection.number { sourceOfConnection.append(nil) }
    sourceOfConnection[connection.number] = own
    for (source, listener) in receiver.listening { source.listeners.append(listener) }
    for slot in receiver.slots.lazy.compactMap(\.self) { slot.source.viewers.append(slot) }
    receivers.append(receiver)
  }

  /// A client that can be sent to sees the others at once.
  func ready(_ connection: Connection, at now: Instant) {
    guard let receiver = receivers.first(where: { $0.connection === connection }) else { return }
    connection.core.padBeforeMedia(at: now)
    allocate(receiver, at: now)
    tellSources(at: now)
    nextAllocation = min(nextAllocation, now + Self.interval)
    connections.port.wake(at: nextAllocation)
  }

  /// Lets go of somebody to whom no way leads any more: he is sent nothing, and others have his place.
  func lose(_ connection: Connection) {
    guard let place = receivers.firstIndex(where: { $0.connection === connection }) else { return }
    let receiver = receivers.remove(at: place)
    lost.append(receiver)
    for slot in receiver.slots.lazy.compactMap(\.self) { slot.release() }
    let address = Unmanaged.passUnretained(connection).toOpaque()
    for source in sources {
      source.viewers.removeAll { $0.connection === connection }
      source.listeners.removeAll { $0.connection.toOpaque() == address }
    }
    guard let own = origin(connection) else { return }
    sourceOfConnection[connection.number] = nil
    // He may be here again already, on another connection.
    guard own.connection === connection else { return }
    own.connection = nil
    for slot in own.viewers { slot.stream.interrupt() }
    speakers.remove(own.person)
    loudest.remove(own.person)
  }

  /// Takes somebody in again to whom there is a way once more, with his streams as he knows them.
  func regain(_ connection: Connection, at now: Instant) {
    guard let place = lost.firstIndex(where: { $0.connection === connection }) else { return }
    enter(lost.remove(at: place))
    ready(connection, at: now)
  }

  /// Forgets somebody who has hung up.
  func unsubscribe(_ connection: Connection) {
    lose(connection)
    lost.removeAll { $0.connection === connection }
  }

  func origin(_ connection: Connection) -> ForwardedSource? {
    connection.number < sourceOfConnection.count ? sourceOfConnection[connection.number] : nil
  }

  private func source(_ name: String) -> ForwardedSource {
    if let known = sources.first(where: { $0.name == name }) { return known }
    let made = ForwardedSource(
      name: name, person: sources.count, encodingCount: max(1, settings.encodings.count))
    sources.append(made)
    return made
  }

  // MARK: What is asked for

  /// A receiver needs a key frame: the source is asked once for all of them.
  func keyFrameRequested(by connection: Connection, _ transceiver: Int, at now: Instant) {
    guard let slot = slot(transceiver, of: connection), let encoding = slot.stream.encoding ?? slot.stream.awaited
    else {
      return
    }
    requestKeyFrame(of: slot.source, encoding, at: now)
  }

  func requestKeyFrame(of source: ForwardedSource, _ encoding: Int, at now: Instant) {
    guard let connection = source.connection, let line = source.videoLine else { return }
    connection.core.requestKeyFrame(on: line, encoding: encoding, at: now, into: &connection.output)
    guard !connection.output.datagrams.isEmpty else { return }
    var slot = connections.processor.reserve(at: now)
    connections.transmit(connection, in: &slot)
    connections.setAlarm(connection)
  }

  /// An encoding begins; where it did so before, it has other numbers and times now, and receivers go on with its next key frame.
  func begins(_ encoding: Int, of connection: Connection, _ transceiver: Int) {
    guard let source = origin(connection), encoding < source.encodings.count,
      connection.core.transceivers[transceiver].kind == .video, source.encodings[encoding].newest != nil
    else { return }
    source.encodings[encoding] = ForwardedEncoding()
    for slot in source.viewers { slot.stream.sourceChanged(of: encoding) }
  }

  /// Learns a source's clock, and tells his receivers of it.
  func senderReport(_ report: SenderReport, _ connection: Connection, _ transceiver: Int, _ encoding: Int) {
    guard let source = origin(connection), encoding < source.encodings.count else { return }
    guard connection.core.transceivers[transceiver].kind == .video else {
      for listener in source.listeners { listener.sender.takeUnretainedValue().adoptClock(of: report) }
      return
    }
    source.encodings[encoding].clock = (report.rtpTimestamp, NTPClock.simulation.instant(of: report.ntpTimestamp))
    for slot in source.viewers where slot.read({ $0.encoding }) == encoding {
      var moved = report
      moved.rtpTimestamp &+= slot.stream.clockOffset
      slot.sender.adoptClock(of: moved)
    }
  }

  private func slot(_ transceiver: Int, of connection: Connection) -> ForwardingSlot? {
    receivers.first { $0.connection === connection }?.slots.lazy.compactMap(\.self)
      .first { $0.transceiver == transceiver }
  }
}
