import Foundation
import RTCPrimitives
import SimNodes
import SimSessions

/// `rtcsim run`: one run of a scenario, with everything that it can tell.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs one scenario and tells what happened.")

  @Argument(help: "A name in Models/Scenarios or a path.") var scenario: String
  @Option(help: "mesh, sfu or mcu.") var topology: String?
  @Option(help: "How many take part.") var participants: Int?
  @OptionGroup var session: SessionOptions
  @Option(help: "table or json.") var format = OutputFormat.table
  @Option(help: "Write all connection statistics as JSON.") var stats: String?
  @Option(help: "Write a pcapng file for each interface into this folder.") var pcap: String?
  @Option(help: "Write the SRTP master keys, for a debugger.") var keys: String?
  @Option(help: "Write a ladder diagram (Mermaid).") var ladder: String?

  func run() throws {
    let library = try ScenarioLibrary.find()
    var overrides = try session.overrides(library)
    overrides.topology = topology
    overrides.participants = participants
    let loaded = try library.scenario(scenario).applying(overrides)
    try overrides.checkSelection(in: loaded)
    if case .udp(let flows) = loaded.kind { return try run(flows, of: loaded) }
    var options = SessionRun.Options()
    options.isDetailed = true
    options.capturesPackets = pcap != nil
    if let session = loaded.session { try options.readMedia(of: session) }
    let run = try SessionRun(loaded, options: options)
    run.growHeap()
    // Opened before the run, so that a path that cannot be written is noticed at once.
    let files = try OutputFiles.open(stats: stats, keys: keys, ladder: ladder, pcapFolder: pcap)
    let progress = ProgressLine(total: 1)
    let clock = ContinuousClock()
    let begin = clock.now
    var done = 0.0
    let result = run.run { share in
      progress.advance(by: share - done, label: loaded.name)
      done = share
    }
    progress.finish()
    let report = CellReport(result: result, wallSeconds: (clock.now - begin) / .seconds(1))
    try files.write(result)
    let text = RunText(report, loaded, diagnosis: result.diagnosis(of: loaded, options: options))
    switch format {
    case .table: Terminal.write(text.text)
    case .json: Terminal.write(text.json.text() + "\n")
    }
  }

  private func run(_ flows: UDPScenario, of scenario: Scenario) throws {
    let files = [("--stats", stats), ("--pcap", pcap), ("--keys", keys), ("--ladder", ladder)]
    for (name, path) in files where path != nil {
      throw ScenarioError.option(
        name: name, found: "a scenario of plain UDP flows, '\(scenario.name)'", allowed: "a session")
    }
    let report = UDPReport(scenario: scenario, result: UDPRun.result(of: flows, in: scenario))
    Terminal.write(format == .json ? report.json.text() + "\n" : report.text)
  }
}
