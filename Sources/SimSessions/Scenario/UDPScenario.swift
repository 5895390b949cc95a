import RTCPrimitives
import SimNetwork

/// Plain UDP flows between hosts: no WebRTC, only the network.
public struct UDPScenario: Hashable, Sendable {
  /// A machine with one address and one UDP port.
  public struct Host: Hashable, Sendable {
    public var name: String
    public var site: String
    public var uplink: Link.Configuration
    public var downlink: Link.Configuration
    public var nat: AccessBehavior?
    public var firewall: Firewall.Policy?
    public var addressFamily: IPAddress.Family
  }

  /// Packets of one size at one rate.
  public struct Flow: Hashable, Sendable {
    /// Names of hosts.
    public var from: String
    public var to: String
    /// UDP payload.
    public var packetSize: DataSize
    /// Of IP packets, as links count.
    public var rate: DataRate
    public var start: Duration
    public var duration: Duration
  }

  public var hosts: [Host]
  public var flows: [Flow]
}
