/// One part of a benchmark, so that progress can be shown between parts.
public struct BenchmarkStep: Sendable {
  public let subject: BenchmarkSubject
  /// What is being measured, for a progress line.
  public let label: String
  /// About how long it takes on one core.
  public let seconds: Double
  private let body: @Sendable () throws(BenchmarkError) -> [BenchmarkFigure]

  init(
    _ subject: BenchmarkSubject, _ label: String, seconds: Double,
    _ body: @escaping @Sendable () throws(BenchmarkError) -> [BenchmarkFigure]
  ) {
    self.subject = subject
    self.label = label
    self.seconds = seconds
    self.body = body
  }

  /// Measures on the calling thread.
  public func run() throws(BenchmarkError) -> [BenchmarkFigure] { try body() }

  /// Every part, in the order of the output.
  public static func all(_ effort: BenchmarkEffort = .full) -> [BenchmarkStep] {
    EventBenchmark.steps(effort) + SRTPBenchmark.steps(effort) + DTLSBenchmark.steps(effort)
      + VideoBenchmark.steps(effort) + AudioBenchmark.steps(effort) + CompositionBenchmark.steps(effort)
      + ModelledBenchmark.steps(effort) + PacketBenchmark.steps(effort) + SocketBenchmark.steps(effort)
      + MeetingBenchmark.steps(effort)
  }
}
