import RTCPrimitives
import SimSessions

/// One run every 100 ms as comma-separated values; every column names its unit and layer.
struct CongestionSeries {
  private static let perFlow = [
    "estimate_bps_ip", "target_bps_codec", "sent_bps_rtp_payload", "sent_bps_ip", "packets", "width_px", "height_px",
    "rtt_ms",
  ]

  /// With CRLF after every row (RFC 4180).
  let text: String

  init(run: CongestionRun, result: CongestionRun.Result) {
    var csv = CSV(
      header: ["time_s", "capacity_bps_ip", "link_bps_ip", "queue_max_ms", "dropped_packets"]
        + run.testCase.flows.flatMap { flow in Self.perFlow.map { "\(flow.name)_\($0)" } })
    let perSecond = 1 / CongestionRun.interval.inSeconds
    func rate(_ bytes: some BinaryInteger) -> String { "\(Int(Double(bytes) * 8 * perSecond))" }
    for sample in result.samples {
      var row = [
        CongestionReport.number(sample.time.inSeconds, decimals: 1),
        sample.capacity.map { "\($0.bitsPerSecond)" } ?? "", rate(sample.carriedBytes),
        CongestionReport.number(sample.queueingDelay.milliseconds, decimals: 2), "\(sample.droppedPackets)",
      ]
      for flow in sample.flows {
        row += [
          "\(flow.estimate.bitsPerSecond)", "\(flow.target.bitsPerSecond)", rate(flow.payloadBytes),
          rate(flow.wireBytes), "\(flow.packets)", "\(flow.width)", "\(flow.height)",
          flow.roundTripTime.map { CongestionReport.number($0.milliseconds, decimals: 1) } ?? "",
        ]
      }
      csv.append(row)
    }
    text = csv.text
  }
}
