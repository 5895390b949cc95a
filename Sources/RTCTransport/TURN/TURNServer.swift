import RTCPrimitives
import RTCWire

/// A TURN server over UDP and streams: lends clients a public endpoint and relays what passes between it and permitted peers.
///
/// A datagram for a relayed endpoint is relayed to its client, any other one is taken as coming from a client; one whose
/// transport is TCP is a message of a stream that the owner keeps, as are those that the server transmits over TCP. The
/// node that owns the server binds and releases ports as the events say. Binding requests are answered too.
/// - SeeAlso: RFC 8656
/// - Note: Left out: TCP allocations (RFC 6062), USERHASH and password algorithms other than
///   MD5 (RFC 8489 §9.2), ICMP relaying (§11.5).
///   DONT-FRAGMENT is accepted and changes nothing: this server splits no datagrams.
public struct TURNServer: ProtocolCore, Sendable {
  public struct Configuration: Sendable {
    public var realm: String
    /// The passwords by user name.
    public var passwords: [String: String]
    /// The relay's addresses, at most one of each family.
    public var relayAddresses: [IPAddress]
    /// The ports of relayed endpoints, handed out in turn.
    public var relayPorts: ClosedRange<UInt16>
    public var defaultLifetime: Duration
    public var maximumLifetime: Duration
    public var nonceLifetime: Duration
    /// How many allocations a user may have at once; `nil` sets no limit.
    public var allocationsPerUser: Int?
    /// How many allocations there may be in all; `nil` sets no limit but that of the ports.
    public var totalAllocations: Int?
    /// How many peers' addresses one allocation may permit at once.
    public var permissionsPerAllocation: Int
    /// How much one allocation may relay in each direction, payload; `nil` sets no limit. What is more than that, beyond
    /// the worth of a second at once, is dropped and counted: a media sender takes it for a narrow link.
    public var ratePerAllocation: DataRate?
    /// Which peers clients may reach; others get 403.
    public var reach: PeerReach
    /// Peers that get 403 besides.
    public var forbiddenPeers: Set<IPAddress>
    /// The SOFTWARE attribute of responses; `nil` leaves it out.
    public var software: String?

    public init(
      realm: String, passwords: [String: String], relayAddresses: [IPAddress],
      relayPorts: ClosedRange<UInt16> = TURN.relayPorts,
      defaultLifetime: Duration = TURN.defaultAllocationLifetime,
      maximumLifetime: Duration = TURN.maximumAllocationLifetime, nonceLifetime: Duration = TURN.nonceLifetime,
      allocationsPerUser: Int? = nil, totalAllocations: Int? = nil, permissionsPerAllocation: Int = 1024,
      ratePerAllocation: DataRate? = nil, reach: PeerReach = .allButLoopback, forbiddenPeers: Set<IPAddress> = [],
      software: String? = nil
    ) {
      self.realm = realm
      self.passwords = passwords
      self.relayAddresses = relayAddresses
      self.relayPorts = relayPorts
      self.defaultLifetime = defaultLifetime
      self.maximumLifetime = maximumLifetime
      self.nonceLifetime = nonceLifetime
      self.allocationsPerUser = allocationsPerUser
      self.totalAllocations = totalAllocations
      self.permissionsPerAllocation = permissionsPerAllocation
      self.ratePerAllocation = ratePerAllocation
      self.reach = reach
      self.forbiddenPeers = forbiddenPeers
      self.software = software
    }
  }

  public enum Event: Hashable, Sendable {
    /// An allocation was made for `client`: datagrams to the relayed endpoint belong to the server from now on.
    case bind(Endpoint, client: Endpoint)
    /// The allocation has expired or was deleted.
    case release(Endpoint)
  }

  /// What was relayed since the start: payloads without TURN's own framing.
  public struct Statistics: Hashable, Sendable {
    public var packetsToPeers = 0
    public var bytesToPeers = 0
    public var packetsToClients = 0
    public var bytesToClients = 0
    /// Datagrams dropped: malformed, from strangers, without permission, on unbound channels.
    public var discarded = 0
    /// Datagrams dropped because their allocation relays too much.
    public var rateLimited = 0
    /// Requests without credentials, which were answered with realm and nonce: how every client begins.
    public var challenged = 0
    /// Requests that were refused: with wrong or with outdated credentials, or for any other reason.
    public var refused = 0
    /// Requests that were answered with success.
    public var granted = 0
  }

  public let configuration: Configuration
  public internal(set) var statistics = Statistics()
  public private(set) var nextTimeout: Instant?

  let authenticator: TURNAuthenticator
  var entropy: EntropySource
  var ports: [RelayPorts]
  var reservations: [Reservation] = []
  /// Answers Binding requests.
  public private(set) var binding: STUNServer
  private var allocations: [TURNAllocation] = []
  private var freeIndices: [Int] = []
  private var indices: [FiveTuple: Int] = [:]
  private var allocationCounts: [String: Int] = [:]

