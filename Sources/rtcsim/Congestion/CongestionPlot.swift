import RTCPrimitives
import SimSessions

/// One run over time as a picture: capacity, what the controllers allow, what was sent, and below it the queueing delay.
struct CongestionPlot {
  let run: CongestionRun
  let result: CongestionRun.Result

  private static let (width, left, right) = (960.0, 64.0, 24.0)
  private static let (ratesTop, ratesHeight) = (56.0, 260.0)
  private static let (delayTop, delayHeight) = (356.0, 120.0)
  private static let height = 520.0

  private var end: Double { max(0.1, run.testCase.duration.inSeconds) }
  private var forward: [Int] { run.testCase.flows.indices.filter { run.testCase.flows[$0].direction == .forward } }

  /// An SVG file with colours of its own, so that it reads on light and dark pages.
  var svg: String {
    let samples = result.samples
    let capacity = samples.map { ($0.time.inSeconds, $0.capacity.map(Self.megabits)) }
    let estimate = samples.map { sample in
      (
        sample.time.inSeconds,
        forward.reduce(0) { $0 + (sample.flows[$1].isActive ? Self.megabits(sample.flows[$1].estimate) : 0) }
      )
    }
    let sent = smoothed(samples.map { sample in forward.reduce(0) { $0 + Double(sample.flows[$1].wireBytes) } })
    let carried = smoothed(samples.map { Double($0.carriedBytes) })
    let rates = capacity.compactMap(\.1) + estimate.map(\.1) + sent + carried
    let top = Self.niceCeiling(max(0.1, rates.max() ?? 1))
    let delays = samples.map { ($0.time.inSeconds, $0.queueingDelay.milliseconds) }
    let longest = Self.niceCeiling(max(10, delays.map(\.1).max() ?? 0))
    let times = samples.map(\.time.inSeconds)
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" \
      width="\(Int(Self.width))" height="\(Int(Self.height))" font-family="system-ui, sans-serif" font-size="12">
      <title>\(run.testCase.name), \(run.controller.name), seed \(run.seed)</title>
      <rect width="100%" height="100%" fill="#ffffff"/>
      <text x="\(Int(Self.left))" y="22" font-size="15" fill="#1b1f24">\(run.testCase.name) · \(run.controller.name) · \
      seed \(run.seed)</text>

      """
    text += axes(top: Self.ratesTop, height: Self.ratesHeight, maximum: top, label: "Mbit/s, IP")
    text += axes(top: Self.delayTop, height: Self.delayHeight, maximum: longest, label: "queueing delay, ms")
    text += steps(capacity, maximum: top)
    text += line(Array(zip(times, carried)), Self.ratesTop, Self.ratesHeight, top, color: "#9aa3ad", width: 1)
    text += line(Array(zip(times, sent)), Self.ratesTop, Self.ratesHeight, top, color: "#2f7d5b", width: 1.5)
    text += line(estimate, Self.ratesTop, Self.ratesHeight, top, color: "#c2542d", width: 1.5)
    text += line(delays, Self.delayTop, Self.delayHeight, longest, color: "#5b4b9a", width: 1.2)
    text += legend([
      ("capacity", "#1b1f24"), ("target of the controllers", "#c2542d"), ("media sent, 1 s", "#2f7d5b"),
      ("all on the link, 1 s", "#9aa3ad"),
    ])
    for second in stride(from: 0.0, through: end, by: Self.niceStep(end / 8)) {
      text +=
        "<text x=\"\(Self.point(x(second)))\" y=\"\(Int(Self.height) - 16)\" text-anchor=\"middle\" fill=\"#57606a\">"
        + "\(CongestionReport.number(second, decimals: end < 8 ? 1 : 0)) s</text>\n"
    }
    return text + "</svg>\n"
  }

  private static func megabits(_ rate: DataRate) -> Double { rate.megabitsPerSecond }

  /// Mbit/s over the last second.
  private func smoothed(_ bytes: [Double]) -> [Double] {
    bytes.indices.map { index in
      let window = bytes[max(0, index - 9)...index]
      return window.reduce(0, +) * 8 / 1e6 / (Double(window.count) * CongestionRun.interval.inSeconds)
    }
  }

  private func x(_ second: Double) -> Double { Self.left + (Self.width - Self.left - Self.right) * second / end }

  private func y(_ value: Double, _ top: Double, _ height: Double, _ maximum: Double) -> Double {
    top + height * (1 - min(value, maximum) / maximum)
  }

  private func line(
    _ points: [(Double, Double)], _ top: Double, _ height: Double, _ maximum: Double, color: String, width: Double
  ) -> String {
    let text = points.map { "\(Self.point(x($0.0))),\(Self.point(y($0.1, top, height, maximum)))" }
    return
      "<polyline fill=\"none\" stroke=\"\(color)\" stroke-width=\"\(width)\" points=\"\(text.joined(separator: " "))\"/>\n"
  }

  /// The capacity, which jumps.
  private func steps(_ capacity: [(Double, Double?)], maximum: Double) -> String {
    var points: [(Double, Double)] = []
    for (time, value) in capacity {
      guard let value else { continue }
      points.append((time - CongestionRun.interval.inSeconds, value))
      points.append((time, value))
    }
    guard !points.isEmpty else { return "" }
    return line(points, Self.ratesTop, Self.ratesHeight, maximum, color: "#1b1f24", width: 1.5)
  }

  private func axes(top: Double, height: Double, maximum: Double, label: String) -> String {
    var text = "<text x=\"\(Int(Self.left))\" y=\"\(Int(top) - 10)\" fill=\"#57606a\">\(label)</text>\n"
    for part in 0...4 {
      let value = maximum * Double(part) / 4
      let line = Self.point(y(value, top, height, maximum))
      text +=
        "<line x1=\"\(Int(Self.left))\" x2=\"\(Int(Self.width - Self.right))\" y1=\"\(line)\" y2=\"\(line)\" stroke=\"#e3e6ea\"/>\n"
        + "<text x=\"\(Int(Self.left) - 8)\" y=\"\(line)\" dy=\"4\" text-anchor=\"end\" fill=\"#57606a\">"
        + "\(CongestionReport.number(value, decimals: maximum < 10 ? 2 : 0))</text>\n"
    }
    return text
  }

  private func legend(_ entries: [(String, String)]) -> String {
    var text = ""
    var x = 330.0
    for (name, color) in entries {
      text += "<rect x=\"\(Int(x))\" y=\"12\" width=\"14\" height=\"4\" fill=\"\(color)\"/>\n"
      text += "<text x=\"\(Int(x) + 20)\" y=\"18\" fill=\"#1b1f24\">\(name)</text>\n"
      x += 44 + 6.6 * Double(name.count)
    }
    return text
  }

  private static func point(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

  /// 1, 2 or 5 times a power of ten, at least `value`.
  private static func niceCeiling(_ value: Double) -> Double {
    var step = 0.01
    while step * 10 < value { step *= 10 }
    return [1, 2, 2.5, 4, 5, 8, 10].map { $0 * step }.first { $0 >= value } ?? value
  }

  private static func niceStep(_ value: Double) -> Double { max(0.1, niceCeiling(value)) }
}
