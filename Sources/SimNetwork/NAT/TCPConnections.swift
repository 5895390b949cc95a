import RTCPrimitives
import RTCWire

/// The TCP connections that use one mapping of a NAT; the mapping lives as long as one of them.
struct TCPConnections {
  private struct Entry {
    let remote: Endpoint
    var state: TCPConnectionState
    var lastUse: Instant

    func expiry(_ lifetimes: TCPLifetimes) -> Instant {
      Instant(nanoseconds: lastUse.nanoseconds + state.lifetime(lifetimes))
    }
  }

  /// Where there are so many, the one that would be forgotten first makes room: of a flood of SYNs another SYN.
  static let limit = 1024

  private var entries: [Entry] = []

  /// When the last of them is forgotten; the beginning of time where there is none.
  func expiry(_ lifetimes: TCPLifetimes) -> Instant {
    entries.reduce(.start) { max($0, $1.expiry(lifetimes)) }
  }

  /// Follows a segment from inside.
  mutating func noteOutbound(
    _ flags: TCPSegment.Flags, to remote: Endpoint, _ lifetimes: TCPLifetimes, at now: Instant
  ) {
    guard !follow(flags, .outbound, remote, lifetimes, at: now) else { return }
    guard let state = TCPConnectionState(beginningWith: flags, .outbound) else { return }
    add(Entry(remote: remote, state: state, lastUse: now), lifetimes, at: now)
  }

  /// Whether a segment from outside passes: one of a connection, or a SYN from whom the filter lets in.
  mutating func letIn(
    _ flags: TCPSegment.Flags, from remote: Endpoint, _ filtering: NATBehavior.Dependence, _ lifetimes: TCPLifetimes,
    at now: Instant
  ) -> Bool {
    guard !follow(flags, .inbound, remote, lifetimes, at: now) else { return true }
    guard let state = TCPConnectionState(beginningWith: flags, .inbound) else { return false }
    let isKnown = entries.contains {
      $0.state.hasSent && filtering.key($0.remote) == filtering.key(remote) && now < $0.expiry(lifetimes)
    }
    guard isKnown else { return false }
    add(Entry(remote: remote, state: state, lastUse: now), lifetimes, at: now)
    return true
  }

  /// Notes a segment of a connection that is remembered; gives whether it is.
  private mutating func follow(
    _ flags: TCPSegment.Flags, _ direction: TCPConnectionState.Direction, _ remote: Endpoint,
    _ lifetimes: TCPLifetimes, at now: Instant
  ) -> Bool {
    guard let index = entries.firstIndex(where: { $0.remote == remote }), now < entries[index].expiry(lifetimes) else {
      return false
    }
    entries[index].state.note(flags, direction)
    entries[index].lastUse = now
    return true
  }

  private mutating func add(_ entry: Entry, _ lifetimes: TCPLifetimes, at now: Instant) {
    entries.removeAll { $0.remote == entry.remote || now >= $0.expiry(lifetimes) }
    if entries.count >= Self.limit,
      let first = entries.indices.min(by: { entries[$0].expiry(lifetimes) < entries[$1].expiry(lifetimes) })
    {
      entries.remove(at: first)
    }
    entries.append(entry)
  }
}
