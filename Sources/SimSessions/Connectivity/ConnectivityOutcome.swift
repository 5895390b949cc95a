import SimNetwork

/// How a pair connects: always in one way, or by the dice of a NAT now in one way and now in another.
public struct ConnectivityOutcome: Hashable, Sendable {
  public struct Part: Hashable, Sendable {
    public let connectionClass: ConnectionClass
    /// From 0 to 1.
    public let share: Double
  }

  /// The classes that were seen, in the order of their list; their shares sum to 1.
  public let parts: [Part]
  /// Of all runs, in their order.
  public let traceHashes: [String]

  /// - Precondition: there is a class.
  init(of classes: [ConnectionClass], traceHashes: [String] = []) {
    precondition(!classes.isEmpty, "an outcome is of one run at least")
    self.traceHashes = traceHashes
    parts = ConnectionClass.allCases.compactMap { connectionClass in
      let count = classes.count { $0 == connectionClass }
      return count == 0
        ? nil : Part(connectionClass: connectionClass, share: Double(count) / Double(classes.count))
    }
  }

  /// The most frequent class; of two that are as frequent, the one that costs more.
  public var connectionClass: ConnectionClass {
    parts.dropFirst().reduce(parts[0]) { $1.share >= $0.share ? $1 : $0 }.connectionClass
  }

  /// Whether more than one class was seen.
  public var varies: Bool { parts.count > 1 }
}

extension ConnectivityRun {
  /// How many seeds a pair gets in each direction if dice can decide; a share is then within 0.13 of the true one in 19
  /// cases of 20.
  public static let seedsPerDirection = 32

  /// Whether dice can decide how the pair connects. Random ports alone cannot: whichever port it is, it is one that
  /// nobody else was told.
  public var isLeftToChance: Bool {
    [offerer, answerer].contains { access in
      access.translators.contains { nat in
        nat.pooling == .arbitrary && nat.externalAddresses > 1
          || nat.portAssignment == .random && nat.mappingLifetime < Self.duration
      }
    }
  }

  /// How the pair connects: of one run, or where dice can decide of many, each of the two offering in half of them.
  public func outcome() -> ConnectivityOutcome {
    guard isLeftToChance else { return Self.outcome(of: [result()]) }
    let results = (0..<UInt64(Self.seedsPerDirection)).flatMap { number in
      [(offerer, answerer), (answerer, offerer)].map { offerer, answerer in
        ConnectivityRun(offerer: offerer, answerer: answerer, seed: seed &+ number).result()
      }
    }
    return Self.outcome(of: results)
  }

  private static func outcome(of results: [Result]) -> ConnectivityOutcome {
    ConnectivityOutcome(of: results.map(\.connectionClass), traceHashes: results.map(\.traceHash))
  }
}
