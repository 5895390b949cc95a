import RTCPrimitives
import RTCTransport
import RTCWire
import SimKernel

/// The TCP and TLS connections of one node that carry TURN: what the cores transmit over TCP becomes segments here, and
/// segments become messages.
///
/// A client opens a connection with its first message, one for each of its addresses and server. A server takes those
/// that come to its ports.
struct TURNStreams {
  /// Which ends of a node take connections, and which speak TLS.
  struct Policy: Sendable {
    /// The ports that a server listens on, for TCP and for TLS.
    var listeningPorts: (tcp: [UInt16], tls: [UInt16]) = ([], [])
    /// The servers that a client reaches over TLS.
    var tlsServers: [Endpoint] = []
    /// How many connections there may be at once; a SYN beyond takes the place of the oldest that has carried no message
    /// yet, or no more, and is not answered when there is none.
    var limit = 4096
    /// After how long a server closes a connection on which nothing is lent to the client.
    var idleTimeout = Duration.seconds(60)
  }

  private struct Ends: Hashable {
    let local: Endpoint
    let remote: Endpoint
  }

  /// Segments for the network, in order.
  var segments = Transmissions()
  /// Messages that have arrived, as datagrams over TCP from the other end to ours.
  private(set) var inbox = Transmissions()
  /// Connections that ended, or that could not be made, since they were taken last.
  private(set) var ended: [(local: Endpoint, remote: Endpoint, end: TURNStream.End)] = []
  /// What was thrown away since the start, and why.
  struct Statistics: Hashable, Sendable {
    /// Segments that belong to no connection, and SYNs beyond the limit.
    var discarded = 0
    /// Connections that carried no message when their place was needed.
    var evicted = 0
    /// Messages that were not sent because those before them had not left.
    var dropped = 0
  }

  private(set) var statistics = Statistics()

  private let policy: Policy
  private let provider: CryptoProvider
  private let identity: DTLSIdentity
  private let name: String
  private var streams: [TURNStream?] = []
  /// When each wants to do something, side by side, because they are all looked through.
  private var dues: [Instant] = []
  /// When a server looks whether each is used.
  private var idleDues: [Instant] = []
  /// In what order a server gives up those that carry no message; `max` for the others.
  private var turns: [Int] = []
  private var freePlaces: [Int] = []
  private var places: [Ends: Int] = [:]
  private var opened = 0
  private var encrypted = 0
  private var entropy: EntropySource
  private var output = Output<TCPConnection.Event>()

  /// - Parameter start: how often the node has been started before; each time the numbers are others.
  init(_ policy: Policy, port: NodePort, provider: CryptoProvider, identity: DTLSIdentity, start: Int = 0) {
    self.policy = policy
    self.provider = provider
    self.identity = identity
    name = start == 0 ? port.name : "\(port.name)/\(start)"
    entropy = EntropySource(port.generator(for: start == 0 ? "tcp" : "tcp/\(start)"))
  }

  /// How many connections there are, those that are being closed included.
  var count: Int { streams.count - freePlaces.count }

  var nextTimeout: Instant { min(dues.min() ?? .distantFuture, idleDues.min() ?? .distantFuture) }

  func usesTLS(_ server: Endpoint) -> Bool { policy.tlsServers.contains(server) }

  /// Sends a message to the other end; a client's first one opens the connection.
  ///
  /// - Precondition: every byte of the message exists.
  mutating func send(_ message: borrowing Datagram, at now: Instant) {
    precondition(message.elided == 0, "TURN over TCP and TLS runs in wire fidelity")
    let ends = Ends(local: message.source, remote: message.destination)
    if let place = places[ends], streams[place]?.end == nil {
      write(message, to: place, at: now)
      return settle(place)
    }
    // The client of a server has gone.
    guard policy.listeningPorts.tcp.isEmpty, policy.listeningPorts.tls.isEmpty else { return }
    if let place = places[ends] {
      // The one before is still being closed.
      streams[place]?.abort(into: &output)
      settle(place)
    }
    let place = insert(ends, isServer: false, at: now)
    streams[place]?.open(at: now, into: &output)
    write(message, to: place, at: now)
    settle(place)
  }

  private mutating func write(_ message: borrowing Datagram, to place: Int, at now: Instant) {
    let isTaken = streams[place]?.send(message.bytes, at: now, into: &output) ?? true
    if !isTaken { statistics.dropped += 1 }
  }

  /// Ends a connection in good order; its end is not told. Nothing happens when there is none.
  mutating func close(from local: Endpoint, to remote: Endpoint, at now: Instant) {
    guard let place = places[Ends(local: local, remote: remote)] else { return }
    streams[place]?.hangUp(at: now, into: &output)
    settle(place)
  }

  /// Takes a segment of the network.
  mutating func receive(_ segment: borrowing Datagram, at now: Instant) {
    let ends = Ends(local: segment.destination, remote: segment.source)
    guard let place = places[ends] ?? accept(segment, ends, at: now) else { return }
    var messages = Transmissions()
    swap(&messages, &inbox)
    streams[place]?.receive(segment.bytes, at: now, into: &output) {
      messages.append($0, over: .tcp, from: ends.remote, to: ends.local)
    }
    swap(&messages, &inbox)
    settle(place)
  }

