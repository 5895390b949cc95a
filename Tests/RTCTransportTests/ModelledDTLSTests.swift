import RTCPrimitives
import RTCWire
import Testing

@testable import RTCTransport

/// The model of DTLS 1.3: two sides over a channel with a delay.
struct ModelledDTLSTests {
  private struct Result {
    var connectedAt: [Instant?] = [nil, nil]
    var keys: [SRTPKeys?] = [nil, nil]
    var datagrams = 0
    var retransmissions = 0
  }

  /// - Parameter isLost: by the number of the datagram.
  private func run(
    _ sizes: ModelledDTLS.FlightSizes = .elliptic, delay: Duration = .milliseconds(50),
    isLost: (Int) -> Bool = { _ in false }
  ) -> Result {
    var configuration = DTLSTransport.Configuration()
    configuration.initialRetransmissionTimeout = .milliseconds(200)
    var client = ModelledDTLS(role: .client, sizes: sizes, configuration: configuration, dice: 1)
    var server = ModelledDTLS(role: .server, sizes: sizes, configuration: configuration, dice: 2)
    var queue: [(time: Instant, to: Int, bytes: [UInt8])] = []
    var result = Result()
    var now = Instant.start
    var output = DTLSTransport.Output()
    func flush(from side: Int) {
      for index in 0..<output.datagramCount {
        if !isLost(result.datagrams) { queue.append((now + delay, 1 - side, output.datagram(index).array())) }
        result.datagrams += 1
      }
      for case .connected(let keys) in output.events {
        result.connectedAt[side] = now
        result.keys[side] = keys
      }
      output.removeAll()
    }
    server.start(at: now, into: &output)
    client.start(at: now, into: &output)
    flush(from: 0)
    while now < .start + .seconds(30) {
      var next = Instant.start + .seconds(30)
      if let first = queue.first { next = min(next, first.time) }
      if let due = client.nextTimeout { next = min(next, due) }
      if let due = server.nextTimeout { next = min(next, due) }
      now = next
      if let first = queue.first, first.time <= now {
        queue.removeFirst()
        if first.to == 0 {
          client.handle(first.bytes.span, at: now, into: &output)
        } else {
          server.handle(first.bytes.span, at: now, into: &output)
        }
        flush(from: first.to)
      } else {
        client.handleTimeout(at: now, into: &output)
        flush(from: 0)
        server.handleTimeout(at: now, into: &output)
        flush(from: 1)
      }
    }
    result.retransmissions = client.retransmissions + server.retransmissions
    return result
  }

  @Test func `a client is connected after one round trip, its server half a one later, with the same keys`() throws {
    for sizes in [ModelledDTLS.FlightSizes.elliptic, .postQuantum] {
      let result = run(sizes)
      #expect(result.connectedAt == [.start + .milliseconds(100), .start + .milliseconds(150)])
      let (client, server) = (try #require(result.keys[0]), try #require(result.keys[1]))
      #expect(client.local == server.remote && client.remote == server.local && client.local != client.remote)
      #expect(result.retransmissions == 0)
    }
  }

  @Test func `Chromium's post-quantum flights take as many bytes as were recorded`() {
    // 2 + 2 datagrams of the client and server, one Finished, one ACK; recorded: 1519, 1840, 484 bytes with IP headers.
    #expect(run(.postQuantum).datagrams == 6)
  }

  @Test(arguments: 0..<6) func `any datagram may be lost once`(_ number: Int) {
    let result = run(.postQuantum) { $0 == number }
    #expect(result.connectedAt.allSatisfy { $0 != nil })
    // A lost ACK is noticed by nobody but the timer of the client's last flight.
    #expect(result.retransmissions >= 1)
  }

  @Test func `another first timeout counts from when it is set, and doubles like the first`() {
    var configuration = DTLSTransport.Configuration()
    configuration.initialRetransmissionTimeout = .seconds(1)
    var client = ModelledDTLS(role: .client, sizes: .elliptic, configuration: configuration, dice: 1)
    var output = DTLSTransport.Output()
    var times: [Instant?] = []
    client.setRetransmissionTimeout(.milliseconds(700), at: .start)
    times.append(client.nextTimeout)
    client.start(at: .start, into: &output)
    times.append(client.nextTimeout)
    client.setRetransmissionTimeout(.milliseconds(80), at: .start + .milliseconds(600))
    times.append(client.nextTimeout)
    client.handleTimeout(at: .start + .milliseconds(680), into: &output)
    times.append(client.nextTimeout)
    #expect(times == [nil] + [700, 680, 840].map { .start + .milliseconds($0) })
  }

  @Test func `damaged datagrams are passed over`() {
    var configuration = DTLSTransport.Configuration()
    configuration.initialRetransmissionTimeout = .milliseconds(200)
    var generator = SeededGenerator(seed: 3, stream: "damage")
    var server = ModelledDTLS(role: .server, sizes: .elliptic, configuration: configuration, dice: 2)
    var output = DTLSTransport.Output()
    server.start(at: .start, into: &output)
    for _ in 0..<5000 {
      let bytes = (0..<Int(generator.next() % 64)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      server.handle(bytes.span, at: .start, into: &output)
      output.removeAll()
    }
    #expect(server.state == .connecting)
  }

  @Test func `application data crosses once both are connected, 22 bytes longer than it is`() {
    var client = ModelledDTLS(role: .client, sizes: .elliptic, configuration: .init(), dice: 1)
    var server = ModelledDTLS(role: .server, sizes: .elliptic, configuration: .init(), dice: 2)
    var (toServer, toClient) = (DTLSTransport.Output(), DTLSTransport.Output())
    let message: [UInt8] = Array(1...100)
    server.start(at: .start, into: &toClient)
    client.start(at: .start, into: &toServer)
    #expect(!client.send(message.span, into: &toServer))
    server.handle(toServer.datagram(0), at: .start, into: &toClient)
    toServer.removeAll()
    client.handle(toClient.datagram(0), at: .start, into: &toServer)
    #expect(client.send(message.span, into: &toServer))
    #expect(toServer.datagramCount == 2 && toServer.datagram(1).count == 122)
    toClient.removeAll()
    // Before the client's Finished it is nothing that could be read.
    server.handle(toServer.datagram(1), at: .start, into: &toClient)
    #expect(toClient.messageCount == 0 && toClient.datagramCount == 0)
    server.handle(toServer.datagram(0), at: .start, into: &toClient)
    server.handle(toServer.datagram(1), at: .start, into: &toClient)
    #expect(toClient.messageCount == 1 && toClient.message(0).array() == message)
    let limit = DTLSTransport.Configuration().maxMessageSize
    #expect(client.send([UInt8](repeating: 0, count: limit).span, into: &toServer))
    #expect(!client.send([UInt8](repeating: 0, count: limit + 1).span, into: &toServer))
    #expect(!client.send([UInt8]().span, into: &toServer))
  }
}
