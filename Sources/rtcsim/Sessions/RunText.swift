import Foundation
import RTCPrimitives
import SimNodes
import SimSessions

/// What `run` prints.
struct RunText {
  private let report: CellReport
  private let scenario: Scenario

  /// Why the run was in trouble; empty when it was not.
  private let diagnosis: [String]

  init(_ report: CellReport, _ scenario: Scenario, diagnosis: [String]) {
    self.report = report
    self.scenario = scenario
    self.diagnosis = diagnosis
  }

  /// Milestones, connections, the cell and CPU time by category.
  var text: String {
    let result = report.result
    var text = Terminal.styled(scenario.name, .bold) + ": \(scenario.summary)\n\n"
    var milestones = Table([.right("time\nms"), .left("node"), .left("what happened"), .left("detail"), .left("where")])
    for milestone in result.milestones.prefix(Self.mostMilestones) {
      milestones.append([
        fixed(milestone.time.milliseconds, 3), milestone.node,
        milestone.name + (milestone.receiver.map { " → \($0)" } ?? ""), milestone.detail, milestone.rfc,
      ])
    }
    text += milestones.text()
    if result.milestones.count > Self.mostMilestones {
      text += "… \(result.milestones.count - Self.mostMilestones) more; --format json and --ladder have all\n"
    }
    text += "\n"
    text += CellReport.table(of: [report]).text() + "\n" + cpuTable.text() + "\n"
    if let data = result.dataTable {
      text += data.text() + "\n" + result.dataLines.map { $0 + "\n" }.joined()
    }
    let counts = result.datagrams
    text += "datagrams: \(counts.sent) sent, \(counts.delivered) delivered, \(counts.droppedInAll) dropped\n"
    if let adaptation = AdaptationReport(result) { text += adaptation.line + "\n" }
    if let offset = offsetLine { text += offset + "\n" }
    text += result.crossTrafficLines.map { $0 + "\n" }.joined()
    text += result.relayLines.map { $0 + "\n" }.joined()
    if let quality = qualityLine { text += quality + "\n" }
    if !diagnosis.isEmpty {
      text += "\n" + Terminal.styled("What went wrong", .bold) + "\n" + diagnosis.map { "\($0)\n" }.joined() + "\n"
    }
    text += """
      seed \(result.seed) · scenario \(scenario.scenarioHash) · trace \(result.traceHash) · timing \(result.timingHash) · \
      \(result.events) events · \(fixed(result.virtualSeconds, 1)) s virtual in \(fixed(report.wallSeconds, 2)) s

      """
    return text
  }

  /// One cell of `compare`, with milestones, CPU seconds and the quality of real media.
  var json: JSON {
    let result = report.result
    var cell = report.json
    cell.append("seed", JSON(result.seed))
    cell.append("scenarioHash", JSON(scenario.scenarioHash))
    cell.append(
      "cpuSeconds", ["clients": seconds(result.clientCPUSeconds), "server": seconds(result.serverCPUSeconds)])
    cell.append("psnrDb", JSON(Self.mean(result.clients.compactMap(\.meanPSNR)), decimals: 2))
    cell.append("audioCorrelation", JSON(Self.mean(result.clients.compactMap(\.audioCorrelation)), decimals: 4))
    cell.append(
      "datagrams",
      [
        "sent": JSON(result.datagrams.sent), "delivered": JSON(result.datagrams.delivered),
        "dropped": JSON(result.datagrams.droppedInAll),
      ])
    cell.append("data", result.dataJSON)
    if !result.crossTraffic.isEmpty { cell.append("crossTraffic", result.crossTrafficJSON) }
    cell.append("stun", result.stunJSON)
    cell.append("turn", result.turnJSON)
    cell.append("diagnosis", .array(diagnosis.map { .string($0) }))
    cell.append(
      "milestones",
      .array(
        result.milestones.map {
          [
            "timeMs": JSON($0.time.milliseconds, decimals: 6), "node": JSON($0.node), "name": JSON($0.name),
            "detail": JSON($0.detail), "rfc": JSON($0.rfc),
          ]
        }))
    return cell
  }

  private static let mostMilestones = 200

  private var cpuTable: Table {
    var table = Table([.left("CPU time charged"), .right("clients\ns"), .right("server\ns")])
    for category in WorkCategory.allCases {
      let clients = report.result.clientCPUSeconds[category] ?? 0
      let server = report.result.serverCPUSeconds[category]
      guard clients > 0 || (server ?? 0) > 0 else { continue }
      table.append([category.rawValue, fixed(clients, 4), server.map { fixed($0, 4) } ?? "–"])
    }
    return table
  }

  private var offsetLine: String? {
    let offset = report.result.audioVideoOffset
    guard let half = offset.percentile(0.5), let most = offset.percentile(0.95) else { return nil }
    return "sound and picture of one person: apart by p50 \(fixed(half.milliseconds, 0)), "
      + "p95 \(fixed(most.milliseconds, 0)) ms"
  }

  private var qualityLine: String? {
    let psnr = Self.mean(report.result.clients.compactMap(\.meanPSNR))
    let correlation = Self.mean(report.result.clients.compactMap(\.audioCorrelation))
    guard psnr != nil || correlation != nil else { return nil }
    return "measured on decoded media: PSNR \(psnr.map { fixed($0, 1) } ?? "–") dB, "
      + "audio correlation \(correlation.map { fixed($0, 3) } ?? "–")"
  }

  private func seconds(_ times: [WorkCategory: Double]) -> JSON {
    var object: JSON = [:]
    for category in WorkCategory.allCases {
      if let time = times[category] { object.append(category.rawValue, JSON(time, decimals: 6)) }
    }
    return object
  }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
