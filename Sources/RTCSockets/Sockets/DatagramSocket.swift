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
  /// When the kernel got the datagram that the handler is being told of, which may have waited for this thread since.
  public private(set) var arrivedAt = Instant.start
  private let descriptor: FileDescriptor
  private let loop: SocketLoop
  private let handler: (Datagram, Instant) -> Void
  private var watch: SocketLoop.Watch?

  /// How many datagrams are read before others have their turn.
  private static let turnLimit = 64
  /// What the kernel may keep for us in each direction, in bytes, unless something else is asked for.
  public static let largeBuffer: Int32 = 4 << 20

  /// What the kernel may have had for longer was stamped before its clock was set.
  private static let longestWait = Duration.seconds(1)

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
    try descriptor.set(1, SO_TIMESTAMPNS, "SO_TIMESTAMPNS")
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
        var stamp: timespec?
        let count = buffer.withUnsafeMutableBytes { read(into: $0, from: &source, stamp: &stamp) }
        guard count >= 0 else {
          if errno == EAGAIN { return }
          statistics.receiveErrors += 1
          continue
        }
        statistics.packetsReceived += 1
        statistics.bytesReceived += count
        guard let source = source.endpoint else { continue }
        let now = loop.clock.now
        let waited = stamp.map { loop.clock.timeSince($0) } ?? .zero
        arrivedAt = (.zero...Self.longestWait).contains(waited) ? now - waited : now
        handler(Datagram(from: source, to: local, bytes: buffer.span.extracting(0..<count)), now)
      }
    }
  }

  /// - Parameter stamp: is set to when the kernel got the datagram, on its real-time clock.
  /// - Returns: The number of bytes, negative for none.
  private func read(
    into bytes: UnsafeMutableRawBufferPointer, from source: inout SocketAddress, stamp: inout timespec?
  ) -> Int {
    let stampOffset = MemoryLayout<cmsghdr>.size
    return withUnsafeTemporaryAllocation(byteCount: 64, alignment: MemoryLayout<cmsghdr>.alignment) { control in
      source.write { address, length in
        var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        return withUnsafeMutablePointer(to: &part) { part in
          var message = msghdr()
          (message.msg_name, message.msg_namelen) = (UnsafeMutableRawPointer(address), length.pointee)
          (message.msg_iov, message.msg_iovlen) = (part, 1)
          (message.msg_control, message.msg_controllen) = (control.baseAddress, control.count)
          let count = Self.retrying { recvmsg(descriptor.number, &message, 0) }
          guard count >= 0 else { return count }
          length.pointee = message.msg_namelen
          guard message.msg_controllen >= stampOffset + MemoryLayout<timespec>.size else { return count }
          let header = control.load(as: cmsghdr.self)
          if header.cmsg_level == SOL_SOCKET, header.cmsg_type == SO_TIMESTAMPNS {
            stamp = control.load(fromByteOffset: stampOffset, as: timespec.self)
          }
          return count
        }
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
