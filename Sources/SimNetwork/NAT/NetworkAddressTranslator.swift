import RTCPrimitives

/// A NAT over IPv4 with one or more external addresses: mappings, filters and their lifetimes.
///
/// - SeeAlso: RFC 4787 (UDP), RFC 5382 (TCP), RFC 6888 (carrier grade)
public struct NetworkAddressTranslator: Sendable {
  /// What became of a packet at the NAT.
  public enum Verdict: Hashable, Sendable {
    /// The endpoint that takes the place of the internal source or the external destination.
    case translated(Endpoint)
    case dropped(DropReason)
  }

  struct MappingKey: Hashable {
    let inside: Endpoint
    let remote: Endpoint
    let transport: TransportProtocol
  }

  /// A port of one of the external addresses.
  struct ExternalPort: Hashable {
    private let rawValue: UInt32

    init(address index: Int, _ port: UInt16, _ transport: TransportProtocol) {
      rawValue = UInt32(index) << 17 | UInt32(transport.rawValue) << 16 | UInt32(port)
    }

    var addressIndex: Int { Int(rawValue >> 17) }
    var port: UInt16 { UInt16(truncatingIfNeeded: rawValue) }
  }

  /// What only one mapping may have: an external port, or where ports are overloaded one with a remote.
  struct Slot: Hashable {
    let external: ExternalPort
    let remote: Endpoint
  }

  struct Mapping {
    let key: MappingKey
    let slot: Slot
    var lastUse: Instant
    /// Remotes that may send over UDP, and when each was last sent to; a socket rarely has more than a few.
    private(set) var permitted: [(remote: Endpoint, sentAt: Instant)] = []
    /// What uses it over TCP; a listening port has more than one.
    var connections = TCPConnections()

    init(_ key: MappingKey, _ slot: Slot, at now: Instant) {
      self.key = key
      self.slot = slot
      lastUse = now
    }

    /// Takes a datagram from outside that the filter knows as from `remote`; it may refresh the mapping.
    mutating func receive(
      from remote: Endpoint, at now: Instant, _ lifetimes: (mapping: Int64, filter: Int64), refreshes: Bool
    ) -> Verdict {
      guard now.nanoseconds < lastUse.nanoseconds + lifetimes.mapping else { return .dropped(.noMapping) }
      guard let index = permitted.firstIndex(where: { $0.remote == remote }),
        now.nanoseconds < permitted[index].sentAt.nanoseconds + lifetimes.filter
      else { return .dropped(.filtered) }
      if refreshes {
        lastUse = now
        permitted[index].sentAt = now
      }
      return .translated(key.inside)
    }

    /// Notes that a remote was sent to; those that may not answer any more make room.
    mutating func permit(_ remote: Endpoint, at now: Instant, lifetime: Int64) {
      if let index = permitted.firstIndex(where: { $0.remote == remote }) {
        permitted[index].sentAt = now
        return
      }
      if permitted.count == permitted.capacity {
        permitted.removeAll { now.nanoseconds >= $0.sentAt.nanoseconds + lifetime }
      }
      permitted.append((remote, now))
    }
  }

  /// An internal address: how many mappings it has, and the external address that they share when pooling is paired.
  struct Subscriber {
    var mappingCount = 0
    let addressIndex: Int
  }

  public private(set) var behavior: NATBehavior
  public let externalAddresses: [IPAddress]
  private var lifetime: Int64 = 0
  private var filterLifetime: Int64 = 0
  private(set) var placeOfKey: [MappingKey: Int] = [:]
  /// The mappings and, between them, free places.
  private(set) var mappings: [Mapping?] = []
  private var freePlaces: [Int] = []
  private(set) var placeOfSlot: [Slot: Int] = [:]
  private(set) var subscribers: [IPAddress: Subscriber] = [:]
  /// UDP ports whose mappings have died, and until when they are given to nobody; never more than there are ports.
  var quarantined: [ExternalPort: Instant] = [:]
  /// No mapping has expired before then, apart from those that were removed.
  private var nextExpiry = Instant.distantFuture
  /// The slot that was asked for last from outside, and its place.
  private var recent: (slot: Slot, place: Int)?
  var lastPort: UInt16 = 0
  var lastAddressIndex = -1
  var dice: SeededGenerator

