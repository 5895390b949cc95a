import SimSessions

/// Finds the command that is called and fills in its arguments.
struct CommandParser {
  /// What is to be done.
  enum Invocation {
    case run(any ParsableCommand)
    case help(String)
    case version(String)
  }

  /// The commands that were named so far: `rtcsim`, `list`.
  private(set) var path: [any ParsableCommand.Type]

  init(root: any ParsableCommand.Type) { path = [root] }

  /// `rtcsim inspect`, for messages.
  var commandPath: String { path.map { $0.configuration.commandName }.joined(separator: " ") }

  var help: String { HelpText(path: path).text }

  mutating func parse(_ arguments: [String]) throws -> Invocation {
    var rest = arguments[...]
    while !command.configuration.subcommands.isEmpty {
      guard let word = rest.popFirst() else { return .help(help) }
      switch word {
      case "--help", "-h": return .help(help)
      case "help":
        for name in rest where !name.hasPrefix("-") { try descend(to: name) }
        return .help(help)
      case "--version" where !command.configuration.version.isEmpty: return .version(command.configuration.version)
      case _ where word.hasPrefix("-"):
        throw CommandLineError.unknownOption(word, nearest: nearestName(to: word, in: ["--help", "--version"]))
      default: try descend(to: word)
      }
    }
    return try parseArguments(rest)
  }

  private var command: any ParsableCommand.Type { path[path.count - 1] }

  private mutating func descend(to name: String) throws(CommandLineError) {
    let subcommands = command.configuration.subcommands
    let names = subcommands.map { $0.configuration.commandName }
    guard let index = names.firstIndex(of: name) else {
      guard !names.isEmpty else { throw .unexpectedArgument(name) }
      throw .unknownCommand(name, nearest: nearestName(to: name, in: names), known: names)
    }
    path.append(subcommands[index])
  }

  private func parseArguments(_ arguments: ArraySlice<String>) throws -> Invocation {
    var instance = command.init()
    let definitions = ArgumentDefinition.all(of: instance)
    var positionals = definitions.filter { $0.kind == .positional }[...]
    var given: Set<String> = []
    var rest = arguments
    var optionsEnded = false
    while let word = rest.popFirst() {
      guard !optionsEnded, word.hasPrefix("-"), word != "-" else {
        guard let definition = positionals.popFirst() else { throw CommandLineError.unexpectedArgument(word) }
        try assign(word, to: definition)
        given.insert(definition.name)
        continue
      }
      switch word {
      case "--": optionsEnded = true
      case "--help", "-h": return .help(help)
      default: given.insert(try parseOption(word, of: definitions, rest: &rest))
      }
    }
    for definition in definitions where definition.isRequired && !given.contains(definition.name) {
      throw definition.kind == .positional
        ? CommandLineError.missingArgument(name: definition.name, meaning: definition.help)
        : CommandLineError.missingOption(name: definition.name, meaning: definition.help)
    }
    for child in Mirror(reflecting: instance).children { try (child.value as? any ValidatedGroup)?.validate() }
    try instance.validate()
    return .run(instance)
  }

  /// Takes over an option and its value; gives its name.
  private func parseOption(
    _ word: String, of definitions: [ArgumentDefinition], rest: inout ArraySlice<String>
  ) throws(CommandLineError) -> String {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let options = definitions.filter { $0.kind != .positional }
    guard let definition = options.first(where: { $0.name == parts[0] }) else {
      throw .unknownOption(parts[0], nearest: nearestName(to: parts[0], in: options.map(\.name) + ["--help"]))
    }
    guard definition.kind == .option else {
      guard parts.count == 1 else { throw .valueOfFlag(definition.name, value: parts[1]) }
      _ = definition.assign("")
      return definition.name
    }
    if parts.count == 2 {
      try assign(parts[1], to: definition)
    } else {
      guard let value = rest.first, !value.hasPrefix("--") else {
        throw .missingValue(option: definition.name, allowed: definition.allowed)
      }
      rest.removeFirst()
      try assign(value, to: definition)
    }
    return definition.name
  }

  private func assign(_ text: String, to definition: ArgumentDefinition) throws(CommandLineError) {
    guard !definition.assign(text) else { return }
    throw .badValue(
      name: definition.name, found: text, allowed: definition.allowed,
      nearest: nearestName(to: text, in: definition.allValues))
  }
}

/// A group of arguments that checks itself.
protocol ValidatedGroup {
  func validate() throws
}

extension OptionGroup: ValidatedGroup {}
