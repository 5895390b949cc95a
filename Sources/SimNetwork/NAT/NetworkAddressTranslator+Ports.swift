import RTCPrimitives

/// Which external address and port a new mapping gets.
///
/// - SeeAlso: RFC 4787 §4.1 (pooling), §4.2 (ports), RFC 6888 REQ-4 (limits)
extension NetworkAddressTranslator {
  /// How many mappings there may be where ports are shared and do not limit them: the usual size of Linux's table.
  private static let sharedLimit = 65_536

  /// `nil` when no port is left, or none for this subscriber.
  mutating func choosePort(for key: MappingKey, at now: Instant) -> ExternalPort? {
    guard hasRoom(for: key.inside.address, at: now) else { return nil }
    for index in addressOrder(for: key.inside.address) {
      guard let port = choosePort(on: index, for: key, at: now) else { continue }
      let external = ExternalPort(address: index, port, key.transport)
      if let expired = placeOfSlot[slot(of: external, remote: key.remote)] { remove(at: expired) }
      quarantined[external] = nil
      lastPort = port
      lastAddressIndex = index
      return external
    }
    return nil
  }

  private mutating func hasRoom(for subscriber: IPAddress, at now: Instant) -> Bool {
    let limit = behavior.portLimit ?? .max
    let tableLimit = behavior.portAssignment == .overloading ? Self.sharedLimit : .max
    func isFull() -> Bool { subscribers[subscriber]?.mappingCount ?? 0 >= limit || mappingCount >= tableLimit }
    guard isFull() else { return true }
    removeExpired(at: now)
    return !isFull()
  }

  /// The external addresses to try, by their numbers.
  private mutating func addressOrder(for subscriber: IPAddress) -> [Int] {
    // After an exchange the addresses are still those that are attached.
    let count = min(behavior.externalAddresses, externalAddresses.count)
    guard count > 1 else { return [0] }
    switch behavior.pooling {
    case .paired: return [subscribers[subscriber]?.addressIndex ?? (lastAddressIndex + 1) % count]
    case .arbitrary:
      let first = Int(dice.next() % UInt64(count))
      return (0..<count).map { (first + $0) % count }
    }
  }

  private mutating func choosePort(on address: Int, for key: MappingKey, at now: Instant) -> UInt16? {
    func isFree(_ port: UInt16) -> Bool {
      let external = ExternalPort(address: address, port, key.transport)
      guard let place = placeOfSlot[slot(of: external, remote: key.remote)] else {
        return quarantined.isEmpty || quarantined[external].map { now >= $0 } ?? true
      }
      return endOfQuarantine(at: place).map { now >= $0 } ?? true
    }
    func keepsParity(_ port: UInt16) -> Bool { port.isMultiple(of: 2) == key.inside.port.isMultiple(of: 2) }
    func hasRoomAbove(_ port: UInt16) -> Bool { port < behavior.portRange.upperBound && isFree(port + 1) }
    let first = firstCandidate(for: key.inside.port)
    if behavior.preservesContiguity {
      if let port = neighbour(of: key, on: address, at: now), isFree(port) { return port }
      let isLower = key.inside.port.isMultiple(of: 2)
      let port = port(from: first) { keepsParity($0) && isFree($0) && (!isLower || hasRoomAbove($0)) }
      if let port { return port }
    }
    if behavior.preservesParity, let port = port(from: first, suits: { keepsParity($0) && isFree($0) }) { return port }
    // RFC 4787 REQ-4 asks for parity, and a port of the other one is better than none.
    return port(from: first, suits: isFree)
  }

  /// The port beside that of the other half of a pair of internal ports, n (even) and n + 1.
  private func neighbour(of key: MappingKey, on address: Int, at now: Instant) -> UInt16? {
    let other = Endpoint(key.inside.address, key.inside.port ^ 1)
    let pair = MappingKey(inside: other, remote: key.remote, transport: key.transport)
    guard let place = placeOfKey[pair], let external = livePort(at: place, now), external.addressIndex == address else {
      return nil
    }
    let port = Int(external.port) + (other.port < key.inside.port ? 1 : -1)
    guard let port = UInt16(exactly: port), behavior.portRange.contains(port) else { return nil }
    return port
  }

  /// Where the search for a port begins.
  private mutating func firstCandidate(for internalPort: UInt16) -> UInt16 {
    let range = behavior.portRange
    switch behavior.portAssignment {
    case .preserving, .overloading: return range.contains(internalPort) ? internalPort : range.lowerBound
    case .sequential: return range.contains(lastPort) ? portAfter(lastPort) : range.lowerBound
    case .random: return range.lowerBound + UInt16(dice.next() % UInt64(range.count))
    }
  }

  /// The first port that suits, once around the range.
  private func port(from first: UInt16, suits: (UInt16) -> Bool) -> UInt16? {
    var port = first
    repeat {
      if suits(port) { return port }
      port = portAfter(port)
    } while port != first
    return nil
  }

  private func portAfter(_ port: UInt16) -> UInt16 {
    port == behavior.portRange.upperBound ? behavior.portRange.lowerBound : port + 1
  }
}
