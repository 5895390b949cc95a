import SimNetwork
import SimSessions

/// What `rtcsim nat-matrix` prints.
struct NATMatrixReport {
  struct Row {
    let run: ConnectivityRun
    let outcome: ConnectivityOutcome

    var connectionClass: ConnectionClass { outcome.connectionClass }
  }

  struct Mix {
    let parts: [PopulationMix.Part]
    let shares: [(connectionClass: ConnectionClass, share: Double)]

    init(_ mix: PopulationMix, shares: [(connectionClass: ConnectionClass, share: Double)]) {
      parts = mix.parts
      self.shares = shares
    }

    var relayShare: Double { shares.reduce(0) { $0 + ($1.connectionClass.isRelay ? $1.share : 0) } }
  }

  private static let mixNote = "an input turned into a share of random pairs, never a prediction"

  let rows: [Row]
  /// Whether the rows are those of the whole table.
  let isWhole: Bool
  let mix: Mix?
  let traceDigest: TraceDigest

  // MARK: Text

  var text: String {
    let table = isWhole ? square : list
    guard let mix else { return table }
    return table + "\n" + Self.text(of: mix)
  }

  private var list: String {
    var table = Table([.left("offerer"), .left("answerer"), .left("class")])
    for row in rows {
      let classes = row.outcome.parts.map { part in
        row.outcome.varies
          ? "\(part.connectionClass.rawValue) \(Self.percent(part.share))" : part.connectionClass.rawValue
      }
      table.append([row.run.offerer.name, row.run.answerer.name, classes.joined(separator: ", ")])
    }
    guard rows.contains(where: \.outcome.varies) else { return table.text() }
    return table.text() + "\nshares: the dice of a NAT decide, of \(2 * ConnectivityRun.seedsPerDirection) runs\n"
  }

  /// Each access against each, in one letter.
  private var square: String {
    let names = AccessBehaviors.all.map(\.name)
    var table = Table([.left("")] + names.map { .left($0.replacing("-", with: "-\n")) })
    for name in names { table.append([name] + names.map { letter(of: name, $0) }) }
    let legend = ConnectionClass.allCases.map { "\(Self.letter(of: $0)) \($0.rawValue)" }.joined(separator: ", ")
    return table.text(separator: " ") + "\n\(legend)\n"
  }

  /// A pair is run once, whoever offers.
  private func letter(of first: String, _ second: String) -> String {
    let row = rows.first { row in
      let pair = (row.run.offerer.name, row.run.answerer.name)
      return pair == (first, second) || pair == (second, first)
    }
    return row.map { Self.letter(of: $0.connectionClass) } ?? ""
  }

  private static func letter(of connectionClass: ConnectionClass) -> String {
    switch connectionClass {
    case .direct: "d"
    case .directPeerReflexive: "p"
    case .relay: "R"
    case .relayOverTCP: "T"
    case .none: "-"
    }
  }

  private static func text(of mix: Mix) -> String {
    var parts = Table([.left("behind"), .right("share")])
    for part in mix.parts { parts.append([part.access.name, percent(part.share)]) }
    var shares = Table([.left("pairs"), .right("share")])
    for (connectionClass, share) in mix.shares { shares.append([connectionClass.rawValue, percent(share)]) }
    return parts.text() + "\n" + shares.text() + "\nthrough a relay: \(percent(mix.relayShare)) (\(mixNote))\n"
  }

  private static func percent(_ share: Double) -> String {
    let hundredths = Int((share * 10_000).rounded())
    let decimals = hundredths % 100
    return "\(hundredths / 100).\(decimals < 10 ? "0" : "")\(decimals) %"
  }

  // MARK: Files

  var json: JSON {
    var json: JSON = [
      "rows": .array(rows.map(Self.json(of:))), "traceHash": .string(traceDigest.description),
    ]
    guard let mix else { return json }
    let parts = mix.parts.map { JSON.Member(name: $0.access.name, value: .number($0.share)) }
    let shares = mix.shares.map { JSON.Member(name: $0.connectionClass.rawValue, value: JSON($0.share, decimals: 9)) }
    json.append(
      "mix",
      [
        "population": .object(parts), "shares": .object(shares), "relayShare": JSON(mix.relayShare, decimals: 9),
        "basis": .string(Self.mixNote),
      ])
    return json
  }

  private static func json(of row: Row) -> JSON {
    var json: JSON = ["id": .string(row.run.id), "class": .string(row.connectionClass.rawValue)]
    guard row.outcome.varies else { return json }
    let shares = row.outcome.parts.map {
      JSON.Member(name: $0.connectionClass.rawValue, value: JSON($0.share, decimals: 9))
    }
    json.append("varies", .object(shares))
    return json
  }

  /// A row for each pair; with a mix a row for each class instead, as one file has one header.
  var csv: String {
    if let mix {
      var csv = CSV(header: ["class", "share_of_pairs"])
      for (connectionClass, share) in mix.shares { csv.append([connectionClass.rawValue, "\(share)"]) }
      return csv.text
    }
    let classes = ConnectionClass.allCases
    let shares = classes.map { "share_\($0.rawValue.replacing("-", with: "_"))" }
    var csv = CSV(header: ["id", "offerer", "answerer", "class"] + shares)
    for row in rows {
      let share = { (wanted: ConnectionClass) in
        row.outcome.parts.first { $0.connectionClass == wanted }?.share ?? 0
      }
      csv.append(
        [row.run.id, row.run.offerer.name, row.run.answerer.name, row.connectionClass.rawValue]
          + classes.map { "\(share($0))" })
    }
    return csv.text
  }
}
