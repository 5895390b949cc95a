import RTCPrimitives
import SimKernel

/// What a media server reports when the run is over; figures are of the measured window.
public struct ServerReport: Sendable {
  public let cpuSeconds: [WorkCategory: Double]
  public let busySeconds: Double
  public let cores: Int
  public let waiting: WaitingTimes
  public let connections: [ConnectionSummary]
  public let milestones: [Milestone]
  /// What was forwarded on data channels in the whole run.
  public let data: DataForwardingReport
}

extension ConnectionSet {
  /// Counters to subtract later; waiting times begin anew.
  func measurementBaseline(at now: Instant) -> MeasurementBaseline {
    var baseline = MeasurementBaseline()
    for category in WorkCategory.allCases { baseline.charged[category] = processor.charged(category) }
    baseline.busy = processor.busyTime(at: now)
    processor.resetWaiting()
    return baseline
  }

  /// CPU seconds by category since `baseline`.
  func cpuSeconds(since baseline: MeasurementBaseline) -> [WorkCategory: Double] {
    Dictionary(
      uniqueKeysWithValues: WorkCategory.allCases.map {
        ($0, (processor.charged($0) - (baseline.charged[$0] ?? .zero)).inSeconds)
      })
  }

  func serverReport(since baseline: MeasurementBaseline, _ data: DataForwarder) -> ServerReport {
    let now = port.simulation.now
    return ServerReport(
      cpuSeconds: cpuSeconds(since: baseline),
      busySeconds: (processor.busyTime(at: now) - baseline.busy).inSeconds, cores: processor.cores,
      waiting: processor.waiting,
      connections: all.map { ConnectionSummary($0, of: port.name, at: now) }, milestones: log.milestones,
      data: data.report)
  }
}
