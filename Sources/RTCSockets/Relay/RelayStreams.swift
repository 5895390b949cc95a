import RTCPrimitives
import RTCTransport

/// A client's connections to TURN servers over TCP and TLS: one for each of its addresses and servers, opened with the
/// first message.
final class RelayStreams {
  private struct Ends: Hashable {
    /// The UDP socket whose host candidate the relay belongs to; the TCP connection has a port of its own.
    let base: Endpoint
    let server: Endpoint
  }

  private let loop: SocketLoop
  private let provider: CryptoProvider
  /// How the servers that are reached over TLS have to prove themselves.
  private let tls: [Endpoint: TLSConnection.Verification]
  private let messageHandler: (Datagram, Instant) -> Void
  private let endHandler: (_ base: Endpoint, _ server: Endpoint, Instant) -> Void
  private var streams: [Ends: MessageStream] = [:]
  private var opened = 0

  /// - Parameters:
  ///   - messageHandler: is told each message as a datagram over TCP from the server to the base.
  ///   - endHandler: is told of connections that ended or could not be made.
  init(
    on loop: SocketLoop, provider: CryptoProvider, tls: [Endpoint: TLSConnection.Verification],
    messageHandler: @escaping (Datagram, Instant) -> Void,
    endHandler: @escaping (_ base: Endpoint, _ server: Endpoint, Instant) -> Void
  ) {
    self.loop = loop
    self.provider = provider
    self.tls = tls
    self.messageHandler = messageHandler
    self.endHandler = endHandler
  }

  /// Sends a message to a server.
  ///
  /// - Throws: `SocketError` when there can be no connection.
  func send(_ message: Datagram) throws(SocketError) {
    let ends = Ends(base: message.source, server: message.destination)
    if let stream = streams[ends] { return stream.send(message.bytes) }
    let stream = try open(ends)
    stream.send(message.bytes)
  }

  func closeAll() {
    let open = streams
    streams.removeAll()
    for stream in open.values { stream.close() }
  }

  private func open(_ ends: Ends) throws(SocketError) -> MessageStream {
    let socket = try StreamSocket(from: ends.base.address, to: ends.server, on: loop)
    let stream = MessageStream(socket, tls: try makeTLS(ends.server), clock: loop.clock)
    stream.messageHandler = { [unowned self] in
      messageHandler(Datagram(from: ends.server, to: ends.base, transport: .tcp, bytes: $0), loop.clock.now)
    }
    stream.endHandler = { [unowned self] in
      guard streams.removeValue(forKey: ends) != nil else { return }
      endHandler(ends.base, ends.server, loop.clock.now)
    }
    streams[ends] = stream
    return stream
  }

  private func makeTLS(_ server: Endpoint) throws(SocketError) -> TLSConnection? {
    guard let verification = tls[server] else { return nil }
    opened += 1
    do {
      return try TLSConnection(provider: provider, role: .verifyingClient(verification), name: "\(opened)")
    } catch {
      throw .crypto("\(error)")
    }
  }
}
