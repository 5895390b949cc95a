import Foundation
import RTCPrimitives
import RTCSession
import SimNodes
import SimSessions

/// One cell of a comparison: the same figures as table row, JSON and CSV row.
struct CellReport: Sendable {
  let result: SessionResult
  let wallSeconds: Double

  /// The members of a cell, in the order of the documentation.
  var json: JSON {
    var cell: JSON = [
      "topology": JSON(result.topology), "participants": JSON(result.participants),
      "fidelity": JSON(result.fidelity.rawValue), "media": JSON(result.media.rawValue),
      "connectionsPlanned": JSON(result.connectionsPlanned), "connections": JSON(result.connectionsEstablished),
      "connectionsFailed": JSON(result.connectionsPlanned - result.connectionsEstablished),
      "streams": [
        "upPerClient": JSON(result.streams.upPerClient, decimals: 3),
        "downPerClient": JSON(result.streams.downPerClient, decimals: 3), "total": JSON(result.streams.total),
      ],
      "client": [
        "uplinkMbps": megabits(result.clientUplink), "downlinkMbps": megabits(result.clientDownlink),
        "cpuPercent": JSON(result.clientCPUPercent, decimals: 3),
      ],
      "server": [
        "ingressMbps": megabits(result.serverIngress), "egressMbps": megabits(result.serverEgress),
        "cpuCores": JSON(result.serverCPUCores, decimals: 4),
      ],
      "bytes": result.trafficJSON,
      "setupMs": [
        "p50": milliseconds(result.setupTime(percentile: 0.5)), "p95": milliseconds(result.setupTime(percentile: 0.95)),
      ], "audioLatencyMs": percentiles(result.audioLatency), "videoLatencyMs": percentiles(result.videoLatency),
      "lossPercent": JSON(result.lossPercent, decimals: 3), "frozenPercent": JSON(result.frozenPercent, decimals: 3),
      "costPerParticipantHour": JSON(result.costPerParticipantHour, decimals: 6), "currency": JSON(result.currency),
      "firstLimit": JSON(result.firstLimit.rawValue), "traceHash": JSON(result.traceHash),
      "timingHash": JSON(result.timingHash), "events": JSON(result.events),
      "virtualSeconds": JSON(result.virtualSeconds, decimals: 3), "wallSeconds": JSON(wallSeconds, decimals: 3),
      "dataTotals": result.dataTotalsJSON, "dataForwarding": result.dataForwardingJSON,
    ]
    // What came later is named where it says something, so that the reports of older scenarios stay.
    if result.audioVideoOffset.count > 0 { cell.append("audioVideoOffsetMs", percentiles(result.audioVideoOffset)) }
    if let adaptation = AdaptationReport(result) { cell.append("congestionControl", adaptation.json) }
    if let paused = result.pausedPercent { cell.append("pausedPercent", JSON(paused, decimals: 3)) }
    return cell
  }

  /// One header row with unit and layer in each name.
  static func csvHeader(currency: String) -> [String] {
    [
      "topology", "participants", "fidelity", "media", "connections_planned", "connections_established",
      "connections_failed", "streams_up_per_client", "streams_down_per_client", "streams_total",
      "client_uplink_mbps_udpip", "client_downlink_mbps_udpip", "client_cpu_percent_of_all_cores",
      "server_ingress_mbps_udpip", "server_egress_mbps_udpip", "server_cpu_cores", "setup_p50_ms", "setup_p95_ms",
      "audio_latency_p50_ms_capture_to_playout", "audio_latency_p95_ms_capture_to_playout",
      "video_latency_p50_ms_capture_to_playout", "video_latency_p95_ms_capture_to_playout",
      "loss_percent_rtp_before_repair", "frozen_percent_of_video_time",
      "cost_\(currency.lowercased())_per_participant_hour", "first_limit",
      "trace_hash", "timing_hash", "events", "virtual_s", "wall_s",
    ] + SessionColumns.adaptation + SessionColumns.data
  }

