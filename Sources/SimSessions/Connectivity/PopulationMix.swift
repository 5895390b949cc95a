import SimNetwork

/// Which shares of a population stand behind what: an input, such as `{"eim-apdf": 0.7, "apdm-apdf": 0.3}`.
public struct PopulationMix: Hashable, Sendable {
  public struct Part: Hashable, Sendable {
    public let access: AccessBehavior
    /// From 0 to 1.
    public let share: Double
  }

  /// How far the sum of the shares may be from 1.
  private static let tolerance = 1e-6

  /// In the order of the file; their shares sum to 1.
  public let parts: [Part]

  init(text: String, file: String, nats: [NATBehaviors.Named]) throws(ScenarioError) {
    let reader = try FieldReader(text: text, file: file)
    var parts: [Part] = []
    for (name, value) in try reader.members() {
      let access: AccessBehavior
      do throws(AccessBehaviorError) { access = try AccessBehavior(id: name, presets: nats) } catch {
        let (allowed, nearest) = error.advice
        throw value.failure("as a name \(allowed)", found: "'\(name)'", nearest: nearest)
      }
      guard access.owner == nil else {
        throw value.failure("as a name one without @, because random people share nothing", found: "'\(name)'")
      }
      parts.append(Part(access: access, share: try value.number(in: 0...1, "a share from 0 to 1")))
    }
    let sum = parts.reduce(0) { $0 + $1.share }
    guard abs(sum - 1) <= Self.tolerance else {
      throw reader.failure("names of NATs with shares that sum to 1", found: "a sum of \(sum)")
    }
    self.parts = parts
  }

  /// The pairs whose outcomes are needed, each once.
  public func pairs(seed: UInt64 = 1) -> [ConnectivityRun] {
    parts.indices.flatMap { index in
      parts[index...].map { ConnectivityRun(offerer: parts[index].access, answerer: $0.access, seed: seed) }
    }
  }

  /// What share of random pairs connects how: p² for a part with itself, 2pq for two different ones.
  ///
  /// - Parameter outcomes: of `pairs`, in their order; one that varies counts by its shares.
  /// - Returns: a share for each class, in the order of their list.
  public func shares(
    _ outcomes: [ConnectivityOutcome]
  ) -> [(connectionClass: ConnectionClass, share: Double)] {
    precondition(outcomes.count == parts.count * (parts.count + 1) / 2, "each pair has an outcome")
    var sums = [Double](repeating: 0, count: ConnectionClass.allCases.count)
    var rest = outcomes[...]
    for (index, first) in parts.enumerated() {
      for (other, second) in parts.enumerated().dropFirst(index) {
        let weight = first.share * second.share * (other == index ? 1 : 2)
        for part in rest.removeFirst().parts {
          guard let place = ConnectionClass.allCases.firstIndex(of: part.connectionClass) else { continue }
          sums[place] += weight * part.share
        }
      }
    }
    return zip(ConnectionClass.allCases, sums).map { ($0, $1) }
  }
}