  /// - Precondition: there is an external address.
  public init(_ behavior: NATBehavior, externalAddresses: [IPAddress], dice: SeededGenerator) {
    precondition(!externalAddresses.isEmpty, "a NAT has an external address")
    self.behavior = behavior
    self.externalAddresses = externalAddresses
    self.dice = dice
    restart()
  }

  /// How many mappings exist, including those that have expired and were not used since.
  public var mappingCount: Int { mappings.count - freePlaces.count }

  /// Forgets all mappings, as a router that is switched off and on, and goes on with `behavior` or its own.
  public mutating func restart(_ behavior: NATBehavior? = nil) {
    if let behavior { self.behavior = behavior }
    lifetime = self.behavior.mappingLifetime.nanoseconds
    filterLifetime = (self.behavior.filterLifetime ?? self.behavior.mappingLifetime).nanoseconds
    placeOfKey = [:]
    mappings = []
    freePlaces = []
    placeOfSlot = [:]
    subscribers = [:]
    quarantined = [:]
    nextExpiry = .distantFuture
    recent = nil
    lastPort = self.behavior.portRange.upperBound
    lastAddressIndex = -1
  }

  /// A packet from inside: gives its external source.
  public mutating func translateOutbound(
    source: Endpoint, destination: Endpoint, over header: TransportHeader = .udp, at now: Instant
  ) -> Verdict {
    let key = MappingKey(inside: source, remote: behavior.mapping.key(destination), transport: header.transport)
    if let place = placeOfKey[key] {
      if let external = livePort(at: place, now) {
        noteOutbound(header, to: destination, at: place, now)
        return .translated(Endpoint(externalAddresses[external.addressIndex], external.port))
      }
      remove(at: place)
    }
    // A segment with which no connection begins, such as a late reset, has nothing to be translated by.
    if case .tcp(let flags) = header, TCPConnectionState(beginningWith: flags, .outbound) == nil {
      return .dropped(.noMapping)
    }
    guard let external = choosePort(for: key, at: now) else { return .dropped(.portsExhausted) }
    let place = insert(Mapping(key, slot(of: external, remote: destination), at: now))
    noteOutbound(header, to: destination, at: place, now)
    noteExpiry(at: place)
    return .translated(Endpoint(externalAddresses[external.addressIndex], external.port))
  }

  /// A packet from outside to one of the external endpoints: gives its internal destination.
  ///
  /// A SYN that nobody asked for is dropped without an answer: RFC 5382 REQ-4 forbids one for six seconds, in which the
  /// host inside may open the same connection, and after them there would be an ICMP message.
  public mutating func translateInbound(
    source: Endpoint, destination: Endpoint, over header: TransportHeader = .udp, at now: Instant
  ) -> Verdict {
    guard let index = externalAddresses.firstIndex(of: destination.address) else { return .dropped(.noMapping) }
    let slot = slot(of: ExternalPort(address: index, destination.port, header.transport), remote: source)
    let place: Int
    if let recent, recent.slot == slot {
      place = recent.place
    } else {
      guard let known = placeOfSlot[slot] else { return .dropped(.noMapping) }
      recent = (slot, known)
      place = known
    }
    switch header {
    case .udp:
      // In one go, where the mapping lies: this is asked for every datagram.
      return mappings[place]?.receive(
        from: behavior.filtering.key(source), at: now, (lifetime, filterLifetime),
        refreshes: behavior.refreshesOnInbound) ?? .dropped(.noMapping)
    case .tcp(let flags):
      guard livePort(at: place, now) != nil, let key = mappings[place]?.key else { return .dropped(.noMapping) }
      let passes = mappings[place]?.connections.letIn(
        flags, from: source, behavior.filtering, behavior.tcpLifetimes, at: now)
      guard passes == true else { return .dropped(.filtered) }
      noteExpiry(at: place)
      return .translated(key.inside)
    }
  }

