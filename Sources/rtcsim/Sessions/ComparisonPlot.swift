import SimSessions

/// A comparison as a picture: four figures over the number of people, a line for each topology.
struct ComparisonPlot {
  let reports: [CellReport]
  let title: String

  /// One of the four small diagrams.
  private struct Panel: Sendable {
    let label: String
    let value: @Sendable (SessionResult) -> Double?
    /// The axis reaches at least as far as this.
    let least: Double
  }

  private static let (width, height) = (960.0, 620.0)
  private static let (panelWidth, panelHeight) = (390.0, 190.0)
  private static let (left, top) = (64.0, 84.0)
  private static let (columnStep, rowStep) = (470.0, 268.0)
  private static let colors = ["#c2542d", "#2f7d5b", "#5b4b9a", "#1b1f24"]

  private static let panels = [
    Panel(label: "uplink of a client, Mbit/s, IP", value: { $0.clientUplink.megabitsPerSecond }, least: 0.1),
    Panel(
      label: "downlink for each picture that is to be seen, kbit/s, IP, sound included", value: { $0.ratePerPicture },
      least: 100),
    Panel(
      label: "video latency p95, ms, capture to playout",
      value: { $0.videoLatency.percentile(0.95)?.milliseconds }, least: 100),
    Panel(
      label: "pictures frozen or paused, % of the time",
      value: { result in result.frozenPercent.map { $0 + (result.pausedPercent ?? 0) } }, least: 10),
  ]

  private var topologies: [String] {
    reports.map(\.result.topology).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private var people: [Int] { Set(reports.map(\.result.participants)).sorted() }

  /// An SVG file with colours of its own, so that it reads on light and dark pages.
  var svg: String {
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" \
      width="\(Int(Self.width))" height="\(Int(Self.height))" font-family="system-ui, sans-serif" font-size="12">
      <title>\(title)</title>
      <rect width="100%" height="100%" fill="#ffffff"/>
      <text x="\(Int(Self.left))" y="26" font-size="15" fill="#1b1f24">\(title)</text>

      """
    text += legend
    for (index, panel) in Self.panels.enumerated() {
      text += self.text(
        of: panel, x: Self.left + Self.columnStep * Double(index % 2), y: Self.top + Self.rowStep * Double(index / 2))
    }
    return text + "</svg>\n"
  }

  private var legend: String {
    topologies.enumerated().map { index, name in
      let x = Self.left + 90 * Double(index)
      return """
        <rect x="\(Int(x))" y="42" width="14" height="4" fill="\(Self.colors[index % Self.colors.count])"/>
        <text x="\(Int(x) + 20)" y="48" fill="#1b1f24">\(name)</text>

        """
    }.joined()
  }

  private func text(of panel: Panel, x left: Double, y top: Double) -> String {
    let values = reports.compactMap { panel.value($0.result) }
    let maximum = Self.niceCeiling(max(panel.least, values.max() ?? 0))
    var text = "<text x=\"\(Int(left))\" y=\"\(Int(top) - 10)\" fill=\"#57606a\">\(panel.label)</text>\n"
    for part in 0...4 {
      let line = Self.point(top + Self.panelHeight * (1 - Double(part) / 4))
      let value = maximum * Double(part) / 4
      text += """
        <line x1="\(Int(left))" x2="\(Int(left + Self.panelWidth))" y1="\(line)" y2="\(line)" stroke="#e3e6ea"/>
        <text x="\(Int(left) - 8)" y="\(line)" dy="4" text-anchor="end" fill="#57606a">\(Self.number(value, of: maximum))</text>

        """
    }
    for count in people {
      text += """
        <text x="\(Self.point(x(count, left)))" y="\(Int(top + Self.panelHeight) + 18)" text-anchor="middle" \
        fill="#57606a">\(count)</text>

        """
    }
    text += """
      <text x="\(Int(left + Self.panelWidth / 2))" y="\(Int(top + Self.panelHeight) + 34)" text-anchor="middle" \
      fill="#57606a">people</text>

      """
    for (index, topology) in topologies.enumerated() {
      let cells = reports.map(\.result).filter { $0.topology == topology }.sorted { $0.participants < $1.participants }
      let points = cells.compactMap { cell in
        panel.value(cell).map { value in
          (x(cell.participants, left), top + Self.panelHeight * (1 - min(value, maximum) / maximum))
        }
      }
      text += line(points, color: Self.colors[index % Self.colors.count])
    }
    return text
  }

  private func line(_ points: [(Double, Double)], color: String) -> String {
    let text = points.map { "\(Self.point($0.0)),\(Self.point($0.1))" }.joined(separator: " ")
    let dots = points.map {
      "<circle cx=\"\(Self.point($0.0))\" cy=\"\(Self.point($0.1))\" r=\"3\" fill=\"\(color)\"/>\n"
    }
    return "<polyline fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.8\" points=\"\(text)\"/>\n" + dots.joined()
  }

  /// Numbers of people stand equally far apart.
  private func x(_ count: Int, _ left: Double) -> Double {
    guard people.count > 1, let place = people.firstIndex(of: count) else { return left + Self.panelWidth / 2 }
    return left + 20 + (Self.panelWidth - 40) * Double(place) / Double(people.count - 1)
  }

  private static func number(_ value: Double, of maximum: Double) -> String { fixed(value, maximum < 10 ? 2 : 0) }

  private static func point(_ value: Double) -> String { fixed(value, 1) }

  /// 1, 2, 2.5, 4, 5 or 8 times a power of ten, at least `value`.
  private static func niceCeiling(_ value: Double) -> Double {
    var step = 0.01
    while step * 10 < value { step *= 10 }
    return [1, 2, 2.5, 4, 5, 8, 10].map { $0 * step }.first { $0 >= value } ?? value
  }
}
