import RTCPrimitives

/// A NAT for UDP over IPv4 with one external address: mappings, filters and their lifetimes.
///
/// - SeeAlso: RFC 4787
public struct NetworkAddressTranslator: Sendable {
  /// What became of a packet at the NAT.
  public enum Verdict: Hashable, Sendable {
    /// The endpoint that takes the place of the internal source or the external destination.
    case translated(Endpoint)
    case dropped(DropReason)
  }

  private struct MappingKey: Hashable {
    let inside: Endpoint
    let remote: Endpoint
  }

  private struct Mapping {
    let key: MappingKey
    let port: UInt16
    var lastUse: Instant
    /// Remotes that may send, and when each was last sent to; a socket rarely has more than a few.
    var permitted: [(remote: Endpoint, sentAt: Instant)]

    /// Notes that a remote was sent to.
    mutating func permit(_ remote: Endpoint, at now: Instant) {
      if let index = permitted.firstIndex(where: { $0.remote == remote }) {
        permitted[index].sentAt = now
      } else {
        permitted.append((remote, now))
      }
    }
  }

  public private(set) var behavior: NATBehavior
  public let externalAddress: IPAddress
  private var lifetime: Int64
  private var portOfKey: [MappingKey: UInt16] = [:]
  private var mappings: [Mapping] = []
  /// The place of each port's mapping.
  private var placeOfPort: [UInt16: Int] = [:]
  /// The port that was asked for last.
  private var recent = (port: UInt16(0), place: -1)
  private var lastPort: UInt16 = 1023
  private var dice: SeededGenerator

  public init(_ behavior: NATBehavior, externalAddress: IPAddress, dice: SeededGenerator) {
    self.behavior = behavior
    self.externalAddress = externalAddress
    self.dice = dice
    lifetime = behavior.mappingLifetime.nanoseconds
  }

  /// How many mappings exist, including those that have expired and were not used since.
  public var mappingCount: Int { mappings.count }

  /// Forgets all mappings, as a router that is switched off and on, and goes on with `behavior` or its own.
  public mutating func restart(_ behavior: NATBehavior? = nil) {
    if let behavior { self.behavior = behavior }
    lifetime = self.behavior.mappingLifetime.nanoseconds
    portOfKey = [:]
    mappings = []
    placeOfPort = [:]
    recent = (0, -1)
    lastPort = 1023
  }

  /// A packet from inside: gives its external source.
  public mutating func translateOutbound(source: Endpoint, destination: Endpoint, at now: Instant) -> Verdict {
    let key = MappingKey(inside: source, remote: behavior.mapping.key(destination))
    let permission = behavior.filtering.key(destination)
    if let port = portOfKey[key] {
      if let place = livePlace(of: port, at: now) {
        mappings[place].lastUse = now
        mappings[place].permit(permission, at: now)
        return .translated(Endpoint(externalAddress, port))
      }
      remove(port)
    }
    guard let port = choosePort(for: source, at: now) else { return .dropped(.portsExhausted) }
    portOfKey[key] = port
    placeOfPort[port] = mappings.count
    mappings.append(Mapping(key: key, port: port, lastUse: now, permitted: [(permission, now)]))
    return .translated(Endpoint(externalAddress, port))
  }

  /// A packet from outside to one of the external endpoints: gives its internal destination.
  public mutating func translateInbound(source: Endpoint, destination: Endpoint, at now: Instant) -> Verdict {
    guard let place = livePlace(of: destination.port, at: now) else { return .dropped(.noMapping) }
    let remote = behavior.filtering.key(source)
    guard let permission = mappings[place].permitted.firstIndex(where: { $0.remote == remote }),
      now.nanoseconds < mappings[place].permitted[permission].sentAt.nanoseconds + lifetime
        || behavior.refreshesOnInbound
    else { return .dropped(.filtered) }
    if behavior.refreshesOnInbound { mappings[place].lastUse = now }
    return .translated(mappings[place].key.inside)
  }

  /// The place of a port's mapping that has not expired.
  private mutating func livePlace(of port: UInt16, at now: Instant) -> Int? {
    if recent.port != port || recent.place < 0 {
      guard let place = placeOfPort[port] else { return nil }
      recent = (port, place)
    }
    return now.nanoseconds < mappings[recent.place].lastUse.nanoseconds + lifetime ? recent.place : nil
  }

  private mutating func remove(_ port: UInt16) {
    guard let place = placeOfPort.removeValue(forKey: port) else { return }
    portOfKey[mappings[place].key] = nil
    let last = mappings.removeLast()
    if place < mappings.count {
      mappings[place] = last
      placeOfPort[last.port] = place
    }
    recent.place = -1
  }

  private mutating func choosePort(for source: Endpoint, at now: Instant) -> UInt16? {
    let first: UInt16 =
      switch behavior.portAssignment {
      case .preserving: max(1024, source.port)
      case .sequential: lastPort == .max ? 1024 : lastPort + 1
      case .random: UInt16(1024 + dice.next() % 64512)
      }
    var port = first
    repeat {
      if livePlace(of: port, at: now) == nil {
        remove(port)
        lastPort = port
        return port
      }
      port = port == .max ? 1024 : port + 1
    } while port != first
    return nil
  }
}
