public import RTCPrimitives
import RTCWire

/// Relayed candidates: one TURN allocation for each socket and server.
///
/// - SeeAlso: RFC 8445 §5.1.1.2, RFC 8656
extension ICEAgent {
  struct Relay: Sendable {
    enum Standing: Hashable, Sendable {
      case queued
      case allocating
      case allocated
      case failed
    }

    /// The index of the socket that the server is reached from.
    let base: Int
    /// The rank of the server in the configuration.
    let rank: Int
    var client: TURNClient
    var standing = Standing.queued
    /// The relayed addresses, at most one of a family; each also is the base of its candidate.
    var addresses: [Endpoint] = []
    /// Peers' addresses that the server lets through.
    var permitted: [IPAddress] = []

    var isSettled: Bool { standing == .allocated || standing == .failed }
  }

  var areRelaysSettled: Bool { relays.allSatisfy(\.isSettled) }

  /// Queues an allocation for every socket and server; those that exist already are announced again.
  mutating func gatherRelays(at now: Instant, into output: inout Output<Event>) {
    for (rank, server) in configuration.turnServers.enumerated() {
      for base in configuration.hosts.indices where isReachable(server.endpoint, fromBase: base) {
        let isKnown = relays.contains {
          $0.base == base && $0.client.configuration.server == server.endpoint
            && $0.client.configuration.relayProtocol == server.relayProtocol
        }
        if !isKnown { relays.append(Relay(base: base, rank: rank, client: makeClient(base: base, rank: rank))) }
      }
    }
    for index in relays.indices where !lostHosts.contains(relays[index].base) {
      switch relays[index].standing {
      case .allocated:
        for relayed in relays[index].addresses { announce(relayed, ofRelay: index, at: now, into: &output) }
      case .failed:
        relays[index].client = makeClient(base: relays[index].base, rank: relays[index].rank)
        relays[index].standing = .queued
        pendingQueries.append(.relay(index))
      case .queued: pendingQueries.append(.relay(index))
      case .allocating: break
      }
    }
  }

  mutating func startRelay(_ index: Int, at now: Instant, into output: inout Output<Event>) {
    relays[index].standing = .allocating
    relays[index].client.allocate(at: now, into: &relayOutput)
    drainRelay(index, at: now, into: &output)
  }

  /// Servers that did not answer in time are given up.
  mutating func abandonUnsettledRelays(into output: inout Output<Event>) {
    for index in relays.indices where !relays[index].isSettled {
      leaveConnection(ofRelay: index, into: &output)
      output.emit(relayFailed(index, .timeout))
      relays[index].client = makeClient(base: relays[index].base, rank: relays[index].rank)
      relays[index].standing = .failed
    }
  }

  /// The way to the servers is gone; what they lent is given back by nobody and expires.
  mutating func loseRelays(onBase base: Int, into output: inout Output<Event>) {
    for index in relays.indices where relays[index].base == base {
      leaveConnection(ofRelay: index, into: &output)
      relays[index].client = makeClient(base: base, rank: relays[index].rank)
      relays[index].standing = .failed
      relays[index].addresses.removeAll()
      relays[index].permitted.removeAll()
    }
  }

  mutating func handleRelayTimeouts(at now: Instant, into output: inout Output<Event>) {
    for index in relays.indices {
      guard let due = relays[index].client.nextTimeout, due <= now else { continue }
      relays[index].client.handleTimeout(at: now, into: &relayOutput)
      drainRelay(index, at: now, into: &output)
    }
  }

  /// Gives back what servers lent. Over UDP this is repeated until it is answered, with a new nonce where one is asked
  /// for; the end of a connection over TCP or TLS says the same.
  mutating func releaseRelays(at now: Instant, into output: inout Output<Event>) {
    for index in relays.indices {
      let isStream = relays[index].client.configuration.relayProtocol != .udp
      relays[index].client.release(at: now, into: &relayOutput)
      if isStream { relays[index].client.connectionEnded(into: &relayOutput) }
      relays[index].addresses.removeAll()
      output.datagrams.take(&relayOutput.datagrams)
      if isStream { leaveConnection(ofRelay: index, into: &output) }
    }
    relayOutput.removeAll()
  }

  /// When a TURN client wants to do something.
  var nextRelayTimeout: Instant? { relays.compactMap(\.client.nextTimeout).min() }

