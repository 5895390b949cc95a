import Foundation
import SimSessions

/// `rtcsim step`: a call, one moment at a time, forward and back.
struct Step: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Steps through a call of two people, forward and back.",
    discussion: """
      At the prompt, help lists what can be asked: next, back, goto, until, list, ladder, sdp, ice, dtls, packet, stats,
      what-if, difference, explain, export. Without a terminal, and with --commands, lines are read and answered one by
      one; the first that cannot be done ends the command with status 2.
      """)

  @Argument(help: "A name in Models/Scenarios or a path.") var scenario: String
  @Option(help: "Decides everything that is random.") var seed: UInt64?
  @OptionGroup var congestion: CongestionOptions
  @Option(help: "The number of the moment to begin at.") var at: Int?
  @Option(help: "A file of commands, one a line; # begins a comment.") var commands: String?

  func run() throws {
    let run = try HistoryRun.open(scenario, seed: seed, congestion)
    var session = StepSession(run, history: run.record())
    if let at { try session.go(to: at) }
    if let commands {
      let text = try Self.read(commands)
      try session.perform(text, named: commands)
    } else if LineEditor.isPossible {
      session.talk()
    } else {
      let input = String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
      try session.perform(input, named: "<standard input>")
    }
  }

  private static func read(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) else {
      throw CommandLineError.badValue(
        name: "--commands", found: path, allowed: "a text file that can be read", nearest: nil)
    }
    return text
  }
}

extension HistoryRun {
  /// The call that a scenario's name or path means.
  static func open(_ name: String, seed: UInt64?, _ congestion: CongestionOptions? = nil) throws -> HistoryRun {
    let library = try ScenarioLibrary.find()
    var overrides = ScenarioOverrides()
    overrides.seed = seed
    congestion?.apply(to: &overrides)
    let scenario = try library.scenario(name).applying(overrides)
    var options = SessionRun.Options()
    if let session = scenario.session { try options.readMedia(of: session) }
    return try HistoryRun(scenario, options: options)
  }
}

extension StepSession {
  /// Answers the lines of a text, each behind its prompt.
  ///
  /// - Throws: `StepError.inFile` for the first line that cannot be done.
  mutating func perform(_ text: String, named name: String) throws {
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let command = line.trimmingCharacters(in: .whitespaces)
      guard !command.isEmpty, !command.hasPrefix("#") else { continue }
      Terminal.write("\(prompt)\(command)\n")
      do {
        Terminal.write(try answer(command))
      } catch is StepEnd {
        return
      } catch {
        throw StepError.inFile(name, line: index + 1, reason: "\(error)")
      }
    }
  }

  /// Reads commands at a prompt until there are no more.
  mutating func talk() {
    Terminal.write(welcome)
    let editor = LineEditor()
    while let line = editor.read(prompt) {
      let command = line.trimmingCharacters(in: .whitespaces)
      do {
        Terminal.write(try answer(command))
      } catch is StepEnd {
        return
      } catch {
        Terminal.writeError("\(error)\n")
      }
    }
    Terminal.write("\n")
  }
}
