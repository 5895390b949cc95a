/// One argument of a command, as the parser and the help see it.
struct ArgumentDefinition {
  enum Kind {
    case positional, option, flag
  }

  let kind: Kind
  /// `--seed`, or for a positional argument its value name.
  let name: String
  let valueName: String
  let help: String
  let isRequired: Bool
  let defaultValue: String?
  let allowed: String
  let allValues: [String]
  /// Takes over the value; `false` when the text is not allowed.
  let assign: (String) -> Bool

  /// The arguments of a command, in the order of their declaration.
  static func all(of arguments: any ParsableArguments) -> [ArgumentDefinition] {
    Mirror(reflecting: arguments).children.flatMap { child -> [ArgumentDefinition] in
      guard let source = child.value as? any ArgumentSource, let label = child.label else { return [] }
      return source.definitions(label: String(label.drop { $0 == "_" }))
    }
  }

  /// `sampleRate` as `sample-rate`.
  static func hyphenated(_ label: String) -> String {
    label.reduce(into: "") { name, letter in
      if letter.isUppercase { name += "-" }
      name += letter.lowercased()
    }
  }
}

/// A property wrapper that stands for arguments.
protocol ArgumentSource {
  func definitions(label: String) -> [ArgumentDefinition]
}

/// Where the parser puts a value: shared by all copies of one command.
final class ArgumentBox<Value> {
  var value: Value?

  init(_ value: Value?) { self.value = value }

  /// The value.
  ///
  /// - Precondition: it has a default or was parsed.
  var parsed: Value {
    guard let value else { preconditionFailure("arguments are read after they are parsed") }
    return value
  }
}
