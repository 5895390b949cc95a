/// Up to how many participants a topology held: no limit broke, every connection was made, and hardly a picture was paused.
public struct Verdict: Hashable, Sendable {
  /// What a verdict looks at in one run.
  public struct Cell: Hashable, Sendable {
    public let participants: Int
    public let limit: FirstLimit
    public let planned: Int
    public let established: Int
    /// How much of the pictures was left out on purpose because links carried no more, in percent.
    public let pausedPercent: Double

    /// Nobody misses so little.
    static let tolerablePause = 5.0

    public init(participants: Int, limit: FirstLimit, planned: Int, established: Int, pausedPercent: Double = 0) {
      self.pausedPercent = pausedPercent
      self.participants = participants
      self.limit = limit
      self.planned = planned
      self.established = established
    }

    public init(_ result: SessionResult) {
      self.init(
        participants: result.participants, limit: result.firstLimit, planned: result.connectionsPlanned,
        established: result.connectionsEstablished, pausedPercent: result.pausedPercent ?? 0)
    }

    var holds: Bool { limit == .none && established == planned && pausedPercent <= Self.tolerablePause }

    /// What went wrong, for a reader.
    var explanation: String {
      let missing =
        established == planned ? [] : ["\(planned - established) of \(planned) connections could not be made"]
      let paused =
        pausedPercent <= Self.tolerablePause
        ? [] : ["\(Int(pausedPercent.rounded())) % of the pictures were left out, because links carried no more"]
      return ((limit == .none ? [] : [limit.explanation]) + missing + paused).joined(separator: " and ")
    }
  }

  public let topology: String
  /// `nil` when it did not hold with the smallest number.
  public let heldUpTo: Int?
  /// The run with the smallest number with which it did not hold.
  public let broken: Cell?
  /// `none` when nothing broke, also where connections could not be made.
  public var brokenBy: FirstLimit { broken?.limit ?? .none }

  /// - Parameter cells: the runs of one topology, by growing number of participants.
  public init(topology: String, cells: [Cell]) {
    self.topology = topology
    broken = cells.first { !$0.holds }
    heldUpTo = cells.prefix { $0.holds }.last?.participants
  }

  /// One sentence for a reader.
  public var sentence: String {
    switch (heldUpTo, broken) {
    case (let held?, nil): "\(topology): held up to \(held) participants, the most that were tried."
    case (let held?, let cell?): "\(topology): held up to \(held) participants, then \(cell.explanation)."
    case (nil, let cell?): "\(topology): did not hold even with the fewest participants: \(cell.explanation)."
    case (nil, nil): "\(topology): nothing was tried."
    }
  }
}

extension FirstLimit {
  fileprivate var explanation: String {
    switch self {
    case .none: "nothing broke"
    case .uplink: "the clients' uplinks overflowed"
    case .downlink: "the clients' downlinks overflowed"
    case .clientCPU: "the clients' processors fell behind"
    case .serverCPU: "the server's processor fell behind"
    case .serverNIC: "the server's network interface overflowed"
    }
  }
}
