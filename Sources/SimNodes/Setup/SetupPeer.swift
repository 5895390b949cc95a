import RTCPrimitives
import RTCSession
import RTCTransport
import RTCWire
import SimKernel

/// One side of a connection that is only set up: the real ICE and DTLS of a client, without media, and where it is asked for
/// its SCTP with one data channel.
///
/// Packets are read as they leave and come: what a check carries of the handshake counts like a datagram of its own.
public actor SetupPeer: Node {
  /// What one side tells the other in its description.
  public struct Description: Sendable {
    public let credentials: ICECredentials
    public let fingerprint: DTLSFingerprint
    public let candidates: [Candidate]
    /// Whether these are all; otherwise more follow.
    public let isComplete: Bool
  }

  /// A step of the set-up, in the usual order.
  public enum Step: String, CaseIterable, Sendable {
    case descriptionSent, descriptionReceived, checkSent, checkReceived, iceConnected, clientHelloSent, dtlsSent
    case dtlsReceived
    /// Its Finished has left over a pair that works: media may follow.
    case ready
    case dtlsConnected
    /// The SCTP association is there: with COOKIE ACK, or with the peer's COOKIE ECHO.
    case associated
    /// The data channel is open: the opener sends DATA_CHANNEL_OPEN and the first message at once (RFC 8832 §6).
    case channelOpen
    case messageReceived
  }

  /// What a side does for data when media may follow.
  public struct DataPlan: Hashable, Sendable {
    /// Whether it sends INIT.
    public var start: SCTPConfiguration.Start
    /// Whether it opens the channel and sends a message.
    public var opensChannel: Bool

    public init(start: SCTPConfiguration.Start, opensChannel: Bool) {
      self.start = start
      self.opensChannel = opensChannel
    }
  }

  public nonisolated let port: NodePort
  private let identity: DTLSIdentity
  private var transport: MediaTransport
  private var output = Output<MediaTransport.Event>()
  private var candidates: [Candidate] = []
  private var hasGathered = false
  private var hasDescribed = false
  /// Who is told of candidates that come after the description; the simulation holds both.
  private weak var peer: SetupPeer?
  private var trickleDelay = Duration.zero
  private var hasSentFinished = false
  private let data: DataPlan?
  /// `nil` where there is no data: a set-up is run a thousand times.
  private let sctp: SCTPStack?
  private var dataChannels = DataChannelSet<UsrsctpAssociation>()
  private var dataEvents: [DataChannelEvent] = []
  /// When each step happened first.
  public private(set) var times: [Step: Instant] = [:]

  /// - Parameter data: `nil` where there is to be no data.
  public init(
    _ port: NodePort, ice: ICEConfiguration, handshake: HandshakeKind, role: ICERole, data: DataPlan? = nil
  ) {
    self.port = port
    self.data = data
    sctp = data.map { _ in
      SCTPStack(host: .lent(by: HostEnvironment(seed: port.simulation.seed)), name: port.name)
    }
    let provider: CryptoProvider
    do {
      // The certificate belongs to the host's name; only the handshake's dice are the run's own.
      provider = try CryptoProvider(host: .lent(by: HostEnvironment(seed: 0)))
      identity = try provider.identity(named: port.name)
    } catch {
      preconditionFailure("OpenSSL has P-256 and SHA-256: \(error)")
    }
    var configuration = MediaTransport.Configuration(
      ice: ice, fidelity: .model, name: "\(port.simulation.seed)/\(port.name)", provider: provider, identity: identity)
    configuration.handshake = handshake
    transport = MediaTransport(
      configuration, role: role, entropy: EntropySource(port.simulation.generator("\(port.name)/entropy")))
  }

  /// Begins to gather candidates.
  public func gather() {
    transport.start(at: port.simulation.now, into: &output)
    finish(at: port.simulation.now)
  }

  /// From now on tells `peer`, which takes `delay`, each candidate that is found after the description has left.
  public func trickle(to peer: SetupPeer, after delay: Duration) {
    self.peer = peer
    trickleDelay = delay
  }

  /// What is told to the other side now.
  public func describe() -> Description {
    note(.descriptionSent, at: port.simulation.now)
    hasDescribed = true
    return Description(
      credentials: transport.ice.localCredentials, fingerprint: identity.fingerprint, candidates: candidates,
      isComplete: hasGathered)
  }

  /// Learns what the other side told; from now on checks are sent.
  public func apply(_ description: Description, dtls role: DTLSTransport.Role) {
    let now = port.simulation.now
    note(.descriptionReceived, at: now)
    for candidate in description.candidates { transport.addRemote(candidate, at: now, into: &output) }
    if description.isComplete { transport.remoteCandidatesEnded(at: now, into: &output) }
    transport.setRemote(
      description.credentials, fingerprints: [description.fingerprint], role: role, at: now, into: &output)
    finish(at: now)
  }

  private func learn(_ candidate: Candidate) {
    let now = port.simulation.now
    transport.addRemote(candidate, at: now, into: &output)
    finish(at: now)
  }

  private func learnEnd() {
    let now = port.simulation.now
    transport.remoteCandidatesEnded(at: now, into: &output)
    finish(at: now)
  }

  /// Notes that the other side's description is there, before it is applied.
  public func noteReception() { note(.descriptionReceived, at: port.simulation.now) }

  public func receive(_ datagram: Datagram, at now: Instant) {
    if flight(in: datagram.bytes) != nil { note(.dtlsReceived, at: now) }
    _ = transport.receive(datagram, at: now, into: &output)
    finish(at: now)
  }

  public func wake(at now: Instant) {
    transport.handleTimeout(at: now, into: &output)
    dataChannels.handleTimeout(at: now, into: &dataEvents)
    finish(at: now)
  }

  private func finish(at now: Instant) {
    for event in output.takeEvents() { handle(event, at: now) }
    for index in 0..<output.datagrams.count { noteDeparture(of: output.datagrams[index].bytes, at: now) }
    if hasSentFinished, transport.ice.hasPath { note(.ready, at: now) }
    if let data { carry(data, at: now) }
    port.send(&output.datagrams)
    if let due = transport.nextTimeout { port.wake(at: due) }
    if let due = dataChannels.nextTimeout { port.wake(at: due) }
  }

  /// Begins the association once there are keys and a path, and moves what it says and is told.
  private func carry(_ data: DataPlan, at now: Instant) {
    if !dataChannels.hasAssociation, transport.isReady, transport.ice.hasPath, let role = transport.localDTLSRole,
      let sctp
    {
      var configuration = SCTPConfiguration()
      configuration.start = data.start
      dataChannels.start(UsrsctpAssociation(configuration, on: sctp), role: role, at: now, into: &dataEvents)
    }
    transport.drainPackets { dataChannels.handle($0, at: now, into: &dataEvents) }
    if dataChannels.isConnected, times[.associated] == nil { associate(data, at: now) }
    while !dataEvents.isEmpty {
      let events = dataEvents
      dataEvents.removeAll(keepingCapacity: true)
      for event in events { handle(event, opensChannel: data.opensChannel, at: now) }
    }
    dataChannels.drainPackets { transport.sendPacket($0, at: now, into: &output.datagrams) }
  }

  private func associate(_ data: DataPlan, at now: Instant) {
    note(.associated, at: now)
    guard data.opensChannel else { return }
    do throws(DataChannelError) {
      _ = try dataChannels.create(label: "data", DataChannelOptions(), at: now, into: &dataEvents)
    } catch {
      preconditionFailure("an association has room for one channel: \(error)")
    }
  }

  private func handle(_ event: DataChannelEvent, opensChannel: Bool, at now: Instant) {
    switch event {
    case .opened(let id):
      note(.channelOpen, at: now)
      guard opensChannel else { return }
      do throws(DataChannelError) {
        try dataChannels.send(.text("first"), on: id, at: now, into: &dataEvents)
      } catch {
        preconditionFailure("a channel that is open takes a short message: \(error)")
      }
    case .message: note(.messageReceived, at: now)
    case .announced, .bufferedAmountLow, .closing, .closed: break
    }
  }

  private func handle(_ event: MediaTransport.Event, at now: Instant) {
    switch event {
    case .ice(.candidateGathered(let candidate)):
      candidates.append(candidate)
      if hasDescribed { tell { await $0.learn(candidate) } }
    case .ice(.gatheringCompleted):
      hasGathered = true
      if hasDescribed { tell { await $0.learnEnd() } }
    case .ice(.checkSent): note(.checkSent, at: now)
    case .ice(.checkReceived): note(.checkReceived, at: now)
    case .ice(.stateChanged(.connected)): note(.iceConnected, at: now)
    case .dtls(.connected): note(.dtlsConnected, at: now)
    case .ice, .dtls, .ready: break
    }
  }

  private func tell(_ message: @escaping @Sendable (SetupPeer) async -> Void) {
    guard let peer else { return }
    let (simulation, delay) = (port.simulation, trickleDelay)
    simulation.spawn {
      await simulation.sleep(for: delay)
      await message(peer)
    }
  }

  /// Notes what of the handshake leaves now, alone or in a check or its answer.
  private func noteDeparture(of bytes: Span<UInt8>, at now: Instant) {
    guard let flight = flight(in: bytes) else { return }
    note(.dtlsSent, at: now)
    if flight.messages.contains(.handshake(.clientHello)) { note(.clientHelloSent, at: now) }
    if flight.messages.contains(.encryptedHandshake) { hasSentFinished = true }
  }

  /// The handshake messages in a datagram; `nil` when there are none.
  private func flight(in bytes: Span<UInt8>) -> DTLSFlight? {
    var flight = DTLSFlight()
    do {
      switch Demultiplexer.classify(bytes) {
      case .dtls: try flight.append(bytes)
      case .stun:
        if let packet = try STUNMessage(parsing: bytes).dtlsInSTUN { try flight.append(packet.span) }
      default: break
      }
    } catch {
      return nil
    }
    return flight.isEmpty ? nil : flight
  }

  private func note(_ step: Step, at now: Instant) { if times[step] == nil { times[step] = now } }
}
