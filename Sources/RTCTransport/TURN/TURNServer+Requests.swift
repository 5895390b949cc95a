import RTCPrimitives
import RTCWire

/// The four requests of a client: Allocate, Refresh, CreatePermission and ChannelBind.
extension TURNServer {
  /// A request that passed authentication.
  private struct Request {
    let message: STUNMessage
    let fiveTuple: FiveTuple
    let username: String
    let fingerprint: Bool
  }

  /// What is answered: attributes of success, or an error.
  private enum Answer {
    case success([STUNAttribute])
    case error(STUNErrorCode)
    /// An answer that was given before, byte for byte.
    case repeated([UInt8])
  }

  mutating func handleRequest(
    _ datagram: borrowing Datagram, header: STUNHeader, at now: Instant, into output: inout Output<Event>
  ) {
    let fingerprint = STUNMessage.fingerprintStatus(of: datagram.bytes)
    guard datagram.elided == 0, fingerprint != .invalid else {
      statistics.discarded += 1
      return
    }
    let fiveTuple = FiveTuple(datagram)
    let message: STUNMessage
    do {
      message = try STUNMessage(parsing: datagram.bytes)
    } catch .malformedAttribute {
      let refusal = STUNMessage(
        .error, header.method, transactionID: header.transactionID, attributes: [.errorCode(.badRequest)])
      reply(refusal, key: nil, fingerprint: fingerprint == .valid, to: fiveTuple, into: &output)
      return
    } catch {
      statistics.discarded += 1
      return
    }

    func refusal(_ attributes: [STUNAttribute]) -> STUNMessage {
      STUNMessage(.error, message.method, transactionID: message.transactionID, attributes: attributes)
    }
    let username: String
    let key: MessageIntegrityKey
    switch authenticator.verdict(on: message, bytes: datagram.bytes, from: fiveTuple.client, at: now) {
    case .authenticated(let name, let itsKey): (username, key) = (name, itsKey)
    case .refused(let error):
      let refusal = refusal([.errorCode(error)])
      reply(refusal, key: nil, fingerprint: fingerprint == .valid, to: fiveTuple, into: &output)
      return
    case .challenged(let error):
      let refusal = refusal([
        .errorCode(error), .realm(authenticator.realm), .nonce(authenticator.nonce(for: fiveTuple.client, at: now)),
      ])
      let isFirst = message.messageIntegrity == nil
      reply(refusal, key: nil, fingerprint: fingerprint == .valid, to: fiveTuple, isFirst: isFirst, into: &output)
      return
    }

    let unknown = message.unknownRequiredTypes
    guard unknown.isEmpty else {
      let refusal = refusal([.errorCode(.unknownAttribute), .unknownAttributes(unknown)])
      reply(refusal, key: key, fingerprint: fingerprint == .valid, to: fiveTuple, into: &output)
      return
    }
    let request = Request(
      message: message, fiveTuple: fiveTuple, username: username,
      fingerprint: fingerprint == .valid)
    let answer = answer(to: request, key: key, at: now, into: &output)
    switch answer {
    case .repeated(let bytes):
      output.datagrams.append(
        bytes.span, over: fiveTuple.transport, from: fiveTuple.server, to: fiveTuple.client)
    case .error(let error):
      let refusal = refusal([.errorCode(error)])
      reply(refusal, key: key, fingerprint: request.fingerprint, to: fiveTuple, into: &output)
    case .success(let attributes):
      let success = STUNMessage(
        .success, message.method, transactionID: message.transactionID, attributes: attributes)
      reply(success, key: key, fingerprint: request.fingerprint, to: fiveTuple, into: &output)
      if message.method == .allocate, let index = allocationIndex(of: request.fiveTuple) {
        self[allocation: index].response = output.datagrams[output.datagrams.count - 1].bytes.array()
      }
    }
  }

  private mutating func reply(
    _ message: STUNMessage, key: MessageIntegrityKey?, fingerprint: Bool, to fiveTuple: FiveTuple,
    isFirst: Bool = false, into output: inout Output<Event>
  ) {
    if message.messageClass == .success {
      statistics.granted += 1
    } else if isFirst {
      statistics.challenged += 1
    } else {
      statistics.refused += 1
    }
    var message = message
    if let software = configuration.software { message.attributes.append(.software(software)) }
    output.datagrams.append(over: fiveTuple.transport, from: fiveTuple.server, to: fiveTuple.client) {
      if let key {
        message.write(into: &$0, key: key, fingerprint: fingerprint)
      } else {
        message.write(into: &$0, fingerprint: fingerprint)
      }
    }
  }

