import Benchmarks
import Foundation
import SimSessions

/// `rtcsim bench`: the throughput of this machine with the libraries' own limits beside it.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures the throughput of this machine, with the libraries' own limits beside it.",
    discussion: """
      Times are medians of the CPU time of one thread. A ratio is our speed over the floor's, measured alternately in \
      this run; 1 means that nothing is lost.
      """)

  @Argument(help: "What is measured; everything when left out.") var subject: BenchmarkSubject?
  @Option(help: "table or json.") var format = OutputFormat.table
  @Option(help: "Also measure what a cost file needs and write it to this path.") var costs: String?

  func run() throws { Terminal.write(try output(.full)) }

  /// What is written to standard output; the cost file is written, too.
  func output(_ effort: BenchmarkEffort) throws -> String {
    let steps = BenchmarkStep.all(effort).filter {
      isWanted($0) || (costs != nil && ![.events, .meetings].contains($0.subject))
    }
    let file = try costs.map { try AtomicFile(path: $0) }
    let progress = ProgressLine(total: steps.reduce(0) { $0 + $1.seconds })
    var figures: [BenchmarkFigure] = []
    for step in steps {
      progress.advance(by: 0, label: step.label)
      figures += try step.run()
      progress.advance(by: step.seconds, label: step.label)
    }
    progress.finish()
    if let file, let costs {
      try file.append(Self.costFile(at: costs, figures).text)
      try file.commit()
    }
    let report = BenchReport(
      machine: .current, figures: figures.filter { subject == nil || $0.group.subject == subject })
    return format == .json ? report.json.text() + "\n" : report.text
  }

  private func isWanted(_ step: BenchmarkStep) -> Bool { subject == nil || step.subject == subject }

  private static func costFile(at path: String, _ figures: [BenchmarkFigure]) throws(BenchmarkError) -> CostFile {
    try CostFile(
      name: URL(filePath: path).deletingPathExtension().lastPathComponent, machine: .current,
      date: Date().formatted(.iso8601.year().month().day()), figures: figures)
  }
}

extension BenchmarkSubject: ExpressibleByArgument {}
