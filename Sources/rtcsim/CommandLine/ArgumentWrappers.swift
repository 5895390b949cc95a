/// What an option or flag is called.
enum NameSpecification {
  /// After the property: `sampleRate` is `--sample-rate`.
  case long
  case customLong(String)

  func name(for label: String) -> String {
    switch self {
    case .long: "--" + ArgumentDefinition.hyphenated(label)
    case .customLong(let name): "--" + name
    }
  }
}

/// A value by its place.
@propertyWrapper
struct Argument<Value>: ArgumentSource {
  private let box: ArgumentBox<Value>
  private let define: (String) -> ArgumentDefinition

  var wrappedValue: Value {
    get { box.parsed }
    nonmutating set { box.value = newValue }
  }

  func definitions(label: String) -> [ArgumentDefinition] { [define(label)] }
}

/// A value by its name: `--seed 1` or `--seed=1`.
@propertyWrapper
struct Option<Value>: ArgumentSource {
  private let box: ArgumentBox<Value>
  private let define: (String) -> ArgumentDefinition

  var wrappedValue: Value {
    get { box.parsed }
    nonmutating set { box.value = newValue }
  }

  func definitions(label: String) -> [ArgumentDefinition] { [define(label)] }
}

/// A switch: `--verbose`.
@propertyWrapper
struct Flag: ArgumentSource {
  private let box: ArgumentBox<Bool>
  private let name: NameSpecification
  private let help: ArgumentHelp?

  init(wrappedValue: Bool, name: NameSpecification = .long, help: ArgumentHelp? = nil) {
    box = ArgumentBox(wrappedValue)
    self.name = name
    self.help = help
  }

  var wrappedValue: Bool {
    get { box.parsed }
    nonmutating set { box.value = newValue }
  }

  func definitions(label: String) -> [ArgumentDefinition] {
    [
      ArgumentDefinition(
        kind: .flag, name: name.name(for: label), valueName: "", help: help?.abstract ?? "", isRequired: false,
        defaultValue: nil, allowed: "", allValues: []
      ) { [box] _ in
        box.value = true
        return true
      }
    ]
  }
}

/// Arguments that several commands share.
@propertyWrapper
struct OptionGroup<Value: ParsableArguments>: ArgumentSource {
  private let box = ArgumentBox<Value>(Value())

  init() {}

  var wrappedValue: Value {
    get { box.parsed }
    nonmutating set { box.value = newValue }
  }

  func definitions(label: String) -> [ArgumentDefinition] { ArgumentDefinition.all(of: wrappedValue) }

  func validate() throws { try box.value?.validate() }
}

extension Argument {
  init(wrappedValue: Value, help: ArgumentHelp? = nil) where Value: ExpressibleByArgument {
    self.init(wrappedValue, as: Value.self, help: help, default: wrappedValue.defaultValueDescription) { $0 }
  }

  init(help: ArgumentHelp? = nil) where Value: ExpressibleByArgument {
    self.init(nil, as: Value.self, help: help) { $0 }
  }

  init<Wrapped: ExpressibleByArgument>(help: ArgumentHelp? = nil) where Value == Wrapped? {
    self.init(.some(.none), as: Wrapped.self, help: help) { $0 }
  }

  private init<Word: ExpressibleByArgument>(
    _ initial: Value?, as type: Word.Type, help: ArgumentHelp?, default: String? = nil,
    convert: @escaping (Word) -> Value
  ) {
    let box = ArgumentBox(initial)
    self.box = box
    define = { label in
      let name = help?.valueName ?? ArgumentDefinition.hyphenated(label)
      return ArgumentDefinition(
        kind: .positional, name: "<\(name)>", valueName: name, help: help?.abstract ?? "", isRequired: initial == nil,
        defaultValue: `default`, allowed: Word.allowed, allValues: Word.allValueStrings
      ) { text in
        guard let word = Word(argument: text) else { return false }
        box.value = convert(word)
        return true
      }
    }
  }
}

extension Option {
  init(wrappedValue: Value, name: NameSpecification = .long, help: ArgumentHelp? = nil)
  where Value: ExpressibleByArgument {
    self.init(wrappedValue, as: Value.self, name: name, help: help, default: wrappedValue.defaultValueDescription) {
      $0
    }
  }

  init(name: NameSpecification = .long, help: ArgumentHelp? = nil) where Value: ExpressibleByArgument {
    self.init(nil, as: Value.self, name: name, help: help) { $0 }
  }

  init<Wrapped: ExpressibleByArgument>(name: NameSpecification = .long, help: ArgumentHelp? = nil)
  where Value == Wrapped? {
    self.init(.some(.none), as: Wrapped.self, name: name, help: help) { $0 }
  }

  private init<Word: ExpressibleByArgument>(
    _ initial: Value?, as type: Word.Type, name: NameSpecification, help: ArgumentHelp?, default: String? = nil,
    convert: @escaping (Word) -> Value
  ) {
    let box = ArgumentBox(initial)
    self.box = box
    define = { label in
      ArgumentDefinition(
        kind: .option, name: name.name(for: label), valueName: help?.valueName ?? ArgumentDefinition.hyphenated(label),
        help: help?.abstract ?? "", isRequired: initial == nil, defaultValue: `default`, allowed: Word.allowed,
        allValues: Word.allValueStrings
      ) { text in
        guard let word = Word(argument: text) else { return false }
        box.value = convert(word)
        return true
      }
    }
  }
}

extension Option {
  /// Values of an option that may be repeated; none unless it is given.
  init<Word: ExpressibleByArgument>(name: NameSpecification = .long, help: ArgumentHelp? = nil)
  where Value == [Word] {
    let box = ArgumentBox<Value>([])
    self.box = box
    define = { label in
      ArgumentDefinition(
        kind: .option, name: name.name(for: label), valueName: help?.valueName ?? ArgumentDefinition.hyphenated(label),
        help: help?.abstract ?? "", isRequired: false, defaultValue: nil, allowed: Word.allowed,
        allValues: Word.allValueStrings
      ) { text in
        guard let word = Word(argument: text) else { return false }
        box.value = box.parsed + [word]
        return true
      }
    }
  }
}
