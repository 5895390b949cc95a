import RTCPrimitives
import RTCTransport
import RTCWire

/// A TURN server and one client joined by a link of 10 ms; what leaves the relay for anybody else is kept.
struct TURNLink {
  struct Packet: Equatable {
    let source: Endpoint
    let destination: Endpoint
    let bytes: [UInt8]
    let elided: Int
  }

  static let serverEndpoint = Endpoint(IPAddress(198, 51, 100, 1), 3478)
  static let clientEndpoint = Endpoint(IPAddress(192, 0, 2, 33), 40_000)
  static let peer = Endpoint(IPAddress(203, 0, 113, 7), 5_000)
  static let relayV6 = IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 1)

  var server: TURNServer
  var client: TURNClient
  var now = Instant.start
  /// The probability that a datagram between client and server is lost.
  var loss = 0.0
  private(set) var sentByClient = 0
  var clientEvents: [TURNClient.Event] = []
  var serverEvents: [TURNServer.Event] = []
  /// What peers received.
  var atPeers: [Packet] = []
  /// What the client took out of the relay: the peer, the bytes and how many more were on the wire.
  var atClient: [Packet] = []

  private var dice: SeededGenerator
  private var inFlight: [(time: Instant, packet: Packet)] = []
  private static let latency: Duration = .milliseconds(10)

  init(
    seed: UInt64 = 1, password: String = "secret", family: IPAddress.Family = .ipv4,
    isDualStack: Bool = false, lifetime: Duration? = nil,
    configure: (inout TURNServer.Configuration) -> Void = { _ in }
  ) {
    var configuration = TURNServer.Configuration(
      realm: "sim.test", passwords: ["alice": "secret"],
      relayAddresses: [Self.serverEndpoint.address, Self.relayV6])
    configure(&configuration)
    server = TURNServer(configuration, entropy: EntropySource(SeededGenerator(seed: seed, stream: "server")))
    client = TURNClient(
      TURNClient.Configuration(
        server: Self.serverEndpoint, local: Self.clientEndpoint, username: "alice", password: password,
        family: family, isDualStack: isDualStack, lifetime: lifetime),
      entropy: EntropySource(SeededGenerator(seed: seed, stream: "client")))
    dice = SeededGenerator(seed: seed, stream: "loss")
  }

  /// Lets the client do something and sends what it wants sent.
  mutating func withClient(_ body: (inout TURNClient, Instant, inout Output<TURNClient.Event>) -> Void) {
    var output = Output<TURNClient.Event>()
    body(&client, now, &output)
    clientEvents += output.takeEvents()
    sentByClient += output.datagrams.count
    send(&output.datagrams)
  }

  /// A peer sends to the relayed endpoint.
  mutating func sendFromPeer(
    _ bytes: [UInt8], elided: Int = 0, from source: Endpoint = peer, to relayed: Endpoint
  ) {
    inFlight.append(
      (now + Self.latency, Packet(source: source, destination: relayed, bytes: bytes, elided: elided)))
  }

  /// Hands the server a datagram at once.
  mutating func inject(_ packet: Packet) { deliver(packet) }

  /// An allocation, ready for use.
  mutating func establish() {
    withClient { $0.allocate(at: $1, into: &$2) }
    run(for: .seconds(1))
  }

  mutating func run(for duration: Duration) {
    let end = now + duration
    while true {
      let arrival = inFlight.map(\.time).min() ?? .distantFuture
      let timer = min(client.nextTimeout ?? .distantFuture, server.nextTimeout ?? .distantFuture)
      let next = min(arrival, timer)
      guard next <= end else { break }
      now = max(now, next)
      if let index = inFlight.firstIndex(where: { $0.time <= now }) {
        deliver(inFlight.remove(at: index).packet)
        continue
      }
      withClient { $0.handleTimeout(at: $1, into: &$2) }
      var output = Output<TURNServer.Event>()
      server.handleTimeout(at: now, into: &output)
      serverEvents += output.takeEvents()
      send(&output.datagrams)
    }
    now = end
  }

  private mutating func deliver(_ packet: Packet) {
    guard packet.destination != Self.clientEndpoint else {
      var output = Output<TURNClient.Event>()
      let datagram = Datagram(
        from: packet.source, to: packet.destination, bytes: packet.bytes.span, elided: packet.elided)
      let incoming = client.handle(datagram, at: now, into: &output)
      if case .data(let peer, let range, let elided) = incoming {
        atClient.append(
          Packet(source: peer, destination: packet.destination, bytes: Array(packet.bytes[range]), elided: elided))
      }
      clientEvents += output.takeEvents()
      sentByClient += output.datagrams.count
      return send(&output.datagrams)
    }
    let isRelayed = packet.destination.port >= TURN.relayPorts.lowerBound
    let isServers = packet.destination.address == Self.serverEndpoint.address
    guard
      isServers && (isRelayed || packet.destination == Self.serverEndpoint)
        || packet.destination.address == Self.relayV6
    else { return atPeers.append(packet) }
    var output = Output<TURNServer.Event>()
    server.handle(
      Datagram(from: packet.source, to: packet.destination, bytes: packet.bytes.span, elided: packet.elided), at: now,
      into: &output)
    serverEvents += output.takeEvents()
    send(&output.datagrams)
  }

  private mutating func send(_ datagrams: inout Transmissions) {
    for index in 0..<datagrams.count {
      let datagram = datagrams[index]
      let packet = Packet(
        source: datagram.source, destination: datagram.destination, bytes: datagram.bytes.array(),
        elided: datagram.elided)
      let isControlled = packet.source == Self.serverEndpoint || packet.source == Self.clientEndpoint
      if isControlled, dice.happens(withProbability: loss) { continue }
      inFlight.append((now + Self.latency, packet))
    }
    datagrams.removeAll()
  }
}
