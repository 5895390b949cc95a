import RTCPrimitives
import SimNodes
import SimSessions

/// What went on data channels, of every client and workload, since the channels opened.
extension SessionResult {
  /// `null` for a call without data channels.
  var dataJSON: JSON {
    let reports = clients.flatMap { client in client.data.map { $0.json(of: client.name) } }
    return reports.isEmpty ? .null : .array(reports)
  }

  /// `nil` for a call without data channels.
  var dataTable: Table? {
    var table = Table([
      .left("data channel"), .left("client"), .right("messages\nsent"), .right("bytes\nsent"),
      .right("messages\nreceived"), .right("bytes\nreceived"), .right("lost"), .right("out of\norder"),
      .right("goodput in\nMbit/s"), .right("latency ms\np50/p95"),
    ])
    for client in clients {
      for data in client.data {
        table.append([
          data.workload.rawValue, client.name, "\(data.messagesSent)", "\(data.bytesSent)", "\(data.messagesReceived)",
          "\(data.bytesReceived)", "\(data.messagesLost)", "\(data.messagesOutOfOrder)",
          data.goodput.map { fixed($0.megabitsPerSecond, 3) } ?? "–", data.latencyText,
        ])
      }
    }
    return table.isEmpty ? nil : table
  }
}

extension DataReport {
  fileprivate var latencyText: String {
    guard let middle = latency.percentile(0.5), let high = latency.percentile(0.95) else { return "–" }
    return "\(fixed(middle.milliseconds, 1))/\(fixed(high.milliseconds, 1))"
  }

  fileprivate func json(of client: String) -> JSON {
    [
      "client": JSON(client), "data-channel.label": JSON(workload.rawValue),
      "data-channel.messagesSent": JSON(messagesSent), "data-channel.bytesSent": JSON(bytesSent),
      "data-channel.messagesReceived": JSON(messagesReceived), "data-channel.bytesReceived": JSON(bytesReceived),
      "sim.data.messagesRefused": JSON(messagesRefused), "sim.data.messagesLost": JSON(messagesLost),
      "sim.data.messagesOutOfOrder": JSON(messagesOutOfOrder),
      "sim.data.goodputMbps": JSON(goodput?.megabitsPerSecond, decimals: 4),
      "sim.data.latencyMs": [
        "p50": JSON(latency.percentile(0.5)?.milliseconds, decimals: 3),
        "p95": JSON(latency.percentile(0.95)?.milliseconds, decimals: 3),
      ],
    ]
  }
}
