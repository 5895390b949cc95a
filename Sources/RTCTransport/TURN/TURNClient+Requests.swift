import RTCPrimitives
import RTCWire

/// The client's requests: how they are written and what their responses change.
extension TURNClient {
  mutating func handleResponse(
    _ datagram: borrowing Datagram, toRequestAt index: Int, at now: Instant, into output: inout Output<Event>
  ) {
    let request = requests[index]
    guard datagram.elided == 0, let response = try? STUNMessage(parsing: datagram.bytes),
      response.method == method(of: request.purpose), STUNMessage.fingerprintStatus(of: datagram.bytes) != .invalid
    else { return }
    if request.isAuthenticated {
      switch credential.status(of: datagram.bytes) {
      case .valid: break
      case .invalid: return
      case .absent: guard response.messageClass == .error, Self.mayBeUnauthenticated(response.errorCode) else { return }
      }
    }
    requests.remove(at: index)
    let unknown = response.unknownRequiredTypes
    guard unknown.isEmpty else { return fail(request.purpose, .unknownAttributes(unknown), into: &output) }
    guard response.messageClass == .error else {
      succeed(request.purpose, response, at: now, into: &output)
      return
    }
    let error = response.errorCode ?? .serverError
    switch error.code {
    case STUNErrorCode.unauthenticated.code where !request.isAuthenticated && credential.learn(from: response):
      start(request.purpose, at: now, into: &output)
    case STUNErrorCode.staleNonce.code
    where request.staleNonces < Self.maximumStaleNonces && credential.learn(from: response):
      start(request.purpose, staleNonces: request.staleNonces + 1, at: now, into: &output)
    case STUNErrorCode.tryAlternate.code:
      fail(request.purpose, response.alternateServer.map { .tryAlternate($0) } ?? .rejected(error), into: &output)
    default: fail(request.purpose, .rejected(error), into: &output)
    }
  }

  /// What a server answers before, or instead of, believing who asks; any other error that is not signed could be
  /// anybody's (RFC 8489 §9.2.5, §10).
  private static func mayBeUnauthenticated(_ error: STUNErrorCode?) -> Bool {
    let codes: [STUNErrorCode] = [.tryAlternate, .badRequest, .unauthenticated, .staleNonce]
    return codes.contains { $0.code == error?.code }
  }

  private mutating func succeed(
    _ purpose: Purpose, _ response: STUNMessage, at now: Instant, into output: inout Output<Event>
  ) {
    switch purpose {
    case .allocate:
      guard let lifetime = response.lifetime else {
        return fail(purpose, .incompleteResponse(missing: .lifetime), into: &output)
      }
      let families: [IPAddress.Family] = [.ipv4, .ipv6]
      let relayed = families.compactMap { family in
        response.xorRelayedAddresses.first { $0.address.family == family }
      }
      guard !relayed.isEmpty else {
        return fail(purpose, .incompleteResponse(missing: .xorRelayedAddress), into: &output)
      }
      guard let mapped = response.xorMappedAddress else {
        return fail(purpose, .incompleteResponse(missing: .xorMappedAddress), into: &output)
      }
      phase = .allocated(
        Allocation(relayed: relayed, mapped: mapped, refreshTime: refreshTime(of: lifetime, at: now)))
      for endpoint in relayed { output.emit(.allocated(relayed: endpoint, mapped: mapped)) }
    case .refresh:
      guard case .allocated(var allocation) = phase else { return }
      guard let lifetime = response.lifetime else {
        return fail(purpose, .incompleteResponse(missing: .lifetime), into: &output)
      }
      allocation.refreshTime = refreshTime(of: lifetime, at: now)
      phase = .allocated(allocation)
    case .release: close(.released, into: &output)
    case .permissions(let addresses):
      for index in permissions.indices where addresses.contains(permissions[index].address) {
        if !permissions[index].standing.isUsable { output.emit(.permissionCreated(permissions[index].address)) }
        install(permissionAt: index, at: now)
      }
    case .channel(let index):
      let isNew = !channels[index].standing.isUsable
      channels[index].standing = .installed(refreshTime: refreshTime(of: TURN.channelLifetime, at: now))
      permit(addressOf: channels[index].peer, at: now)
      if isNew { output.emit(.channelBound(Self.firstChannel + UInt16(index), peer: channels[index].peer)) }
    }
  }

