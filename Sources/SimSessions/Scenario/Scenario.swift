/// What is simulated: decoded, complete and valid. What a file leaves out has its default here.
public struct Scenario: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// People in a WebRTC session.
    case session(SessionScenario)
    /// Plain UDP flows between hosts.
    case udp(UDPScenario)
  }

  /// The delay between two sites, the same in both directions.
  public struct SiteDelay: Hashable, Sendable {
    public let first: String
    public let second: String
    public let oneWay: Duration
  }

  public var name: String
  /// One sentence for a reader.
  public var summary: String
  public var seed: UInt64
  /// Places between which packets take time; at least one.
  public var sites: [String]
  /// Pairs that are not named are as near as one place.
  public var delays: [SiteDelay]
  public var kind: Kind

  /// The session; `nil` for plain UDP.
  public var session: SessionScenario? {
    guard case .session(let session) = kind else { return nil }
    return session
  }

  /// The one-way delay between two sites.
  public func delay(between first: String, and second: String) -> Duration {
    let delay = delays.first { ($0.first, $0.second) == (first, second) || ($0.second, $0.first) == (first, second) }
    return delay?.oneWay ?? .zero
  }
}