  /// The owner closes a connection that nothing is wanted of any more.
  private func leaveConnection(ofRelay index: Int, into output: inout Output<Event>) {
    let relay = relays[index].client.configuration
    guard relay.relayProtocol != .udp, relays[index].standing != .queued else { return }
    output.emit(.relayConnectionUnused(base: relay.local, server: relay.server))
  }

  /// The connection to a TURN server over TCP or TLS has ended, or could not be made.
  public mutating func relayConnectionEnded(
    from base: Endpoint, to server: Endpoint, at now: Instant, into output: inout Output<Event>
  ) {
    guard state != .closed else { return }
    for index in relays.indices
    where relays[index].client.configuration.server == server && relays[index].client.configuration.local == base
      && relays[index].client.configuration.relayProtocol != .udp
    {
      relays[index].client.connectionEnded(into: &relayOutput)
      drainRelay(index, at: now, into: &output)
    }
    advance(at: now, into: &output)
  }

  /// The relay whose server sent a datagram.
  func relayIndex(_ datagram: borrowing Datagram) -> Int? {
    for index in relays.indices
    where relays[index].client.configuration.server == datagram.source
      && relays[index].client.configuration.local == datagram.destination
      && relays[index].client.configuration.relayProtocol.transport == datagram.transport
    {
      return index
    }
    return nil
  }

  /// Takes a datagram of a TURN server and looks at what a peer sent through it.
  mutating func receive(
    _ datagram: borrowing Datagram, fromRelay index: Int, at now: Instant, into output: inout Output<Event>
  ) -> Range<Int>? {
    switch relays[index].client.handle(datagram, at: now, into: &relayOutput) {
    case .data(let peer, let range, let elided):
      guard let relayed = relays[index].addresses.first(where: { $0.address.family == peer.address.family }),
        !range.isEmpty
      else { return nil }
      if datagram.bytes[range.lowerBound] > 3 {
        return acceptData(base: relayed, remote: peer, size: range.count + elided, at: now) ? range : nil
      }
      handleSTUN(
        datagram.bytes.extracting(range), elided: elided, base: relayed, remote: peer, relay: index, at: now,
        into: &output)
      return nil
    case .consumed:
      drainRelay(index, at: now, into: &output)
      advance(at: now, into: &output)
      return nil
    case .notMine: return state == .closed ? nil : receiveDirectly(datagram, at: now, into: &output)
    }
  }

  /// Sends through a relay: on a channel if one is bound, in a Send indication otherwise.
  mutating func send(
    _ bytes: Span<UInt8>, elided: Int, to remote: Endpoint, relay index: Int, at now: Instant,
    into datagrams: inout Transmissions
  ) -> Bool {
    // The client writes straight into the caller's buffer.
    swap(&relayOutput.datagrams, &datagrams)
    defer { swap(&relayOutput.datagrams, &datagrams) }
    return relays[index].client.send(bytes, elided: elided, to: remote, at: now, into: &relayOutput)
  }

  /// Whether checks of this pair would reach the peer: a relay needs its permission first.
  func isReady(_ pair: CandidatePair) -> Bool {
    guard let relay = pair.relay else { return true }
    return relays[relay].permitted.contains(pair.remote.address.address)
  }

  /// Asks the server to let a peer's address through (RFC 8656 §9).
  mutating func permit(_ address: IPAddress, relay index: Int, at now: Instant, into output: inout Output<Event>) {
    guard !relays[index].permitted.contains(address) else { return }
    if relays[index].client.permissionCount >= Checklist.limit { dropIdlePermissions(ofRelay: index) }
    relays[index].client.createPermission(for: [address], at: now, into: &relayOutput)
    drainRelay(index, at: now, into: &output)
  }

  /// Lets permissions lapse whose pairs are gone: replaced by better ones, or left behind by restarts.
  private mutating func dropIdlePermissions(ofRelay index: Int) {
    let used = Set(checklist.pairs.filter { $0.relay == index }.map(\.remote.address.address))
    relays[index].permitted.removeAll { !used.contains($0) }
    relays[index].client.keepPermissions(of: used)
  }

  mutating func bindChannel(relay index: Int, to remote: Endpoint, at now: Instant, into output: inout Output<Event>) {
    relays[index].client.bindChannel(to: remote, at: now, into: &relayOutput)
    drainRelay(index, at: now, into: &output)
  }

