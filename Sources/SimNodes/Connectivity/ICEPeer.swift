import RTCPrimitives
import RTCTransport
import SimKernel

/// A host that is nothing but an ICE agent: it gathers, trickles its candidates to its peer, and checks.
public actor ICEPeer: Node {
  public nonisolated let port: NodePort
  private var agent: ICEAgent
  private var output = Output<ICEAgent.Event>()
  private var streams: TURNStreams
  /// The simulation holds both.
  private weak var peer: ICEPeer?
  private var signalingDelay = Duration.zero

  public init(_ port: NodePort, _ configuration: ICEConfiguration, role: ICERole) {
    self.port = port
    agent = ICEAgent(configuration, role: role, entropy: EntropySource(port.generator(for: "entropy")))
    var policy = TURNStreams.Policy()
    policy.tlsServers = configuration.turnServers.filter { $0.relayProtocol == .tls }.map(\.endpoint)
    do {
      let provider = try CryptoProvider(host: .lent(by: HostEnvironment(seed: port.simulation.seed)))
      let identity = try provider.identity(named: port.name)
      streams = TURNStreams(policy, port: port, provider: provider, identity: identity)
    } catch {
      preconditionFailure("OpenSSL has P-256 and SHA-256: \(error)")
    }
  }

  /// The credentials that belong into a description.
  public var credentials: ICECredentials { agent.localCredentials }

  /// Of the pairs that passed their check the one with the highest priority, whichever was nominated first.
  public var bestPair: CandidatePair? { agent.pairs.first { $0.state == .succeeded } }

  /// Begins to gather, and from now on tells `peer` each candidate, which takes `delay`.
  public func start(telling peer: ICEPeer, after delay: Duration) {
    self.peer = peer
    signalingDelay = delay
    agent.start(at: port.simulation.now, into: &output)
    finish()
  }

  /// Learns the peer's credentials; from now on checks are sent.
  public func setRemote(_ credentials: ICECredentials) {
    agent.setRemote(
      ufrag: credentials.ufrag, password: credentials.password, at: port.simulation.now, into: &output)
    finish()
  }

  private func learn(_ candidate: Candidate) {
    agent.addRemote(candidate, at: port.simulation.now, into: &output)
    finish()
  }

  private func learnEnd() {
    agent.remoteCandidatesEnded(at: port.simulation.now, into: &output)
    finish()
  }

  public func receive(_ datagram: Datagram, at now: Instant) {
    switch datagram.transport {
    case .udp: agent.handle(datagram, at: now, into: &output)
    case .tcp:
      streams.receive(datagram, at: now)
      let messages = streams.takeInbox()
      for index in 0..<messages.count { agent.handle(messages[index], at: now, into: &output) }
    }
    finish()
  }

  public func wake(at now: Instant) {
    agent.handleTimeout(at: now, into: &output)
    streams.handleTimeout(at: now)
    finish()
  }

  private func finish() {
    for ended in streams.takeEnded() {
      agent.relayConnectionEnded(from: ended.local, to: ended.remote, at: port.simulation.now, into: &output)
    }
    var unused: [(Endpoint, Endpoint)] = []
    for event in output.takeEvents() {
      if case .relayConnectionUnused(let base, let server) = event { unused.append((base, server)) }
      if case .candidateGathered(let candidate) = event { tell { await $0.learn(candidate) } }
      if event == .gatheringCompleted { tell { await $0.learnEnd() } }
    }
    for index in 0..<output.datagrams.count {
      let datagram = output.datagrams[index]
      switch datagram.transport {
      case .udp: port.send(datagram, at: .start)
      case .tcp: streams.send(datagram, at: port.simulation.now)
      }
    }
    output.datagrams.removeAll()
    for (base, server) in unused { streams.close(from: base, to: server, at: port.simulation.now) }
    port.send(&streams.segments)
    port.wake(at: streams.nextTimeout)
    if let due = agent.nextTimeout { port.wake(at: due) }
  }

  private func tell(_ message: @escaping @Sendable (ICEPeer) async -> Void) {
    guard let peer else { return }
    let (simulation, delay) = (port.simulation, signalingDelay)
    simulation.spawn {
      await simulation.sleep(for: delay)
      await message(peer)
    }
  }
}
