import Glibc
public import RTCPrimitives

/// A UDP socket at one address of this machine, so that the destination of what it receives is known.
public final class DatagramSocket {
  /// What became of datagrams.
  public struct Statistics: Hashable, Sendable {
    public var packetsReceived = 0
    public var bytesReceived = 0
    public var packetsSent = 0
    public var bytesSent = 0
    /// Not sent, because the buffers of the socket or the device were full (`EAGAIN`, `ENOBUFS`).
    public var packetsDiscardedOnSend = 0
    /// Not sent for any other reason: no route, too large, forbidden by a firewall.
    public var sendErrors = 0
    /// Errors that the network reported while reading, such as a port that nobody listens at.
    public var receiveErrors = 0
  }

  /// Where the socket stands.
  public let local: Endpoint
  public private(set) var statistics = Statistics()
  private let descriptor: FileDescriptor
  private let loop: SocketLoop
  private let handler: (Datagram, Instant) -> Void
  private var watch: SocketLoop.Watch?

  /// How many datagrams are read before others have their turn.
  private static let turnLimit = 64
  /// What the kernel may keep for us in each direction, in bytes, unless something else is asked for.
  public static let largeBuffer: Int32 = 4 << 20

  /// Opens the socket.
  ///
  /// - Parameters:
  ///   - endpoint: port 0 takes any that is free.
  ///   - buffer: what the kernel may keep in each direction, in bytes, as far as its own limits allow.
  ///   - handler: is told every datagram on the thread of the loop.
  /// - Throws: `SocketError`
  public init(
    _ endpoint: Endpoint, buffering buffer: Int32 = largeBuffer, on loop: SocketLoop,
    handler: @escaping (Datagram, Instant) -> Void
  ) throws(SocketError) {
    descriptor = try .socket(SOCK_DGRAM, for: SocketAddress(endpoint).family)
    local = try descriptor.bind(to: endpoint, .udp)
    try descriptor.set(buffer, SO_RCVBUF, "SO_RCVBUF")
    try descriptor.set(buffer, SO_SNDBUF, "SO_SNDBUF")
    self.loop = loop
    self.handler = handler
    watch = try loop.watch(descriptor.number, for: .readable) { [unowned self] _ in receive() }
  }

  deinit { if let watch { loop.end(watch) } }

  /// Sends a datagram, or counts why it could not be sent: UDP promises nothing.
  public func send(_ bytes: Span<UInt8>, to destination: Endpoint) {
    let address = SocketAddress(destination)
    let sent = bytes.withUnsafeBytes { bytes in
      address.read { address, length in
        Self.retrying { sendto(descriptor.number, bytes.baseAddress, bytes.count, 0, address, length) }
      }
    }
    guard sent < 0 else {
      statistics.packetsSent += 1
      statistics.bytesSent += sent
      return
    }
    switch errno {
    case EAGAIN, ENOBUFS: statistics.packetsDiscardedOnSend += 1
    default: statistics.sendErrors += 1
    }
  }

  private func receive() {
    loop.withReceiveBuffer { buffer in
      for _ in 0..<Self.turnLimit {
        var source = SocketAddress()
        let count = buffer.withUnsafeMutableBytes { bytes in
          source.write { address, length in
            Self.retrying { recvfrom(descriptor.number, bytes.baseAddress, bytes.count, 0, address, length) }
          }
        }
        guard count >= 0 else {
          if errno == EAGAIN { return }
          statistics.receiveErrors += 1
          continue
        }
        statistics.packetsReceived += 1
        statistics.bytesReceived += count
        guard let source = source.endpoint else { continue }
        handler(Datagram(from: source, to: local, bytes: buffer.span.extracting(0..<count)), loop.clock.now)
      }
    }
  }

  private static func retrying(_ body: () -> Int) -> Int {
    while true {
      let result = body()
      if result >= 0 || errno != EINTR { return result }
    }
  }
}
