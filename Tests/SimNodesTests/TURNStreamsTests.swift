import RTCPrimitives
import RTCTransport
import RTCWire
import SimKernel
import Testing

@testable import SimNodes

/// TURN's connections over TCP and TLS: what waits and what is thrown away, how many there are, how they end.
struct TURNStreamsTests {
  /// A client and a server on a link of 10 ms.
  private struct Link {
    static let server = Endpoint(IPAddress(192, 0, 2, 2), TURN.port)
    static let serverTLS = Endpoint(IPAddress(192, 0, 2, 2), TURNServerNode.tlsPort)

    static func client(_ number: UInt16 = 0) -> Endpoint { Endpoint(IPAddress(192, 0, 2, 1), 50_000 + number) }

    private struct Packet {
      let arrival: Instant
      let source: Endpoint
      let destination: Endpoint
      let bytes: [UInt8]
    }

    let simulation = Simulation(seed: 1)
    var client: TURNStreams
    var server: TURNStreams
    var now = Instant.start
    /// Whether something is lent to the clients.
    var isUsed = true
    private(set) var atServer: [[UInt8]] = []
    private(set) var endedAtClient: [TURNStream.End] = []
    private(set) var endedAtServer: [TURNStream.End] = []
    private var inFlight: [Packet] = []

    init(limit: Int = 4096) throws {
      var policy = TURNStreams.Policy()
      policy.listeningPorts = ([Self.server.port], [Self.serverTLS.port])
      policy.limit = limit
      var clientPolicy = TURNStreams.Policy()
      clientPolicy.tlsServers = [Self.serverTLS]
      let provider = try CryptoProvider(host: .lent(by: HostEnvironment(seed: 1)))
      client = TURNStreams(
        clientPolicy, port: simulation.makePort(named: "client"), provider: provider,
        identity: try provider.identity(named: "client"))
      server = TURNStreams(
        policy, port: simulation.makePort(named: "server"), provider: provider,
        identity: try provider.identity(named: "server"))
    }

    mutating func send(_ message: [UInt8], from source: Endpoint = client(), to destination: Endpoint = server) {
      client.send(Datagram(from: source, to: destination, transport: .tcp, bytes: message.span), at: now)
      collect()
    }

    mutating func close(_ source: Endpoint = client()) {
      client.close(from: source, to: Self.server, at: now)
      collect()
    }

    /// Hands the server a SYN of somebody who will not answer.
    mutating func flood(_ number: Int, to destination: Endpoint) {
      let source = Endpoint(IPAddress(v4: 0xCB00_7100 + UInt32(number >> 14)), UInt16(1024 + number & 0x3FFF))
      let synchronize = TCPSegment(
        sequenceNumber: UInt32(number), acknowledgmentNumber: 0, flags: .synchronize, window: 65_535)
      var writer = ByteWriter()
      synchronize.write([UInt8]().span, into: &writer)
      server.receive(Datagram(from: source, to: destination, transport: .tcp, bytes: writer.bytes.span), at: now)
      collect()
    }

    mutating func run(for duration: Duration) {
      let end = now + duration
      while true {
        let arrival = inFlight.map(\.arrival).min() ?? .distantFuture
        let next = min(arrival, min(client.nextTimeout, server.nextTimeout))
        guard next <= end else { break }
        now = max(now, next)
        if let index = inFlight.firstIndex(where: { $0.arrival <= now }) {
          let packet = inFlight.remove(at: index)
          let segment = Datagram(
            from: packet.source, to: packet.destination, transport: .tcp, bytes: packet.bytes.span)
          if packet.destination.address == Self.server.address {
            server.receive(segment, at: now)
          } else {
            client.receive(segment, at: now)
          }
        } else {
          let isUsed = isUsed
          client.handleTimeout(at: now)
          server.handleTimeout(at: now) { _, _ in isUsed }
        }
        collect()
      }
      now = end
    }

    private mutating func collect() {
      for segments in [client.segments, server.segments] {
        for index in 0..<segments.count {
          let segment = segments[index]
          // Nobody is at the addresses of a flood.
          guard [Self.client().address, Self.server.address].contains(segment.destination.address) else { continue }
          inFlight.append(
            Packet(
              arrival: now + .milliseconds(10), source: segment.source, destination: segment.destination,
              bytes: segment.bytes.array()))
        }
      }
      client.segments.removeAll()
      server.segments.removeAll()
      let messages = server.takeInbox()
      for index in 0..<messages.count { atServer.append(messages[index].bytes.array()) }
      endedAtClient += client.takeEnded().map(\.end)
      endedAtServer += server.takeEnded().map(\.end)
    }
  }

  private static func request(_ number: UInt32) -> [UInt8] {
    STUNMessage(.request, .refresh, transactionID: TransactionID(high: number, low: 1)).bytes()
  }

  /// ChannelData that carries `data`.
  private static func channelData(_ data: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    ChannelData.write(channel: 0x4000, data.span, into: &writer)
    return writer.bytes
  }

  /// A Send indication that carries `data`.
  private static func indication(_ data: [UInt8]) -> [UInt8] {
    STUNMessage(
      .indication, .send, transactionID: TransactionID(high: 3, low: 3),
      attributes: [.xorPeerAddress(Endpoint(IPAddress(203, 0, 113, 7), 5000)), .data(data)]
    ).bytes()
  }

  private static let media = [UInt8](repeating: 0x80, count: 1000)

  // MARK: What waits

