public import RTCPrimitives
public import RTCTransport

/// The TURN and STUN server on this machine's sockets: clients come over UDP and TCP.
///
/// Everything that strangers can make it keep is bounded: connections, what waits in each direction, and by the core's
/// quotas allocations with their sockets.
public final class TURNService: TimedParticipant {
  public struct Configuration: Sendable {
    public var server: TURNServer.Configuration
    /// Where clients come to, over UDP and TCP alike; port 0 takes any that is free in both.
    public var listeners: [Endpoint]
    /// How many TCP connections there may be at once.
    public var streamLimit = 256
    /// How many of them may come from one address.
    public var streamsPerAddress = 64
    /// A TCP client without an allocation that has sent no message for so long is let go.
    public var idleLimit = Duration.seconds(30)
    /// A TCP client that takes nothing of what waits for it for so long is let go.
    public var stallLimit = Duration.seconds(10)

    public init(server: TURNServer.Configuration, listeners: [Endpoint]) {
      self.server = server
      self.listeners = listeners
    }
  }

  /// What became of TCP clients and of relayed endpoints, besides what the core counts.
  public struct Statistics: Hashable, Sendable {
    public var streamsAccepted = 0
    /// Beyond the limit.
    public var streamsRefused = 0
    public var idleStreamsClosed = 0
    public var stalledStreamsClosed = 0
    /// Relayed ports that another program held.
    public var bindFailures = 0
    public var allocations = 0
  }

  public private(set) var core: TURNServer
  public private(set) var statistics = Statistics()
  /// Where clients come to.
  public var listeningEndpoints: [Endpoint] { listeners.map(\.local) }

  private struct Listener {
    let local: Endpoint
    let datagrams: DatagramSocket
    let streams: ListeningSocket
  }

  private struct Ends: Hashable {
    let client: Endpoint
    let server: Endpoint
  }

  private struct Client {
    let stream: MessageStream
    var lastMessage: Instant
  }

  private let configuration: Configuration
  private let loop: SocketLoop
  private var listeners: [Listener] = []
  private var relays: [Endpoint: DatagramSocket] = [:]
  private var clients: [Ends: Client] = [:]
  private var output = Output<TURNServer.Event>()
  private var outgoing = Transmissions()
  private var nextSweep: Instant?

  /// What the kernel may keep for one relayed endpoint, in bytes: a second of 2 Mbit/s.
  private static let relayBuffer: Int32 = 256 << 10
  private static let sweepInterval = Duration.seconds(1)
  /// How many ports are tried for one allocation.
  private static let bindAttempts = 64

  /// Begins to listen.
  ///
  /// - Throws: `SocketError`
  public init(_ configuration: Configuration, on loop: SocketLoop) throws(SocketError) {
    self.configuration = configuration
    self.loop = loop
    core = TURNServer(configuration.server, entropy: .system)
    for endpoint in configuration.listeners {
      let listener = try listen(at: endpoint)
      core.withhold(listener.local)
      listeners.append(listener)
    }
    loop.add(self)
  }

  public var nextTimeout: Instant? {
    guard let nextSweep else { return core.nextTimeout }
    return core.nextTimeout.map { min($0, nextSweep) } ?? nextSweep
  }

  public func handleTimeout(at now: Instant) {
    core.handleTimeout(at: now, into: &output)
    if let due = nextSweep, due <= now { sweep(at: now) }
    finish()
  }

  /// Ends every connection and gives all sockets back.
  public func close() {
    for client in clients.values { client.stream.close() }
    clients.removeAll()
    relays.removeAll()
    listeners.removeAll()
    nextSweep = nil
  }

  /// The same port for UDP and TCP.
  private func listen(at endpoint: Endpoint) throws(SocketError) -> Listener {
    var attempts = endpoint.port == 0 ? 16 : 1
    while true {
      let datagrams = try DatagramSocket(endpoint, on: loop) { [unowned self] in handle($0, at: $1) }
      let local = datagrams.local
      do throws(SocketError) {
        let streams = try ListeningSocket(local, on: loop) { [unowned self] in accept($0, from: $1) }
        return Listener(local: local, datagrams: datagrams, streams: streams)
      } catch {
        attempts -= 1
        guard attempts > 0 else { throw error }
      }
    }
  }

