/// Text in aligned columns.
struct Table {
  struct Column {
    enum Alignment {
      case left, right
    }

    /// May have several lines.
    let title: String
    let alignment: Alignment

    static func left(_ title: String) -> Column { Column(title: title, alignment: .left) }
    /// For numbers.
    static func right(_ title: String) -> Column { Column(title: title, alignment: .right) }
  }

  let columns: [Column]
  private var rows: [[String]] = []

  init(_ columns: [Column]) { self.columns = columns }

  var isEmpty: Bool { rows.isEmpty }

  /// - Precondition: `row` has one cell per column.
  mutating func append(_ row: [String]) {
    precondition(row.count == columns.count, "every row has \(columns.count) cells")
    rows.append(row)
  }

  /// The head, a rule and the rows; every line ends with a line feed and without blanks.
  func text(indent: Int = 0, separator: String = "  ") -> String {
    let heads = head
    let widths = columns.indices.map { index in (heads + rows).map { $0[index].count }.max() ?? 0 }
    let rule = widths.map { String(repeating: "─", count: $0) }
    let margin = String(repeating: " ", count: indent)
    return (heads + [rule] + rows).reduce(into: "") { text, row in
      var line = margin
      for (index, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[index] - cell.count)
        line += (index == 0 ? "" : separator) + (columns[index].alignment == .left ? cell + padding : padding + cell)
      }
      while line.last == " " { line.removeLast() }
      text += line + "\n"
    }
  }

  /// The titles, the shorter ones at the bottom.
  private var head: [[String]] {
    let titles = columns.map { $0.title.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
    let height = titles.map(\.count).max() ?? 0
    return (0..<height).map { line in
      titles.map { title in
        let index = line - (height - title.count)
        return index >= 0 ? title[index] : ""
      }
    }
  }
}