  mutating func fail(_ purpose: Purpose, _ error: TURNError, into output: inout Output<Event>) {
    switch purpose {
    case .allocate, .refresh: close(.failed(error), into: &output)
    case .release: close(.released, into: &output)
    case .permissions(let addresses):
      permissions.removeAll { addresses.contains($0.address) }
      for address in addresses { output.emit(.permissionFailed(address, error)) }
    case .channel(let index):
      guard channels.indices.contains(index) else { return }
      channels[index].standing = .failed
      output.emit(.channelFailed(peer: channels[index].peer, error))
    }
  }

  mutating func close(_ event: Event, into output: inout Output<Event>) {
    forgetEverything()
    phase = .closed
    output.emit(event)
  }

  mutating func forgetEverything() {
    requests.removeAll()
    permissions.removeAll()
    channels.removeAll()
  }

  /// A bound channel has installed a permission, too; one that is being asked for awaits its own response.
  private mutating func permit(addressOf peer: Endpoint, at now: Instant) {
    guard let index = permissions.firstIndex(where: { $0.address == peer.address }) else {
      permissions.append(Permission(address: peer.address, standing: .requested))
      return install(permissionAt: permissions.count - 1, at: now)
    }
    if case .installed = permissions[index].standing { install(permissionAt: index, at: now) }
  }

  private mutating func install(permissionAt index: Int, at now: Instant) {
    permissions[index].standing = .installed(refreshTime: refreshTime(of: TURN.permissionLifetime, at: now))
  }

  /// A minute before the end, or after half of a short life.
  private func refreshTime(of lifetime: Duration, at now: Instant) -> Instant {
    now + max(lifetime - TURN.refreshMargin, lifetime / 2)
  }

  mutating func start(
    _ purpose: Purpose, staleNonces: Int = 0, at now: Instant, into output: inout Output<Event>
  ) {
    var message = STUNMessage(
      .request, method(of: purpose), transactionID: TransactionID(using: &entropy),
      attributes: attributes(of: purpose))
    let bytes = credential.sign(&message)
    requests.append(
      PendingRequest(
        transaction: STUNTransaction(
          message.transactionID, request: bytes, at: now, schedule: configuration.schedule),
        purpose: purpose, isAuthenticated: credential.isComplete, staleNonces: staleNonces))
    output.transmit(bytes, over: transport, from: configuration.local, to: configuration.server)
  }

  private func method(of purpose: Purpose) -> STUNMethod {
    switch purpose {
    case .allocate: .allocate
    case .refresh, .release: .refresh
    case .permissions: .createPermission
    case .channel: .channelBind
    }
  }

  /// Which relayed endpoints are wanted; without a word IPv4 (RFC 8656 §7.1).
  private var family: STUNAttribute? {
    guard !configuration.isDualStack else { return .additionalAddressFamily(IPAddress.Family.ipv6.rawValue) }
    return configuration.family == .ipv6 ? .requestedAddressFamily(IPAddress.Family.ipv6.rawValue) : nil
  }

  private func attributes(of purpose: Purpose) -> [STUNAttribute] {
    let lifetime = configuration.lifetime.map {
      STUNAttribute.lifetime(seconds: UInt32(clamping: $0.components.seconds))
    }
    switch purpose {
    case .allocate:
      return [.requestedTransport(TURN.udp), family, lifetime].compactMap(\.self)
    case .refresh: return [lifetime].compactMap(\.self)
    case .release: return [.lifetime(seconds: 0)]
    case .permissions(let addresses): return addresses.map { .xorPeerAddress(Endpoint($0, 0)) }
    case .channel(let index):
      return [.channelNumber(Self.firstChannel + UInt16(index)), .xorPeerAddress(channels[index].peer)]
    }
  }
}
