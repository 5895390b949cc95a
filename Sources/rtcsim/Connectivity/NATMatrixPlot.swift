import SimNetwork
import SimSessions

/// The truth table as a picture: a square of accesses, a colour for each class.
struct NATMatrixPlot {
  let rows: [NATMatrixReport.Row]

  private static let cell = 36
  private static let (left, top) = (112, 96)

  /// An SVG file with colours of its own, so that it reads on light and dark pages.
  var svg: String {
    let names = AccessBehaviors.all.map(\.name)
    let (cell, left, top) = (Self.cell, Self.left, Self.top)
    let (width, height) = (left + cell * names.count + 64, top + cell * names.count + 64)
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" \
      font-family="system-ui, sans-serif" font-size="12">
      <title>Which pairs of NATs connect directly, and which need TURN</title>
      <rect width="\(width)" height="\(height)" fill="#ffffff"/>

      """
    for (column, name) in names.enumerated() {
      let x = left + column * cell + cell / 2
      text += "<text transform=\"translate(\(x + 4) \(top - 8)) rotate(-55)\" fill=\"#1b1f24\">\(name)</text>\n"
    }
    for (line, name) in names.enumerated() {
      let y = top + line * cell
      text += "<text x=\"\(left - 8)\" y=\"\(y + cell / 2 + 4)\" text-anchor=\"end\" fill=\"#1b1f24\">\(name)</text>\n"
      for (column, other) in names.enumerated() {
        guard let found = connectionClass(of: name, other) else { continue }
        text +=
          "<rect x=\"\(left + column * cell + 1)\" y=\"\(y + 1)\" width=\"\(cell - 2)\" height=\"\(cell - 2)\" rx=\"4\" "
          + "fill=\"\(found.color)\"><title>\(name) and \(other): \(found.rawValue)</title></rect>\n"
      }
    }
    var x = left
    for kind in ConnectionClass.allCases where rows.contains(where: { $0.connectionClass == kind }) {
      let y = top + cell * names.count + 24
      text += "<rect x=\"\(x)\" y=\"\(y)\" width=\"18\" height=\"18\" rx=\"4\" fill=\"\(kind.color)\"/>\n"
      text += "<text x=\"\(x + 24)\" y=\"\(y + 13)\" fill=\"#1b1f24\">\(kind.rawValue)</text>\n"
      x += 40 + 8 * kind.rawValue.count
    }
    return text + "</svg>\n"
  }

  /// A pair is run once, whoever offers.
  private func connectionClass(of first: String, _ second: String) -> ConnectionClass? {
    rows.first { row in
      let pair = (row.run.offerer.name, row.run.answerer.name)
      return pair == (first, second) || pair == (second, first)
    }?.connectionClass
  }
}

extension ConnectionClass {
  /// Told apart by lightness as well as by hue.
  fileprivate var color: String {
    switch self {
    case .direct: "#bfe5cf"
    case .directPeerReflexive: "#6fc3a0"
    case .relay: "#e8884a"
    case .relayOverTCP: "#a63a50"
    case .none: "#30343a"
    }
  }
}