  /// A port kept for a client that shows the token (RFC 8656 §7.2).
  struct Reservation: Sendable {
    let token: UInt64
    let endpoint: Endpoint
    let expiry: Instant
  }

  public init(_ configuration: Configuration, entropy: EntropySource) {
    self.configuration = configuration
    self.entropy = entropy
    authenticator = TURNAuthenticator(
      realm: configuration.realm, passwords: configuration.passwords, nonceLifetime: configuration.nonceLifetime,
      entropy: &self.entropy)
    ports = configuration.relayAddresses.map { RelayPorts(address: $0, range: configuration.relayPorts) }
    binding = STUNServer(software: configuration.software)
  }

  /// How many allocations are alive.
  public var allocationCount: Int { allocations.count - freeIndices.count }

  public mutating func handle(_ datagram: borrowing Datagram, at now: Instant, into output: inout Output<Event>) {
    handleTimeout(at: now, into: &output)
    for pool in ports.indices where datagram.transport == .udp && ports[pool].covers(datagram.destination) {
      let index = ports[pool].holder(of: datagram.destination)
      relayToClient(datagram, allocation: index, at: now, into: &output.datagrams)
      return
    }
    switch Demultiplexer.classify(datagram.bytes) {
    case .turnChannel: relayChannelData(datagram, at: now, into: &output.datagrams)
    case .stun: handleMessage(datagram, at: now, into: &output)
    case .dtls, .zrtp, .quic, .rtp, .rtcp, .unknown: statistics.discarded += 1
    }
  }

  /// Whether something is lent to the client of a TCP or TLS connection.
  public func isAllocated(client: Endpoint, server: Endpoint) -> Bool {
    indices[FiveTuple(client: client, server: server, transport: .tcp)] != nil
  }

  /// A client's TCP or TLS connection has ended, and with it what it was lent.
  public mutating func connectionEnded(client: Endpoint, server: Endpoint, into output: inout Output<Event>) {
    guard let index = indices[FiveTuple(client: client, server: server, transport: .tcp)] else { return }
    removeAllocation(index, into: &output)
    updateTimeout()
  }

  /// Tells where clients come to, if that may be among the relayed ports: it is lent to nobody.
  public mutating func withhold(_ endpoint: Endpoint) { for pool in ports.indices { ports[pool].withhold(endpoint) } }

  /// The owner could not bind a relayed endpoint that was to be bound: takes the allocation back.
  ///
  /// Ports are handed out in turn, so the same request gets another one when it is handled again; its first answer must
  /// not be sent.
  public mutating func bindingFailed(_ relayed: Endpoint, into output: inout Output<Event>) {
    for pool in ports.indices {
      guard let index = ports[pool].holder(of: relayed) else { continue }
      removeAllocation(index, into: &output)
    }
    updateTimeout()
  }

  /// Whether a client has an allocation through this connection or socket.
  public func hasAllocation(client: Endpoint, server: Endpoint, over transport: TransportProtocol) -> Bool {
    indices[FiveTuple(client: client, server: server, transport: transport)] != nil
  }

  public mutating func handleTimeout(at now: Instant, into output: inout Output<Event>) {
    guard let due = nextTimeout, now >= due else { return }
    for index in allocations.indices {
      for relayed in allocations[index].relayed where relayed.expiry <= now {
        removeRelayed(relayed.endpoint, of: index, into: &output)
      }
    }
    updateTimeout()
  }

  private mutating func relayToClient(
    _ datagram: borrowing Datagram, allocation index: Int?, at now: Instant, into output: inout Transmissions
  ) {
    let size = datagram.size.bytes
    let peer = datagram.source
    guard let index, size <= TURN.maximumDatagramSize - RelayIndication.overhead(for: peer.address.family),
      allocations[index].permits(peer.address, at: now)
    else {
      statistics.discarded += 1
      return
    }
    guard allocations[index].toClient.admits(.bytes(size), at: now) else { return statistics.rateLimited += 1 }
    let fiveTuple = allocations[index].fiveTuple
    statistics.packetsToClients += 1
    statistics.bytesToClients += size
    if let channel = allocations[index].channel(of: peer, at: now) {
      output.append(
        elided: datagram.elided, over: fiveTuple.transport, from: fiveTuple.server, to: fiveTuple.client
      ) {
        ChannelData.write(channel: channel, datagram.bytes, elided: datagram.elided, into: &$0)
      }
      return
    }
    let transactionID = TransactionID(using: &entropy)
    output.append(
      elided: RelayIndication.elidedOnWire(stored: datagram.bytes.count, elided: datagram.elided),
      over: fiveTuple.transport, from: fiveTuple.server, to: fiveTuple.client
    ) {
      RelayIndication.write(
        .data, peer: peer, datagram.bytes, elided: datagram.elided, transactionID: transactionID, into: &$0)
    }
  }

