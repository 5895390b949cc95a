import RTCPrimitives
import SimNetwork

/// The rate of a link as an option gives it.
public struct LinkRate: Hashable, Sendable {
  /// `nil` for no limit.
  public let rate: DataRate?

  public init(_ rate: DataRate?) { self.rate = rate }
}

/// What the command line changes in a scenario; the errors name the option.
public struct ScenarioOverrides: Hashable, Sendable {
  /// `--seed`
  public var seed: UInt64?
  /// `--topology`
  public var topology: String?
  /// `--participants`
  public var participants: Int?
  /// `--duration`
  public var duration: Duration?
  /// `--fidelity`
  public var fidelity: Fidelity?
  /// `--media`
  public var media: MediaFidelity?
  /// `--congestion-control`
  public var congestionControl: String?
  /// `--simulcast`: whether clients send an SFU each picture in several sizes.
  public var simulcast: Bool?
  /// `--last-n`: of how many people an SFU forwards pictures.
  public var lastN: Int?
  /// `--adaptation`
  public var adaptation: String?
  /// `--uplink`: the rate of every client's uplink.
  public var uplink: LinkRate?
  /// `--downlink`: the rate of every client's downlink.
  public var downlink: LinkRate?
  /// `--rtt`: between every client and the server, without queues. What the server's link and the distance of the
  /// sites leave of it is shared equally by the client's two links, also where the topology has no server.
  public var rtt: Duration?
  /// `--costs`: read already, from a name or path.
  public var costs: CostFile?

  public init() {}

  /// The options of a session that are set.
  var sessionOptions: [String] {
    let isSet = [
      ("topology", topology != nil), ("participants", participants != nil), ("duration", duration != nil),
      ("fidelity", fidelity != nil), ("media", media != nil),
      ("congestion-control", congestionControl != nil), ("adaptation", adaptation != nil),
      ("simulcast", simulcast != nil), ("last-n", lastN != nil), ("uplink", uplink != nil),
      ("downlink", downlink != nil), ("rtt", rtt != nil), ("costs", costs != nil),
    ]
    return isSet.filter(\.1).map(\.0)
  }

  /// The option that changes a field.
  fileprivate func option(of field: String) -> String {
    switch field {
    case "congestionControl": "congestion-control"
    case "sfu": simulcast == nil && lastN != nil ? "last-n" : "simulcast"
    default: field
    }
  }
}

extension Scenario {
  /// This scenario with what the command line says, checked by the rules of the file.
  public func applying(_ overrides: ScenarioOverrides) throws(ScenarioError) -> Scenario {
    var result = self
    if let seed = overrides.seed { result.seed = seed }
    switch kind {
    case .session(var session):
      try session.apply(overrides, in: self)
      result.kind = .session(session)
    case .udp:
      if let option = overrides.sessionOptions.first {
        throw .option(
          name: "--\(option)", found: "a scenario of plain UDP flows, '\(name)'", allowed: "a session")
      }
    }
    return result
  }
}

extension SessionScenario {
  fileprivate mutating func apply(_ overrides: ScenarioOverrides, in scenario: Scenario) throws(ScenarioError) {
    if let name = overrides.topology { topology = try Self.name(name, of: Topologies.names, option: "topology") }
    if let count = overrides.participants {
      participants = try Self.checked(count, WholeNumberLimit.participants.contains(count), "participants") {
        WholeNumberLimit.participants.allowed
      }
      clients = Array(clients.prefix(participants))
    }
    if let time = overrides.duration {
      duration = try Self.checked(time, DurationLimit.session.range.contains(time), "duration") {
        DurationLimit.session.allowed
      }
    }
    if let choice = overrides.fidelity { fidelity = choice }
    if let choice = overrides.media { media = choice }
    if let name = overrides.congestionControl {
      congestionControl = Self.congestionController(
        try Self.name(name, of: Self.congestionControls, option: "congestion-control"))
    }
    if let name = overrides.adaptation {
      adaptation = try Self.name(name, of: Self.adaptations, option: "adaptation")
      fitBitrateToAdaptation()
    }
    try select(overrides)
    if let costs = overrides.costs { self.costs = costs }
    try setRate(overrides.uplink, "uplink") { $0.uplink.setRate($1) }
    try setRate(overrides.downlink, "downlink") { $0.downlink.setRate($1) }
    if let time = overrides.rtt {
      client = try client(client, withRoundTrip: time, in: scenario)
      for index in clients.indices { clients[index] = try client(clients[index], withRoundTrip: time, in: scenario) }
    }
    do throws(Contradiction) { try check() } catch {
      let side = error.side { overrides.sessionOptions.contains(overrides.option(of: $0)) }
      throw .option(name: "--\(overrides.option(of: side.field))", found: side.found, allowed: side.allowed)
    }
  }

  private static func name(_ name: String, of names: [String], option: String) throws(ScenarioError) -> String {
    guard names.contains(name) else {
      throw .option(
        name: "--\(option)", found: "'\(name)'", allowed: names.joined(separator: ", "),
        nearest: nearestName(to: name, in: names))
    }
    return name
  }

  private static func checked<Value>(
    _ value: Value, _ isAllowed: Bool, _ option: String, _ allowed: () -> String
  ) throws(ScenarioError) -> Value {
    guard isAllowed else {
      let found = (value as? Duration)?.quantity ?? (value as? DataRate)?.quantity ?? "\(value)"
      throw .option(name: "--\(option)", found: found, allowed: allowed())
    }
    return value
  }

  private mutating func setRate(
    _ change: LinkRate?, _ option: String, _ set: (inout ClientProfile, DataRate?) -> Void
  ) throws(ScenarioError) {
    guard let change else { return }
    if let rate = change.rate {
      _ = try Self.checked(rate, RateLimit.range.contains(rate), option) { RateLimit.allowed }
    }
    set(&client, change.rate)
    for index in clients.indices { set(&clients[index], change.rate) }
  }

  private func client(_ profile: ClientProfile, withRoundTrip time: Duration, in scenario: Scenario)
    throws(ScenarioError) -> ClientProfile
  {
    let distance = scenario.delay(between: profile.site, and: server.site) * 2 + server.delay * 2
    guard time >= distance, time <= DurationLimit.any.range.upperBound else {
      throw .option(
        name: "--rtt", found: time.quantity,
        allowed: "from \(distance.quantity), which the server's link and the sites take, to 1h")
    }
    var profile = profile
    profile.uplink.setDelay((time - distance) / 2)
    profile.downlink.setDelay((time - distance) / 2)
    return profile
  }
}