  var csvRow: [String] {
    func text(_ value: Double?, _ decimals: Int = 3) -> String { value.map { fixed($0, decimals) } ?? "" }
    return [
      result.topology, "\(result.participants)", result.fidelity.rawValue, result.media.rawValue,
      "\(result.connectionsPlanned)", "\(result.connectionsEstablished)",
      "\(result.connectionsPlanned - result.connectionsEstablished)", text(result.streams.upPerClient),
      text(result.streams.downPerClient), "\(result.streams.total)", text(result.clientUplink.megabitsPerSecond),
      text(result.clientDownlink.megabitsPerSecond), text(result.clientCPUPercent),
      text(result.serverIngress?.megabitsPerSecond), text(result.serverEgress?.megabitsPerSecond),
      text(result.serverCPUCores, 4), text(result.setupTime(percentile: 0.5)?.milliseconds),
      text(result.setupTime(percentile: 0.95)?.milliseconds), text(result.audioLatency.percentile(0.5)?.milliseconds),
      text(result.audioLatency.percentile(0.95)?.milliseconds), text(result.videoLatency.percentile(0.5)?.milliseconds),
      text(result.videoLatency.percentile(0.95)?.milliseconds), text(result.lossPercent), text(result.frozenPercent),
      text(result.costPerParticipantHour, 6), result.firstLimit.rawValue, result.traceHash, result.timingHash,
      "\(result.events)", text(result.virtualSeconds), text(wallSeconds),
    ] + (AdaptationReport(result)?.csvFields ?? SessionColumns.adaptation.map { _ in "" })
      + SessionColumns.data(of: result)
  }

  /// The cells as a table; what is paused on purpose has a column where there is any of it.
  static func table(of reports: [CellReport]) -> Table {
    let pauses = reports.contains { ($0.result.pausedPercent ?? 0) > 0 }
    let place = columns(currency: "").firstIndex { $0.title == frozen } ?? 0
    var columns = columns(currency: reports.first?.result.currency ?? "")
    if pauses { columns.insert(.right("paused\n%"), at: place + 1) }
    var table = Table(columns)
    for report in reports {
      var row = report.tableRow
      if pauses { row.insert(report.result.pausedPercent.map { fixed($0, 1) } ?? "–", at: place + 1) }
      table.append(row)
    }
    return table
  }

  private static let frozen = "frozen\n%"

  private static func columns(currency: String) -> [Table.Column] {
    [
      .left("topology"), .right("people"), .right("connections\nmade/planned"), .right("streams\nup/down each"),
      .right("client up\nMbit/s"), .right("client down\nMbit/s"), .right("server in\nMbit/s"),
      .right("server out\nMbit/s"), .right("client CPU\n%"), .right("server CPU\ncores"),
      .right("set-up ms\np50/p95"), .right("audio ms\np50/p95"), .right("video ms\np50/p95"), .right("loss\n%"),
      .right(frozen), .right("\(currency) per person\nand hour"), .left("first limit"), .left("fidelity"),
    ]
  }

  var tableRow: [String] {
    func rate(_ rate: DataRate?) -> String { rate.map { fixed($0.megabitsPerSecond, 2) } ?? "–" }
    func pair(_ first: Duration?, _ second: Duration?) -> String {
      guard let first, let second else { return "–" }
      return "\(Int(first.milliseconds.rounded()))/\(Int(second.milliseconds.rounded()))"
    }
    func number(_ value: Double?, _ decimals: Int) -> String { value.map { fixed($0, decimals) } ?? "–" }
    return [
      result.topology, "\(result.participants)", "\(result.connectionsEstablished)/\(result.connectionsPlanned)",
      "\(number(result.streams.upPerClient, 0))/\(number(result.streams.downPerClient, 0))",
      rate(result.clientUplink), rate(result.clientDownlink), rate(result.serverIngress), rate(result.serverEgress),
      number(result.clientCPUPercent, 1), number(result.serverCPUCores, 2),
      pair(result.setupTime(percentile: 0.5), result.setupTime(percentile: 0.95)),
      pair(result.audioLatency.percentile(0.5), result.audioLatency.percentile(0.95)),
      pair(result.videoLatency.percentile(0.5), result.videoLatency.percentile(0.95)), number(result.lossPercent, 1),
      number(result.frozenPercent, 1), number(result.costPerParticipantHour, 4), result.firstLimit.rawValue,
      result.fidelity.rawValue,
    ]
  }

  private func megabits(_ rate: DataRate?) -> JSON { JSON(rate?.megabitsPerSecond, decimals: 4) }

  private func milliseconds(_ time: Duration?) -> JSON { JSON(time?.milliseconds, decimals: 3) }

  private func percentiles(_ times: DurationHistogram) -> JSON {
    ["p50": milliseconds(times.percentile(0.5)), "p95": milliseconds(times.percentile(0.95))]
  }
}

/// `value` with a fixed number of decimals.
func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