  /// - Parameter isUsed: whether something is lent to a server's client, so that its connection stays.
  mutating func handleTimeout(
    at now: Instant, isUsed: (_ local: Endpoint, _ remote: Endpoint) -> Bool = { _, _ in true }
  ) {
    for place in dues.indices where dues[place] <= now {
      streams[place]?.handleTimeout(at: now, into: &output)
      settle(place)
    }
    for place in idleDues.indices where idleDues[place] <= now {
      guard let tcp = streams[place]?.tcp else { continue }
      idleDues[place] = now + policy.idleTimeout
      if !isUsed(tcp.local, tcp.remote) { abandon(place, at: now) }
    }
  }

  /// A server gives up a client that wants nothing. One that does not even answer is not waited for.
  private mutating func abandon(_ place: Int, at now: Instant) {
    if streams[place]?.end == nil, streams[place]?.isReady == true {
      streams[place]?.hangUp(at: now, into: &output)
    } else {
      streams[place]?.abort(into: &output)
    }
    settle(place)
  }

  /// Hands over the messages that have arrived.
  mutating func takeInbox() -> Transmissions {
    var messages = Transmissions()
    swap(&messages, &inbox)
    return messages
  }

  mutating func takeEnded() -> [(local: Endpoint, remote: Endpoint, end: TURNStream.End)] {
    defer { ended.removeAll(keepingCapacity: true) }
    return ended
  }

  /// The place of a new connection if the segment is a SYN that may make one; others are refused.
  private mutating func accept(_ segment: borrowing Datagram, _ ends: Ends, at now: Instant) -> Int? {
    guard let header = try? TCPSegment(parsing: segment.bytes) else {
      statistics.discarded += 1
      return nil
    }
    let isListening =
      policy.listeningPorts.tcp.contains(ends.local.port) || policy.listeningPorts.tls.contains(ends.local.port)
    if isListening, header.flags == .synchronize {
      guard count < policy.limit || evict() else {
        statistics.discarded += 1
        return nil
      }
      return insert(ends, isServer: true, at: now)
    }
    statistics.discarded += 1
    if let refusal = header.refusal {
      segments.append(over: .tcp, from: ends.local, to: ends.remote) { refusal.write([UInt8]().span, into: &$0) }
    }
    return nil
  }

  /// Makes room: a flood of SYNs does not keep clients out that get to their first message sooner than it comes round
  /// (RFC 4987 §3.4).
  private mutating func evict() -> Bool {
    guard let oldest = turns.indices.min(by: { turns[$0] < turns[$1] }), turns[oldest] < .max else { return false }
    statistics.evicted += 1
    streams[oldest]?.abort(into: &output)
    settle(oldest)
    return true
  }

  private mutating func insert(_ ends: Ends, isServer: Bool, at now: Instant) -> Int {
    opened += 1
    let tcp = TCPConnection(local: ends.local, remote: ends.remote, listens: isServer, entropy: &entropy)
    let isEncrypted =
      isServer ? policy.listeningPorts.tls.contains(ends.local.port) : policy.tlsServers.contains(ends.remote)
    let stream = TURNStream(tcp, secure: isEncrypted ? tlsMaker(isServer: isServer) : nil)
    let place: Int
    if let free = freePlaces.popLast() {
      place = free
      streams[place] = stream
    } else {
      place = streams.count
      streams.append(stream)
      dues.append(.distantFuture)
      idleDues.append(.distantFuture)
      turns.append(.max)
    }
    places[ends] = place
    if isServer {
      idleDues[place] = now + policy.idleTimeout
      turns[place] = opened
    }
    return place
  }

  private mutating func tlsMaker(isServer: Bool) -> () -> TLSConnection {
    encrypted += 1
    let (provider, name) = (provider, "\(name)/\(encrypted)")
    let role: TLSConnection.Role = isServer ? .server(identity) : .client
    return {
      do {
        return try TLSConnection(provider: provider, role: role, name: name)
      } catch {
        preconditionFailure("OpenSSL has TLS 1.3: \(error)")
      }
    }
  }

  /// After every step of a connection: takes its segments, notes its end, sets its alarm.
  private mutating func settle(_ place: Int) {
    segments.take(&output.datagrams)
    guard let stream = streams[place] else { return }
    let ends = Ends(local: stream.tcp.local, remote: stream.tcp.remote)
    if let end = streams[place]?.takeEnd() { ended.append((ends.local, ends.remote, end)) }
    dues[place] = stream.tcp.nextTimeout ?? .distantFuture
    if stream.end == nil {
      if stream.hasReceived { turns[place] = .max }
    } else if turns[place] == .max {
      opened += 1
      turns[place] = opened
    }
    guard stream.isOver else { return }
    streams[place] = nil
    places[ends] = nil
    dues[place] = .distantFuture
    idleDues[place] = .distantFuture
    turns[place] = .max
    freePlaces.append(place)
  }
}
