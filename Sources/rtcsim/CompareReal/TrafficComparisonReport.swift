import SimSessions

/// What `rtcsim compare-real` prints.
struct TrafficComparisonReport {
  let comparison: TrafficComparison
  let media: MediaFidelity
  let seconds: Int
  let seed: UInt64

  var text: String {
    let rows = comparison.rows
    var table = Table([
      .left("of one end (mean of both)"), .left("unit"), .left("layer"), .right("simulated"), .right("real"),
      .right("real /\nsimulated"), .right("allowed"), .left("verdict"),
    ])
    for row in rows {
      table.append([
        row.name, row.unit, row.layer, Self.text(row.simulated, row.decimals), Self.text(row.real, row.decimals),
        Self.text(row.ratio, 2), Self.text(row.tolerance), row.verdict.rawValue,
      ])
    }
    return """
      One call of two with \(media.rawValue) media, seed \(seed): once simulated between ideal links, once between two sockets of
      127.0.0.1 on one thread. Measured over \(seconds) s, from one second after media could flow at both ends.

      \(table.text())
      \(Self.notes(on: rows))
      """
  }

  /// Why rows do not agree, each reason once.
  private static func notes(on rows: [TrafficRow]) -> String {
    let odd = rows.filter { $0.verdict != .agrees && !$0.reason.isEmpty }
    var notes = ""
    for (index, row) in odd.enumerated() where !odd[..<index].contains(where: { $0.reason == row.reason }) {
      var names: [String] = []
      for other in odd where other.reason == row.reason && !names.contains(other.name) { names.append(other.name) }
      notes += "\(names.joined(separator: ", ")): \(row.reason).\n"
    }
    return notes
  }

  var json: JSON {
    [
      "media": JSON(media.rawValue), "seed": JSON(seed), "seconds": JSON(seconds), "costs": JSON(comparison.costs),
      "rows": .array(comparison.rows.map(Self.json)),
    ]
  }

  private static func json(_ row: TrafficRow) -> JSON {
    let (kind, allowed): (JSON, JSON) =
      switch row.tolerance {
      case .share(let share): ("share", JSON(share, decimals: 3))
      case .difference(let difference): ("difference", JSON(difference, decimals: 3))
      case nil: (.null, .null)
      }
    return [
      "name": JSON(row.name), "unit": JSON(row.unit), "layer": JSON(row.layer),
      "simulated": JSON(row.simulated, decimals: 4), "real": JSON(row.real, decimals: 4),
      "ratio": JSON(row.ratio, decimals: 4), "tolerance": kind, "allowed": allowed,
      "verdict": row.verdict == .none ? .null : JSON(row.verdict.rawValue),
      "reason": row.reason.isEmpty ? .null : JSON(row.reason),
    ]
  }

  private static func text(_ value: Double?, _ decimals: Int) -> String { value.map { fixed($0, decimals) } ?? "–" }

  private static func text(_ tolerance: TrafficRow.Tolerance?) -> String {
    switch tolerance {
    case .share(let share): "±\(fixed(share * 100, 0)) %"
    case .difference(let difference): "±\(fixed(difference, difference.rounded() == difference ? 0 : 2))"
    case nil: "–"
    }
  }
}