  @Test func `media beyond the backlog is thrown away; requests, checks and consent have a reserve`() throws {
    var link = try Link()
    link.send(Self.request(1))
    link.run(for: .seconds(1))
    for _ in 0..<200 { link.send(Self.channelData(Self.media)) }
    let dropped = link.client.statistics.dropped
    // The first ten segments leave with 14 of 1004 bytes each, then 64 KiB wait: 65 and the one that crosses the line.
    #expect((118...122).contains(dropped))
    link.send(Self.indication(Self.media))
    #expect(link.client.statistics.dropped == dropped + 1)

    let check = STUNMessage(.request, .binding, transactionID: TransactionID(high: 9, low: 9)).bytes()
    let spared = [Self.request(2), Self.channelData(check), Self.indication(check)]
    for message in spared { link.send(message) }
    #expect(link.client.statistics.dropped == dropped + 1)
    for number in 10..<1010 as Range<UInt32> { link.send(Self.request(number)) }
    // 16 KiB hold 819 requests of 20 bytes; what there was before takes some of it.
    let refused = link.client.statistics.dropped - dropped - 1
    #expect((180...300).contains(refused))
    link.run(for: .seconds(10))
    #expect(spared.allSatisfy { link.atServer.contains($0) })
    let taken = 1 + (200 - dropped) + spared.count + (1000 - refused)
    #expect(link.atServer.count == taken)
  }

  @Test func `what waits for the handshakes is bounded as well`() throws {
    var link = try Link()
    for _ in 0..<200 { link.send(Self.channelData(Self.media), to: Link.serverTLS) }
    #expect(link.client.statistics.dropped == 200 - 66)
    link.send(Self.request(2), to: Link.serverTLS)
    link.run(for: .seconds(10))
    #expect(link.atServer.count == 67)
    #expect(link.atServer.last == Self.request(2))
  }

  // MARK: Ends

  @Test func `who closes is told nothing, the server is, and nothing is left of the connection`() throws {
    var link = try Link()
    link.send(Self.request(1))
    link.run(for: .seconds(1))
    #expect(link.client.count == 1 && link.server.count == 1)
    link.send(Self.request(2))
    link.close()
    link.run(for: .seconds(1))
    // What was sent before is there before the end.
    #expect(link.atServer == [Self.request(1), Self.request(2)])
    #expect(link.endedAtServer == [.closed] && link.endedAtClient.isEmpty)
    #expect(link.server.count == 0)
    link.run(for: .seconds(61))
    #expect(link.client.count == 0)
    #expect(link.client.nextTimeout == .distantFuture && link.server.nextTimeout == .distantFuture)
  }

  @Test func `a client may come back from the same port at once`() throws {
    var link = try Link()
    link.send(Self.request(1))
    link.run(for: .seconds(1))
    link.close()
    link.send(Self.request(2))
    link.run(for: .seconds(5))
    #expect(link.atServer == [Self.request(1), Self.request(2)])
    #expect(link.endedAtClient.isEmpty)
    #expect(link.client.count == 1 && link.server.count == 1)
  }

  @Test func `a connection on which nothing is lent is closed after a minute`() throws {
    var link = try Link()
    link.send(Self.request(1))
    link.run(for: .seconds(125))
    #expect(link.endedAtClient.isEmpty && link.server.count == 1)
    link.isUsed = false
    link.run(for: .seconds(60))
    #expect(link.endedAtClient == [.closed])
    // The side that closes first waits for late segments (RFC 9293 §3.6.1), then the other half of a minute.
    link.run(for: .seconds(61))
    #expect(link.server.count == 0)
  }

  @Test func `a SYN that nothing follows is forgotten after a minute`() throws {
    var link = try Link()
    link.isUsed = false
    for number in 0..<100 { link.flood(number, to: Link.serverTLS) }
    #expect(link.server.count == 100)
    link.run(for: .seconds(61))
    #expect(link.server.count == 0)
    #expect(link.server.nextTimeout == .distantFuture)
  }

  // MARK: Limits

  @Test func `a flood of SYNs keeps nobody out`() throws {
    var link = try Link(limit: 16)
    for number in 0..<1000 { link.flood(number, to: Link.serverTLS) }
    #expect(link.server.count == 16)
    #expect(link.server.statistics.evicted == 984)
    link.send(Self.request(1), to: Link.serverTLS)
    // The handshakes take three round trips, in which the flood goes on, and does not get round.
    for number in 1000..<1010 {
      link.flood(number, to: Link.serverTLS)
      link.run(for: .milliseconds(7))
    }
    link.run(for: .seconds(1))
    #expect(link.atServer == [Self.request(1)])
    for number in 1010..<2000 { link.flood(number, to: Link.serverTLS) }
    link.send(Self.request(2), to: Link.serverTLS)
    link.run(for: .seconds(1))
    #expect(link.atServer == [Self.request(1), Self.request(2)])
    #expect(link.server.count == 16)
  }

  @Test func `connections that carry messages are not given up for others`() throws {
    var link = try Link(limit: 4)
    for number in 0..<4 as Range<UInt16> { link.send(Self.request(UInt32(number)), from: Link.client(number)) }
    link.run(for: .seconds(1))
    #expect(link.atServer.count == 4)
    link.send(Self.request(9), from: Link.client(9))
    link.run(for: .seconds(1))
    #expect(link.atServer.count == 4 && link.server.statistics.evicted == 0)
    #expect(link.server.statistics.discarded > 0)
    // One that is being closed makes room, and the SYN comes again.
    link.close(Link.client(0))
    link.run(for: .seconds(10))
    #expect(link.atServer.last == Self.request(9))
  }
}
