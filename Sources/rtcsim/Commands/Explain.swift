import SimSessions

/// `rtcsim explain`: the plan of a scenario, without running it.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Shows who exists, who connects to whom and which tracks flow.")

  @Argument(help: "A name in Models/Scenarios or a path.") var scenario: String
  @Option(help: "mesh, sfu or mcu.") var topology: String?
  @Option(help: "How many take part.") var participants: Int?
  @OptionGroup var session: SessionOptions
  @Option(help: "table or json.") var format = OutputFormat.table

  func run() throws {
    let library = try ScenarioLibrary.find()
    var overrides = try session.overrides(library)
    overrides.topology = topology
    overrides.participants = participants
    let loaded = try library.scenario(scenario).applying(overrides)
    try overrides.checkSelection(in: loaded)
    let explanation = Explanation(scenario: loaded)
    Terminal.write(format == .json ? explanation.json.text() + "\n" : explanation.text)
  }
}
