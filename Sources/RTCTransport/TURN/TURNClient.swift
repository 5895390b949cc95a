import RTCPrimitives
import RTCWire

/// A TURN client over UDP, TCP or TLS: gets a relayed endpoint from a server, keeps it alive and passes data through it.
///
/// ```
///          allocate            success             release           response
///   idle ───────────► allocating ───────► allocated ───────► releasing ───────► closed
///                         └── error, timeout ──┴─ lost ──────────────────────────►┘
/// ```
/// Permissions and channels are refreshed until the allocation ends.
/// - SeeAlso: RFC 8656
public struct TURNClient: Sendable {
  public struct Configuration: Hashable, Sendable {
    public var server: Endpoint
    public var relayProtocol: RelayProtocol
    /// Where the client sends from.
    public var local: Endpoint
    public var username: String
    public var password: String
    /// The family of the relayed endpoint.
    public var family: IPAddress.Family
    /// Whether an IPv6 endpoint is wanted besides one of IPv4, whatever `family` says (RFC 8656 §6.1). A server that has but
    /// one of them lends that.
    public var isDualStack: Bool
    /// The lifetime to ask for, in whole seconds; `nil` leaves it to the server.
    public var lifetime: Duration?
    public var schedule: STUNTransaction.Schedule

    public init(
      server: Endpoint, over relayProtocol: RelayProtocol = .udp, local: Endpoint, username: String, password: String,
      family: IPAddress.Family = .ipv4, isDualStack: Bool = false,
      lifetime: Duration? = nil, schedule: STUNTransaction.Schedule = STUNTransaction.Schedule()
    ) {
      self.server = server
      self.relayProtocol = relayProtocol
      self.local = local
      self.username = username
      self.password = password
      self.family = family
      self.isDualStack = isDualStack
      self.lifetime = lifetime
      self.schedule = schedule
    }
  }

  public enum Event: Hashable, Sendable {
    /// Told once for each relayed endpoint: one, or one of each family.
    case allocated(relayed: Endpoint, mapped: Endpoint)
    case permissionCreated(IPAddress)
    case permissionFailed(IPAddress, TURNError)
    case channelBound(UInt16, peer: Endpoint)
    case channelFailed(peer: Endpoint, TURNError)
    /// The allocation was given back.
    case released
    /// There is no allocation, or no longer one.
    case failed(TURNError)
  }

  /// What a datagram turned out to be.
  public enum Incoming: Hashable, Sendable {
    /// Data of a peer: `range` of the datagram's bytes, then `elided` bytes that are on the wire only.
    case data(peer: Endpoint, range: Range<Int>, elided: Int)
    /// A message for the client, or rubbish from the server.
    case consumed
    /// Not from the server, or STUN of somebody else who shares the socket.
    case notMine
  }

  public let configuration: Configuration
  /// When `handleTimeout` has something to do.
  public private(set) var nextTimeout: Instant?

  var phase = Phase.idle
  var entropy: EntropySource
  var credential: TURNCredential
  var requests: [PendingRequest] = []
  var permissions: [Permission] = []
  /// The channel at index i has the number 0x4000 + i.
  var channels: [Channel] = []

  enum Phase {
    case idle
    case allocating
    case allocated(Allocation)
    case releasing
    case closed
  }

  struct Allocation {
    /// One, or one of each family.
    let relayed: [Endpoint]
    let mapped: Endpoint
    var refreshTime: Instant
  }

  struct PendingRequest {
    var transaction: STUNTransaction
    let purpose: Purpose
    let isAuthenticated: Bool
    /// How many times the server called the nonce stale.
    let staleNonces: Int
  }

  enum Purpose {
    case allocate
    case refresh
    case release
    case permissions([IPAddress])
    case channel(Int)
  }

  enum Standing {
    case requested
    case installed(refreshTime: Instant)
    case refreshing
    case failed

    var isUsable: Bool {
      switch self {
      case .installed, .refreshing: true
      case .requested, .failed: false
      }
    }
  }

  struct Permission {
    let address: IPAddress
    var standing: Standing
  }

  struct Channel {
    let peer: Endpoint
    var standing: Standing
  }

  static let maximumStaleNonces = 3
  static let firstChannel = ChannelData.channels.lowerBound

  public init(_ configuration: Configuration, entropy: EntropySource) {
    self.configuration = configuration
    self.entropy = entropy
    credential = TURNCredential(username: configuration.username, password: configuration.password)
  }

  /// The relayed endpoint while there is one; with one of each family that of IPv4.
  public var relayed: Endpoint? {
    if case .allocated(let allocation) = phase { allocation.relayed.first } else { nil }
  }

