import RTCPrimitives
import RTCWire

/// A firewall in front of a host or a NAT, without translation.
public struct Firewall: Sendable {
  public enum Policy: String, Hashable, Sendable, CaseIterable {
    /// Only answers to what was sent pass, by address and port.
    case stateful
    /// No UDP passes in either direction; TCP does.
    case blockUDP = "block-udp"
    /// No UDP passes, and TCP only to port 443 and back.
    case tcp443Only = "tcp-443-only"
  }

  private struct Flow: Hashable {
    let inside: Endpoint
    let outside: Endpoint
    let transport: TransportProtocol
  }

  private struct Memory {
    var lastUse: Instant
    /// `nil` for UDP.
    var connection: TCPConnectionState?
  }

  private static let httpsPort: UInt16 = 443
  /// As many flows are remembered; beyond them those that have ended make room, and new ones are refused.
  static let flowLimit = 65_536

  public let policy: Policy
  private let lifetime: Duration
  private let tcpLifetimes: TCPLifetimes
  /// Hosts that the policy does not apply to.
  private let exceptions: [IPAddress]
  private var flows: [Flow: Memory] = [:]
  /// While the table is full, no flow ends before then.
  private var nextExpiry = Instant.start

  /// - Parameters:
  ///   - lifetime: how long a flow of UDP is remembered after its last packet.
  ///   - tcpLifetimes: how long a TCP connection is.
  ///   - exceptions: hosts outside that everything passes to and from.
  public init(
    _ policy: Policy, lifetime: Duration = .seconds(120), tcpLifetimes: TCPLifetimes = TCPLifetimes(),
    except exceptions: [IPAddress] = []
  ) {
    self.policy = policy
    self.lifetime = lifetime
    self.tcpLifetimes = tcpLifetimes
    self.exceptions = exceptions
  }

  /// A packet from inside; gives why it is dropped, if it is.
  public mutating func checkOutbound(
    source: Endpoint, destination: Endpoint, over header: TransportHeader = .udp, at now: Instant
  ) -> DropReason? {
    guard !exceptions.contains(destination.address) else { return nil }
    switch (policy, header) {
    case (.blockUDP, .udp), (.tcp443Only, .udp): return .udpBlocked
    case (.blockUDP, .tcp): return nil
    case (.tcp443Only, .tcp):
      guard destination.port == Self.httpsPort else { return .tcpBlocked }
    case (.stateful, _): break
    }
    let flow = Flow(inside: source, outside: destination, transport: header.transport)
    if follow(flow, header, .outbound, at: now) { return nil }
    let memory: Memory
    switch header {
    case .udp: memory = Memory(lastUse: now, connection: nil)
    case .tcp(let flags):
      // What begins no connection passes, and nothing can answer it.
      guard let connection = TCPConnectionState(beginningWith: flags, .outbound) else { return nil }
      memory = Memory(lastUse: now, connection: connection)
    }
    guard hasRoom(at: now) else { return .firewall }
    flows[flow] = memory
    return nil
  }

  /// A packet from outside; gives why it is dropped, if it is.
  public mutating func checkInbound(
    source: Endpoint, destination: Endpoint, over header: TransportHeader = .udp, at now: Instant
  ) -> DropReason? {
    guard !exceptions.contains(source.address) else { return nil }
    switch (policy, header) {
    case (.blockUDP, .udp), (.tcp443Only, .udp): return .udpBlocked
    case (.blockUDP, .tcp): return nil
    case (.tcp443Only, .tcp), (.stateful, _):
      let flow = Flow(inside: destination, outside: source, transport: header.transport)
      return follow(flow, header, .inbound, at: now) ? nil : .firewall
    }
  }

  /// Notes a packet of a flow that is remembered; gives whether it is.
  private mutating func follow(
    _ flow: Flow, _ header: TransportHeader, _ direction: TCPConnectionState.Direction, at now: Instant
  ) -> Bool {
    guard var memory = flows[flow], now < expiry(of: memory) else {
      flows[flow] = nil
      return false
    }
    memory.lastUse = now
    if case .tcp(let flags) = header { memory.connection?.note(flags, direction) }
    flows[flow] = memory
    nextExpiry = min(nextExpiry, expiry(of: memory))
    return true
  }

  private func expiry(of memory: Memory) -> Instant {
    let lifetime = memory.connection?.lifetime(tcpLifetimes) ?? lifetime.nanoseconds
    return Instant(nanoseconds: memory.lastUse.nanoseconds + lifetime)
  }

  private mutating func hasRoom(at now: Instant) -> Bool {
    guard flows.count >= Self.flowLimit else { return true }
    guard now >= nextExpiry else { return false }
    var next = Instant.distantFuture
    flows = flows.filter { _, memory in
      let expiry = expiry(of: memory)
      if now < expiry { next = min(next, expiry) }
      return now < expiry
    }
    nextExpiry = next
    return flows.count < Self.flowLimit
  }
}
