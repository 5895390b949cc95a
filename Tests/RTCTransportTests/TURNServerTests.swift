import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

/// What a TURN server does beyond the message sequences of the vectors.
@Suite struct TURNServerTests {
  private static let relayV6 = IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 1)
  private static let peerV6 = Endpoint(IPAddress(v6High: 0x2001_0DB8_0001_0000, low: 9), 5_000)

  private func driver(_ change: (inout TURNServer.Configuration) -> Void = { _ in }) -> TURNDriver {
    var configuration = TURNDriver.configuration
    change(&configuration)
    return TURNDriver(configuration)
  }

  private static let udp = STUNAttribute.requestedTransport(17)
  private static let both: [STUNAttribute] = [udp, .additionalAddressFamily(2)]

  // MARK: Two address families (RFC 8656 §7.2, §8.2)

  @Test func `one allocation lends an IPv4 and an IPv6 endpoint`() throws {
    var driver = driver { $0.relayAddresses.append(Self.relayV6) }
    driver.challenge()
    driver.request(.allocate, Self.both)
    let relayed = try #require(driver.last?.xorRelayedAddresses)
    #expect(relayed.map(\.address) == [TURNDriver.endpoint.address, Self.relayV6])
    #expect(driver.last?.addressErrorCode == nil)
    #expect(driver.server.allocationCount == 1)
    driver.request(.createPermission, [.xorPeerAddress(TURNDriver.peer), .xorPeerAddress(Self.peerV6)])
    #expect(driver.last?.messageClass == .success)
    driver.received = []
    driver.send(TURNDriver.payload, from: TURNDriver.peer, to: relayed[0])
    driver.send(TURNDriver.payload, from: Self.peerV6, to: relayed[1])
    #expect(driver.received.map(\.message?.xorPeerAddress) == [TURNDriver.peer, Self.peerV6])

    // Each family lives and ends by itself.
    driver.request(.refresh, [.lifetime(seconds: 0), .requestedAddressFamily(2)])
    #expect(driver.last?.messageClass == .success)
    #expect(driver.server.allocationCount == 1)
    driver.request(.refresh, [.requestedAddressFamily(2)])
    #expect(driver.last?.errorCode == .peerAddressFamilyMismatch)
    driver.request(.createPermission, [.xorPeerAddress(Self.peerV6)])
    #expect(driver.last?.errorCode == .peerAddressFamilyMismatch)
    driver.request(.refresh, [.lifetime(seconds: 0)])
    #expect(driver.server.allocationCount == 0)
  }

  @Test func `a family that is not refreshed expires alone`() {
    var driver = driver { $0.relayAddresses.append(Self.relayV6) }
    driver.challenge()
    driver.request(.allocate, Self.both)
    driver.now += .seconds(500)
    driver.request(.refresh, [.requestedAddressFamily(1)])
    driver.now += .seconds(200)
    driver.request(.createPermission, [.xorPeerAddress(Self.peerV6)])
    #expect(driver.last?.errorCode == .peerAddressFamilyMismatch)
    driver.request(.createPermission, [.xorPeerAddress(TURNDriver.peer)])
    #expect(driver.last?.messageClass == .success)
    driver.now += .seconds(500)
    driver.request(.refresh)
    #expect(driver.last?.errorCode == .allocationMismatch)
  }

  @Test func `the family that cannot be had is named beside the one that can`() {
    var onlyV4 = driver()
    onlyV4.challenge()
    onlyV4.request(.allocate, Self.both)
    #expect(onlyV4.last?.xorRelayedAddresses.count == 1)
    #expect(onlyV4.last?.addressErrorCode?.family == 2)
    #expect(onlyV4.last?.addressErrorCode?.error == .addressFamilyNotSupported)

    var full = driver {
      $0.relayAddresses.append(Self.relayV6)
      $0.relayPorts = 50_000...50_000
    }
    full.challenge()
    full.request(.allocate, [Self.udp, .requestedAddressFamily(2)])
    full.changePort()
    full.request(.allocate, Self.both)
    #expect(full.last?.addressErrorCode?.error == .insufficientCapacity)
    full.changePort()
    full.request(.allocate, Self.both)
    #expect(full.last?.errorCode == .insufficientCapacity)
  }

  @Test(
    arguments: [
      [.additionalAddressFamily(1)], [.additionalAddressFamily(2), .requestedAddressFamily(1)],
      [.additionalAddressFamily(2), .evenPort(reserveNext: true)], [.additionalAddressFamily(2), .reservationToken(1)],
      [.reservationToken(1), .evenPort(reserveNext: false)], [.reservationToken(1), .requestedAddressFamily(1)],
    ] as [[STUNAttribute]])
  func `attributes that exclude each other are a bad request`(attributes: [STUNAttribute]) {
    var driver = driver { $0.relayAddresses.append(Self.relayV6) }
    driver.challenge()
    driver.request(.allocate, [Self.udp] + attributes)
    #expect(driver.last?.errorCode == .badRequest)
    #expect(driver.server.allocationCount == 0)
  }

  /// RFC 8656 §21.1.6; RFC 4291 §2.5.5 gives the two shapes of IPv4 addresses in IPv6.
  @Test(
    arguments: [
      "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "::", "::1", "::ffff:127.0.0.1", "::127.0.0.1",
      "::ffff:0.0.0.0",
      "::ffff:192.0.2.66",
    ])
  func `a relay leads neither to itself nor to whom its owner forbids, in whatever clothes`(address: String) throws {
    let forbidden = try #require(IPAddress(address))
    var driver = driver {
      $0.relayAddresses.append(Self.relayV6)
      $0.forbiddenPeers = [IPAddress(192, 0, 2, 66)]
    }
    driver.challenge()
    driver.request(.allocate, Self.both)
    driver.request(.createPermission, [.xorPeerAddress(Endpoint(forbidden, 0))])
    #expect(driver.last?.errorCode == .forbidden)
    driver.request(.channelBind, [.channelNumber(0x4000), .xorPeerAddress(Endpoint(forbidden, 1))])
    #expect(driver.last?.errorCode == .forbidden)
    driver.request(.createPermission, [.xorPeerAddress(Endpoint(try #require(IPAddress("::ffff:192.0.2.1")), 0))])
    #expect(driver.last?.messageClass == .success)
  }

  @Test func `a first request is a challenge, a wrong one is refused, a right one granted`() {
    var driver = driver()
    driver.allocate()
    #expect(driver.server.statistics.challenged == 1)
    #expect(driver.server.statistics.granted == 1)
    driver.request(.refresh, credentials: .init(username: "alice", password: "sesame"))
    driver.request(.createPermission)
    #expect(driver.server.statistics.refused == 2)
    #expect(driver.server.statistics.challenged == 1)
  }

  // MARK: Limits

  @Test func `an allocation relays what its rate allows and no more`() {
    // 80 kbit/s are ten packets of 1000 bytes in a second, and so much may come at once.
    var driver = driver { $0.ratePerAllocation = .kilobitsPerSecond(80) }
    driver.allocate()
    driver.request(.createPermission, [.xorPeerAddress(TURNDriver.peer)])
    guard let relayed = driver.relayed else { return }
    for second in 1...3 {
      driver.received = []
      for _ in 0..<100 {
        driver.send([UInt8](repeating: 0x80, count: 1000), from: TURNDriver.peer, to: relayed)
      }
      #expect(driver.received.count == 10)
      #expect(driver.server.statistics.rateLimited == 90 * second)
      driver.now += .seconds(1)
    }
    // A sender that keeps to the rate loses nothing.
    driver.received = []
    for _ in 0..<50 {
      driver.now += .milliseconds(100)
      driver.send([UInt8](repeating: 0x80, count: 1000), from: TURNDriver.peer, to: relayed)
    }
    #expect(driver.received.count == 50)
  }

  @Test func `allocations, permissions and channels are bounded`() {
    var driver = driver {
      $0.relayPorts = 50_000...50_099
      $0.permissionsPerAllocation = 50
    }
    driver.allocate()
    for octet in 0..<60 as Range<UInt8> {
      driver.request(.createPermission, [.xorPeerAddress(Endpoint(IPAddress(192, 0, 3, octet), 1))])
    }
    #expect(driver.last?.errorCode == .insufficientCapacity)
    driver.request(.channelBind, [.channelNumber(0x4000), .xorPeerAddress(Endpoint(IPAddress(192, 0, 4, 1), 1))])
    #expect(driver.last?.errorCode == .insufficientCapacity)
    for _ in 0..<120 {
      driver.changePort()
      driver.request(.allocate, [Self.udp])
    }
    #expect(driver.last?.errorCode == .insufficientCapacity)
    #expect(driver.server.allocationCount == 100)
  }

  // MARK: Forged and replayed requests

  @Test func `a request that was changed on its way is refused and counted`() {
    var driver = driver()
    driver.allocate()
    driver.request(.refresh, [.lifetime(seconds: 900)])
    let genuine = driver.lastRequest
    let refused = driver.server.statistics.refused
    // Every bit outside the header changes what MESSAGE-INTEGRITY covers, or is MESSAGE-INTEGRITY.
    for offset in 20..<genuine.count {
      var forged = genuine
      forged[offset] ^= 1
      driver.received = []
      driver.send(forged, from: TURNDriver.client)
      for packet in driver.received {
        guard let code = packet.message?.errorCode else {
          Issue.record("byte \(offset) may be changed")
          continue
        }
        #expect([400, 401, 420, 438].contains(code.code), "byte \(offset)")
      }
    }
    #expect(driver.server.statistics.refused > refused)
    #expect(driver.server.allocationCount == 1)
  }

  @Test func `a replayed request is good for nothing from elsewhere or later`() throws {
    var driver = driver { $0.nonceLifetime = .seconds(60) }
    driver.allocate()
    driver.request(.refresh, [.lifetime(seconds: 0)])
    let deletion = driver.lastRequest
    driver.changePort()
    driver.allocate()
    driver.received = []
    driver.send(deletion, from: Endpoint(TURNDriver.client.address, 41_000))
    #expect(driver.received.map(\.message?.errorCode) == [.staleNonce])
    driver.now += .seconds(61)
    driver.received = []
    driver.send(deletion, from: TURNDriver.client)
    #expect(driver.received.map(\.message?.errorCode) == [.staleNonce])
    #expect(driver.server.allocationCount == 1)
  }

  @Test func `messages of one transport are not those of the other`() {
    var driver = driver()
    driver.allocate()
    var output = Output<TURNServer.Event>()
    driver.request(.channelBind, [.channelNumber(0x4000), .xorPeerAddress(TURNDriver.peer)])
    let bytes: [UInt8] = [0x40, 0, 0, 3] + TURNDriver.payload
    driver.server.handle(
      Datagram(from: TURNDriver.client, to: TURNDriver.endpoint, transport: .tcp, bytes: bytes.span), at: driver.now,
      into: &output)
    #expect(output.datagrams.isEmpty)
    driver.server.connectionEnded(client: TURNDriver.client, server: TURNDriver.endpoint, into: &output)
    #expect(driver.server.allocationCount == 1)
  }

  @Test func `rubbish is dropped, counted, and leaves a running relay alone`() {
    var driver = driver()
    driver.allocate()
    driver.request(.channelBind, [.channelNumber(0x4000), .xorPeerAddress(TURNDriver.peer)])
    guard let relayed = driver.relayed else { return }
    var dice = SeededGenerator(seed: 8, stream: "rubbish")
    var relayedPackets = 0
    let before = driver.server.statistics.discarded
    for number in 0..<10_000 {
      var bytes = (0..<Int(dice.next() % 60)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
      if bytes.count >= 8, number.isMultiple(of: 2) {
        bytes.replaceSubrange(4..<8, with: [0x21, 0x12, 0xA4, 0x42])
        bytes[0] &= 0x01
      }
      driver.received = []
      let stranger = Endpoint(IPAddress(v4: UInt32(truncatingIfNeeded: dice.next())), 9)
      driver.send(bytes, from: stranger, to: number.isMultiple(of: 3) ? relayed : TURNDriver.endpoint)
      guard number.isMultiple(of: 100) else { continue }
      driver.received = []
      driver.sendChannelData(0x4000)
      driver.sendFromPeer()
      relayedPackets += driver.received.count
    }
    #expect(relayedPackets == 200)
    #expect(driver.server.allocationCount == 1)
    #expect(driver.server.statistics.discarded - before > 9_000)
  }
}