  private mutating func answer(
    to request: Request, key: MessageIntegrityKey, at now: Instant, into output: inout Output<Event>
  ) -> Answer {
    let index = allocationIndex(of: request.fiveTuple)
    guard request.message.method != .allocate else {
      guard let index else {
        do throws(STUNErrorCode) {
          return .success(try allocate(request, at: now, into: &output))
        } catch {
          return .error(error)
        }
      }
      let isRepeated = self[allocation: index].transactionID == request.message.transactionID
      return isRepeated ? .repeated(self[allocation: index].response) : .error(.allocationMismatch)
    }
    guard let index else { return .error(.allocationMismatch) }
    guard self[allocation: index].username == request.username else { return .error(.wrongCredentials) }
    switch request.message.method {
    case .refresh: return refresh(index, request.message, at: now, into: &output)
    case .createPermission: return createPermission(index, request.message, at: now)
    default: return bindChannel(index, request.message, at: now)
    }
  }

  /// RFC 8656 §7.2
  private mutating func allocate(
    _ request: Request, at now: Instant, into output: inout Output<Event>
  ) throws(STUNErrorCode) -> [STUNAttribute] {
    let message = request.message
    guard let transport = message.requestedTransport else { throw .badRequest }
    guard transport == TURN.udp else { throw .unsupportedTransportProtocol }
    let additional = message.additionalAddressFamily
    if message.reservationToken != nil {
      guard message.evenPort == nil, message.requestedAddressFamily == nil, additional == nil else {
        throw .badRequest
      }
    }
    if let additional {
      guard additional == IPAddress.Family.ipv6.rawValue, message.requestedAddressFamily == nil,
        message.evenPort != true
      else { throw .badRequest }
    }
    if let quota = configuration.allocationsPerUser, allocationCount(of: request.username) >= quota {
      throw .allocationQuotaReached
    }
    if let limit = configuration.totalAllocations, allocationCount >= limit { throw .insufficientCapacity }
    dropExpiredReservations(at: now)
    let relayed: [Endpoint]
    var attributes: [STUNAttribute] = []
    if let token = message.reservationToken {
      guard let found = reservations.firstIndex(where: { $0.token == token }) else {
        throw .insufficientCapacity
      }
      relayed = [reservations.remove(at: found).endpoint]
    } else if additional != nil {
      (relayed, attributes) = try chooseBoth()
    } else {
      let parity: RelayPorts.Parity =
        switch message.evenPort {
        case nil: .any
        case false?: .even
        case true?: .evenWithNextFree
        }
      relayed = [try choose(message.requestedAddressFamily ?? IPAddress.Family.ipv4.rawValue, parity)]
      if parity == .evenWithNextFree { attributes.append(.reservationToken(reserve(after: relayed[0], at: now))) }
    }
    let lifetime = grantedLifetime(for: message.lifetime)
    insertAllocation(
      TURNAllocation(
        fiveTuple: request.fiveTuple, relayed: relayed, username: request.username,
        transactionID: message.transactionID, expiry: now + lifetime, rate: configuration.ratePerAllocation),
      into: &output)
    return relayed.map { .xorRelayedAddress($0) } + [
      .lifetime(seconds: UInt32(lifetime.components.seconds)), .xorMappedAddress(request.fiveTuple.client),
    ] + attributes
  }

  /// A free relayed endpoint of a family.
  private mutating func choose(_ family: UInt8, _ parity: RelayPorts.Parity) throws(STUNErrorCode) -> Endpoint {
    guard let pool = ports.firstIndex(where: { $0.address.family.rawValue == family }) else {
      throw .addressFamilyNotSupported
    }
    guard let port = ports[pool].nextFree(parity) else { throw .insufficientCapacity }
    return Endpoint(ports[pool].address, port)
  }

