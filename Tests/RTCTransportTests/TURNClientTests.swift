import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

@Suite struct TURNClientTests {
  private let peer = TURNLink.peer
  private let relayed = Endpoint(TURNLink.serverEndpoint.address, 49_152)

  @Test func `an allocation is made after one challenge`() {
    var link = TURNLink()
    link.establish()
    #expect(link.clientEvents == [.allocated(relayed: relayed, mapped: TURNLink.clientEndpoint)])
    #expect(link.serverEvents == [.bind(relayed, client: TURNLink.clientEndpoint)])
    #expect(link.sentByClient == 2)
    #expect(link.client.relayed == relayed)
  }

  @Test func `an IPv6 endpoint is relayed for a client on IPv4`() {
    var link = TURNLink(family: .ipv6)
    let peer = Endpoint(IPAddress(v6High: 0x2001_0DB8_0000_0007, low: 7), 5_000)
    link.establish()
    let relayed = Endpoint(TURNLink.relayV6, 49_152)
    #expect(link.client.relayed == relayed)
    link.withClient { $0.createPermission(for: [peer.address], at: $1, into: &$2) }
    link.run(for: .seconds(1))
    link.withClient { _ = $0.send([1, 2, 3].span, to: peer, at: $1, into: &$2) }
    link.sendFromPeer([4, 5], from: peer, to: relayed)
    link.run(for: .seconds(1))
    #expect(link.atPeers == [.init(source: relayed, destination: peer, bytes: [1, 2, 3], elided: 0)])
    #expect(link.atClient.map(\.source) == [peer])
    #expect(link.atClient.map(\.bytes) == [[4, 5]])
  }

  @Test func `a silent server fails the allocation after seven requests in 39,5 s`() {
    var link = TURNLink()
    link.loss = 1
    link.withClient { $0.allocate(at: $1, into: &$2) }
    link.run(for: .milliseconds(39_499))
    #expect(link.clientEvents == [])
    link.run(for: .milliseconds(1))
    #expect(link.clientEvents == [.failed(.timeout)])
    #expect(link.sentByClient == 7)
    #expect(link.client.nextTimeout == nil)
  }

