import RTCPrimitives

/// How a NAT behaves, in the independent terms of RFC 4787.
public struct NATBehavior: Hashable, Sendable {
  /// On what a mapping or a filter depends (RFC 4787 §4.1, §5).
  public enum Dependence: String, Hashable, Sendable, CaseIterable {
    case endpointIndependent = "endpoint-independent"
    case addressDependent = "address-dependent"
    case addressAndPortDependent = "address-and-port-dependent"

    /// The part of a remote endpoint that matters.
    func key(_ remote: Endpoint) -> Endpoint {
      switch self {
      case .endpointIndependent: Endpoint(.anyIPv4, 0)
      case .addressDependent: Endpoint(remote.address, 0)
      case .addressAndPortDependent: remote
      }
    }
  }

  /// How external ports are chosen (RFC 4787 §4.2).
  public enum PortAssignment: String, Hashable, Sendable, CaseIterable {
    /// The internal port if it is free, else the next free one above it.
    case preserving
    /// The next free port after the last one.
    case sequential
    /// A random free port of 1024 ... 65535.
    case random
  }

  public var mapping: Dependence
  public var filtering: Dependence
  public var portAssignment: PortAssignment
  /// How long an idle mapping lives; RFC 4787 REQ-5 wants at least two minutes.
  public var mappingLifetime: Duration
  /// Whether packets from outside refresh a mapping too (RFC 4787 §4.3).
  public var refreshesOnInbound: Bool
  /// Whether a packet from inside to an external endpoint of the same NAT comes back in (RFC 4787 §6).
  public var hairpinning: Bool

  public init(
    mapping: Dependence, filtering: Dependence, portAssignment: PortAssignment = .preserving,
    mappingLifetime: Duration = .seconds(120), refreshesOnInbound: Bool = false, hairpinning: Bool = false
  ) {
    self.mapping = mapping
    self.filtering = filtering
    self.portAssignment = portAssignment
    self.mappingLifetime = mappingLifetime
    self.refreshesOnInbound = refreshesOnInbound
    self.hairpinning = hairpinning
  }
}

/// The NATs that scenarios can name.
public enum NATBehaviors {
  /// A behaviour with its name and a sentence for a reader.
  public struct Named: Sendable {
    public let name: String
    public let summary: String
    public let behavior: NATBehavior
  }

  public static let all = [
    Named(
      name: "full-cone", summary: "mapping and filtering endpoint-independent: everybody may answer",
      behavior: NATBehavior(mapping: .endpointIndependent, filtering: .endpointIndependent)),
    Named(
      name: "address-restricted", summary: "mapping endpoint-independent, filtering by address",
      behavior: NATBehavior(mapping: .endpointIndependent, filtering: .addressDependent)),
    Named(
      name: "port-restricted",
      summary: "mapping endpoint-independent, filtering by address and port: the usual home router",
      behavior: NATBehavior(mapping: .endpointIndependent, filtering: .addressAndPortDependent)),
    Named(
      name: "symmetric", summary: "mapping and filtering by address and port, random ports: two of these need TURN",
      behavior: NATBehavior(
        mapping: .addressAndPortDependent, filtering: .addressAndPortDependent, portAssignment: .random)),
  ]

  /// The behaviour called `name`.
  public static func named(_ name: String) -> NATBehavior? { all.first { $0.name == name }?.behavior }
}
