import Glibc
import RTCPrimitives

/// A TCP connection of the operating system: bytes in, bytes out, bounded in both directions.
final class StreamSocket {
  enum State {
    case connecting
    case open
    case ended
  }

  let remote: Endpoint
  private(set) var local: Endpoint
  var connectHandler: () -> Void = {}
  /// Is told what came; the span lives as long as the call.
  var receiveHandler: (Span<UInt8>) -> Void = { _ in }
  /// Is told once that the peer has closed the stream, or that it failed; nothing follows.
  var endHandler: () -> Void = {}
  /// Bytes that wait for the kernel to take them.
  private(set) var backlog: [UInt8] = []
  /// When the kernel took something last, or had to be given the first of the backlog.
  private(set) var lastProgress: Instant

  private let loop: SocketLoop
  private let descriptor: FileDescriptor
  private(set) var state: State
  private var watch: SocketLoop.Watch?

  /// What the kernel may keep of what we send, in bytes: it would let megabytes wait for a peer that does not read.
  private static let kernelBuffer: Int32 = 128 << 10
  /// How many bytes are read before others have their turn.
  private static let turnLimit = 64 << 10

  /// Begins to connect.
  ///
  /// - Parameter address: our side's; the port is any.
  /// - Throws: `SocketError`
  init(from address: IPAddress, to remote: Endpoint, on loop: SocketLoop) throws(SocketError) {
    descriptor = try .socket(SOCK_STREAM, for: SocketAddress(remote).family)
    self.loop = loop
    self.remote = remote
    state = .connecting
    lastProgress = loop.clock.now
    local = try descriptor.bind(to: Endpoint(address, 0), .tcp)
    try Self.configure(descriptor)
    let status = SocketAddress(remote).read { Glibc.connect(descriptor.number, $0, $1) }
    guard status == 0 || errno == EINPROGRESS else { throw .last("connect to \(remote)") }
    watch = try loop.watch(descriptor.number, for: [.readable, .writable]) { [unowned self] in handle($0) }
  }

  /// Takes over a connection that was accepted.
  ///
  /// - Throws: `SocketError`
  init(accepted descriptor: consuming FileDescriptor, from remote: Endpoint, on loop: SocketLoop) throws(SocketError) {
    local = try descriptor.localEndpoint()
    try Self.configure(descriptor)
    self.descriptor = descriptor
    self.loop = loop
    self.remote = remote
    state = .open
    lastProgress = loop.clock.now
    watch = try loop.watch(self.descriptor.number, for: .readable) { [unowned self] in handle($0) }
  }

  private static func configure(_ descriptor: borrowing FileDescriptor) throws(SocketError) {
    try descriptor.set(1, TCP_NODELAY, of: Int32(IPPROTO_TCP), "TCP_NODELAY")
    try descriptor.set(kernelBuffer, SO_SNDBUF, "SO_SNDBUF")
  }

  deinit { if let watch { loop.end(watch) } }

  /// Sends bytes; what the kernel does not take waits in `backlog`, which the caller keeps small.
  func send(_ bytes: Span<UInt8>) {
    guard state != .ended else { return }
    guard state == .open, backlog.isEmpty else { return bytes.withUnsafeBufferPointer { backlog += $0 } }
    guard let sent = bytes.withUnsafeBytes({ write($0) }), sent < bytes.count else { return }
    bytes.extracting(sent..<bytes.count).withUnsafeBufferPointer { backlog += $0 }
    lastProgress = loop.clock.now
    if let watch { loop.change(watch, to: [.readable, .writable]) }
  }

  /// Closes our side; what the kernel has taken still arrives, and nothing is told any more.
  func shutDown() {
    endHandler = {}
    end()
    shutdown(descriptor.number, Int32(SHUT_RDWR))
  }

  private func handle(_ readiness: SocketLoop.Readiness) {
    if state == .connecting, !readiness.isDisjoint(with: [.writable, .failed]) { finishConnecting() }
    if state == .open, readiness.contains(.writable) { flush() }
    if state == .open, !readiness.isDisjoint(with: [.readable, .failed]) { receive() }
  }

  private func finishConnecting() {
    guard descriptor.takeError() == 0 else { return end() }
    state = .open
    connectHandler()
    if state == .open { flush() }
  }

  private func flush() {
    if !backlog.isEmpty {
      guard let sent = backlog.withUnsafeBytes({ write($0) }) else { return }
      backlog.removeFirst(sent)
    }
    if backlog.isEmpty {
      lastProgress = loop.clock.now
      if let watch { loop.change(watch, to: .readable) }
    }
  }

  /// Gives what the kernel takes; `nil` when the stream has ended.
  private func write(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var sent = 0
    while sent < bytes.count {
      let count = Glibc.send(
        descriptor.number, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      if count > 0 {
        sent += count
      } else if errno == EAGAIN || errno == ENOBUFS {
        break
      } else if errno != EINTR {
        end()
        return nil
      }
    }
    if sent > 0 { lastProgress = loop.clock.now }
    return sent
  }

  private func receive() {
    loop.withReceiveBuffer { buffer in
      var budget = Self.turnLimit
      while state == .open, budget > 0 {
        let count = buffer.withUnsafeMutableBytes { recv(descriptor.number, $0.baseAddress, $0.count, 0) }
        if count > 0 {
          budget -= count
          receiveHandler(buffer.span.extracting(0..<count))
        } else if count < 0, errno == EINTR {
          continue
        } else if count < 0, errno == EAGAIN {
          return
        } else {
          return end()
        }
      }
    }
  }

  /// Ends the stream once and says so.
  private func end() {
    guard state != .ended else { return }
    state = .ended
    backlog = []
    if let watch { loop.end(watch) }
    watch = nil
    endHandler()
  }
}
