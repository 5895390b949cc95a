import RTCPrimitives
import RTCTransport
import TestSupport
import Testing

@Suite struct TLSConnectionTests {
  /// Two ends that hand each other what they write, all at once or in pieces.
  private final class Pair {
    let client: TLSConnection
    let server: TLSConnection
    private(set) var atServer: [UInt8] = []
    /// How often bytes went from one to the other.
    private(set) var flights: [Int] = []
    private(set) var wire: [UInt8] = []
    private let piece: Int

    init(seed: UInt64 = 1, piece: Int = .max, role: TLSConnection.Role = .client) throws {
      let provider = try CryptoProvider(host: SeededHost(seed: seed).host)
      client = try TLSConnection(provider: provider, role: role, name: "client")
      server = try TLSConnection(provider: provider, role: .server(provider.identity(named: "turn")), name: "server")
      self.piece = piece
      client.start(at: .start)
    }

    func exchange() {
      while true {
        guard pass(client, server) || pass(server, client) else { return }
        server.takeReceived { atServer += $0.array() }
      }
    }

    private func pass(_ sender: TLSConnection, _ receiver: TLSConnection) -> Bool {
      var bytes: [UInt8] = []
      sender.takeOutgoing { bytes += $0.array() }
      guard !bytes.isEmpty else { return false }
      flights.append(bytes.count)
      wire += bytes
      var begin = 0
      while begin < bytes.count {
        let end = begin + min(piece, bytes.count - begin)
        receiver.receive(bytes.span.extracting(begin..<end), at: .start)
        begin = end
      }
      return true
    }
  }

  /// RFC 8446 §2: the client may write after one round trip.
  @Test func `one round trip is enough before the client writes`() throws {
    let pair = try Pair()
    pair.exchange()
    #expect(pair.flights.count == 3)
    #expect(pair.client.state == .connected && pair.server.state == .connected)
    #expect(pair.client.cipherSuite?.hasPrefix("TLS_") == true)
  }

  @Test(arguments: [1, 17, 1460])
  func `what is written is read, however the stream is cut`(piece: Int) throws {
    let pair = try Pair(piece: piece)
    pair.exchange()
    var dice = SeededGenerator(seed: 2, stream: "plain")
    let text = (0..<40_000).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
    pair.client.write(text.span, at: .start)
    pair.exchange()
    let isWhole = pair.atServer == text
    #expect(isWhole)
    pair.client.close(at: .start)
    pair.exchange()
    #expect(pair.server.state == .closed)
  }

  @Test func `the same seed gives the same bytes and another gives others`() throws {
    func wire(_ seed: UInt64) throws -> [UInt8] {
      let pair = try Pair(seed: seed)
      pair.exchange()
      pair.client.write(([1, 2, 3] as [UInt8]).span, at: .start)
      pair.exchange()
      return pair.wire
    }
    let isRepeatable = try (wire(1) == wire(1), wire(1) == wire(2))
    #expect(isRepeatable.0 && !isRepeatable.1)
  }

  @Test func `rubbish ends a connection and does not trap`() throws {
    var dice = SeededGenerator(seed: 3, stream: "rubbish")
    for _ in 0..<50 {
      let pair = try Pair()
      // More than the largest record, so that no length is left to wait for.
      let bytes = (0..<40_000).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
      pair.server.receive(bytes.span, at: .start)
      guard case .failed = pair.server.state else {
        Issue.record("\(pair.server.state)")
        continue
      }
    }
  }

  @Test func `a client that verifies its server takes no certificate that nobody vouches for`() throws {
    for host in ["turn.example.org", "192.0.2.1"] {
      let pair = try Pair(role: .verifyingClient(TLSConnection.Verification(host: host, authorities: [])))
      pair.exchange()
      #expect(pair.client.state == .failed(reason: "certificate verify failed"))
      #expect(pair.server.state != .connected)
    }
  }
}
