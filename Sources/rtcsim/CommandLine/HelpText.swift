/// What `--help` prints: usage, then arguments, options and subcommands in aligned columns.
struct HelpText {
  private static let width = 100

  let path: [any ParsableCommand.Type]

  var text: String {
    let configuration = path[path.count - 1].configuration
    let definitions = ArgumentDefinition.all(of: path[path.count - 1].init())
    var sections = [configuration.abstract, "USAGE: " + usage(definitions)]
    if !configuration.discussion.isEmpty { sections.append(configuration.discussion) }
    let options = definitions.filter { $0.kind != .positional }
    sections += section("ARGUMENTS", definitions.filter { $0.kind == .positional }.map(row))
    sections += section("OPTIONS", options.map(row) + builtIn(configuration))
    sections += section(
      "SUBCOMMANDS", configuration.subcommands.map { ($0.configuration.commandName, $0.configuration.abstract) })
    if !configuration.subcommands.isEmpty { sections.append("\(commandPath) help <subcommand> tells more.") }
    return sections.joined(separator: "\n\n") + "\n"
  }

  private var commandPath: String { path.map { $0.configuration.commandName }.joined(separator: " ") }

  private func usage(_ definitions: [ArgumentDefinition]) -> String {
    guard path[path.count - 1].configuration.subcommands.isEmpty else { return "\(commandPath) <subcommand>" }
    let words = definitions.map { definition in
      let word = definition.kind == .option ? "\(definition.name) <\(definition.valueName)>" : definition.name
      return definition.isRequired ? word : "[\(word)]"
    }
    return Self.wrapped([commandPath] + words, indent: "         ".count, first: "USAGE: ".count)
  }

  private func builtIn(_ configuration: CommandConfiguration) -> [(String, String)] {
    (configuration.version.isEmpty ? [] : [("--version", "Shows the version.")]) + [("-h, --help", "Shows this help.")]
  }

  private func row(_ definition: ArgumentDefinition) -> (String, String) {
    let name = definition.kind == .option ? "\(definition.name) <\(definition.valueName)>" : definition.name
    let values = definition.allValues.isEmpty ? "" : "(values: \(definition.allValues.joined(separator: ", ")))"
    let initial = definition.defaultValue.map { "(default: \($0))" } ?? ""
    return (name, [definition.help, values, initial].filter { !$0.isEmpty }.joined(separator: " "))
  }

  private func section(_ title: String, _ rows: [(name: String, help: String)]) -> [String] {
    guard !rows.isEmpty else { return [] }
    let indent = min(rows.map(\.name.count).max() ?? 0, 32) + 4
    let lines = rows.map { name, help in
      let gap = indent - 2 - name.count
      let start =
        gap >= 2
        ? "  " + name + String(repeating: " ", count: gap) : "  \(name)\n" + String(repeating: " ", count: indent)
      return start + Self.wrapped(help.split(separator: " ").map(String.init), indent: indent, first: indent)
    }
    return ["\(title):\n" + lines.joined(separator: "\n")]
  }

  /// Words in lines of at most `width`; `first` columns of the first line are taken.
  private static func wrapped(_ words: [String], indent: Int, first: Int) -> String {
    var text = ""
    var column = first
    for word in words {
      if text.isEmpty {
        text = word
      } else if column + 1 + word.count > width {
        text += "\n" + String(repeating: " ", count: indent) + word
        column = indent
      } else {
        text += " " + word
        column += 1
      }
      column += word.count
    }
    return text
  }
}