  @Test(arguments: UInt64(1)...20)
  func `losing 15 % of all datagrams only costs time`(seed: UInt64) {
    var link = TURNLink(seed: seed)
    link.loss = 0.15
    link.withClient { $0.allocate(at: $1, into: &$2) }
    link.run(for: .seconds(60))
    link.withClient { $0.bindChannel(to: TURNLink.peer, at: $1, into: &$2) }
    link.withClient { $0.createPermission(for: [TURNLink.peer.address], at: $1, into: &$2) }
    link.run(for: .seconds(60))
    #expect(
      Set(link.clientEvents) == [
        .allocated(relayed: relayed, mapped: TURNLink.clientEndpoint), .channelBound(0x4000, peer: peer),
        .permissionCreated(peer.address),
      ], "seed \(seed)")
    #expect(link.clientEvents.count == 3)
    #expect(link.server.allocationCount == 1)
  }

  @Test func `as many allocations fail on a lossy link as seven lost round trips are likely`() {
    let runs = 1000
    let failed = (0..<UInt64(runs)).count { seed in
      var link = TURNLink(seed: seed)
      link.loss = 0.3
      link.withClient { $0.allocate(at: $1, into: &$2) }
      link.run(for: .seconds(80))
      return link.client.relayed == nil
    }
    // A request fails with p = (1 - 0.7²)⁷ = 0.90 %, and an allocation takes two: 17.9 ± 4.2 of 1000.
    #expect((18 - 13...18 + 13).contains(failed))
  }

  @Test func `wrong credentials are tried once`() {
    var link = TURNLink(password: "guess")
    link.establish()
    #expect(link.clientEvents == [.failed(.rejected(.unauthenticated))])
    #expect(link.sentByClient == 2)
    link.run(for: .seconds(100))
    #expect(link.sentByClient == 2)
  }

  @Test func `data goes in indications until a channel is bound, and nothing is lost on the way`() {
    var link = TURNLink()
    link.establish()
    link.withClient { $0.createPermission(for: [TURNLink.peer.address], at: $1, into: &$2) }
    link.run(for: .seconds(1))
    #expect(link.clientEvents.last == .permissionCreated(peer.address))

    var dice = SeededGenerator(seed: 1, stream: "payloads")
    var (sent, replied): ([TURNLink.Packet], [TURNLink.Packet]) = ([], [])
    for round in 0..<100 {
      if round == 50 {
        link.withClient { $0.bindChannel(to: TURNLink.peer, at: $1, into: &$2) }
        link.run(for: .seconds(1))
        #expect(link.clientEvents.last == .channelBound(0x4000, peer: peer))
      }
      let bytes = (0..<Int.random(in: 0..<60, using: &dice)).map { _ in UInt8.random(in: 0...255, using: &dice) }
      let elided = Bool.random(using: &dice) ? 0 : Int.random(in: 1...1000, using: &dice)
      link.withClient { #expect($0.send(bytes.span, elided: elided, to: TURNLink.peer, at: $1, into: &$2)) }
      link.sendFromPeer(bytes.reversed(), elided: elided, to: relayed)
      sent.append(.init(source: relayed, destination: peer, bytes: bytes, elided: elided))
      replied.append(
        .init(source: peer, destination: TURNLink.clientEndpoint, bytes: bytes.reversed(), elided: elided))
      link.run(for: .milliseconds(50))
    }
    #expect(link.atPeers == sent)
    #expect(link.atClient == replied)
    let total = sent.reduce(0) { $0 + $1.bytes.count + $1.elided }
    let statistics = link.server.statistics
    #expect(statistics.packetsToPeers == 100 && statistics.packetsToClients == 100 && statistics.discarded == 0)
    #expect(statistics.bytesToPeers == total && statistics.bytesToClients == total)
  }

  @Test func `framing costs 4 bytes on a channel and 36 and padding in an indication`() {
    var link = TURNLink()
    link.establish()
    func sizes(_ link: inout TURNLink) -> [Int] {
      [0, 1, 2, 3, 4].map { elided in
        var output = Output<TURNClient.Event>()
        link.client.send([7].span, elided: elided, to: TURNLink.peer, at: link.now, into: &output)
        return output.datagrams.entries[0].size.bytes
      }
    }
    #expect(sizes(&link) == [40, 40, 40, 40, 44])
    link.withClient { $0.bindChannel(to: TURNLink.peer, at: $1, into: &$2) }
    link.run(for: .seconds(1))
    #expect(sizes(&link) == [5, 6, 7, 8, 9])
  }

  @Test(arguments: [Duration?.none, .seconds(1200)])
  func `allocation, permission and channel live for hours, over stale nonces`(lifetime: Duration?) {
    var link = TURNLink(lifetime: lifetime) { $0.nonceLifetime = .seconds(1000) }
    link.establish()
    link.withClient { $0.bindChannel(to: TURNLink.peer, at: $1, into: &$2) }
    let other = Endpoint(IPAddress(203, 0, 113, 8), 6_000)
    link.withClient { $0.createPermission(for: [other.address], at: $1, into: &$2) }
    link.run(for: .seconds(1))
    let events = link.clientEvents
    #expect(events.count == 3)
    for minute in 1...180 {
      link.run(for: .seconds(60))
      link.sendFromPeer([1], to: relayed)
      link.sendFromPeer([2], from: other, to: relayed)
      link.withClient { _ = $0.send([3].span, to: TURNLink.peer, at: $1, into: &$2) }
      link.withClient { _ = $0.send([4].span, to: other, at: $1, into: &$2) }
      link.run(for: .milliseconds(100))
      #expect(link.atClient.count == 2 * minute)
      #expect(link.atPeers.count == 2 * minute)
    }
    #expect(link.clientEvents == events)
    #expect(link.serverEvents.count == 1)
  }

  @Test func `a client that fell silent loses its allocation when its lifetime ends`() {
    var link = TURNLink()
    link.establish()
    let allocated = Instant(nanoseconds: 30_000_000)
    #expect(link.server.nextTimeout == allocated + .seconds(600))
    link.loss = 1
    link.run(for: allocated + .nanoseconds(599_999_999_999) - link.now)
    #expect(link.server.allocationCount == 1)
    link.run(for: .nanoseconds(1))
    #expect(link.server.allocationCount == 0)
    #expect(link.serverEvents == [.bind(relayed, client: TURNLink.clientEndpoint), .release(relayed)])
    #expect(link.clientEvents.last == .failed(.timeout))
    #expect(link.client.relayed == nil)
  }

  @Test func `an allocation is given back`() {
    var link = TURNLink()
    link.establish()
    link.withClient { $0.release(at: $1, into: &$2) }
    link.run(for: .seconds(1))
    #expect(link.clientEvents.last == .released)
    #expect(link.serverEvents.last == .release(relayed))
    #expect(link.client.nextTimeout == nil)
    link.withClient { client, now, output in
      #expect(!client.send([1].span, to: TURNLink.peer, at: now, into: &output))
      client.createPermission(for: [TURNLink.peer.address], at: now, into: &output)
      client.bindChannel(to: TURNLink.peer, at: now, into: &output)
    }
    #expect(
      link.clientEvents.suffix(2) == [
        .permissionFailed(peer.address, .noAllocation), .channelFailed(peer: peer, .noAllocation),
      ])
  }

  @Test func `a forbidden peer is refused by name`() {
    var link = TURNLink { $0.forbiddenPeers = [TURNLink.peer.address] }
    link.establish()
    link.withClient { $0.createPermission(for: [TURNLink.peer.address], at: $1, into: &$2) }
    link.withClient { $0.bindChannel(to: TURNLink.peer, at: $1, into: &$2) }
    link.withClient { $0.createPermission(for: [IPAddress(127, 0, 0, 1)], at: $1, into: &$2) }
    link.run(for: .seconds(1))
    #expect(
      link.clientEvents.dropFirst() == [
        .permissionFailed(peer.address, .rejected(.forbidden)), .channelFailed(peer: peer, .rejected(.forbidden)),
        .permissionFailed(IPAddress(127, 0, 0, 1), .rejected(.forbidden)),
      ])
  }

  @Test func `a dual-stack client is lent an endpoint of each family and reaches both`() {
    var link = TURNLink(isDualStack: true)
    link.establish()
    let relayedV6 = Endpoint(TURNLink.relayV6, 49_152)
    #expect(
      link.clientEvents == [
        .allocated(relayed: relayed, mapped: TURNLink.clientEndpoint),
        .allocated(relayed: relayedV6, mapped: TURNLink.clientEndpoint),
      ])
    let peerV6 = Endpoint(IPAddress(v6High: 0x2001_0DB8_0000_0007, low: 7), 5_000)
    link.withClient { $0.createPermission(for: [peer.address, peerV6.address], at: $1, into: &$2) }
    link.run(for: .seconds(1))
    for to in [peer, peerV6] { link.withClient { _ = $0.send([1].span, to: to, at: $1, into: &$2) } }
    link.run(for: .seconds(1))
    #expect(link.atPeers.map(\.source) == [relayed, relayedV6])
    #expect(link.atPeers.map(\.destination) == [peer, peerV6])
    // One Refresh keeps both (RFC 8656 §8.1).
    link.run(for: .seconds(1300))
    link.sendFromPeer([2], from: peerV6, to: relayedV6)
    link.sendFromPeer([3], from: peer, to: relayed)
    link.run(for: .seconds(1))
    #expect(link.atClient.map(\.bytes) == [[2], [3]])
  }

  @Test func `a dual-stack client goes on with the one family that its server has`() {
    var link = TURNLink(isDualStack: true) { $0.relayAddresses = [TURNLink.serverEndpoint.address] }
    link.establish()
    #expect(link.clientEvents == [.allocated(relayed: relayed, mapped: TURNLink.clientEndpoint)])
  }

  /// A client and its requests, answered by hand.
  private struct HandAnswered {
    var client: TURNClient
    var events: [TURNClient.Event] = []
    var request: STUNMessage?
    private var now = Instant.start

    init() {
      client = TURNClient(
        TURNClient.Configuration(
          server: TURNLink.serverEndpoint, local: TURNLink.clientEndpoint, username: "alice", password: "secret"),
        entropy: EntropySource(SeededGenerator(seed: 1, stream: "client")))
      perform { $0.allocate(at: $1, into: &$2) }
    }

    mutating func perform(_ body: (inout TURNClient, Instant, inout Output<TURNClient.Event>) -> Void) {
      var output = Output<TURNClient.Event>()
      now += .milliseconds(10)
      body(&client, now, &output)
      events += output.takeEvents()
      if !output.datagrams.isEmpty { request = try? STUNMessage(parsing: output.datagrams[0].bytes) }
    }

    /// Answers the latest request, with the signature of the server or without.
    mutating func answer(
      _ messageClass: STUNMessage.Class, _ attributes: [STUNAttribute], isSigned: Bool
    ) throws {
      let request = try #require(request)
      let message = STUNMessage(
        messageClass, request.method, transactionID: request.transactionID, attributes: attributes)
      let key = MessageIntegrityKey(longTermUsername: "alice", realm: "sim.test", password: "secret")
      let bytes = isSigned ? message.bytes { MessageIntegrity.code(over: $0, key: key) } : message.bytes()
      perform {
        _ = $0.handle(
          Datagram(from: TURNLink.serverEndpoint, to: TURNLink.clientEndpoint, bytes: bytes.span), at: $1, into: &$2)
      }
    }

    /// Shows realm and nonce.
    mutating func challenge() throws {
      try answer(.error, [.errorCode(.unauthenticated), .realm("sim.test"), .nonce("n")], isSigned: false)
    }
  }

  private static let lent: [STUNAttribute] = [
    .xorRelayedAddress(Endpoint(TURNLink.serverEndpoint.address, 49_152)), .lifetime(seconds: 600),
    .xorMappedAddress(TURNLink.clientEndpoint),
  ]

  /// RFC 8489 §6.3.3, §6.3.4
  @Test(arguments: [STUNMessage.Class.success, .error])
  func `a response with an unknown attribute that must be understood fails its transaction`(
    messageClass: STUNMessage.Class
  ) throws {
    var exchange = HandAnswered()
    try exchange.challenge()
    let type = STUNAttributeType(rawValue: 0x7FFF)
    let content: [STUNAttribute] = messageClass == .success ? Self.lent : [.errorCode(.allocationQuotaReached)]
    try exchange.answer(messageClass, content + [.unknown(type, [1, 2, 3, 4])], isSigned: true)
    #expect(exchange.events == [.failed(.unknownAttributes([type]))])
    // One that may be ignored is.
    var other = HandAnswered()
    try other.challenge()
    try other.answer(.success, Self.lent + [.unknown(STUNAttributeType(rawValue: 0xBFFF), [1])], isSigned: true)
    #expect(other.client.relayed?.port == 49_152)
  }

  /// RFC 8489 §9.2.5
  @Test(arguments: [STUNErrorCode.forbidden, .allocationMismatch, .allocationQuotaReached, .serverError])
  func `an error that anybody could have made is not believed after authentication`(error: STUNErrorCode) throws {
    var exchange = HandAnswered()
    try exchange.challenge()
    try exchange.answer(.error, [.errorCode(error)], isSigned: false)
    #expect(exchange.events.isEmpty)
    try exchange.answer(.error, [.errorCode(error)], isSigned: true)
    #expect(exchange.events == [.failed(.rejected(error))])
  }

  @Test func `errors of a server that does not believe the client need no signature`() throws {
    for error in [STUNErrorCode.badRequest, .unauthenticated] {
      var exchange = HandAnswered()
      try exchange.challenge()
      try exchange.answer(.error, [.errorCode(error)], isSigned: false)
      #expect(exchange.events == [.failed(.rejected(error))])
    }
    var exchange = HandAnswered()
    try exchange.challenge()
    try exchange.answer(.error, [.errorCode(.staleNonce), .realm("sim.test"), .nonce("m")], isSigned: false)
    #expect(exchange.request?.nonce == "m")
    try exchange.answer(.success, Self.lent, isSigned: true)
    #expect(exchange.client.relayed?.port == 49_152)
  }

  @Test func `STUN of others on the same socket is left to them`() {
    var link = TURNLink()
    link.establish()
    func incoming(_ bytes: [UInt8], from source: Endpoint = TURNLink.serverEndpoint) -> TURNClient.Incoming {
      var output = Output<TURNClient.Event>()
      return link.client.handle(
        Datagram(from: source, to: TURNLink.clientEndpoint, bytes: bytes.span), at: link.now, into: &output)
    }
    let id = TransactionID(high: 1, low: 1)
    #expect(incoming(STUNMessage(.success, .binding, transactionID: id).bytes()) == .notMine)
    #expect(incoming(STUNMessage(.request, .binding, transactionID: id).bytes()) == .notMine)
    #expect(incoming([0x40, 0, 0, 1, 9], from: TURNLink.peer) == .notMine)
    #expect(incoming([0x40, 0, 0, 1, 9]) == .consumed)
  }

  @Test(arguments: UInt64(1)...3)
  func `random datagrams change nothing`(seed: UInt64) throws {
    var link = TURNLink(seed: seed)
    link.establish()
    link.withClient { $0.bindChannel(to: TURNLink.peer, at: $1, into: &$2) }
    link.run(for: .seconds(1))
    var dice = SeededGenerator(seed: seed, stream: "turn/fuzz")
    struct File: Decodable {
      struct Vector: Decodable { let hex: String }
      let vectors: [Vector]
    }
    let messages = try Vectors.decode(File.self, from: "stun/generated.json").vectors.map { bytes(hex: $0.hex) }
    let events = link.clientEvents
    let ends = [TURNLink.serverEndpoint, TURNLink.clientEndpoint, relayed, peer]
    for _ in 0..<3000 {
      var input = messages[Int.random(in: 0..<messages.count, using: &dice)]
      if input.isEmpty || Int.random(in: 0..<4, using: &dice) == 0 {
        input = (0..<Int.random(in: 0..<60, using: &dice)).map { _ in UInt8.random(in: 0...255, using: &dice) }
      } else {
        for _ in 0..<Int.random(in: 0...3, using: &dice) {
          input[Int.random(in: 0..<input.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
        }
      }
      link.inject(
        .init(
          source: ends[Int.random(in: 0..<4, using: &dice)], destination: ends[Int.random(in: 0..<3, using: &dice)],
          bytes: input, elided: Int.random(in: 0..<10, using: &dice) == 0 ? 70_000 : 0))
      link.run(for: .milliseconds(1))
    }
    link.run(for: .seconds(1))
    #expect(link.clientEvents == events, "seed \(seed)")
    #expect(link.server.allocationCount == 1)
    link.atPeers = []
    link.withClient { _ = $0.send([1, 2].span, to: TURNLink.peer, at: $1, into: &$2) }
    link.run(for: .seconds(1))
    #expect(link.atPeers.map(\.bytes) == [[1, 2]])
  }
}
