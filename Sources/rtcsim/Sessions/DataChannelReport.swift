import RTCPrimitives
import SimNodes
import SimSessions

/// What went on data channels since they opened, and on the links in the time that is measured.
extension SessionResult {
  /// Of every client and workload; `null` for a call without data channels.
  var dataJSON: JSON {
    let reports = clients.flatMap { client in
      client.data.map { JSON.object([JSON.Member(name: "client", value: JSON(client.name))] + $0.members) }
    }
    return reports.isEmpty ? .null : .array(reports)
  }

  /// Of each workload; `null` for a call without data channels.
  var dataTotalsJSON: JSON {
    dataTotals.isEmpty ? .null : .array(dataTotals.map { .object($0.members) })
  }

  /// `null` without data channels or a server.
  var dataForwardingJSON: JSON {
    guard !dataTotals.isEmpty, let data = server?.data else { return .null }
    return [
      "sim.data.messagesReceived": JSON(data.messagesReceived),
      "sim.data.messagesForwarded": JSON(data.messagesForwarded),
      "sim.data.messagesDropped": JSON(data.messagesDropped), "sim.data.holds": JSON(data.holds),
      "sim.data.largestBufferedBytes": JSON(data.largestBufferedAmount.bytes),
      "sim.data.largestInboxBytes": JSON(data.largestInbox.bytes),
    ]
  }

  /// Bytes of IP packets.
  var trafficJSON: JSON {
    [
      "clientUplink": JSON(traffic.clientUplink.bytes), "clientDownlink": JSON(traffic.clientDownlink.bytes),
      "serverIngress": traffic.serverIngress.map { JSON($0.bytes) } ?? .null,
      "serverEgress": traffic.serverEgress.map { JSON($0.bytes) } ?? .null,
    ]
  }

  /// `nil` for a call without data channels.
  var dataTable: Table? {
    var table = Table([.left("data channel"), .left("client")] + DataReport.columns)
    for client in clients {
      for data in client.data { table.append([data.workload.rawValue, client.name] + data.cells) }
    }
    return table.isEmpty ? nil : table
  }

  /// What a server did with data, and what the links carried; empty for a call without data channels.
  var dataLines: [String] {
    guard !dataTotals.isEmpty else { return [] }
    var lines: [String] = []
    if let data = server?.data {
      lines.append(
        "server: \(data.messagesReceived) messages came, \(data.messagesForwarded) were forwarded, "
          + "\(data.messagesDropped) dropped for receivers that were behind; senders were held back \(data.holds) times; "
          + "at most \(data.largestBufferedAmount.bytes) bytes waited for one receiver")
    }
    var links = "bytes of IP packets: clients up \(traffic.clientUplink.bytes), down \(traffic.clientDownlink.bytes)"
    if let ingress = traffic.serverIngress, let egress = traffic.serverEgress {
      links += "; server in \(ingress.bytes), out \(egress.bytes)"
    }
    return lines + [links]
  }
}

extension DataReport {
  /// The columns of `cells`.
  static let columns: [Table.Column] = [
    .right("messages\nsent"), .right("bytes\nsent"), .right("messages\nreceived"), .right("bytes\nreceived"),
    .right("lost"), .right("out of\norder"), .right("goodput in\nMbit/s"), .right("latency ms\np50/p95"),
  ]

  var cells: [String] {
    [
      "\(messagesSent)", "\(bytesSent)", "\(messagesReceived)", "\(bytesReceived)", "\(messagesLost)",
      "\(messagesOutOfOrder)", goodput.map { fixed($0.megabitsPerSecond, 3) } ?? "–", latencyText,
    ]
  }

  private var latencyText: String {
    guard let middle = latency.percentile(0.5), let high = latency.percentile(0.95) else { return "–" }
    return "\(fixed(middle.milliseconds, 1))/\(fixed(high.milliseconds, 1))"
  }

  fileprivate var members: [JSON.Member] {
    func member(_ name: String, _ value: JSON) -> JSON.Member { JSON.Member(name: name, value: value) }
    return [
      member("data-channel.label", JSON(workload.rawValue)),
      member("data-channel.messagesSent", JSON(messagesSent)), member("data-channel.bytesSent", JSON(bytesSent)),
      member("data-channel.messagesReceived", JSON(messagesReceived)),
      member("data-channel.bytesReceived", JSON(bytesReceived)),
      member("sim.data.messagesRefused", JSON(messagesRefused)), member("sim.data.messagesLost", JSON(messagesLost)),
      member("sim.data.messagesOutOfOrder", JSON(messagesOutOfOrder)),
      member("sim.data.goodputMbps", JSON(goodput?.megabitsPerSecond, decimals: 4)),
      member(
        "sim.data.latencyMs",
        [
          "p50": JSON(latency.percentile(0.5)?.milliseconds, decimals: 3),
          "p95": JSON(latency.percentile(0.95)?.milliseconds, decimals: 3),
        ]),
    ]
  }
}
