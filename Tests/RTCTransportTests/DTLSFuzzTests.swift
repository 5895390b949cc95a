import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

@Suite struct DTLSFuzzTests {
  private let seeded = SeededHost(seed: 21)

  @Test func `a handshake completes among garbage, which is counted`() throws {
    let pair = try DTLSPair(CryptoProvider(host: seeded.host))
    var dice = EntropySource(SeededGenerator(seed: 21, stream: "garbage"))
    var rubbish = 0
    func throwGarbage() {
      for size in [0, 1, 12, 13, 40, 1200, 3000] {
        var bytes = dice.bytes(size)
        // The range of first bytes that RFC 7983 gives to DTLS, which makes it as plausible as random bytes can be.
        if size > 0 { bytes[0] = 20 + bytes[0] % 44 }
        pair.deliver(bytes, to: .client)
        pair.deliver(bytes, to: .server)
        rubbish += 1
      }
      for datagram in pair.sent where datagram.bytes.count > 1 {
        let cut = Array(datagram.bytes.dropLast())
        pair.deliver(cut, to: datagram.from == .client ? .server : .client)
      }
    }
    pair.start()
    for step in 1...5 {
      throwGarbage()
      pair.run(until: .start + .milliseconds(10 * step))
    }
    #expect(pair.isConnected)
    throwGarbage()
    #expect(pair.isConnected)
    #expect(pair.client.droppedDatagrams >= rubbish && pair.server.droppedDatagrams >= rubbish)
  }

  @Test func `datagrams before the start and after the end are dropped`() throws {
    let provider = try CryptoProvider(host: seeded.host)
    let pair = try DTLSPair(provider)
    pair.start()
    pair.run()
    let late = try DTLSTransport(
      provider: provider, identity: provider.identity(named: "bob"), role: .server, name: "late")
    pair.close(.server)
    pair.deliver(pair.sent[0].bytes, to: .server)
    #expect(pair.server.droppedDatagrams == 1)
    #expect(late.state == .new && late.nextTimeout == nil)
  }

  @Test func `changed handshake datagrams never crash, and never make keys that differ`() throws {
    let provider = try CryptoProvider(host: seeded.host)
    var dice = SeededGenerator(seed: 22, stream: "mutation")
    var survived = 0
    for index in 0..<200 {
      let pair = try DTLSPair(provider, name: "pair\(index)")
      pair.start()
      // Changed copies arrive shortly before the datagrams themselves, and later.
      for step in 1...60 {
        let datagram = pair.sent[pair.sent.count - 1]
        if dice.happens(withProbability: step < 6 ? 0.5 : 0.1) {
          var changed = datagram.bytes
          for _ in 0..<Int.random(in: 1...4, using: &dice) {
            changed[Int.random(in: 0..<changed.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
          }
          if dice.happens(withProbability: 0.2) { changed.removeLast(Int.random(in: 0..<changed.count, using: &dice)) }
          pair.deliver(changed, to: datagram.from == .client ? .server : .client)
        }
        pair.run(until: .start + .milliseconds(step < 6 ? 10 * step : 200 * step))
      }
      if pair.isConnected {
        survived += 1
        #expect(pair.clientKeys?.local == pair.serverKeys?.remote, "seed 22, pair \(index)")
      }
    }
    #expect(survived > 20 && survived < 200)
  }

  @Test func `changed datagrams do not disturb an established connection`() throws {
    let pair = try DTLSPair(CryptoProvider(host: seeded.host))
    pair.start()
    pair.run()
    var dice = SeededGenerator(seed: 23, stream: "mutation")
    for round in 0..<2000 {
      let datagram = pair.sent[round % pair.sent.count]
      var changed = datagram.bytes
      for _ in 0..<Int.random(in: 1...6, using: &dice) {
        changed[Int.random(in: 0..<changed.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      pair.deliver(changed, to: round.isMultiple(of: 2) ? .client : .server) { _ in false }
    }
    #expect(pair.isConnected)
  }

  /// OpenSSL by itself gives up over an encrypted record that is too short to be one.
  @Test func `records of any size that nobody encrypted do not disturb an established connection`() throws {
    let pair = try DTLSPair(CryptoProvider(host: seeded.host))
    pair.start()
    pair.run()
    var dice = EntropySource(SeededGenerator(seed: 24, stream: "records"))
    func record(_ type: UInt8, epoch: UInt8, _ size: Int) -> [UInt8] {
      [type, 0xFE, 0xFD, 0, epoch, 0, 0] + dice.bytes(4) + [UInt8(size >> 8), UInt8(size & 0xFF)] + dice.bytes(size)
    }
    for type in 20...24 as ClosedRange<UInt8> {
      for epoch in 0...2 as ClosedRange<UInt8> {
        for size in [0, 1, 2, 7, 8, 15, 16, 17, 23, 24, 25, 40, 400] {
          for side in [DTLSPair.Side.client, .server] {
            pair.deliver(record(type, epoch: epoch, size), to: side)
            // Behind another one, and behind a header that OpenSSL skips.
            pair.deliver(record(23, epoch: 1, 30) + record(type, epoch: epoch, size), to: side)
            pair.deliver(record(type, epoch: 0, 0) + record(type, epoch: epoch, size), to: side)
          }
        }
      }
    }
    #expect(pair.isConnected)
    #expect(pair.send(.client, [1, 2, 3]) && pair.send(.server, [4]))
    pair.run()
    #expect(pair.isConnected)
  }
}
