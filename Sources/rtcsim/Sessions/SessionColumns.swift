import RTCMedia
import RTCPrimitives
import SimNodes
import SimSessions

/// The columns of `compare --csv` that stay empty in sessions of fixed rates, and without data channels.
enum SessionColumns {
  static let adaptation =
    [
      "congestion_control", "video_streams_at_end", "video_streams_paused_percent_at_end",
      "video_target_mean_kbps_codec_at_end", "picture_mean_height_px_at_end",
      "available_outgoing_mean_kbps_udpip_at_end",
    ] + QualityLimitation.Reason.allCases.map { "limited_by_\($0.rawValue)_percent_of_video_time" }

  /// Of all clients together, since the channels opened.
  static let data = DataWorkload.allCases.flatMap { workload in
    [
      "messages_sent", "messages_received", "messages_lost", "messages_out_of_order", "bytes_sent_payload",
      "bytes_received_payload", "goodput_mbps_payload", "latency_p50_ms_send_to_receive",
      "latency_p95_ms_send_to_receive",
    ].map { "data_\(workload.rawValue)_\($0)" }
  }

  static func data(of result: SessionResult) -> [String] {
    let totals = result.dataTotals
    return DataWorkload.allCases.flatMap { workload in
      guard let data = totals.first(where: { $0.workload == workload }) else {
        return [String](repeating: "", count: self.data.count / DataWorkload.allCases.count)
      }
      func latency(_ fraction: Double) -> String {
        data.latency.percentile(fraction).map { fixed($0.milliseconds, 3) } ?? ""
      }
      return [
        "\(data.messagesSent)", "\(data.messagesReceived)", "\(data.messagesLost)", "\(data.messagesOutOfOrder)",
        "\(data.bytesSent)", "\(data.bytesReceived)", data.goodput.map { fixed($0.megabitsPerSecond, 4) } ?? "",
        latency(0.5), latency(0.95),
      ]
    }
  }
}