  /// The client's endpoint as the server saw it, while there is an allocation.
  public var mapped: Endpoint? { if case .allocated(let allocation) = phase { allocation.mapped } else { nil } }

  /// Asks for an allocation; `.allocated` or `.failed` tells how it went.
  ///
  /// - Precondition: it was not asked before.
  public mutating func allocate(at now: Instant, into output: inout Output<Event>) {
    guard case .idle = phase else { preconditionFailure("a TURN client allocates once") }
    phase = .allocating
    start(.allocate, at: now, into: &output)
    updateTimeout()
  }

  /// Gives the allocation back; `.released` follows, whatever the server says.
  public mutating func release(at now: Instant, into output: inout Output<Event>) {
    switch phase {
    case .idle, .allocating: close(.released, into: &output)
    case .allocated:
      forgetEverything()
      phase = .releasing
      start(.release, at: now, into: &output)
    case .releasing, .closed: break
    }
    updateTimeout()
  }

  /// Lets data of these addresses, whatever their port, pass the relay; one event per address follows.
  public mutating func createPermission(
    for addresses: [IPAddress], at now: Instant, into output: inout Output<Event>
  ) {
    guard relayed != nil else {
      for address in addresses { output.emit(.permissionFailed(address, .noAllocation)) }
      return
    }
    var wanted: [IPAddress] = []
    for address in addresses where !wanted.contains(address) {
      guard let known = permissions.firstIndex(where: { $0.address == address }) else {
        permissions.append(Permission(address: address, standing: .requested))
        wanted.append(address)
        continue
      }
      if permissions[known].standing.isUsable { output.emit(.permissionCreated(address)) }
    }
    if !wanted.isEmpty { start(.permissions(wanted), at: now, into: &output) }
    updateTimeout()
  }

  /// How many addresses are let through, or are asked for.
  public var permissionCount: Int { permissions.count }

  /// Refreshes the permissions of no other addresses any more, so that these end after 300 s; the protocol has no way to
  /// take one back (RFC 8656 §9). A channel that is bound keeps its own.
  public mutating func keepPermissions(of addresses: Set<IPAddress>) {
    permissions.removeAll { !addresses.contains($0.address) }
    updateTimeout()
  }

  /// Binds a channel to `peer`, which also permits its address; `.channelBound` or `.channelFailed` follows.
  public mutating func bindChannel(to peer: Endpoint, at now: Instant, into output: inout Output<Event>) {
    guard relayed != nil else {
      output.emit(.channelFailed(peer: peer, .noAllocation))
      return
    }
    let index = channels.firstIndex { $0.peer == peer } ?? channels.count
    guard index < ChannelData.channels.count else {
      output.emit(.channelFailed(peer: peer, .noChannelLeft))
      return
    }
    if index == channels.count {
      channels.append(Channel(peer: peer, standing: .requested))
    } else {
      switch channels[index].standing {
      case .requested: return
      case .installed, .refreshing:
        output.emit(.channelBound(Self.firstChannel + UInt16(index), peer: peer))
        return
      case .failed: channels[index].standing = .requested
      }
    }
    start(.channel(index), at: now, into: &output)
    updateTimeout()
  }

  /// Sends `bytes`, and `elided` bytes that are on the wire only, to `peer` through the relay.
  ///
  /// - Returns: false without an allocation, or when the data is too long for one datagram. The server drops what goes
  ///   to a peer without a permission.
  @discardableResult
  public mutating func send(
    _ bytes: Span<UInt8>, elided: Int = 0, to peer: Endpoint, at now: Instant, into output: inout Output<Event>
  ) -> Bool {
    guard case .allocated = phase,
      bytes.count + elided <= TURN.maximumDatagramSize - RelayIndication.overhead(for: peer.address.family)
    else { return false }
    for index in channels.indices where channels[index].peer == peer {
      guard channels[index].standing.isUsable else { break }
      output.datagrams.append(
        elided: elided, over: transport, from: configuration.local, to: configuration.server
      ) {
        ChannelData.write(channel: Self.firstChannel + UInt16(index), bytes, elided: elided, into: &$0)
      }
      return true
    }
    let transactionID = TransactionID(using: &entropy)
    output.datagrams.append(
      elided: RelayIndication.elidedOnWire(stored: bytes.count, elided: elided), over: transport,
      from: configuration.local, to: configuration.server
    ) {
      RelayIndication.write(.send, peer: peer, bytes, elided: elided, transactionID: transactionID, into: &$0)
    }
    return true
  }

