import RTCMedia
import RTCPrimitives
import SimSessions

/// `rtcsim cc`: how well congestion control uses a link, how long its queues are, and how fairly it shares.
struct CongestionCommand: ParsableCommand {
  private static let suites = CongestionSuites.all.map(\.name).joined(separator: ", ")
  private static let controllers = CongestionControllers.all.map(\.name).joined(separator: ", ")

  static let configuration = CommandConfiguration(
    commandName: "cc", abstract: "Judges congestion control on links that change.",
    discussion: """
      A case is two routers with a link between them, peer connections that send modelled video and sound across it, and bands \
      for what is expected. Everything travels as packets: RTP, retransmissions, transport-wide feedback, probes, padding. \
      The last column says whether the bands hold; what is not judged has a dash.

      Suites:
      \(CongestionSuites.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))

      Controllers:
      \(CongestionControllers.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))

      Estimate and rates: estimate is what a controller allows, all headers down to IP included; target is the bitrate of the video \
      encoder; rate is RTP payload sent, repetitions included. All three are sums over the flows that go forward. \
      Use is what the link carried over its capacity, IP layer.
      Status 1 when a band does not hold.
      """)

  @Option(help: "\(Self.suites), or a JSON5 file with a case of your own. (default: \(CongestionSuites.all[0].name))")
  var suite: String?
  @Option(help: "\(Self.controllers), or all. (default: those of the suite)") var controller: String?
  @Option(help: "How many seeds. (default: those of the suite, \(RecordedCongestion.usualSeeds) with --against)")
  var seeds: Int?
  @Option(name: .customLong("case"), help: "Only this case of the suite, or only this recording.") var caseName: String?
  @Option(help: "Compare with the recordings in this folder instead.") var against: String?
  @Option(
    help: "Write capacity, target, rate and queueing delay over time as a picture (SVG), of the first case and seed.")
  var plot: String?
  @Option(help: "Write the same every 100 ms as CSV, of the first case and seed.") var csv: String?
  @Option(help: "The first seed.") var seed: UInt64 = 1
  @Option(help: "table or json.") var format = OutputFormat.table

  func run() throws {
    if let against { return try compare(with: against) }
    let suite = try chosenSuite()
    let controllers = try chosenControllers(suite.controllers)
    let count = try seedCount(suite.seeds)
    let runs = try chosen(suite.cases, \.name).flatMap { testCase in
      controllers.flatMap { controller in
        (0..<UInt64(count)).map { CongestionRun(testCase, controller: controller, seed: seed &+ $0) }
      }
    }
    let progress = ProgressLine(total: runs.reduce(0) { $0 + $1.testCase.duration.inSeconds })
    var report = CongestionReport(title: suite.summary)
    for (number, run) in runs.enumerated() {
      let result = run.result()
      report.append(run.rows(of: result))
      if number == 0 { try write(run, result) }
      progress.advance(
        by: run.testCase.duration.inSeconds, label: "\(run.testCase.name), \(run.controller.name), seed \(run.seed)")
    }
    progress.finish()
    Terminal.write(format == .json ? report.json.text() + "\n" : report.text)
    if !report.passes { throw ExitCode(1) }
  }

  private func seedCount(_ usual: Int) throws -> Int {
    let count = seeds ?? usual
    guard (1...10_000).contains(count) else {
      throw CommandLineError.badValue(name: "--seeds", found: "\(count)", allowed: "1 to 10000")
    }
    return count
  }

  private func chosen<Element>(_ all: [Element], _ name: (Element) -> String) throws -> [Element] {
    guard let caseName else { return all }
    let found = all.filter { name($0) == caseName }
    guard !found.isEmpty else {
      throw CommandLineError.badValue(
        name: "--case", found: caseName, allowed: all.map(name).joined(separator: ", "))
    }
    return found
  }

  /// The files that were asked for.
  private func write(_ run: CongestionRun, _ result: CongestionRun.Result) throws {
    if let plot { try AtomicFile.write(CongestionPlot(run: run, result: result).svg, to: plot) }
    if let csv { try AtomicFile.write(CongestionSeries(run: run, result: result).text, to: csv) }
  }

  private func chosenSuite() throws -> CongestionSuites.Suite {
    let name = suite ?? CongestionSuites.all[0].name
    if let known = CongestionSuites.named(name) { return known }
    guard name.contains("/") || name.hasSuffix(".json5") || name.hasSuffix(".json") else {
      throw CommandLineError.badValue(
        name: "--suite", found: name, allowed: "\(Self.suites), or the path of a JSON5 file")
    }
    return CongestionSuites.Suite(file: name, cases: try CongestionCase.cases(inFile: name))
  }

  private func chosenControllers(
    _ usual: [CongestionControllers.Entry]
  ) throws -> [CongestionControllers.Entry] {
    guard let controller else { return usual }
    if controller == "all" { return CongestionControllers.all }
    guard let known = CongestionControllers.named(controller) else {
      throw CommandLineError.badValue(name: "--controller", found: controller, allowed: "\(Self.controllers), all")
    }
    return [known]
  }

  private func compare(with folder: String) throws {
    if suite != nil {
      throw CommandLineError.badValue(
        name: "--suite", found: "with --against", allowed: "one of the two; the recordings have conditions of their own"
      )
    }
    let controllers = try chosenControllers(CongestionControllers.all.filter { $0.name == "gcc" })
    let count = try seedCount(RecordedCongestion.usualSeeds)
    let recordings = try RecordedCongestion(folder: folder)
    let progress = ProgressLine(total: Double(recordings.count * controllers.count))
    var report = RecordedCongestionReport(seeds: count)
    for controller in controllers {
      for (number, recording) in try chosen(recordings.all, \.name).enumerated() {
        let runs = (0..<UInt64(count)).map { recording.run(controller: controller, seed: seed &+ $0) }
        report.append(recordings.rows(of: recording, runs))
        if number == 0, let first = runs.first { try write(first.run, first.result) }
        progress.advance(by: 1, label: recording.name)
      }
    }
    progress.finish()
    Terminal.write(format == .json ? report.json.text() + "\n" : report.text)
    if !report.passes { throw ExitCode(1) }
  }
}
