import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

/// A TURN server and a hand-made client that writes each message as a test wants it.
struct TURNDriver {
  struct Packet: Equatable {
    let destination: Endpoint
    let bytes: [UInt8]

    var message: STUNMessage? { try? STUNMessage(parsing: bytes.span) }
  }

  struct Credentials {
    let username: String
    let password: String
  }

  static let endpoint = Endpoint(IPAddress(198, 51, 100, 1), 3478)
  static let client = Endpoint(IPAddress(192, 0, 2, 33), 40_000)
  static let peer = Endpoint(IPAddress(192, 0, 2, 10), 5_000)
  static let payload: [UInt8] = [7, 8, 9]
  static let configuration = TURNServer.Configuration(
    realm: "sim.test", passwords: ["alice": "secret", "bob": "builder"], relayAddresses: [endpoint.address])

  var server: TURNServer
  var now = Instant.start
  /// What the server sent; in tests of sequences every client stands in for the first one.
  var received: [Packet] = []
  private(set) var last: STUNMessage?
  private(set) var relayed: Endpoint?

  private var client = Self.client
  private var nonces: [Endpoint: String] = [:]
  private(set) var lastRequest: [UInt8] = []
  private var entropy = EntropySource(SeededGenerator(seed: 1, stream: "driver"))

  init(_ configuration: TURNServer.Configuration = Self.configuration) {
    server = TURNServer(configuration, entropy: EntropySource(SeededGenerator(seed: 1, stream: "server")))
  }

  /// Gets a nonce.
  mutating func challenge() {
    request(.allocate, credentials: nil)
    nonces[client] = last?.nonce
    received.removeLast()
  }

  /// Gets a nonce and an allocation.
  mutating func allocate() {
    challenge()
    request(.allocate, [.requestedTransport(17)])
    relayed = last?.xorRelayedAddress
  }

  /// Takes the nonce of the last response.
  mutating func learnNonce() throws { nonces[client] = try #require(last?.nonce) }

  /// Goes on from another port, with a nonce of its own.
  mutating func changePort() {
    client.port += 1
    challenge()
  }

  mutating func request(
    _ method: STUNMethod, _ attributes: [STUNAttribute] = [],
    credentials: Credentials? = Credentials(username: "alice", password: "secret")
  ) {
    var message = STUNMessage(.request, method, transactionID: TransactionID(using: &entropy), attributes: attributes)
    if let credentials {
      message.attributes += [
        .username(credentials.username), .realm("sim.test"), .nonce(nonces[client] ?? ""),
      ]
      let key = MessageIntegrityKey(
        longTermUsername: credentials.username, realm: "sim.test", password: credentials.password)
      lastRequest = message.bytes { MessageIntegrity.code(over: $0, key: key) }
    } else {
      lastRequest = message.bytes()
    }
    deliver(lastRequest, from: client, to: Self.endpoint)
  }

  mutating func repeatLastRequest() { deliver(lastRequest, from: client, to: Self.endpoint) }

  mutating func sendIndication(to peer: Endpoint = peer) {
    let message = STUNMessage(
      .indication, .send, transactionID: TransactionID(using: &entropy),
      attributes: [.xorPeerAddress(peer), .data(Self.payload)])
    deliver(message.bytes(), from: client, to: Self.endpoint)
  }

  mutating func sendChannelData(_ channel: UInt16) {
    var writer = ByteWriter()
    ChannelData.write(channel: channel, Self.payload.span, into: &writer)
    deliver(writer.bytes, from: client, to: Self.endpoint)
  }

  /// Sends any bytes to the server, or to one of its relayed endpoints.
  mutating func send(_ bytes: [UInt8], from source: Endpoint, to destination: Endpoint = Self.endpoint) {
    deliver(bytes, from: source, to: destination)
  }

  mutating func sendFromPeer(port: UInt16 = peer.port) {
    guard let relayed else { return }
    deliver(Self.payload, from: Endpoint(Self.peer.address, port), to: relayed)
  }

  private mutating func deliver(_ bytes: [UInt8], from source: Endpoint, to destination: Endpoint) {
    var output = Output<TURNServer.Event>()
    server.handle(Datagram(from: source, to: destination, bytes: bytes.span), at: now, into: &output)
    for index in 0..<output.datagrams.count {
      let datagram = output.datagrams[index]
      let isClient = datagram.destination.address == Self.client.address
      let packet = Packet(destination: isClient ? Self.client : datagram.destination, bytes: datagram.bytes.array())
      received.append(packet)
      last = packet.message
    }
  }
}