  /// An IPv4 and an IPv6 endpoint; if there is only one of them, it is told which family is missing and why.
  private mutating func chooseBoth() throws(STUNErrorCode) -> ([Endpoint], [STUNAttribute]) {
    let families: [IPAddress.Family] = [.ipv4, .ipv6]
    var (found, missing): ([Endpoint], [STUNAttribute]) = ([], [])
    for family in families {
      do throws(STUNErrorCode) {
        found.append(try choose(family.rawValue, .any))
      } catch {
        missing.append(.addressErrorCode(family: family.rawValue, error))
      }
    }
    guard !found.isEmpty else { throw .insufficientCapacity }
    return (found, missing)
  }

  private mutating func reserve(after relayed: Endpoint, at now: Instant) -> UInt64 {
    let next = Endpoint(relayed.address, relayed.port + 1)
    for pool in ports.indices where ports[pool].covers(next) { ports[pool].reserve(next.port) }
    let reservation = Reservation(token: entropy.next(), endpoint: next, expiry: now + TURN.reservationLifetime)
    reservations.append(reservation)
    return reservation.token
  }

  private mutating func dropExpiredReservations(at now: Instant) {
    for reservation in reservations where reservation.expiry <= now {
      for pool in ports.indices where ports[pool].covers(reservation.endpoint) {
        ports[pool].release(reservation.endpoint.port)
      }
    }
    reservations.removeAll { $0.expiry <= now }
  }

  /// A client may ask for more than the default, up to the maximum (RFC 8656 §7.2).
  private func grantedLifetime(for requested: Duration?) -> Duration {
    max(min(requested ?? .zero, configuration.maximumLifetime), configuration.defaultLifetime)
  }

  /// RFC 8656 §8.2
  private mutating func refresh(
    _ index: Int, _ message: STUNMessage, at now: Instant, into output: inout Output<Event>
  ) -> Answer {
    var family: IPAddress.Family?
    if let requested = message.requestedAddressFamily {
      family = IPAddress.Family(rawValue: requested)
      guard let family, self[allocation: index].relayed(for: family) != nil else {
        return .error(.peerAddressFamilyMismatch)
      }
    }
    if message.lifetime == .zero {
      for relayed in self[allocation: index].relayed where family == nil || relayed.endpoint.address.family == family {
        removeRelayed(relayed.endpoint, of: index, into: &output)
      }
      updateTimeout()
      return .success([.lifetime(seconds: 0)])
    }
    let lifetime = grantedLifetime(for: message.lifetime)
    self[allocation: index].refresh(family, until: now + lifetime)
    updateTimeout()
    return .success([.lifetime(seconds: UInt32(lifetime.components.seconds))])
  }

  /// RFC 8656 §10.2
  private mutating func createPermission(_ index: Int, _ message: STUNMessage, at now: Instant) -> Answer {
    let peers = message.xorPeerAddresses
    guard !peers.isEmpty else { return .error(.badRequest) }
    for peer in peers {
      if let error = objection(to: peer, of: index) { return .error(error) }
    }
    let permitted = self[allocation: index].permit(
      peers.map(\.address), at: now, limit: configuration.permissionsPerAllocation)
    return permitted ? .success([]) : .error(.insufficientCapacity)
  }

  /// RFC 8656 §12.2
  private mutating func bindChannel(_ index: Int, _ message: STUNMessage, at now: Instant) -> Answer {
    guard let number = message.channelNumber, let peer = message.xorPeerAddress,
      ChannelData.channels.contains(number)
    else { return .error(.badRequest) }
    if let error = objection(to: peer, of: index) { return .error(error) }
    guard mayReach(peer) else { return .error(.forbidden) }
    guard self[allocation: index].canBind(number, to: peer, at: now) else { return .error(.badRequest) }
    let permitted = self[allocation: index].permit(
      [peer.address], at: now, limit: configuration.permissionsPerAllocation)
    guard permitted else { return .error(.insufficientCapacity) }
    self[allocation: index].bind(number, to: peer, at: now)
    return .success([])
  }

  /// Peers that would be the relay itself, or that its owner does not want to be reached (RFC 8656 §21.1).
  private func objection(to peer: Endpoint, of index: Int) -> STUNErrorCode? {
    let family = peer.address.family
    guard self[allocation: index].relayed(for: family) != nil else { return .peerAddressFamilyMismatch }
    let isForbidden =
      !configuration.reach.permits(peer.address)
      || configuration.forbiddenPeers.contains(peer.address.withoutMapping)
    return isForbidden ? .forbidden : nil
  }
}
