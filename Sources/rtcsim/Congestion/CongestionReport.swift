import RTCPrimitives
import SimSessions

/// What `rtcsim cc` prints.
struct CongestionReport {
  private let title: String
  private(set) var rows: [CongestionRow] = []

  init(title: String) { self.title = title }

  mutating func append(_ more: [CongestionRow]) { rows += more }

  var passes: Bool { rows.allSatisfy(\.passes) }

  var text: String {
    var table = Table([
      .left("case"), .left("phase"), .left("controller"), .right("seed"), .right("capacity\nkbit/s IP"),
      .right("estimate\nkbit/s IP"), .right("target\nkbit/s codec"), .right("rate\nkbit/s RTP payload"),
      .right("use\n% of link"), .right("queue\np95 ms"), .right("loss\n% on link"), .right("Jain"),
      .right("to 80 %\ns"), .left("bands"),
    ])
    for row in rows {
      table.append([
        row.testCase, row.phase, row.controller, "\(row.seed)", row.capacity.map(Self.kilobits) ?? "no limit",
        Self.kilobits(row.meanEstimate), Self.kilobits(row.meanTarget), Self.kilobits(row.meanRate),
        row.utilisation.map { Self.number(100 * $0, decimals: 0) } ?? "–",
        Self.number(row.p95Queue.milliseconds, decimals: 0), Self.number(row.lossPercent, decimals: 1),
        row.jain.map { Self.number($0, decimals: 2) } ?? "–",
        row.timeTo80.map { Self.number($0.inSeconds, decimals: 1) } ?? "–",
        row.isJudged ? (row.passes ? "hold" : "missed") : "–",
      ])
    }
    var text = "\(title)\n\n" + table.text()
    let missed = rows.filter { !$0.passes }
    for row in missed {
      for failure in row.failures {
        text += "\n\(row.testCase), \(row.phase), \(row.controller), seed \(row.seed): \(failure)"
      }
    }
    if !missed.isEmpty { text += "\n" }
    let judged = rows.filter(\.isJudged).count
    text += "\n\(judged - missed.count) of \(judged) phases within their bands; modelled media, packets on the wire\n"
    return text
  }

  var json: JSON {
    .object([
      JSON.Member(
        name: "rows",
        value: .array(
          rows.map { row in
            .object([
              JSON.Member(name: "case", value: JSON(row.testCase)), JSON.Member(name: "phase", value: JSON(row.phase)),
              JSON.Member(name: "controller", value: JSON(row.controller)),
              JSON.Member(name: "seed", value: JSON(row.seed)),
              JSON.Member(name: "capacityBps", value: row.capacity.map { JSON($0.bitsPerSecond) } ?? .null),
              JSON.Member(name: "meanEstimateBps", value: JSON(row.meanEstimate.bitsPerSecond)),
              JSON.Member(name: "meanTargetBps", value: JSON(row.meanTarget.bitsPerSecond)),
              JSON.Member(name: "meanRateBps", value: JSON(row.meanRate.bitsPerSecond)),
              JSON.Member(name: "utilisation", value: JSON(row.utilisation, decimals: 4)),
              JSON.Member(name: "p95QueueMs", value: JSON(row.p95Queue.milliseconds, decimals: 3)),
              JSON.Member(name: "lossPercent", value: JSON(row.lossPercent, decimals: 3)),
              JSON.Member(name: "jain", value: JSON(row.jain, decimals: 4)),
              JSON.Member(name: "timeTo80Seconds", value: JSON(row.timeTo80?.inSeconds, decimals: 1)),
              JSON.Member(name: "smallestFlowBps", value: JSON(row.smallestRate.bitsPerSecond)),
              JSON.Member(name: "pass", value: row.isJudged ? .boolean(row.passes) : .null),
              JSON.Member(name: "failures", value: .array(row.failures.map { JSON($0) })),
              JSON.Member(name: "traceHash", value: JSON(row.traceHash)),
            ])
          }))
    ])
  }

  static func kilobits(_ rate: DataRate) -> String { "\((rate.bitsPerSecond + 500) / 1000)" }

  static func number(_ value: Double, decimals: Int) -> String {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let rounded = (value * scale).rounded() / scale
    return decimals == 0 ? "\(Int(rounded))" : "\(rounded)"
  }
}
