import RTCPrimitives

/// A firewall in front of a host or a NAT, without translation.
public struct Firewall: Sendable {
  public enum Policy: String, Hashable, Sendable, CaseIterable {
    /// Only answers to what was sent pass, by address and port.
    case stateful
    /// No UDP passes in either direction; TCP does.
    case blockUDP = "block-udp"
  }

  private struct Flow: Hashable {
    let inside: Endpoint
    let outside: Endpoint
    let transport: TransportProtocol
  }

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
  mutating func checkOutbound(
    source: Endpoint, destination: Endpoint, over transport: TransportProtocol, at now: Instant
  ) -> DropReason? {
    guard !exceptions.contains(destination.address) else { return nil }
    guard policy == .stateful else { return transport == .udp ? .udpBlocked : nil }
    flows[Flow(inside: source, outside: destination, transport: transport)] = now
    return nil
  }

  /// A packet from outside; gives why it is dropped, if it is.
  mutating func checkInbound(
    source: Endpoint, destination: Endpoint, over transport: TransportProtocol, at now: Instant
  ) -> DropReason? {
    guard !exceptions.contains(source.address) else { return nil }
    guard policy == .stateful else { return transport == .udp ? .udpBlocked : nil }
    let flow = Flow(inside: destination, outside: source, transport: transport)
    guard let last = flows[flow], now < last + lifetime else { return .firewall }
    flows[flow] = now
    return nil
  }
}
