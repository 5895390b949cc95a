/// Arguments that are found in the wrapped properties of a type: `@Argument`, `@Option`, `@Flag`, `@OptionGroup`.
///
/// This layer has the shape and the names of swift-argument-parser, which can take its place.
protocol ParsableArguments: SendableMetatype {
  init()
  /// Checks what the types of the values cannot say.
  mutating func validate() throws
}

extension ParsableArguments {
  mutating func validate() throws {}
}

/// A command: its name and help, its arguments, and what it does.
protocol ParsableCommand: ParsableArguments {
  static var configuration: CommandConfiguration { get }
  mutating func run() throws
}

extension ParsableCommand {
  /// For a command that only has subcommands: it was called without one.
  mutating func run() throws { throw HelpRequest() }
}

/// What a command is called and says of itself.
struct CommandConfiguration: Sendable {
  let commandName: String
  let abstract: String
  var discussion = ""
  var version = ""
  var subcommands: [any ParsableCommand.Type] = []
}

/// What `--help` says of an argument.
struct ArgumentHelp: ExpressibleByStringInterpolation {
  let abstract: String
  var valueName: String?

  init(_ abstract: String, valueName: String? = nil) {
    self.abstract = abstract
    self.valueName = valueName
  }

  init(stringLiteral text: String) { self.init(text) }
}

/// Ends the process with a status and without a message.
struct ExitCode: Error, Hashable {
  let rawValue: Int32

  init(_ rawValue: Int32) { self.rawValue = rawValue }
}

/// Prints the help of the command that throws it.
struct HelpRequest: Error {}
