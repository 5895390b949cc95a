import Benchmarks
import Foundation

/// Measurements as tables and as JSON.
struct BenchReport {
  let machine: Machine
  let figures: [BenchmarkFigure]

  /// One table per group: the figure, its floor and their ratio side by side, each column with its unit.
  var text: String {
    var text = Terminal.styled("\(machine)", .bold) + "\n" + machine.libraries.joined(separator: ", ") + "\n"
    for group in groups {
      let rows = figures.filter { $0.group == group }
      text += "\n" + Terminal.styled(group.title, .bold) + "\n" + Self.table(of: rows, in: group)
    }
    return text
  }

  var json: JSON {
    [
      "machine": [
        "processor": JSON(machine.processor), "cores": JSON(machine.cores), "system": JSON(machine.system),
        "libraries": .array(machine.libraries.map { .string($0) }),
      ],
      "figures": .array(figures.map(Self.json)),
    ]
  }

  /// In the order of the figures.
  private var groups: [FigureGroup] {
    figures.reduce(into: []) { groups, figure in
      if !groups.contains(figure.group) { groups.append(figure.group) }
    }
  }

  private struct Column {
    let column: Table.Column
    let cell: (BenchmarkFigure) -> String?
  }

  /// Columns without any cell are left out.
  private static func table(of rows: [BenchmarkFigure], in group: FigureGroup) -> String {
    let unit = group.unit.rawValue
    let columns = [
      Column(column: .left("what")) { $0.name },
      Column(column: .right("rtcsim\n\(unit)")) { number($0.value) },
      Column(column: .right("\(group.floor ?? "")\n\(unit)")) { $0.floor.map(number) },
      Column(column: .right("ratio\nof speeds")) { $0.ratio.map { fixed($0, 2) } },
      Column(column: .left("wanted\n\(group.floor == nil ? unit : "ratio")")) { wanted($0) },
      Column(column: .right("faster than\nreal time, ×")) { $0.timesRealTime.map(number) },
    ].filter { column in rows.contains { column.cell($0) != nil } }
    var table = Table(columns.map(\.column))
    for row in rows { table.append(columns.map { $0.cell(row) ?? "" }) }
    return table.text()
  }

  private static func wanted(_ figure: BenchmarkFigure) -> String? {
    let limit = figure.wantedRatio.map { "≥ \(fixed($0, 2))" } ?? figure.wantedValue.map { "≤ \(number($0))" }
    guard let limit, let isAsWanted = figure.isAsWanted else { return nil }
    return isAsWanted ? limit : "\(limit), missed"
  }

  private static func json(_ figure: BenchmarkFigure) -> JSON {
    let floor: JSON =
      figure.floor.map { ["name": JSON(figure.group.floor), "value": .number(rounded($0))] } ?? .null
    return [
      "subject": JSON(figure.group.subject.rawValue), "group": JSON(figure.group.title),
      "name": JSON(figure.name), "unit": JSON(figure.group.unit.rawValue),
      "value": .number(rounded(figure.value)), "floor": floor, "ratio": JSON(figure.ratio, decimals: 3),
      "wantedRatio": JSON(figure.wantedRatio, decimals: 3),
      "wantedValue": JSON(figure.wantedValue, decimals: 3),
      "timesRealTime": JSON(figure.timesRealTime, decimals: 1),
    ]
  }

  /// To four significant digits.
  private static func rounded(_ value: Double) -> Double {
    guard value != 0, value.isFinite else { return value }
    return Double(String(format: "%.4g", value)) ?? value
  }

  /// With three significant digits and never an exponent.
  private static func number(_ value: Double) -> String {
    switch value.magnitude {
    case 0: "0"
    case ..<0.001: String(format: "%.6f", value)
    case ..<1: fixed(value, 3)
    case ..<10: fixed(value, 2)
    case ..<100: fixed(value, 1)
    default: fixed(value, 0)
    }
  }

  private static func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
}
