import RTCMedia
import RTCPrimitives

/// What a frame of the modelled codecs costs a simulation.
enum ModelledBenchmark {
  private static let group = FigureGroup(
    subject: .codecs, title: "Modelled codecs: what a simulation pays for one frame", unit: .frames, floor: nil)

  static func steps(_ effort: BenchmarkEffort) -> [BenchmarkStep] {
    [
      BenchmarkStep(.codecs, "modelled codecs", seconds: 0.3) { () throws(BenchmarkError) in
        var figures: [BenchmarkFigure] = []
        for (name, payload) in [("counted payload", ModelledPayload.elided), ("stored filler", .filler)] {
          figures.append(try measureVP8(name, payload, effort))
          figures.append(try measureOpus(name, payload, effort))
        }
        return figures
      }
    ]
  }

  private static func measureVP8(
    _ name: String, _ payload: ModelledPayload, _ effort: BenchmarkEffort
  ) throws(BenchmarkError) -> BenchmarkFigure {
    var encoder = ModelledVP8(seed: 1, stream: "bench", payload: payload)
    var output = ByteWriter(reserving: 1 << 16)
    let count = effort.operations(2000)
    let timing = try Timing.alone(rounds: effort.rounds, operations: count) {
      for _ in 0..<count {
        output.removeAll()
        _ = encoder.encode(rtpTimestamp: 0, captureTime: .start, into: &output)
      }
    }
    return BenchmarkFigure(
      group, "VP8 640×360, 800 kbit/s, \(name)", timing, duration: .nanoseconds(1_000_000_000 / 30))
  }

  private static func measureOpus(
    _ name: String, _ payload: ModelledPayload, _ effort: BenchmarkEffort
  ) throws(BenchmarkError) -> BenchmarkFigure {
    var encoder = ModelledOpus(pattern: SpeechPattern(seed: 1), seed: 1, stream: "bench", payload: payload)
    var output = ByteWriter(reserving: 2048)
    let count = effort.operations(2000)
    var index = 0
    let timing = try Timing.alone(rounds: effort.rounds, operations: count) {
      for _ in 0..<count {
        output.removeAll()
        _ = encoder.encode(at: index, rtpTimestamp: 0, captureTime: .start, into: &output)
        index += 1
      }
    }
    return BenchmarkFigure(group, "Opus, 32 kbit/s, \(name)", timing, duration: AudioFrame.duration)
  }
}
