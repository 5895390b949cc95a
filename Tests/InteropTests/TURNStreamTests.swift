import Foundation
import RTCPrimitives
import RTCSockets
import RTCTransport
import RTCWire
import Testing

/// TCP clients that say nothing, nonsense or too much cost a TURN server little and not for long.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct TURNStreamTests {
  private static let binding = STUNMessage(.request, .binding, transactionID: TransactionID(high: 1, low: 2)).bytes()

  private let loop: SocketLoop
  private let service: TURNService

  init() throws {
    loop = try SocketLoop()
    var configuration = TURNService.Configuration(
      server: TURNServer.Configuration(
        realm: "test", passwords: [TURNServers.user: TURNServers.password], relayAddresses: [TURNServers.loopback]),
      listeners: [Endpoint(TURNServers.loopback, 0)])
    configuration.streamLimit = 3
    configuration.idleLimit = .milliseconds(300)
    configuration.stallLimit = .milliseconds(300)
    service = try TURNService(configuration, on: loop)
  }

  private func client() throws -> RawTCPClient { try RawTCPClient(service.listeningEndpoints[0]) }

  private func run(until condition: () -> Bool) -> Bool {
    let end = loop.clock.now + .seconds(20)
    loop.run(asking: .milliseconds(20)) { !condition() && loop.clock.now < end }
    return condition()
  }

  @Test func `there are so many at once and no more`() throws {
    let clients = try (0..<4).map { _ in try client() }
    #expect(run { service.statistics.streamsRefused == 1 && service.statistics.streamsAccepted == 3 })
    #expect(clients.map(\.isClosed) == [false, false, false, true])
  }

  @Test func `what is neither STUN nor ChannelData ends the connection`() throws {
    let client = try client()
    client.send([0xFF, 0, 0, 0])
    #expect(run { client.isClosed })
    #expect(service.statistics.idleStreamsClosed == 0)
  }

  @Test func `a client that has no allocation and falls silent is let go`() throws {
    let client = try client()
    client.send(Self.binding)
    #expect(run { service.statistics.idleStreamsClosed == 1 })
    #expect(client.isClosed)
    #expect(client.received > 0)
  }

  @Test func `a client that does not read its answers is let go`() throws {
    let client = try client()
    let many = Array(repeatElement(Self.binding, count: 1000).joined())
    #expect(
      run {
        client.send(many)
        return service.statistics.stalledStreamsClosed == 1
      })
    #expect(service.statistics.idleStreamsClosed == 0)
  }
}

/// A TCP connection that never waits.
private final class RawTCPClient {
  private(set) var received = 0
  private let descriptor: Int32
  private var unsent: ArraySlice<UInt8> = []

  init(_ server: Endpoint) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = server.port.bigEndian
    address.sin_addr.s_addr = server.address.v4Bits.bigEndian
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(status == 0)
  }

  deinit { close(descriptor) }

  /// Sends `bytes` as far as they fit into the kernel's buffer; the rest of an earlier call goes first and alone.
  func send(_ bytes: [UInt8]) {
    if unsent.isEmpty { unsent = bytes[...] }
    while !unsent.isEmpty {
      let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
      let count = unsent.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, flags) }
      guard count > 0 else { return }
      unsent = unsent.dropFirst(count)
    }
  }

  /// Whether the other end has closed it; what was sent before is read away.
  var isClosed: Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count <= 0 { return count == 0 || errno == ECONNRESET }
      received += count
    }
  }
}
