import CFloors
import RTCPrimitives
import RTCTransport

/// Whole handshakes of two `DTLSTransport`s in memory, against OpenSSL over memory BIOs from C.
enum DTLSBenchmark {
  private static let group = FigureGroup(
    subject: .dtls, title: "DTLS 1.2: whole handshakes, both sides, pooled P-256 identities", unit: .handshakes,
    floor: "OpenSSL from C")

  static func steps(_ effort: BenchmarkEffort) -> [BenchmarkStep] {
    [BenchmarkStep(.dtls, "handshakes", seconds: 1) { () throws(BenchmarkError) in [try measure(effort)] }]
  }

  private static func measure(_ effort: BenchmarkEffort) throws(BenchmarkError) -> BenchmarkFigure {
    let count = effort.operations(20)
    let own = try HandshakePair()
    guard let floor = floor_dtls_create() else {
      throw .failed(operation: "the floor's OpenSSL context", reason: "OpenSSL refuses")
    }
    defer { floor_dtls_free(floor) }
    let timing = try Timing.alternate(
      rounds: effort.rounds, operations: count,
      own: { () throws(BenchmarkError) in
        for _ in 0..<count { try own.shakeHands() }
      },
      floor: { () throws(BenchmarkError) in
        for _ in 0..<count where floor_dtls_handshake(floor) != 1 {
          throw .failed(operation: "the floor's handshake", reason: "OpenSSL refuses")
        }
      })
    var figure = BenchmarkFigure(group, "handshake with SRTP keys", timing)
    figure.costs = [CostSample(.dtlsHandshake, nanoseconds: timing.median / 2)]
    return figure
  }
}

private final class HandshakePair {
  private let provider: CryptoProvider
  private let alice: DTLSIdentity
  private let bob: DTLSIdentity

  init() throws(BenchmarkError) {
    do {
      provider = try CryptoProvider(host: .system)
      alice = try provider.identity(named: "alice")
      bob = try provider.identity(named: "bob")
    } catch {
      throw .failed(operation: "DTLS identities", reason: "\(error)")
    }
  }

  /// A handshake until both sides have the same keys.
  func shakeHands() throws(BenchmarkError) {
    var client = try transport(.client, alice, expecting: bob)
    var server = try transport(.server, bob, expecting: alice)
    guard let (own, peer) = Self.connect(&client, &server) else {
      throw .failed(operation: "a DTLS handshake", reason: "the sides are not connected")
    }
    guard own.local == peer.remote, own.remote == peer.local else {
      throw .failed(operation: "a DTLS handshake", reason: "the sides have different keys")
    }
  }

  private func transport(
    _ role: DTLSTransport.Role, _ identity: DTLSIdentity, expecting peer: DTLSIdentity
  ) throws(BenchmarkError) -> DTLSTransport {
    do {
      return try DTLSTransport(
        provider: provider, identity: identity, role: role, name: "bench", remoteFingerprints: [peer.fingerprint])
    } catch {
      throw .failed(operation: "a DTLS transport", reason: "\(error)")
    }
  }

  private static func connect(
    _ client: inout DTLSTransport, _ server: inout DTLSTransport
  ) -> (SRTPKeys, SRTPKeys)? {
    var (fromClient, fromServer) = (DTLSTransport.Output(), DTLSTransport.Output())
    var (clientKeys, serverKeys): (SRTPKeys?, SRTPKeys?)
    server.start(at: .start, into: &fromServer)
    client.start(at: .start, into: &fromClient)
    while fromClient.datagramCount + fromServer.datagramCount > 0 {
      for index in 0..<fromClient.datagramCount {
        server.handle(fromClient.datagram(index), at: .start, into: &fromServer)
      }
      clientKeys = keys(in: fromClient.events) ?? clientKeys
      fromClient.removeAll()
      for index in 0..<fromServer.datagramCount {
        client.handle(fromServer.datagram(index), at: .start, into: &fromClient)
      }
      serverKeys = keys(in: fromServer.events) ?? serverKeys
      fromServer.removeAll()
    }
    clientKeys = keys(in: fromClient.events) ?? clientKeys
    guard let clientKeys, let serverKeys else { return nil }
    return (clientKeys, serverKeys)
  }

  private static func keys(in events: [DTLSTransport.Event]) -> SRTPKeys? {
    for case .connected(let keys) in events { return keys }
    return nil
  }
}