  private func handle(_ datagram: Datagram, at now: Instant) {
    for _ in 0..<Self.bindAttempts {
      core.handle(datagram, at: now, into: &output)
      guard !bindAll() else { break }
      // The answer names an endpoint that is not there; asked again, the core takes the next one.
      output.datagrams.removeAll()
    }
    finish()
  }

  /// Does what the events say; false when a relayed endpoint could not be bound and its allocation was taken back.
  private func bindAll() -> Bool {
    guard !output.events.isEmpty else { return true }
    var areBound = true
    for event in output.takeEvents() {
      switch event {
      case .release(let endpoint): relays[endpoint] = nil
      case .bind(let endpoint, _):
        do throws(SocketError) {
          relays[endpoint] = try DatagramSocket(endpoint, buffering: Self.relayBuffer, on: loop) { [unowned self] in
            handle($0, at: $1)
          }
          statistics.allocations += 1
        } catch {
          areBound = false
          statistics.bindFailures += 1
          core.bindingFailed(endpoint, into: &output)
        }
      }
    }
    return bindAll() && areBound
  }

  private func finish() {
    _ = bindAll()
    // A connection that cannot take its message ends, which the core may answer.
    while !output.datagrams.isEmpty {
      var batch = Transmissions()
      swap(&batch, &outgoing)
      swap(&batch, &output.datagrams)
      for index in 0..<batch.count { send(batch[index]) }
      batch.removeAll()
      swap(&batch, &outgoing)
      _ = bindAll()
    }
  }

  private func send(_ datagram: Datagram) {
    switch datagram.transport {
    case .tcp:
      clients[Ends(client: datagram.destination, server: datagram.source)]?.stream.send(datagram.bytes)
    case .udp:
      let socket = relays[datagram.source] ?? listeners.first { $0.local == datagram.source }?.datagrams
      socket?.send(datagram.bytes, to: datagram.destination)
    }
  }

  private func accept(_ descriptor: consuming FileDescriptor, from remote: Endpoint) {
    guard clients.count < configuration.streamLimit,
      clients.count(where: { $0.key.client.address == remote.address }) < configuration.streamsPerAddress,
      let socket = try? StreamSocket(accepted: descriptor, from: remote, on: loop)
    else {
      statistics.streamsRefused += 1
      return
    }
    let stream = MessageStream(socket, tls: nil, clock: loop.clock)
    let ends = Ends(client: remote, server: socket.local)
    stream.messageHandler = { [unowned self] in receive($0, from: ends) }
    stream.endHandler = { [unowned self] in remove(ends) }
    statistics.streamsAccepted += 1
    let now = loop.clock.now
    clients[ends] = Client(stream: stream, lastMessage: now)
    if nextSweep == nil { nextSweep = now + Self.sweepInterval }
  }

  private func receive(_ message: Span<UInt8>, from ends: Ends) {
    let now = loop.clock.now
    clients[ends]?.lastMessage = now
    handle(Datagram(from: ends.client, to: ends.server, transport: .tcp, bytes: message), at: now)
  }

  /// A connection has ended, and with it what it was lent.
  private func remove(_ ends: Ends) {
    guard clients.removeValue(forKey: ends) != nil else { return }
    core.connectionEnded(client: ends.client, server: ends.server, into: &output)
    _ = bindAll()
  }

  /// Lets go of clients that neither say nor take anything.
  private func sweep(at now: Instant) {
    for (ends, client) in clients {
      if let since = client.stream.stalledSince, now - since > configuration.stallLimit {
        statistics.stalledStreamsClosed += 1
      } else if now - client.lastMessage > configuration.idleLimit,
        !core.hasAllocation(client: ends.client, server: ends.server, over: .tcp)
      {
        statistics.idleStreamsClosed += 1
      } else {
        continue
      }
      client.stream.close()
    }
    nextSweep = clients.isEmpty ? nil : now + Self.sweepInterval
  }
}
