import Glibc
import RTCPrimitives

/// A TCP socket that takes connections.
final class ListeningSocket {
  let local: Endpoint
  private let descriptor: FileDescriptor
  private let loop: SocketLoop
  private let handler: (consuming FileDescriptor, Endpoint) -> Void
  private var watch: SocketLoop.Watch?
  /// Given up for the moment when there are no more descriptors.
  private var spare = makeSpare()

  private static let backlog: Int32 = 64
  /// How many connections are taken before others have their turn.
  private static let turnLimit = 16

  /// - Parameter handler: is given each connection and its peer; it closes the connection by letting go of it.
  /// - Throws: `SocketError`
  init(
    _ endpoint: Endpoint, on loop: SocketLoop, handler: @escaping (consuming FileDescriptor, Endpoint) -> Void
  ) throws(SocketError) {
    descriptor = try .socket(SOCK_STREAM, for: SocketAddress(endpoint).family)
    // Without it a server could not be started again for a minute.
    try descriptor.set(1, SO_REUSEADDR, "SO_REUSEADDR")
    local = try descriptor.bind(to: endpoint, .tcp)
    guard listen(descriptor.number, Self.backlog) == 0 else { throw .cannotBind(endpoint, .tcp, code: errno) }
    self.loop = loop
    self.handler = handler
    watch = try loop.watch(descriptor.number, for: .readable) { [unowned self] _ in accept() }
  }

  deinit { if let watch { loop.end(watch) } }

  private func accept() {
    for _ in 0..<Self.turnLimit {
      do throws(SocketError) {
        try acceptOne()
      } catch {
        if case .system(_, let code) = error, code == EMFILE || code == ENFILE { refuseOne() }
        return
      }
    }
  }

  private func acceptOne() throws(SocketError) {
    var address = SocketAddress()
    let number = address.write { Glibc.accept(descriptor.number, $0, $1) }
    let connection = try FileDescriptor(number, "accept")
    try connection.makeNonblocking()
    if let remote = address.endpoint { handler(connection, remote) }
  }

  /// Without a free descriptor a connection would wait, and wake the loop again and again; it is closed instead.
  private func refuseOne() {
    spare = nil
    let number = Glibc.accept(descriptor.number, nil, nil)
    if number >= 0 { close(number) }
    spare = Self.makeSpare()
  }

  private static func makeSpare() -> FileDescriptor? {
    try? FileDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC), "open")
  }
}
