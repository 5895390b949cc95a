import RTCPrimitives
import RTCTransport
import TestSupport
import Testing

@Suite struct DTLSLossTests {
  private let seeded = SeededHost(seed: 11)

  @Test func `a lost ClientHello is repeated after one second, then two, then four`() throws {
    let pair = try DTLSPair(CryptoProvider(host: seeded.host))
    let passes = { (datagram: DTLSPair.Sent) in datagram.from == .server || datagram.number >= 3 }
    pair.start(passing: passes)
    pair.run(passing: passes)
    #expect(pair.isConnected)
    #expect(pair.sent.prefix(4).map(\.time.nanoseconds) == [0, 1_000_000_000, 3_000_000_000, 7_000_000_000])
    #expect(pair.client.retransmissions == 3)
    #expect(Array(pair.flights(of: .client)[1...3]) == Array(repeating: "again: ClientHello", count: 3))
  }

  @Test func `the first timeout can be set`() throws {
    var configuration = DTLSTransport.Configuration()
    configuration.initialRetransmissionTimeout = .milliseconds(80)
    let pair = try DTLSPair(CryptoProvider(host: seeded.host), client: configuration)
    let passes = { (datagram: DTLSPair.Sent) in datagram.from == .server || datagram.number >= 3 }
    pair.start(passing: passes)
    pair.run(passing: passes)
    #expect(pair.isConnected)
    #expect(pair.sent.prefix(4).map(\.time.nanoseconds) == [0, 80_000_000, 240_000_000, 560_000_000])
  }

  @Test func `a lost last flight is repeated when the peer repeats its own`() throws {
    let pair = try DTLSPair(CryptoProvider(host: seeded.host))
    pair.start()
    let lost = { (datagram: DTLSPair.Sent) in
      datagram.from == .client || datagram.time != .start + .milliseconds(30)
    }
    pair.run(until: .start + .milliseconds(500), passing: lost)
    #expect(pair.server.state == .connected && pair.client.state == .connecting)
    pair.run()
    #expect(pair.client.state == .connected)
    #expect(pair.flights(of: .server).last == "again: ChangeCipherSpec, Finished")
    #expect(pair.server.retransmissions == 1 && pair.client.retransmissions == 1)
    #expect(pair.clientKeys?.local == pair.serverKeys?.remote)
  }

  @Test func `forty handshakes with a fifth of the datagrams lost all end with equal keys`() throws {
    let provider = try CryptoProvider(host: seeded.host)
    var loss = SeededGenerator(seed: 11, stream: "loss")
    var retransmissions = 0
    for index in 0..<40 {
      let pair = try DTLSPair(provider, name: "pair\(index)")
      let passes = { (_: DTLSPair.Sent) in !loss.happens(withProbability: 0.2) }
      pair.start(passing: passes)
      pair.run(passing: passes)
      #expect(pair.isConnected, "pair \(index)")
      #expect(pair.clientKeys?.local == pair.serverKeys?.remote && pair.clientKeys?.remote == pair.serverKeys?.local)
      retransmissions += pair.client.retransmissions + pair.server.retransmissions
    }
    #expect(retransmissions > 20)
  }

  @Test func `a small MTU under loss reassembles fragments`() throws {
    let provider = try CryptoProvider(host: seeded.host)
    var configuration = DTLSTransport.Configuration()
    configuration.mtu = 300
    var loss = SeededGenerator(seed: 12, stream: "loss")
    for index in 0..<10 {
      let pair = try DTLSPair(provider, client: configuration, server: configuration, name: "pair\(index)")
      let passes = { (_: DTLSPair.Sent) in !loss.happens(withProbability: 0.2) }
      pair.start(passing: passes)
      pair.run(passing: passes)
      #expect(pair.isConnected && pair.clientKeys?.local == pair.serverKeys?.remote, "pair \(index)")
    }
  }

  @Test func `a peer that never answers is given up in the end`() throws {
    let pair = try DTLSPair(CryptoProvider(host: seeded.host))
    pair.start { _ in false }
    pair.run(until: .start + .seconds(3600)) { _ in false }
    #expect(pair.clientEvents.last == .failed(.timedOut))
    #expect(pair.client.retransmissions == 12)
    #expect(pair.client.nextTimeout == nil)
  }

  @Test func `duplicated and reordered datagrams do no harm`() throws {
    let pair = try DTLSPair(CryptoProvider(host: seeded.host))
    pair.start()
    pair.run()
    for datagram in pair.sent.reversed() + pair.sent {
      pair.deliver(datagram.bytes, to: datagram.from == .client ? .server : .client) { _ in false }
    }
    #expect(pair.isConnected)
  }
}
