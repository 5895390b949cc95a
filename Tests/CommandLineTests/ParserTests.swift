import RTCPrimitives
import Testing

@testable import rtcsim

private struct Laboratory: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab", abstract: "A laboratory.", version: "lab 1", subcommands: [Measure.self, Show.self])
}

private struct Common: ParsableArguments {
  @Option(help: "Seed of all dice.") var seed: UInt64 = 1
  @Option(help: ArgumentHelp("Rate of the uplink.", valueName: "rate")) var uplink: DataRate?

  func validate() throws {
    if seed == 13 { throw CommandLineError.badValue(name: "--seed", found: "13", allowed: "luck") }
  }
}

private enum Shape: String, CaseIterable, ExpressibleByArgument {
  case table, json
}

private struct Measure: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "measure", abstract: "Measures.")

  @Argument(help: "What is measured.") var subject: String
  @Option(help: "How many take part.") var participants = CommaSeparated([2, 3])
  @Option(help: "Simulated time.") var runTime: Duration = .seconds(30)
  @Option(help: "Form of the output.") var format = Shape.table
  @Flag(help: "Says less.") var quiet = false
  @OptionGroup var common: Common
}

private struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows.")
  @Argument(help: "A number.") var number: Int?
  @Option(help: "Must be given.") var key: String
}

struct ParserTests {
  private func parse(_ line: String) throws -> any ParsableCommand {
    var parser = CommandParser(root: Laboratory.self)
    guard case .run(let command) = try parser.parse(line.split(separator: " ").map(String.init)) else {
      throw HelpRequest()
    }
    return command
  }

  private func failure(_ line: String) -> String {
    do {
      _ = try parse(line)
      return "none"
    } catch {
      return "\(error)"
    }
  }

  @Test func `values come after the name or behind an equals sign, in any order`() throws {
    let command = try #require(
      try parse("measure --seed 7 --participants=4,5 links --run-time 1.5s --quiet --uplink=2M --format json")
        as? Measure)
    #expect(command.subject == "links")
    #expect(command.participants.elements == [4, 5])
    #expect(command.runTime == .milliseconds(1500))
    #expect(command.format == .json)
    #expect(command.quiet)
    #expect(command.common.seed == 7)
    #expect(command.common.uplink == .megabitsPerSecond(2))
  }

  @Test func `what is not given keeps its default`() throws {
    let command = try #require(try parse("measure -") as? Measure)
    #expect(command.subject == "-")
    #expect(command.participants.elements == [2, 3])
    #expect(command.runTime == .seconds(30))
    #expect(command.format == .table)
    #expect(!command.quiet)
    #expect(command.common.uplink == nil)
  }

  @Test func `two parsed commands share nothing`() throws {
    let first = try #require(try parse("measure a --seed 5") as? Measure)
    let second = try #require(try parse("measure b") as? Measure)
    #expect(first.common.seed == 5)
    #expect(second.common.seed == 1)
  }

  @Test func `after two hyphens nothing is an option`() throws {
    #expect(try #require(try parse("measure -- --quiet") as? Measure).subject == "--quiet")
  }

  @Test(arguments: [
    ("measur x", "unknown command 'measur'; did you mean 'measure'?"),
    ("zzz", "unknown command 'zzz'; the commands are measure, show"),
    ("--versoin", "unknown option --versoin; did you mean --version?"),
    ("measure x --fromat json", "unknown option --fromat; did you mean --format?"),
    ("measure x --qqqqqqq", "unknown option --qqqqqqq; --help lists the options"),
    ("measure x --format jsno", "--format: found 'jsno', allowed: table, json; did you mean json?"),
    ("measure x --format", "--format: no value given, allowed: table, json"),
    ("measure x --format --quiet", "--format: no value given, allowed: table, json"),
    ("measure x --quiet=yes", "--quiet: found 'yes', but it takes no value"),
    (
      "measure x --participants 2,,3",
      "--participants: found '2,,3', allowed: a whole number, or several with commas between"
    ),
    (
      "measure x --uplink -5M",
      "--uplink: found '-5M', allowed: a rate in bits per second such as 800k, 2M, 1.5Mbit/s or 10Mbps"
    ),
    (
      "measure x --run-time 30",
      "--run-time: found '30', allowed: a duration such as 30s, 1.5s, 100ms, 250us or 2m"
    ),
    ("measure x --seed 13", "--seed: found '13', allowed: luck"),
    ("measure", "<subject> is missing: What is measured."),
    ("show 1", "--key is missing: Must be given."),
    ("measure x y", "unexpected argument 'y'"),
    ("show x --key k", "<number>: found 'x', allowed: a whole number"),
    ("help measrue", "unknown command 'measrue'; did you mean 'measure'?"),
  ])
  func `a mistake is named with what was found and what is allowed`(line: String, message: String) {
    #expect(failure(line) == message)
  }

  @Test(arguments: ["help measure", "measure --help", "measure x -h"])
  func `help is aligned and tells values and defaults`(line: String) throws {
    var parser = CommandParser(root: Laboratory.self)
    guard case .help(let text) = try parser.parse(line.split(separator: " ").map(String.init)) else {
      Issue.record("help was asked for")
      return
    }
    #expect(
      text == """
        Measures.

        USAGE: lab measure <subject> [--participants <participants>] [--run-time <run-time>]
                 [--format <format>] [--quiet] [--seed <seed>] [--uplink <rate>]

        ARGUMENTS:
          <subject>  What is measured.

        OPTIONS:
          --participants <participants>  How many take part. (default: 2,3)
          --run-time <run-time>          Simulated time. (default: 30s)
          --format <format>              Form of the output. (values: table, json) (default: table)
          --quiet                        Says less.
          --seed <seed>                  Seed of all dice. (default: 1)
          --uplink <rate>                Rate of the uplink.
          -h, --help                     Shows this help.

        """)
  }
}
