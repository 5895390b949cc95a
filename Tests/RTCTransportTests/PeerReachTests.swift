import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

/// What a TURN server lends nobody a way to.
@Suite struct PeerReachTests {
  private static let relayV6 = IPAddress(v6High: 0x2A00_1450_0000_0000, low: 1)
  private static let stranger = Endpoint(IPAddress(9, 9, 9, 9), 5000)

  /// A server on the Internet with an allocation of both families.
  private func driver(_ reach: PeerReach, forbidding forbidden: Set<IPAddress> = []) -> TURNDriver {
    var configuration = TURNDriver.configuration
    configuration.relayAddresses = [IPAddress(8, 8, 8, 8), Self.relayV6]
    configuration.reach = reach
    configuration.forbiddenPeers = forbidden
    var driver = TURNDriver(configuration)
    driver.challenge()
    driver.request(.allocate, [.requestedTransport(17), .additionalAddressFamily(2)])
    return driver
  }

  private func answer(_ driver: inout TURNDriver, to address: String) throws -> [STUNErrorCode?] {
    let peer = Endpoint(try #require(IPAddress(address)), 5000)
    driver.request(.createPermission, [.xorPeerAddress(peer)])
    let permission = driver.last?.errorCode
    driver.request(.channelBind, [.channelNumber(0x4000), .xorPeerAddress(peer)])
    return [permission, driver.last?.errorCode]
  }

  @Test(arguments: [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::a00:1", "2002:7f00:1::",
  ])
  func `a server on the Internet refuses every other kind of address`(address: String) throws {
    var driver = driver(.globalOnly)
    #expect(try answer(&driver, to: address) == [.forbidden, .forbidden])
  }

  @Test func `addresses of the Internet are reached`() throws {
    for address in ["9.9.9.9", "2606:4700::1"] {
      var driver = driver(.globalOnly)
      #expect(try answer(&driver, to: address) == [nil, nil])
    }
  }

  @Test func `what is asked for is reached, but no group of hosts`() throws {
    for (reach, address, expected) in [
      (PeerReach.all, "127.0.0.1", nil), (.all, "10.0.0.1", nil), (.all, "224.0.0.1", .forbidden),
      (.all, "0.0.0.0", .forbidden), (.all, "255.255.255.255", .forbidden), (.allButLoopback, "127.0.0.1", .forbidden),
      (.allButLoopback, "::ffff:127.0.0.1", .forbidden), (.allButLoopback, "10.0.0.1", nil),
    ] as [(PeerReach, String, STUNErrorCode?)] {
      var driver = driver(reach)
      #expect(try answer(&driver, to: address) == [expected, expected], "\(reach) \(address)")
    }
  }

  @Test func `an address that is forbidden is so in each of its forms`() throws {
    for address in ["9.9.9.9", "::ffff:9.9.9.9"] {
      var driver = driver(.all, forbidding: [Self.stranger.address])
      #expect(try answer(&driver, to: address) == [.forbidden, .forbidden])
    }
  }

  @Test func `on the relay itself nothing is reached but what it relays`() throws {
    var driver = driver(.globalOnly)
    driver.changePort()
    driver.request(.allocate, [.requestedTransport(17)])
    let relayed = try #require(driver.last?.xorRelayedAddress)
    for (port, expected) in [(relayed.port, nil), (53, .forbidden), (relayed.port + 1, .forbidden)]
      as [(UInt16, STUNErrorCode?)]
    {
      let peer = Endpoint(relayed.address, port)
      driver.request(.channelBind, [.channelNumber(0x4000), .xorPeerAddress(peer)])
      #expect(driver.last?.errorCode == expected)
      driver.request(.createPermission, [.xorPeerAddress(peer)])
      let before = driver.server.statistics
      driver.sendIndication(to: peer)
      let isSent = driver.server.statistics.packetsToPeers > before.packetsToPeers
      #expect(isSent == (expected == nil))
    }
  }

  @Test func `allocations in all are limited, whoever asks`() {
    var configuration = TURNDriver.configuration
    configuration.totalAllocations = 2
    var driver = TURNDriver(configuration)
    var answers: [STUNErrorCode?] = []
    for _ in 0..<3 {
      driver.changePort()
      driver.request(.allocate, [.requestedTransport(17)])
      answers.append(driver.last?.errorCode)
    }
    #expect(answers == [nil, nil, .insufficientCapacity])
  }

  @Test func `a server that listens among the relayed ports lends that one to nobody`() {
    var configuration = TURNDriver.configuration
    configuration.relayPorts = TURNDriver.endpoint.port...TURNDriver.endpoint.port + 1
    var driver = TURNDriver(configuration)
    driver.server.withhold(TURNDriver.endpoint)
    driver.allocate()
    #expect(driver.relayed?.port == TURNDriver.endpoint.port + 1)
    driver.changePort()
    driver.request(.allocate, [.requestedTransport(17)])
    #expect(driver.last?.errorCode == .insufficientCapacity)
  }

  @Test func `a relayed endpoint that cannot be bound is taken back and the next one lent`() throws {
    var driver = TURNDriver()
    driver.allocate()
    let first = try #require(driver.relayed)
    var output = Output<TURNServer.Event>()
    driver.server.bindingFailed(first, into: &output)
    #expect(output.events == [.release(first)])
    #expect(driver.server.allocationCount == 0)
    driver.repeatLastRequest()
    #expect(driver.last?.messageClass == .success)
    #expect(driver.last?.xorRelayedAddress == Endpoint(first.address, first.port + 1))
  }
}
