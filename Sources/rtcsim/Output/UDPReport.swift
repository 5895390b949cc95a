import RTCPrimitives
import SimSessions

/// What `rtcsim run` prints of a run of plain UDP flows.
struct UDPReport {
  let scenario: Scenario
  let result: UDPRunResult

  var text: String {
    var table = Table([
      .left("flow"), .right("sent"), .right("delivered"), .left("dropped"), .right("loss %"),
      .right("one-way delay ms\nmin"), .right("p50"), .right("p95"), .right("max"), .right("received Mbit/s\nUDP/IP"),
    ])
    for flow in result.flows {
      let drops = flow.dropped.map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
      let delays = [
        flow.delay.minimum, flow.delay.percentile(0.5), flow.delay.percentile(0.95), flow.delay.maximum,
      ]
      table.append(
        [
          "\(flow.flow.from) → \(flow.flow.to)", "\(flow.sent)", "\(flow.delivered)", drops.isEmpty ? "none" : drops,
          Self.text(flow.lossPercent, decimals: 2),
        ] + delays.map { Self.text($0?.milliseconds, decimals: 3) }
          + [Self.text(flow.rate?.megabitsPerSecond, decimals: 4)])
    }
    return """
      \(scenario.name): \(scenario.summary)

      \(table.text())
      seed \(result.seed) · scenario \(result.scenarioHash) · trace \(result.traceHash) · timing \(result.timingHash)
      \(result.events) events in \(result.virtualTime.inSeconds) s of virtual time, fidelity wire

      """
  }

  var json: JSON {
    [
      "scenario": .string(scenario.name), "seed": JSON(result.seed), "scenarioHash": .string(result.scenarioHash),
      "fidelity": "wire", "flows": .array(result.flows.map(Self.json)), "traceHash": .string(result.traceHash),
      "timingHash": .string(result.timingHash), "events": JSON(result.events),
      "virtualSeconds": JSON(result.virtualTime.inSeconds, decimals: 9),
    ]
  }

  private static func json(_ flow: UDPFlowResult) -> JSON {
    func milliseconds(_ duration: Duration?) -> JSON { JSON(duration?.milliseconds, decimals: 6) }
    return [
      "from": .string(flow.flow.from), "to": .string(flow.flow.to), "sent": JSON(flow.sent),
      "delivered": JSON(flow.delivered),
      "dropped": .object(flow.dropped.map { JSON.Member(name: "\($0.reason)", value: JSON($0.count)) }),
      "lossPercent": JSON(flow.lossPercent, decimals: 6),
      "oneWayDelayMs": [
        "min": milliseconds(flow.delay.minimum), "p50": milliseconds(flow.delay.percentile(0.5)),
        "p95": milliseconds(flow.delay.percentile(0.95)), "max": milliseconds(flow.delay.maximum),
      ],
      "receivedMbpsUdpIp": JSON(flow.rate?.megabitsPerSecond, decimals: 6),
    ]
  }

  private static func text(_ value: Double?, decimals: Int) -> String {
    guard let value else { return "–" }
    var scale = 1
    for _ in 0..<decimals { scale *= 10 }
    let scaled = Int((value * Double(scale)).rounded())
    return "\(scaled / scale).\(String(scaled % scale + scale).dropFirst())"
  }
}
