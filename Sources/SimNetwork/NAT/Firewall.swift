import RTCPrimitives

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

  private static let httpsPort: UInt16 = 443
  /// Beyond so many flows those that have ended make room.
  private static let crowd = 65_536

  public let policy: Policy
  private let lifetime: Duration
  /// Hosts that the policy does not apply to.
  private let exceptions: [IPAddress]
  private var flows: [Flow: Instant] = [:]

  /// - Parameters:
  ///   - lifetime: how long a flow is remembered after its last packet.
  ///   - exceptions: hosts outside that everything passes to and from.
  public init(_ policy: Policy, lifetime: Duration = .seconds(120), except exceptions: [IPAddress] = []) {
    self.policy = policy
    self.lifetime = lifetime
    self.exceptions = exceptions
  }

  /// A packet from inside; gives why it is dropped, if it is.
  public mutating func checkOutbound(
    source: Endpoint, destination: Endpoint, over transport: TransportProtocol = .udp, at now: Instant
  ) -> DropReason? {
    guard !exceptions.contains(destination.address) else { return nil }
    let flow = Flow(inside: source, outside: destination, transport: transport)
    switch (policy, transport) {
    case (.blockUDP, .udp), (.tcp443Only, .udp): return .udpBlocked
    case (.blockUDP, .tcp): return nil
    case (.tcp443Only, .tcp):
      guard destination.port == Self.httpsPort else { return .tcpBlocked }
      note(flow, at: now)
    case (.stateful, _): note(flow, at: now)
    }
    return nil
  }

  /// A packet from outside; gives why it is dropped, if it is.
  public mutating func checkInbound(
    source: Endpoint, destination: Endpoint, over transport: TransportProtocol = .udp, at now: Instant
  ) -> DropReason? {
    guard !exceptions.contains(source.address) else { return nil }
    switch (policy, transport) {
    case (.blockUDP, .udp), (.tcp443Only, .udp): return .udpBlocked
    case (.blockUDP, .tcp): return nil
    case (.tcp443Only, .tcp), (.stateful, _):
      let flow = Flow(inside: destination, outside: source, transport: transport)
      guard let last = flows[flow], now < last + lifetime else { return .firewall }
      note(flow, at: now)
      return nil
    }
  }

  private mutating func note(_ flow: Flow, at now: Instant) {
    if flows.count >= Self.crowd, flows[flow] == nil { flows = flows.filter { now < $0.value + lifetime } }
    flows[flow] = now
  }
}
