import RTCPrimitives
import RTCTransport
import SimKernel

/// A TURN server, which answers STUN binding requests as well: over UDP, TCP and TLS.
public actor TURNServerNode: Node {
  /// Where TLS is spoken: 443, which firewalls let pass that know nothing but the web.
  ///
  /// RFC 8656 §3.1 gives 5349 by default; those who run TURN for the sake of such firewalls choose 443.
  public static let tlsPort: UInt16 = 443

  public nonisolated let port: NodePort
  private var core: TURNServer
  private var streams: TURNStreams
  private var output = Output<TURNServer.Event>()

  /// - Parameter protocols: over what clients may come.
  public init(_ port: NodePort, _ configuration: TURNServer.Configuration, protocols: [RelayProtocol] = [.udp]) {
    self.port = port
    core = TURNServer(configuration, entropy: EntropySource(port.generator(for: "entropy")))
    var policy = TURNStreams.Policy()
    if protocols.contains(.tcp) { policy.listeningPorts.tcp = [TURN.port] }
    if protocols.contains(.tls) { policy.listeningPorts.tls = [Self.tlsPort] }
    do {
      let provider = try CryptoProvider(host: .lent(by: HostEnvironment(seed: port.simulation.seed)))
      let identity = try provider.identity(named: port.name)
      streams = TURNStreams(policy, port: port, provider: provider, identity: identity)
    } catch {
      preconditionFailure("OpenSSL has P-256 and SHA-256: \(error)")
    }
  }

  /// How many allocations exist.
  public var allocationCount: Int { core.allocationCount }

  /// What it relayed, dropped and refused.
  public var statistics: TURNServer.Statistics { core.statistics }

  public func receive(_ datagram: Datagram, at now: Instant) {
    switch datagram.transport {
    case .udp: core.handle(datagram, at: now, into: &output)
    case .tcp:
      streams.receive(datagram, at: now)
      let messages = streams.takeInbox()
      for index in 0..<messages.count { core.handle(messages[index], at: now, into: &output) }
    }
    finish(at: now)
  }

  public func wake(at now: Instant) {
    core.handleTimeout(at: now, into: &output)
    streams.handleTimeout(at: now)
    finish(at: now)
  }

  private func finish(at now: Instant) {
    for ended in streams.takeEnded() {
      core.connectionEnded(client: ended.remote, server: ended.local, into: &output)
    }
    // The node owns all ports of its address, so nothing is to be bound.
    _ = output.takeEvents()
    for index in 0..<output.datagrams.count {
      let datagram = output.datagrams[index]
      switch datagram.transport {
      case .udp: port.send(datagram, at: .start)
      case .tcp: streams.send(datagram, at: now)
      }
    }
    output.datagrams.removeAll()
    port.send(&streams.segments)
    port.wake(at: streams.nextTimeout)
    if let due = core.nextTimeout { port.wake(at: due) }
  }
}