  private mutating func relayChannelData(
    _ datagram: borrowing Datagram, at now: Instant, into output: inout Transmissions
  ) {
    guard let message = try? ChannelData(parsing: datagram.bytes, elided: datagram.elided),
      let index = indices[FiveTuple(datagram)],
      let peer = allocations[index].peer(ofChannel: message.channel, at: now)
    else {
      statistics.discarded += 1
      return
    }
    relayToPeer(
      datagram.bytes.extracting(message.range), elided: message.elided, of: index, to: peer, at: now, into: &output)
  }

  private mutating func relaySendIndication(
    _ datagram: borrowing Datagram, at now: Instant, into output: inout Transmissions
  ) {
    guard let indication = try? RelayIndication(parsing: datagram.bytes, elided: datagram.elided),
      indication.method == .send,
      let index = indices[FiveTuple(datagram)],
      allocations[index].permits(indication.peer.address, at: now)
    else {
      statistics.discarded += 1
      return
    }
    relayToPeer(
      datagram.bytes.extracting(indication.range), elided: indication.elided, of: index, to: indication.peer, at: now,
      into: &output)
  }

  private mutating func relayToPeer(
    _ data: Span<UInt8>, elided: Int, of index: Int, to peer: Endpoint, at now: Instant,
    into output: inout Transmissions
  ) {
    guard let relayed = allocations[index].relayed(for: peer.address.family), mayReach(peer) else {
      return statistics.discarded += 1
    }
    guard allocations[index].toPeers.admits(.bytes(data.count + elided), at: now) else {
      return statistics.rateLimited += 1
    }
    statistics.packetsToPeers += 1
    statistics.bytesToPeers += data.count + elided
    output.append(data, elided: elided, from: relayed, to: peer)
  }

  private mutating func handleMessage(
    _ datagram: borrowing Datagram, at now: Instant, into output: inout Output<Event>
  ) {
    guard let header = try? STUNHeader(parsing: datagram.bytes) else {
      statistics.discarded += 1
      return
    }
    switch (header.messageClass, header.method) {
    case (.indication, .send): relaySendIndication(datagram, at: now, into: &output.datagrams)
    case (.request, .binding): binding.handle(datagram, at: now, into: &output.datagrams)
    case (.request, .allocate), (.request, .refresh), (.request, .createPermission), (.request, .channelBind):
      handleRequest(datagram, header: header, at: now, into: &output)
    default: statistics.discarded += 1
    }
  }

  /// Whether data may go to a peer that is permitted: on the relay itself nothing is reached but what it relays.
  func mayReach(_ peer: Endpoint) -> Bool {
    guard configuration.reach == .globalOnly else { return true }
    for pool in ports.indices where ports[pool].address == peer.address { return ports[pool].holder(of: peer) != nil }
    return true
  }

  func allocationIndex(of fiveTuple: FiveTuple) -> Int? { indices[fiveTuple] }

  func allocationCount(of username: String) -> Int { allocationCounts[username, default: 0] }

  /// The allocation at an index that `allocationIndex(of:)` gave.
  subscript(allocation index: Int) -> TURNAllocation {
    get { allocations[index] }
    _modify { yield &allocations[index] }
  }

  mutating func insertAllocation(_ allocation: TURNAllocation, into output: inout Output<Event>) {
    let index: Int
    if let free = freeIndices.popLast() {
      index = free
      allocations[index] = allocation
    } else {
      index = allocations.count
      allocations.append(allocation)
    }
    indices[allocation.fiveTuple] = index
    allocationCounts[allocation.username, default: 0] += 1
    for relayed in allocation.relayed {
      for pool in ports.indices where ports[pool].covers(relayed.endpoint) {
        ports[pool].assign(relayed.endpoint.port, to: index)
      }
      output.emit(.bind(relayed.endpoint, client: allocation.fiveTuple.client))
    }
    nextTimeout = min(nextTimeout ?? .distantFuture, allocation.expiry)
  }

  /// Takes a relayed endpoint away, and with the last one the allocation.
  mutating func removeRelayed(_ endpoint: Endpoint, of index: Int, into output: inout Output<Event>) {
    guard allocations[index].relayed.count > 1 else { return removeAllocation(index, into: &output) }
    allocations[index].removeRelayed(endpoint)
    release(endpoint, into: &output)
  }

  mutating func removeAllocation(_ index: Int, into output: inout Output<Event>) {
    let allocation = allocations[index]
    allocations[index].end()
    freeIndices.append(index)
    indices[allocation.fiveTuple] = nil
    let left = allocationCount(of: allocation.username) - 1
    allocationCounts[allocation.username] = left > 0 ? left : nil
    for relayed in allocation.relayed { release(relayed.endpoint, into: &output) }
  }

  private mutating func release(_ relayed: Endpoint, into output: inout Output<Event>) {
    for pool in ports.indices where ports[pool].covers(relayed) { ports[pool].release(relayed.port) }
    output.emit(.release(relayed))
  }

  /// Recomputes the time at which the next allocation expires.
  mutating func updateTimeout() {
    nextTimeout = nil
    for index in allocations.indices {
      guard allocations[index].isLive else { continue }
      nextTimeout = min(nextTimeout ?? .distantFuture, allocations[index].expiry)
    }
  }
}
