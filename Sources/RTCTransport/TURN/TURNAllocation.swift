import RTCPrimitives
import RTCWire

/// Client and server transport address, and the protocol between them (RFC 8656 §3.2).
struct FiveTuple: Hashable, Sendable {
  let client: Endpoint
  let server: Endpoint
  let transport: TransportProtocol

  /// Of a message that a client sent.
  init(_ datagram: borrowing Datagram) {
    client = datagram.source
    server = datagram.destination
    transport = datagram.transport
  }

  init(client: Endpoint, server: Endpoint, transport: TransportProtocol) {
    self.client = client
    self.server = server
    self.transport = transport
  }
}

/// What a TURN server keeps for one client: its relayed endpoints, one for each address family that it asked for,
/// permissions and channels (RFC 8656 §6).
///
/// The look-ups per packet are inlined: called, they would copy the struct and retain what it holds.
struct TURNAllocation: Sendable {
  private struct Permission: Sendable {
    let address: IPAddress
    var expiry: Instant
  }

  private struct Channel: Sendable {
    let number: UInt16
    let peer: Endpoint
    let expiry: Instant
  }

  /// A relayed endpoint, which lives as long as it is refreshed (RFC 8656 §8.2).
  struct Relayed: Sendable {
    let endpoint: Endpoint
    var expiry: Instant
  }

  let fiveTuple: FiveTuple
  /// One, or one of each family; none once the allocation has ended.
  private(set) var relayed: [Relayed]
  let username: String
  /// The Allocate request that made it, and its answer: a retransmission is answered alike (RFC 8656 §7.2).
  let transactionID: TransactionID
  var response: [UInt8] = []
  /// What passed in each direction is measured against the server's limit.
  var toPeers: RateLimit
  var toClient: RateLimit
  /// False once the allocation has ended and its place waits for another one.
  private(set) var isLive = true

  private var permissions: [Permission] = []
  private var channels: [Channel] = []

  init(
    fiveTuple: FiveTuple, relayed: [Endpoint], username: String, transactionID: TransactionID, expiry: Instant,
    rate: DataRate?
  ) {
    self.fiveTuple = fiveTuple
    self.relayed = relayed.map { Relayed(endpoint: $0, expiry: expiry) }
    self.username = username
    self.transactionID = transactionID
    toPeers = RateLimit(rate)
    toClient = RateLimit(rate)
  }

  /// When the first of the relayed endpoints expires.
  var expiry: Instant { relayed.map(\.expiry).min() ?? .distantFuture }

  /// The relayed endpoint that peers of a family are reached from.
  @inline(__always) func relayed(for family: IPAddress.Family) -> Endpoint? {
    for one in relayed where one.endpoint.address.family == family { return one.endpoint }
    return nil
  }

  /// Lets the relayed endpoint of a family, or all, live until `expiry`.
  mutating func refresh(_ family: IPAddress.Family?, until expiry: Instant) {
    for index in relayed.indices where family == nil || relayed[index].endpoint.address.family == family {
      relayed[index].expiry = expiry
    }
  }

  /// Takes away one of two relayed endpoints.
  mutating func removeRelayed(_ endpoint: Endpoint) { relayed.removeAll { $0.endpoint == endpoint } }

  /// Ends the allocation.
  mutating func end() {
    isLive = false
    relayed = []
    response = []
    permissions = []
    channels = []
  }

  /// Whether data may pass between the client and the peer's address; ports do not matter (RFC 8656 §9).
  @inline(__always) func permits(_ address: IPAddress, at now: Instant) -> Bool {
    for permission in permissions where permission.address == address { return permission.expiry > now }
    return false
  }

  /// Installs or refreshes permissions, all or none; false when there would be more than `limit`.
  mutating func permit(_ addresses: [IPAddress], at now: Instant, limit: Int) -> Bool {
    permissions.removeAll { $0.expiry <= now }
    var new: [IPAddress] = []
    for address in addresses where !new.contains(address) && !permissions.contains(where: { $0.address == address }) {
      new.append(address)
    }
    guard permissions.count + new.count <= limit else { return false }
    permissions += new.map { Permission(address: $0, expiry: now) }
    for index in permissions.indices where addresses.contains(permissions[index].address) {
      permissions[index].expiry = now + TURN.permissionLifetime
    }
    return true
  }

  /// The peer of a bound channel.
  @inline(__always) func peer(ofChannel number: UInt16, at now: Instant) -> Endpoint? {
    for channel in channels where channel.number == number { return channel.expiry > now ? channel.peer : nil }
    return nil
  }

  /// The channel that is bound to a peer.
  @inline(__always) func channel(of peer: Endpoint, at now: Instant) -> UInt16? {
    for channel in channels where channel.peer == peer { return channel.expiry > now ? channel.number : nil }
    return nil
  }

  /// Whether neither the number nor the peer is bound otherwise (RFC 8656 §12.2).
  func canBind(_ number: UInt16, to peer: Endpoint, at now: Instant) -> Bool {
    !channels.contains { $0.expiry > now && ($0.number == number) != ($0.peer == peer) }
  }

  /// Binds or refreshes a channel.
  ///
  /// - Precondition: `canBind` says so.
  mutating func bind(_ number: UInt16, to peer: Endpoint, at now: Instant) {
    precondition(canBind(number, to: peer, at: now), "a channel has one peer and a peer one channel")
    channels.removeAll { $0.expiry <= now || $0.number == number }
    channels.append(Channel(number: number, peer: peer, expiry: now + TURN.channelLifetime))
  }
}