  /// Takes a datagram that came to the client's socket.
  public mutating func handle(
    _ datagram: borrowing Datagram, at now: Instant, into output: inout Output<Event>
  ) -> Incoming {
    guard datagram.source == configuration.server, datagram.destination == configuration.local,
      datagram.transport == transport
    else { return .notMine }
    switch Demultiplexer.classify(datagram.bytes) {
    case .turnChannel:
      guard relayed != nil, let message = try? ChannelData(parsing: datagram.bytes, elided: datagram.elided),
        let channel = channel(numbered: message.channel)
      else { return .consumed }
      return .data(peer: channel.peer, range: message.range, elided: message.elided)
    case .stun: return handleMessage(datagram, at: now, into: &output)
    case .dtls, .zrtp, .quic, .rtp, .rtcp, .unknown: return .notMine
    }
  }

  /// The TCP or TLS connection to the server has ended, and the allocation with it; `.failed` follows, if there is
  /// anything that could.
  public mutating func connectionEnded(into output: inout Output<Event>) {
    switch phase {
    case .allocating, .allocated: close(.failed(.connectionLost), into: &output)
    case .releasing: close(.released, into: &output)
    case .idle, .closed: break
    }
    updateTimeout()
  }

  /// Retransmits and refreshes what is due; harmless when called early.
  public mutating func handleTimeout(at now: Instant, into output: inout Output<Event>) {
    guard let due = nextTimeout, now >= due else { return }
    retransmit(at: now, into: &output)
    refresh(at: now, into: &output)
    updateTimeout()
  }

  private mutating func retransmit(at now: Instant, into output: inout Output<Event>) {
    var failed: [Purpose] = []
    var index = 0
    while index < requests.count {
      switch requests[index].transaction.handleTimeout(at: now) {
      case .wait: index += 1
      case .retransmit:
        output.transmit(
          requests[index].transaction.request, over: transport, from: configuration.local, to: configuration.server)
        index += 1
      case .fail: failed.append(requests.remove(at: index).purpose)
      }
    }
    for purpose in failed { fail(purpose, .timeout, into: &output) }
  }

  private mutating func refresh(at now: Instant, into output: inout Output<Event>) {
    guard case .allocated(var allocation) = phase else { return }
    if now >= allocation.refreshTime {
      allocation.refreshTime = .distantFuture
      phase = .allocated(allocation)
      start(.refresh, at: now, into: &output)
    }
    var due: [IPAddress] = []
    for index in permissions.indices {
      guard case .installed(let time) = permissions[index].standing, now >= time else { continue }
      permissions[index].standing = .refreshing
      due.append(permissions[index].address)
    }
    if !due.isEmpty { start(.permissions(due), at: now, into: &output) }
    for index in channels.indices {
      guard case .installed(let time) = channels[index].standing, now >= time else { continue }
      channels[index].standing = .refreshing
      start(.channel(index), at: now, into: &output)
    }
  }

  private mutating func handleMessage(
    _ datagram: borrowing Datagram, at now: Instant, into output: inout Output<Event>
  ) -> Incoming {
    guard let header = try? STUNHeader(parsing: datagram.bytes) else { return .consumed }
    switch header.messageClass {
    case .request: return .notMine
    case .indication:
      guard header.method == .data else { return .notMine }
      guard relayed != nil,
        let indication = try? RelayIndication(parsing: datagram.bytes, elided: datagram.elided)
      else { return .consumed }
      return .data(peer: indication.peer, range: indication.range, elided: indication.elided)
    case .success, .error:
      guard let index = requests.firstIndex(where: { $0.transaction.id == header.transactionID }) else {
        return .notMine
      }
      handleResponse(datagram, toRequestAt: index, at: now, into: &output)
      updateTimeout()
      return .consumed
    }
  }

  var transport: TransportProtocol { configuration.relayProtocol.transport }

  private func channel(numbered number: UInt16) -> Channel? {
    let index = Int(number) - Int(Self.firstChannel)
    return channels.indices.contains(index) ? channels[index] : nil
  }

  private mutating func updateTimeout() {
    var next = Instant.distantFuture
    for request in requests { next = min(next, request.transaction.nextTimeout) }
    if case .allocated(let allocation) = phase { next = min(next, allocation.refreshTime) }
    for permission in permissions {
      if case .installed(let time) = permission.standing { next = min(next, time) }
    }
    for channel in channels {
      if case .installed(let time) = channel.standing { next = min(next, time) }
    }
    nextTimeout = next == .distantFuture ? nil : next
  }
}
