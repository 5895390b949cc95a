import RTCPrimitives

/// How a NAT behaves, in the independent terms of RFC 4787; the same for TCP (RFC 5382).
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

  /// How external ports are chosen (RFC 4787 §4.2.1).
  public enum PortAssignment: String, Hashable, Sendable, CaseIterable {
    /// The internal port if it is free, else the next free one above it.
    case preserving
    /// The internal port even if other mappings have it, as long as these depend on other remotes; RFC 4787 REQ-3
    /// forbids it, and Linux does it.
    case overloading
    /// The next free port after the last one.
    case sequential
    /// A random free port of the range.
    case random
  }

  /// Which of several external addresses a mapping gets (RFC 4787 §4.1).
  public enum Pooling: String, Hashable, Sendable, CaseIterable {
    /// All mappings of one internal address share one external address (REQ-2).
    case paired
    /// Each mapping gets an address at random.
    case arbitrary
  }

  /// What becomes of a packet from inside to an external endpoint of the same NAT (RFC 4787 §6).
  public enum Hairpinning: String, Hashable, Sendable, CaseIterable {
    case none
    /// It comes back in with the internal source.
    case internalSource = "internal"
    /// It comes back in with the external source (REQ-9).
    case externalSource = "external"
  }

  public var mapping: Dependence
  public var filtering: Dependence
  public var portAssignment: PortAssignment
  /// The external ports that may be given away.
  public var portRange: ClosedRange<UInt16> = 1024 ... .max
  /// Whether even internal ports get even external ones, and odd ones odd ones, while there are such (RFC 4787 §4.2.2).
  public var preservesParity = false
  /// Whether the internal ports n (even) and n + 1 get neighbouring external ports where these are free
  /// (RFC 4787 §4.2.3).
  public var preservesContiguity = false
  /// How many mappings one internal address may have; `nil` for as many as there are ports (RFC 6888 REQ-4).
  public var portLimit: Int?
  /// How many external addresses mappings are spread over.
  public var externalAddresses = 1
  public var pooling = Pooling.paired
  /// How long an idle UDP mapping lives; RFC 4787 REQ-5 wants at least two minutes.
  public var mappingLifetime: Duration
  /// How long after the last packet to it a remote may answer over UDP; `nil` for as long as a mapping lives that
  /// nothing refreshes, counted for each remote by itself (RFC 4787 §5).
  public var filterLifetime: Duration?
  /// How long connections and with them their mappings live (RFC 5382 REQ-5).
  public var tcpLifetimes = TCPLifetimes()
  /// How long a UDP port is given to nobody after its mapping has died. Those of TCP may be used again at once, because
  /// connections are followed to their end (RFC 6888 REQ-8).
  public var portQuarantine = Duration.zero
  /// Whether packets from outside refresh a UDP mapping too; packets from inside always do (RFC 4787 REQ-6).
  public var refreshesOnInbound: Bool
  public var hairpinning: Hairpinning

  public init(
    mapping: Dependence, filtering: Dependence, portAssignment: PortAssignment = .preserving,
    mappingLifetime: Duration = .seconds(120), refreshesOnInbound: Bool = false, hairpinning: Hairpinning = .none
  ) {
    self.mapping = mapping
    self.filtering = filtering
    self.portAssignment = portAssignment
    self.mappingLifetime = mappingLifetime
    self.refreshesOnInbound = refreshesOnInbound
    self.hairpinning = hairpinning
  }
}
