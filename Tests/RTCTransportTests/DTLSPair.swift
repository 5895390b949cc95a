import RTCPrimitives
import RTCTransport
import RTCWire

/// A client and a server 10 ms apart, in virtual time.
final class DTLSPair {
  enum Side: Hashable, Sendable { case client, server }

  /// A datagram as it was sent.
  struct Sent: Hashable, Sendable {
    var time: Instant
    var from: Side
    var bytes: [UInt8]
    /// Its place among the datagrams of its side.
    var number: Int
  }

  var client: DTLSTransport
  var server: DTLSTransport
  var now = Instant.start
  private(set) var sent: [Sent] = []
  private(set) var clientEvents: [DTLSTransport.Event] = []
  private(set) var serverEvents: [DTLSTransport.Event] = []
  private(set) var clientMessages: [[UInt8]] = []
  private(set) var serverMessages: [[UInt8]] = []
  private var inFlight: [(due: Instant, to: Side, bytes: [UInt8])] = []
  private var output = DTLSTransport.Output()

  init(
    _ provider: CryptoProvider, client: DTLSTransport.Configuration = .init(),
    server: DTLSTransport.Configuration = .init(), name: String = "pair",
    expectedByClient: DTLSFingerprint? = nil, serverKnowsClient: Bool = true
  ) throws {
    let alice = try provider.identity(named: "alice")
    let bob = try provider.identity(named: "bob")
    self.client = try DTLSTransport(
      provider: provider, identity: alice, role: .client, name: "\(name)/client",
      remoteFingerprints: [expectedByClient ?? bob.fingerprint], configuration: client)
    self.server = try DTLSTransport(
      provider: provider, identity: bob, role: .server, name: "\(name)/server",
      remoteFingerprints: serverKnowsClient ? [alice.fingerprint] : nil, configuration: server)
  }

  var clientKeys: SRTPKeys? { Self.keys(in: clientEvents) }
  var serverKeys: SRTPKeys? { Self.keys(in: serverEvents) }
  var isConnected: Bool { client.state == .connected && server.state == .connected }

  /// The flights that `side` has sent, as a ladder would name them.
  func flights(of side: Side) -> [String] {
    (side == .client ? clientEvents : serverEvents).compactMap {
      guard case .sent(let flight, let isRetransmission) = $0 else { return nil }
      return (isRetransmission ? "again: " : "") + flight.description
    }
  }

  func start(passing: (Sent) -> Bool = { _ in true }) {
    server.start(at: now, into: &output)
    collect(.server, passing)
    client.start(at: now, into: &output)
    collect(.client, passing)
  }

  /// Lets events happen in order until nothing is pending or `end` is reached.
  func run(until end: Instant = .start + .seconds(600), passing: (Sent) -> Bool = { _ in true }) {
    while let next = nextEvent, next <= end {
      now = max(now, next)
      if let index = inFlight.indices.filter({ inFlight[$0].due <= now }).min(by: {
        inFlight[$0].due < inFlight[$1].due
      }) {
        let arrival = inFlight.remove(at: index)
        deliver(arrival.bytes, to: arrival.to, passing: passing)
        continue
      }
      client.handleTimeout(at: now, into: &output)
      collect(.client, passing)
      server.handleTimeout(at: now, into: &output)
      collect(.server, passing)
    }
  }

  func deliver(_ bytes: [UInt8], to side: Side, passing: (Sent) -> Bool = { _ in true }) {
    switch side {
    case .client: client.handle(bytes.span, at: now, into: &output)
    case .server: server.handle(bytes.span, at: now, into: &output)
    }
    collect(side, passing)
  }

  func tellServer(_ fingerprint: DTLSFingerprint) {
    server.setRemoteFingerprints([fingerprint], at: now, into: &output)
    collect(.server) { _ in true }
  }

  @discardableResult
  func send(_ side: Side, _ message: [UInt8]) -> Bool {
    let isSent =
      switch side {
      case .client: client.send(message.span, at: now, into: &output)
      case .server: server.send(message.span, at: now, into: &output)
      }
    collect(side) { _ in true }
    return isSent
  }

  func close(_ side: Side) {
    switch side {
    case .client: client.close(at: now, into: &output)
    case .server: server.close(at: now, into: &output)
    }
    collect(side) { _ in true }
  }

  private var nextEvent: Instant? {
    [inFlight.map(\.due).min(), client.nextTimeout, server.nextTimeout].compactMap(\.self).min()
  }

  private func collect(_ side: Side, _ passing: (Sent) -> Bool) {
    for index in 0..<output.datagramCount {
      let number = sent.count { $0.from == side }
      let datagram = Sent(time: now, from: side, bytes: output.datagram(index).array(), number: number)
      sent.append(datagram)
      guard passing(datagram) else { continue }
      inFlight.append((now + .milliseconds(10), side == .client ? .server : .client, datagram.bytes))
    }
    let taken = output
    var messages: [[UInt8]] = []
    for index in 0..<taken.messageCount { messages.append(taken.message(index).array()) }
    switch side {
    case .client:
      clientEvents += output.events
      clientMessages += messages
    case .server:
      serverEvents += output.events
      serverMessages += messages
    }
    output.removeAll()
  }

  private static func keys(in events: [DTLSTransport.Event]) -> SRTPKeys? {
    for case .connected(let keys) in events { return keys }
    return nil
  }
}