  // MARK: What passes a mapping

  private mutating func noteOutbound(_ header: TransportHeader, to remote: Endpoint, at place: Int, _ now: Instant) {
    mappings[place]?.lastUse = now
    switch header {
    case .udp: mappings[place]?.permit(behavior.filtering.key(remote), at: now, lifetime: filterLifetime)
    case .tcp(let flags):
      mappings[place]?.connections.noteOutbound(flags, to: remote, behavior.tcpLifetimes, at: now)
      noteExpiry(at: place)
    }
  }

  // MARK: The table

  func slot(of external: ExternalPort, remote: Endpoint) -> Slot {
    let isShared = behavior.portAssignment == .overloading
    return Slot(external: external, remote: isShared ? behavior.mapping.key(remote) : Endpoint(.anyIPv4, 0))
  }

  /// The external port of a mapping that has not expired.
  func livePort(at place: Int, _ now: Instant) -> ExternalPort? {
    guard let expiry = expiry(at: place), now < expiry else { return nil }
    return mappings[place]?.slot.external
  }

  /// When the mapping at `place` dies unless it is used before; `nil` for a free place.
  private func expiry(at place: Int) -> Instant? {
    guard let lastUse = mappings[place]?.lastUse, let transport = mappings[place]?.key.transport else { return nil }
    return switch transport {
    case .udp: Instant(nanoseconds: lastUse.nanoseconds + lifetime)
    case .tcp: mappings[place]?.connections.expiry(behavior.tcpLifetimes)
    }
  }

  /// From when on the port of the mapping at `place` may be given away, unless the mapping is used before.
  func endOfQuarantine(at place: Int) -> Instant? {
    guard let expiry = expiry(at: place), let transport = mappings[place]?.key.transport else { return nil }
    return switch transport {
    case .udp: expiry + behavior.portQuarantine
    case .tcp: expiry
    }
  }

  /// Keeps `nextExpiry` where a mapping is new or, as the end of a TCP connection makes it, shorter lived than before.
  private mutating func noteExpiry(at place: Int) {
    if let expiry = expiry(at: place) { nextExpiry = min(nextExpiry, expiry) }
  }

  /// Forgets all mappings that have expired; does nothing while there can be none.
  mutating func removeExpired(at now: Instant) {
    guard now >= nextExpiry else { return }
    nextExpiry = .distantFuture
    for place in mappings.indices {
      guard let expiry = expiry(at: place) else { continue }
      if now < expiry { nextExpiry = min(nextExpiry, expiry) } else { remove(at: place) }
    }
  }

  /// Gives the place of a new mapping, whose use is noted next.
  private mutating func insert(_ mapping: Mapping) -> Int {
    let place = freePlaces.popLast() ?? mappings.count
    if place == mappings.count { mappings.append(mapping) } else { mappings[place] = mapping }
    placeOfKey[mapping.key] = place
    placeOfSlot[mapping.slot] = place
    let address = mapping.key.inside.address
    subscribers[address, default: Subscriber(addressIndex: mapping.slot.external.addressIndex)].mappingCount += 1
    recent = nil
    return place
  }

  /// Forgets the mapping at `place`; its subscriber stays known.
  mutating func remove(at place: Int) {
    guard let mapping = mappings[place] else { return }
    if behavior.portQuarantine > .zero, mapping.key.transport == .udp {
      quarantined[mapping.slot.external] = endOfQuarantine(at: place)
    }
    mappings[place] = nil
    freePlaces.append(place)
    placeOfKey[mapping.key] = nil
    placeOfSlot[mapping.slot] = nil
    subscribers[mapping.key.inside.address]?.mappingCount -= 1
    recent = nil
  }
}
