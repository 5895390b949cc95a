/// When an agent checks which pair, and how it nominates one.
public enum ICEChecking: Hashable, Sendable {
  /// Every pair once, repeated by its transaction's own timer (RFC 8445 §6.1.4, §14.3).
  case scheduled(ICENomination)
  /// One pair after the other, again and again, with a new transaction each time; nomination is aggressive.
  case continual(PingIntervals)

  /// The timers of libwebrtc's connectivity checks.
  ///
  /// - SeeAlso: libwebrtc `p2p/base/p2p_constants.cc`, `p2p/base/basic_ice_controller.cc`
  public struct PingIntervals: Hashable, Sendable {
    /// Between two checks while no pair works, or one was hardly checked yet (`WEAK_PING_INTERVAL`).
    public var weak: Duration = .milliseconds(48)
    /// Between two checks once a pair works (`STRONG_PING_INTERVAL`).
    public var strong: Duration = .milliseconds(480)
    /// Between two checks of a pair that works and was checked often (`STRONG_AND_STABLE_WRITABLE_CONNECTION_PING_INTERVAL`).
    public var stable: Duration = .milliseconds(2500)
    /// So many checks of a pair leave at the weak interval (`MIN_PINGS_AT_WEAK_PING_INTERVAL`).
    public var hurried = 3
    /// A pair that answered nothing for this long has failed (`CONNECTION_WRITE_TIMEOUT`).
    public var writeTimeout: Duration = .seconds(15)
    /// A pair that was not heard for this long gives way to another (`RECEIVING_TIMEOUT`).
    public var receivingTimeout: Duration = .milliseconds(2500)

    public init() {}
  }

  /// RFC 8445's own way.
  public static let standard = ICEChecking.scheduled(.regular)
  /// libwebrtc's, and so Chromium's.
  public static let libwebrtc = ICEChecking.continual(PingIntervals())

  var isContinual: Bool { if case .continual = self { true } else { false } }

  /// Whether every check of the controlling agent says USE-CANDIDATE.
  var isAggressive: Bool {
    switch self {
    case .scheduled(let nomination): nomination == .aggressive
    case .continual: true
    }
  }
}

/// How the controlling agent says which pair is to be used.
public enum ICENomination: String, Hashable, Sendable, CaseIterable {
  /// By a second check of the pair that it chose (RFC 8445 §8.1.1).
  case regular
  /// By every check; the best pair that works wins (RFC 5245 §8.1.1.2, still accepted by RFC 8445 agents).
  case aggressive
}
