import RTCPrimitives
import RTCSession
import RTCTransport
import RTCWire
import SimKernel

/// One side of a connection that is only set up: the real ICE and DTLS of a client, without media.
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
  /// When each step happened first.
  public private(set) var times: [Step: Instant] = [:]

  public init(_ port: NodePort, ice: ICEConfiguration, handshake: HandshakeKind, role: ICERole) {
    self.port = port
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
    finish(at: now)
  }

  private func finish(at now: Instant) {
    for event in output.takeEvents() { handle(event, at: now) }
    for index in 0..<output.datagrams.count { noteDeparture(of: output.datagrams[index].bytes, at: now) }
    if hasSentFinished, transport.ice.hasPath { note(.ready, at: now) }
    port.send(&output.datagrams)
    if let due = transport.nextTimeout { port.wake(at: due) }
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
