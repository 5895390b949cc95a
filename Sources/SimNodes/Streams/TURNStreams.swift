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
    /// How many connections there may be at once; a SYN beyond is not answered.
    var limit = 4096
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
  /// Segments that belong to no connection, and SYNs beyond the limit.
  private(set) var discarded = 0

  private let policy: Policy
  private let provider: CryptoProvider
  private let identity: DTLSIdentity
  private let name: String
  private var streams: [TURNStream?] = []
  /// When each wants to do something, side by side, because they are all looked through.
  private var dues: [Instant] = []
  private var freePlaces: [Int] = []
  private var places: [Ends: Int] = [:]
  private var opened = 0
  private var entropy: EntropySource
  private var output = Output<TCPConnection.Event>()

  init(_ policy: Policy, port: NodePort, provider: CryptoProvider, identity: DTLSIdentity) {
    self.policy = policy
    self.provider = provider
    self.identity = identity
    name = port.name
    entropy = EntropySource(port.generator(for: "tcp"))
  }

  /// How many connections there are, those that are being closed included.
  var count: Int { streams.count - freePlaces.count }

  var nextTimeout: Instant { dues.min() ?? .distantFuture }

  func usesTLS(_ server: Endpoint) -> Bool { policy.tlsServers.contains(server) }

  /// Sends a message to the other end; a client's first one opens the connection.
  ///
  /// - Precondition: every byte of the message exists.
  mutating func send(_ message: borrowing Datagram, at now: Instant) {
    precondition(message.elided == 0, "TURN over TCP and TLS runs in wire fidelity")
    let ends = Ends(local: message.source, remote: message.destination)
    if let place = places[ends], streams[place]?.end == nil {
      streams[place]?.send(message.bytes, at: now, into: &output)
      return settle(place)
    }
    // The client of a server has gone.
    guard policy.listeningPorts.tcp.isEmpty, policy.listeningPorts.tls.isEmpty else { return }
    if let place = places[ends] {
      // The one before is still being closed.
      streams[place]?.abort(into: &output)
      settle(place)
    }
    let place = insert(ends, isServer: false)
    streams[place]?.open(at: now, into: &output)
    streams[place]?.send(message.bytes, at: now, into: &output)
    settle(place)
  }

  /// Takes a segment of the network.
  mutating func receive(_ segment: borrowing Datagram, at now: Instant) {
    let ends = Ends(local: segment.destination, remote: segment.source)
    guard let place = places[ends] ?? accept(segment, ends) else { return }
    var messages = Transmissions()
    swap(&messages, &inbox)
    streams[place]?.receive(segment.bytes, at: now, into: &output) {
      messages.append($0, over: .tcp, from: ends.remote, to: ends.local)
    }
    swap(&messages, &inbox)
    settle(place)
  }

  mutating func handleTimeout(at now: Instant) {
    for place in dues.indices where dues[place] <= now {
      streams[place]?.handleTimeout(at: now, into: &output)
      settle(place)
    }
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
  private mutating func accept(_ segment: borrowing Datagram, _ ends: Ends) -> Int? {
    guard let header = try? TCPSegment(parsing: segment.bytes) else {
      discarded += 1
      return nil
    }
    let isListening =
      policy.listeningPorts.tcp.contains(ends.local.port) || policy.listeningPorts.tls.contains(ends.local.port)
    if isListening, header.flags == .synchronize {
      guard count < policy.limit else {
        discarded += 1
        return nil
      }
      return insert(ends, isServer: true)
    }
    discarded += 1
    if !header.flags.contains(.reset) { refuse(header, ends) }
    return nil
  }

  /// RFC 9293 §3.10.7.1
  private mutating func refuse(_ segment: TCPSegment, _ ends: Ends) {
    let acknowledges = segment.flags.contains(.acknowledge)
    let reset = TCPSegment(
      sequenceNumber: acknowledges ? segment.acknowledgmentNumber : 0,
      acknowledgmentNumber: acknowledges ? 0 : segment.sequenceNumber &+ UInt32(segment.length),
      flags: acknowledges ? .reset : [.reset, .acknowledge], window: 0)
    segments.append(over: .tcp, from: ends.local, to: ends.remote) { reset.write([UInt8]().span, into: &$0) }
  }

  private mutating func insert(_ ends: Ends, isServer: Bool) -> Int {
    let isEncrypted =
      isServer ? policy.listeningPorts.tls.contains(ends.local.port) : policy.tlsServers.contains(ends.remote)
    let tcp = TCPConnection(local: ends.local, remote: ends.remote, listens: isServer, entropy: &entropy)
    let stream = TURNStream(tcp, tls: isEncrypted ? makeTLS(isServer: isServer) : nil)
    let place: Int
    if let free = freePlaces.popLast() {
      place = free
      streams[place] = stream
    } else {
      place = streams.count
      streams.append(stream)
      dues.append(.distantFuture)
    }
    places[ends] = place
    return place
  }

  private mutating func makeTLS(isServer: Bool) -> TLSConnection {
    opened += 1
    do {
      return try TLSConnection(
        provider: provider, role: isServer ? .server(identity) : .client, name: "\(name)/\(opened)")
    } catch {
      preconditionFailure("OpenSSL has TLS 1.3: \(error)")
    }
  }

  /// After every step of a connection: takes its segments, notes its end, sets its alarm.
  private mutating func settle(_ place: Int) {
    segments.take(&output.datagrams)
    guard let stream = streams[place] else { return }
    let ends = Ends(local: stream.tcp.local, remote: stream.tcp.remote)
    if let end = streams[place]?.takeEnd() { ended.append((ends.local, ends.remote, end)) }
    dues[place] = stream.tcp.nextTimeout ?? .distantFuture
    guard stream.isOver else { return }
    streams[place] = nil
    places[ends] = nil
    dues[place] = .distantFuture
    freePlaces.append(place)
  }
}