  /// Carries out what a TURN client asked for and learns what it tells.
  private mutating func drainRelay(_ index: Int, at now: Instant, into output: inout Output<Event>) {
    output.datagrams.take(&relayOutput.datagrams)
    guard !relayOutput.events.isEmpty else { return }
    for event in relayOutput.takeEvents() {
      switch event {
      case .allocated(let relayed, _):
        relays[index].standing = .allocated
        relays[index].addresses.append(relayed)
        announce(relayed, ofRelay: index, at: now, into: &output)
      case .permissionCreated(let address):
        if !relays[index].permitted.contains(address) { relays[index].permitted.append(address) }
      case .permissionFailed(let address, _):
        relays[index].permitted.removeAll { $0 == address }
        failPairs(ofRelay: index, to: address, at: now, into: &output)
      case .failed(let error):
        output.emit(relayFailed(index, error))
        endRelay(index, at: now, into: &output)
      case .released: endRelay(index, at: now, into: &output)
      case .channelBound, .channelFailed: break
      }
    }
  }

  private func relayFailed(_ index: Int, _ error: TURNError) -> Event {
    let configuration = relays[index].client.configuration
    return .relayFailed(server: configuration.server, configuration.relayProtocol, error)
  }

  /// There is no allocation any more.
  private mutating func endRelay(_ index: Int, at now: Instant, into output: inout Output<Event>) {
    leaveConnection(ofRelay: index, into: &output)
    relays[index].standing = .failed
    relays[index].addresses.removeAll()
    relays[index].permitted.removeAll()
    if state != .closed { failPairs(ofRelay: index, to: nil, at: now, into: &output) }
  }

  /// Tells the candidates that a relayed address gives: itself, and a reflexive one as a by-product.
  private mutating func announce(
    _ relayed: Endpoint, ofRelay index: Int, at now: Instant, into output: inout Output<Event>
  ) {
    let relay = relays[index]
    guard isGathering, let mapped = relay.client.mapped else { return }
    let server = relay.client.configuration.server
    let relayProtocol = relay.client.configuration.relayProtocol
    // The mapping of a TCP connection is nothing that UDP could be sent to.
    if relayProtocol == .udp {
      handleMapped(
        mapped, base: relay.base, server: server, rank: configuration.stunServers.count + relay.rank, at: now,
        into: &output)
    }
    let hidden = Endpoint(relayed.address.family == .ipv4 ? .anyIPv4 : .anyIPv6, 0)
    let host = configuration.hosts[relay.base].address
    adopt(
      Candidate(
        foundation: foundations.foundation(
          of: .relayed, base: host, server: server.address, isStream: relayProtocol != .udp),
        priority: Candidate.priority(
          of: .relayed,
          localPreference: localPreference(base: relay.base, server: relay.rank, over: relayProtocol)),
        address: relayed, kind: .relayed, base: relayed,
        relatedAddress: configuration.transportPolicy == .relay ? hidden : mapped, relayProtocol: relayProtocol),
      at: now, into: &output)
  }

  /// Fails what is sent through a relay, to one address or to all; data moves to another pair that works.
  private mutating func failPairs(
    ofRelay index: Int, to address: IPAddress?, at now: Instant, into output: inout Output<Event>
  ) {
    let wasConcluded = isConcluded
    var isInUse = false
    for pair in checklist.pairs.indices where checklist.pairs[pair].relay == index {
      guard address == nil || checklist.pairs[pair].remote.address.address == address,
        checklist.pairs[pair].state != .failed
      else { continue }
      if consent?.pair == checklist.pairs[pair].id || selected == pair { isInUse = true }
      losePair(pair, into: &output)
    }
    if isInUse { replacePath(wasConcluded: wasConcluded, at: now, into: &output) }
  }

  /// The client's transaction identifiers come from a stream of their own, seeded by the agent's.
  private mutating func makeClient(base: Int, rank: Int) -> TURNClient {
    let server = configuration.turnServers[rank]
    return TURNClient(
      TURNClient.Configuration(
        server: server.endpoint, over: server.relayProtocol, local: configuration.hosts[base],
        username: server.username, password: server.password, family: server.endpoint.address.family,
        isDualStack: server.isDualStack,
        schedule: server.relayProtocol == .udp ? configuration.checkSchedule : .reliable),
      entropy: entropy.split())
  }
}
