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
    var lastUse: Instant
    /// When each permitted remote was last sent to.
    var permitted: [Endpoint: Instant] = [:]
  }

  public let behavior: NATBehavior
  public let externalAddress: IPAddress
  private var portOfKey: [MappingKey: UInt16] = [:]
  private var mappingOfPort: [UInt16: Mapping] = [:]
  private var lastPort: UInt16 = 1023
  private var dice: SeededGenerator

  public init(_ behavior: NATBehavior, externalAddress: IPAddress, dice: SeededGenerator) {
    self.behavior = behavior
    self.externalAddress = externalAddress
    self.dice = dice
  }

  /// How many mappings exist, including those that have expired and were not used since.
  public var mappingCount: Int { mappingOfPort.count }

  /// A packet from inside: gives its external source.
  public mutating func translateOutbound(source: Endpoint, destination: Endpoint, at now: Instant) -> Verdict {
    let key = MappingKey(inside: source, remote: behavior.mapping.key(destination))
    let permission = behavior.filtering.key(destination)
    if let port = portOfKey[key] {
      if !isExpired(port, at: now) {
        mappingOfPort[port]!.lastUse = now
        mappingOfPort[port]!.permitted[permission] = now
        return .translated(Endpoint(externalAddress, port))
      }
      remove(port)
    }
    guard let port = choosePort(for: source, at: now) else { return .dropped(.portsExhausted) }
    portOfKey[key] = port
    mappingOfPort[port] = Mapping(key: key, lastUse: now, permitted: [permission: now])
    return .translated(Endpoint(externalAddress, port))
  }

  /// A packet from outside to one of the external endpoints: gives its internal destination.
  public mutating func translateInbound(source: Endpoint, destination: Endpoint, at now: Instant) -> Verdict {
    let port = destination.port
    guard let mapping = mappingOfPort[port], !isExpired(port, at: now) else { return .dropped(.noMapping) }
    guard let sentAt = mapping.permitted[behavior.filtering.key(source)],
      now < sentAt + behavior.mappingLifetime || behavior.refreshesOnInbound
    else { return .dropped(.filtered) }
    if behavior.refreshesOnInbound { mappingOfPort[port]!.lastUse = now }
    return .translated(mapping.key.inside)
  }

  private func isExpired(_ port: UInt16, at now: Instant) -> Bool {
    guard let mapping = mappingOfPort[port] else { return true }
    return now >= mapping.lastUse + behavior.mappingLifetime
  }

  private mutating func remove(_ port: UInt16) {
    guard let mapping = mappingOfPort.removeValue(forKey: port) else { return }
    portOfKey[mapping.key] = nil
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
      if isExpired(port, at: now) {
        remove(port)
        lastPort = port
        return port
      }
      port = port == .max ? 1024 : port + 1
    } while port != first
    return nil
  }
}
