import RTCMedia
import RTCPrimitives
import RTCSession
import SimKernel

/// What a client reports when the run is over.
public struct ClientReport: Sendable {
  public let name: String
  public let joinedAt: Instant?
  public let firstRemoteFrame: Instant?
  /// CPU time by category and in all, within the measured window.
  public let cpuSeconds: [WorkCategory: Double]
  public let busySeconds: Double
  public let cores: Int
  /// How long work waited for a core, within the measured window.
  public let waiting: WaitingTimes
  public let audioLatency: DurationHistogram
  public let videoLatency: DurationHistogram
  /// How far pictures and the sound that was captured with them were apart.
  public let audioVideoOffset: DurationHistogram
  /// How long pictures stood still, and for how long pictures were to be seen, summed over tracks.
  public let frozenSeconds: Double
  /// How long pictures were left out on purpose because a link carried no more, summed over those that were to be seen.
  public let pausedSeconds: Double
  public let watchedSeconds: Double
  public let connections: [ConnectionSummary]
  /// Messages to TURN servers over TCP or TLS that were thrown away because those before them had not left.
  public let messagesDropped: Int
  /// What was sent and received on data channels since they opened, one for each workload.
  public let data: [DataReport]
  public let milestones: [Milestone]
  /// Of real media: the mean PSNR in dB of pictures against their source, and the correlation of sound.
  public let meanPSNR: Double?
  public let audioCorrelation: Double?
}

/// Counters at the beginning of the measured window.
struct MeasurementBaseline: Sendable {
  var charged: [WorkCategory: Duration] = [:]
  var busy = Duration.zero
  /// How long each track's picture had stood still.
  var frozen: [Duration] = []
  /// For how long pictures had been paused.
  var paused = Duration.zero
}

extension Client {
  /// Begins the measured window.
  public func beginMeasuring() {
    let now = port.simulation.now
    measuresFrom = now
    baseline = connections.measurementBaseline(at: now)
    baseline.frozen = tracks.map { $0.freezes.frozenDuration(at: now) }
    baseline.paused = pauses(at: now)
  }

  /// Everything so far; figures are of the measured window.
  public func report() -> ClientReport {
    let now = port.simulation.now
    let processor = connections.processor
    var audioLatency = DurationHistogram()
    var videoLatency = DurationHistogram()
    var offsets = DurationHistogram()
    for track in tracks {
      offsets.merge(track.offsets)
      if track.kind == .audio { audioLatency.merge(track.latency) } else { videoLatency.merge(track.latency) }
    }
    let window = now - (measuresFrom ?? now)
    return ClientReport(
      name: port.name, joinedAt: joinedAt, firstRemoteFrame: firstRemoteFrame,
      cpuSeconds: connections.cpuSeconds(since: baseline),
      busySeconds: (processor.busyTime(at: now) - baseline.busy).inSeconds, cores: processor.cores,
      waiting: processor.waiting, audioLatency: audioLatency,
      videoLatency: videoLatency, audioVideoOffset: offsets,
      frozenSeconds: frozen(at: now).inSeconds, pausedSeconds: (pauses(at: now) - baseline.paused).inSeconds,
      watchedSeconds: window.inSeconds * Double(configuration.watchedPictures),
      connections: connections.all.map { ConnectionSummary($0, of: port.name, at: now) },
      messagesDropped: connections.messagesDropped, data: dataReports(),
      milestones: connections.log.milestones, meanPSNR: quality.meanPSNR, audioCorrelation: quality.correlation)
  }

  /// How long pictures stood still within the measured window; one that has never moved did so from its beginning.
  private func frozen(at now: Instant) -> Duration {
    let begin = measuresFrom ?? now
    if selection != nil { return frozenOfSelection(since: begin, at: now) }
    let shown = tracks.enumerated().filter { $0.element.kind == .video && $0.element.firstRender != nil }
    let neverShown = max(0, configuration.watchedPictures - shown.count)
    return shown.reduce((now - begin) * neverShown) { sum, track in
      let before = track.offset < baseline.frozen.count ? baseline.frozen[track.offset] : .zero
      let late = max(begin, track.element.firstRender ?? now) - begin
      return sum + track.element.freezes.frozenDuration(at: now) - before + late
    }
  }

  /// The same where a unit selects: of what it said that it forwards.
  private func frozenOfSelection(since begin: Instant, at now: Instant) -> Duration {
    let pictures = tracks.enumerated().filter { $0.element.kind == .video }
    let stood = pictures.reduce(Duration.zero) { sum, track in
      let before = track.offset < baseline.frozen.count ? baseline.frozen[track.offset] : .zero
      return sum + track.element.freezes.frozenDuration(at: now) - before
    }
    let come = Set(pictures.map(\.element.source))
    return (selection ?? [:]).reduce(stood) { sum, entry in
      guard entry.value.visibility == .forwarded, !come.contains(entry.key) else { return sum }
      return sum + (now - max(begin, entry.value.since))
    }
  }
}
