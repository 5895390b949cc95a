import Foundation
import RTCPrimitives
import RTCSession
import RTCSockets
import RTCTransport
import Testing

/// coturn's clients with our TURN server, and our client with coturn's server.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct TURNInteropTests {
  /// In Send indications: coturn's client takes its channel numbers from the range of RFC 5766, most of which RFC 8656
  /// §12 has reserved.
  @Test(.interop(.coturn, "its client relays through our server, over UDP and TCP"), arguments: [[], ["-t"]])
  func `coturn's client relays through our server`(flags: [String]) throws {
    let (server, place) = try TURNServers.ours()
    let port = try TURNServers.freePorts(1)[0]
    let peer = try RunningProgram(try #require(Installed.turnPeer)) { _ in ["-L", "127.0.0.1", "-p", "\(port)"] }
    let client = try RunningProgram(try #require(Installed.uclient)) { _ in
      flags + [
        "-s", "-c", "-n", "50", "-m", "2", "-l", "170", "-z", "5", "-u", TURNServers.user, "-w", TURNServers.password,
        "-e", "127.0.0.1", "-r", "\(port)", "-p", "\(place.port)", "127.0.0.1",
      ]
    }
    let result = client.finish()
    #expect(result.status == 0)
    #expect(result.output.contains("tot_send_msgs=100, tot_recv_msgs=100"), "\(result.output)")
    #expect(result.output.contains("Total lost packets 0"), "\(result.output)")
    #expect(peer.isRunning)
    let end = server.finish(SIGTERM)
    #expect(end.status == 0)
    let counters = try #require(try JSONSerialization.jsonObject(with: Data(end.output.utf8)) as? [String: Any])
    #expect(counters["packetsToPeers"] as? Int == 100)
    #expect(counters["bytesToPeers"] as? Int == 100 * 170)
    #expect(counters["packetsToClients"] as? Int == 100)
    #expect(counters["challengedRequests"] as? Int ?? 0 > 0, "a client begins without credentials")
  }

  @Test(.interop(.coturn, "its client with a wrong password gets nothing from our server"))
  func `coturn's client with a wrong password is lent nothing`() throws {
    let (server, place) = try TURNServers.ours()
    let client = try RunningProgram(try #require(Installed.uclient), limit: .seconds(20)) { _ in
      ["-c", "-n", "1", "-u", TURNServers.user, "-w", "wrong", "-y", "-p", "\(place.port)", "127.0.0.1"]
    }
    #expect(client.finish().status != 0)
    #expect(server.finish(SIGINT).output.contains(#""allocations":0"#))
  }

  @Test(.interop(.aiortc, "its client relays through our server, over UDP and TCP"), arguments: ["udp", "tcp"])
  func `aiortc's client relays through our server, on a channel`(transport: String) throws {
    let (server, place) = try TURNServers.ours()
    let client = try RunningProgram(try #require(Installed.python)) { _ in
      ["-c", Self.aioiceClient, transport, "\(place.port)", TURNServers.user, TURNServers.password]
    }
    let result = client.finish()
    #expect(result.status == 0 && result.output == "50 echoes from the peer\n", "\(result.output)")
    let end = server.finish(SIGTERM)
    #expect(end.output.contains(#""packetsToPeers":50,"bytesToPeers":5000,"packetsToClients":50"#), "\(end.output)")
  }

  /// aiortc reaches TURN servers with aioice; the peer sends everything back.
  private static let aioiceClient = """
    import asyncio, sys
    from aioice import turn

    transport, port, username, password = sys.argv[1:]

    class Peer(asyncio.DatagramProtocol):
        def connection_made(self, transport): self.transport = transport
        def datagram_received(self, data, address): self.transport.sendto(data, address)

    class Client(asyncio.DatagramProtocol):
        def __init__(self): self.echoes = asyncio.Queue()
        def datagram_received(self, data, address): self.echoes.put_nowait((data, address))

    async def main():
        loop = asyncio.get_running_loop()
        peer, _ = await loop.create_datagram_endpoint(Peer, local_addr=("127.0.0.1", 0))
        address = peer.get_extra_info("sockname")
        relayed, client = await turn.create_turn_endpoint(
            Client, server_addr=("127.0.0.1", int(port)), username=username, password=password, transport=transport)
        for number in range(50):
            data = bytes([number]) * 100
            relayed.sendto(data, address)
            assert await client.echoes.get() == (data, address)
        print("50 echoes from the peer")
        relayed.close()
        await asyncio.sleep(0.1)

    asyncio.run(asyncio.wait_for(main(), 30))
    """

  @Test(
    .interop(.coturn, "our client relays through its server, over UDP and TCP"), arguments: [RelayProtocol.udp, .tcp])
  func `our client relays through coturn`(relayProtocol: RelayProtocol) throws {
    let (server, place, _) = try TURNServers.coturn()
    try expectRelayedCall(through: place, over: relayProtocol)
    #expect(server.isRunning)
  }

  @Test(
    .interop(.coturn, "our client relays through its server over TLS"),
    .enabled(if: Installed.openssl != nil, "openssl makes the certificate: make deps-interop"))
  func `our client relays through coturn over TLS when the certificate is the server's`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "interop-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let certificate = try Certificate(in: folder)
    let (server, _, place) = try TURNServers.coturn(certificate: certificate)
    try expectRelayedCall(through: place, over: .tls, trusting: certificate.pem)

    // A certificate that nobody vouches for is none.
    let configuration = try Self.relayed(through: place, over: .tls, trusting: [])
    let pair = try SocketPair(configuration)
    try pair.negotiate()
    #expect(pair.run { pair.a.isGathered })
    #expect(pair.a.candidates.isEmpty)
    #expect(server.isRunning)
  }

  @Test(arguments: [RelayProtocol.udp, .tcp])
  func `our client relays through our server`(relayProtocol: RelayProtocol) throws {
    let (server, place) = try TURNServers.ours()
    try expectRelayedCall(through: place, over: relayProtocol)
    #expect(server.finish(SIGTERM).status == 0)
  }

  @Test func `a relay that is not asked to reaches nothing on its own machine`() throws {
    let (server, place) = try TURNServers.ours([])
    let pair = try SocketPair(Self.relayed(through: place, over: .udp, trusting: nil))
    try pair.negotiate()
    #expect(pair.run { pair.a.isGathered })
    #expect(pair.a.candidates.map(\.kind) == [.relay])
    #expect(!pair.run(for: .seconds(1)) { pair.a.isReady })
    pair.a.connection.close()
    let end = server.finish(SIGTERM)
    #expect(end.output.contains(#""packetsToPeers":0"#) && !end.output.contains(#""refusedRequests":0"#))
  }

  /// One side may use the relay only, the other is reached directly: frames pass both ways.
  private func expectRelayedCall(
    through server: Endpoint, over relayProtocol: RelayProtocol, trusting authorities: [UInt8]? = nil
  ) throws {
    let configuration = try Self.relayed(through: server, over: relayProtocol, trusting: authorities)
    let pair = try SocketPair(configuration)
    try pair.negotiate()
    try #require(pair.run { pair.a.isReady && pair.b.isReady })
    // There is no other way than the relay.
    let local = pair.a.connection.core.transport.ice.localCandidates
    #expect(local.allSatisfy { $0.kind == .relayed && $0.relayProtocol == relayProtocol } && local.count == 1)
    for _ in 0..<5 {
      pair.a.sendFrame()
      pair.b.sendFrame()
    }
    #expect(pair.run { pair.a.packets >= 5 && pair.b.packets >= 5 })
    pair.a.connection.close()
    #expect(pair.run { pair.b.dtlsIsClosed })
  }

  private static func relayed(
    through server: Endpoint, over relayProtocol: RelayProtocol, trusting authorities: [UInt8]?
  ) throws -> SocketConnection.Configuration {
    let url =
      switch relayProtocol {
      case .udp: "turn:\(server)?transport=udp"
      case .tcp: "turn:\(server)?transport=tcp"
      case .tls: "turns:\(server)"
      }
    var configuration = SocketConnection.Configuration(
      servers: [try ICEServer(url: url, username: TURNServers.user, password: TURNServers.password)],
      transportPolicy: .relay)
    configuration.certificateAuthorities = authorities
    return configuration
  }
}
