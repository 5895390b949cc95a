import SimSessions

/// What `rtcsim cc --against` prints.
struct RecordedCongestionReport {
  private let seeds: Int
  private var rows: [RecordedCongestion.Row] = []

  init(seeds: Int) { self.seeds = seeds }

  mutating func append(_ more: [RecordedCongestion.Row]) { rows += more }

  var passes: Bool { rows.allSatisfy(\.passes) }

  var text: String {
    var table = Table([
      .left("recording"), .left("machine"), .left("phase"), .left("controller"), .left("figure"), .right("ours"),
      .right("single runs"),
      .right("Chromium"), .right("accepted"), .left("unit"), .left("verdict"),
    ])
    for row in rows {
      table.append([
        row.recording, row.machine, row.phase, row.controller, row.figure, Self.number(row.ours),
        row.lowest.flatMap { low in row.highest.map { "\(Self.number(low)) to \(Self.number($0))" } } ?? "–",
        Self.number(row.recorded),
        row.accepted.map { "\(Self.number($0.lowerBound)) to \(Self.number($0.upperBound))" } ?? "–", row.unit,
        row.accepted == nil ? "not judged: \(row.note)" : row.passes ? "within" : "OUTSIDE",
      ])
    }
    let judged = rows.filter { $0.accepted != nil }
    var text = table.text()
    text += "\n\(judged.filter(\.passes).count) of \(judged.count) figures within what is accepted\n"
    text +=
      "ours are medians of \(seeds) seeds; target and rate are of each phase's second half, queue and time of the whole\n"
    return text
  }

  var json: JSON {
    .object([
      JSON.Member(
        name: "rows",
        value: .array(
          rows.map { row in
            .object([
              JSON.Member(name: "recording", value: JSON(row.recording)),
              JSON.Member(name: "machine", value: JSON(row.machine)),
              JSON.Member(name: "phase", value: JSON(row.phase)),
              JSON.Member(name: "controller", value: JSON(row.controller)),
              JSON.Member(name: "figure", value: JSON(row.figure)), JSON.Member(name: "unit", value: JSON(row.unit)),
              JSON.Member(name: "ours", value: JSON(row.ours, decimals: 3)),
              JSON.Member(name: "oursLowest", value: JSON(row.lowest, decimals: 3)),
              JSON.Member(name: "oursHighest", value: JSON(row.highest, decimals: 3)),
              JSON.Member(name: "recorded", value: JSON(row.recorded, decimals: 3)),
              JSON.Member(name: "lowest", value: JSON(row.accepted?.lowerBound, decimals: 3)),
              JSON.Member(name: "highest", value: JSON(row.accepted?.upperBound, decimals: 3)),
              JSON.Member(name: "pass", value: row.accepted == nil ? .null : .boolean(row.passes)),
              JSON.Member(name: "note", value: JSON(row.note)),
            ])
          }))
    ])
  }

  private static func number(_ value: Double?) -> String {
    guard let value else { return "–" }
    return CongestionReport.number(value, decimals: abs(value) < 10 ? 2 : 0)
  }
}
