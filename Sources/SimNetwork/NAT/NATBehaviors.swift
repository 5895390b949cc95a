/// The NATs that RFC 3489 named.
public enum NATBehaviors {
  /// A behaviour with its name and a sentence for a reader.
  public struct Named: Hashable, Sendable {
    public let name: String
    public let summary: String
    public let behavior: NATBehavior

    public init(name: String, summary: String, behavior: NATBehavior) {
      self.name = name
      self.summary = summary
      self.behavior = behavior
    }
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
