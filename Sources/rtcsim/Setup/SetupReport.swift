import Foundation
import RTCPrimitives
import SimSessions

/// What many set-ups under the same conditions took.
struct SetupReport {
  private let conditions: SetupRunner.Conditions
  private let runs: Int
  private let seed: UInt64
  /// Without loss.
  private let ladder: SetupRunner.Timeline
  private let data: SetupDataReport
  private let bothDTLS: Distribution
  private let media: Distribution
  private let meanDTLS: Double
  /// Of the runs without loss, those with data behind the others, and then of all the others.
  private let traceDigest: TraceDigest

  /// What `answererRtts` and `offererRtts` mean. With DTLS 1.3 a server is there before the client's Finished has come.
  private static let readiness = "its Finished has left and a pair works, so that media may follow"

  init(_ conditions: SetupRunner.Conditions, runs: Int, seed: UInt64, progress: (Int) -> Void) {
    self.conditions = conditions
    self.runs = runs
    self.seed = seed
    var lossless = conditions
    lossless.loss = 0
    ladder = SetupRunner.run(lossless, seed: seed)
    data = SetupDataReport(conditions, seed: seed)
    var (both, media): ([Int64], [Int64]) = ([], [])
    var digest = TraceDigest()
    digest.combine(ladder.traceHash)
    for row in data.rows { digest.combine(row.timeline.traceHash) }
    for number in 0..<runs {
      let timeline = SetupRunner.run(conditions, seed: seed &+ UInt64(number))
      if let time = timeline.bothDTLS { both.append(time.nanoseconds) }
      if let time = timeline.media { media.append(time.nanoseconds) }
      digest.combine(timeline.traceHash)
      progress(number + 1)
    }
    bothDTLS = Distribution(nanoseconds: both)
    self.media = Distribution(nanoseconds: media)
    traceDigest = digest
    meanDTLS = both.isEmpty ? .nan : Double(both.reduce(0, +)) / Double(both.count) / 1e6
  }

  private func roundTrips(_ time: Duration?) -> Double? {
    time.map { Double($0.nanoseconds) / Double(conditions.roundTripTime.nanoseconds) }
  }

  private var clientHello: Duration? { ladder.answerer[.clientHelloSent] ?? ladder.offerer[.clientHelloSent] }

  private var steps: [(name: String, key: String, time: Duration?)] {
    [
      ("ClientHello leaves", "clientHelloRtts", clientHello),
      ("answerer ready", "answererRtts", ladder.answerer[.ready]),
      ("offerer ready", "offererRtts", ladder.offerer[.ready]),
      ("answerer complete", "answererCompleteRtts", ladder.answerer[.dtlsConnected]),
    ]
  }

  var json: JSON {
    var steps = JSON.object([])
    for step in self.steps { steps.append(step.key, JSON(roundTrips(step.time), decimals: 6)) }
    func milliseconds(_ distribution: Distribution, _ fraction: Double) -> JSON {
      JSON(distribution.percentile(fraction)?.milliseconds, decimals: 3)
    }
    return [
      "profile": .string(conditions.profile.name), "rttMs": JSON(conditions.roundTripTime.milliseconds, decimals: 3),
      "lossPercent": JSON(conditions.loss * 100, decimals: 6), "runs": JSON(runs),
      "offererNat": .string(conditions.offererAccess.name),
      "media": steps, "data": data.json, "dataNote": .string(data.explanation),
      "bothDtlsMs": [
        "p10": milliseconds(bothDTLS, 0.1), "p50": milliseconds(bothDTLS, 0.5), "mean": JSON(meanDTLS, decimals: 3),
        "p95": milliseconds(bothDTLS, 0.95),
      ],
      "mediaMs": ["p50": milliseconds(media, 0.5), "p95": milliseconds(media, 0.95)],
      "connected": JSON(bothDTLS.count), "basis": .string(conditions.profile.basis.rawValue),
      "note": .string(conditions.profile.summary), "ready": .string(Self.readiness), "seed": JSON(seed),
      "traceHash": .string(traceDigest.description),
    ]
  }

  var text: String {
    var ladder = Table([.left("without loss"), .right("RTTs"), .right("ms")])
    for step in steps {
      ladder.append([
        step.name, roundTrips(step.time).map { fixed($0, 2) } ?? "–",
        step.time.map { fixed($0.milliseconds, 1) } ?? "–",
      ])
    }
    var times = Table([
      .left("over connected runs, ms"), .right("runs"), .right("p10"), .right("p50"), .right("mean"), .right("p95"),
    ])
    func row(_ name: String, _ distribution: Distribution, mean: Double?) {
      let columns =
        [0.1, 0.5].map { distribution.percentile($0)?.milliseconds }
        + [mean, distribution.percentile(0.95)?.milliseconds]
      times.append([name, "\(distribution.count)"] + columns.map { $0.map { fixed($0, 0) } ?? "–" })
    }
    row("both handshakes complete", bothDTLS, mean: meanDTLS.isNaN ? nil : meanDTLS)
    row("both may send media", media, mean: nil)
    let failed = runs - bothDTLS.count
    return "\(conditions.profile.name): \(conditions.profile.summary)\n"
      + "RTT \(conditions.roundTripTime.quantity), \(loss) % loss each way, "
      + "offerer behind \(conditions.offererAccess.name), \(runs) runs, basis: \(conditions.profile.basis.rawValue)\n\n"
      + ladder.text() + "\n" + data.text + "\n" + times.text()
      + (failed > 0 ? "\(failed) of \(runs) runs were not connected within \(conditions.limit.quantity).\n" : "")
      + "\nseed \(seed) · trace \(traceDigest)\n"
  }

  /// In percent, with as many digits as it has.
  private var loss: String { String(format: "%.9g", conditions.loss * 100) }
}
