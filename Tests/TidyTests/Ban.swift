/// Something that must not stand in a source file, and what to write instead.
struct Ban {
  let name: String
  let instead: String
  /// A match contains this word; a file without it need not be searched.
  let word: String
  let pattern: Regex<Substring>
  /// Targets where it is allowed.
  var exemptTargets: Set<String> = []
  /// The only targets where it is not allowed; `nil` for all.
  var onlyTargets: Set<String>?
  /// What excuses a match.
  var excuse = Excuse.none

  enum Excuse {
    case none
    /// The rest of the line contains this.
    case line(containing: String)
    /// The arguments, which begin at the end of the match, contain this.
    case arguments(containing: String)
    /// The path of the file matches.
    case file(Regex<Substring>)
  }
}

extension Ban {
  /// What breaks determinism (a run has one executor, a virtual clock and seeded dice), and what hides errors.
  static var all: [Ban] { concurrency + clocks + dice + order + safety + realPeers }

  /// They drive runs from outside, in real time.
  static let drivers: Set = ["RTCSockets", "rtcsim", "Benchmarks", "WebHost"]

  private static var concurrency: [Ban] {
    [
      Ban(
        name: "Task { }", instead: "the simulation's spawn", word: "Task",
        pattern: /\bTask\s*(?:<[^>{}]*>\s*)?(?:\.\s*init\s*)?\{/),
      Ban(
        name: "Task without an executor", instead: "the simulation's spawn", word: "Task",
        pattern: /\bTask\s*(?:<[^>{}]*>\s*)?(?:\.\s*init\s*)?\(/, excuse: .arguments(containing: "executorPreference:")),
      Ban(
        name: "Task.detached", instead: "the simulation's spawn", word: "Task",
        pattern: /\bTask\s*(?:<[^>{}]*>\s*)?\.\s*(?:detached|immediate)\b/),
      Ban(
        name: "Task.sleep", instead: "the simulation's sleep", word: "Task", pattern: /\bTask\s*\.\s*sleep\b/,
        exemptTargets: drivers),
      Ban(
        name: "DispatchQueue", instead: "the simulation's event queue", word: "Dispatch",
        pattern: /\bDispatch(?:Queue|Source|Time|WorkItem)\b/, exemptTargets: drivers),
    ]
  }

  private static var clocks: [Ban] {
    [
      Ban(
        name: "Date()", instead: "the Instant that is handed in", word: "Date",
        pattern: /\bDate\s*(?:\.\s*init\s*)?(?:\(\s*\)|\(\s*timeIntervalSinceNow\b|\.\s*now\b)/, exemptTargets: drivers),
      Ban(
        name: "ContinuousClock", instead: "the Instant that is handed in", word: "ContinuousClock",
        pattern: /\bContinuousClock\b/, exemptTargets: drivers),
      Ban(
        name: "SuspendingClock", instead: "the Instant that is handed in", word: "SuspendingClock",
        pattern: /\bSuspendingClock\b/, exemptTargets: drivers),
    ]
  }

  private static var dice: [Ban] {
    [
      Ban(
        name: "SystemRandomNumberGenerator", instead: "a SeededGenerator that is handed in",
        word: "SystemRandomNumberGenerator", pattern: /\bSystemRandomNumberGenerator\b/, exemptTargets: drivers),
      Ban(
        name: ".random without using:", instead: ".random(in:using:) with a SeededGenerator", word: "random",
        pattern: /\.\s*random\s*\(/, exemptTargets: drivers, excuse: .arguments(containing: "using:")),
      Ban(
        name: ".shuffled or .randomElement without using:", instead: "the form with using: and a SeededGenerator",
        word: ".", pattern: /\.\s*(?:shuffled?|randomElement)\s*\(/, exemptTargets: drivers,
        excuse: .arguments(containing: "using:")),
      Ban(
        name: "UUID()", instead: "bytes of an EntropySource that is handed in", word: "UUID",
        pattern: /\bUUID\s*(?:\.\s*init\s*)?\(\s*\)/, exemptTargets: drivers),
    ]
  }

  private static var order: [Ban] {
    [
      Ban(
        name: "iterating .keys or .values", instead: ".sorted on the same line, or an array kept beside",
        word: "for", pattern: /\bfor\s[^\n{]*\bin\b[^\n{]*\.(?:keys|values)\b/, exemptTargets: drivers,
        excuse: .line(containing: ".sorted")),
      Ban(
        name: "iterating .keys or .values", instead: ".sorted on the same line, or an array kept beside", word: ".",
        pattern:
          /\.(?:keys|values)\s*\.\s*(?:map|flatMap|compactMap|filter|forEach|reduce|joined|enumerated|first|prefix|dropFirst|makeIterator)\b/,
        exemptTargets: drivers, excuse: .line(containing: ".sorted")),
      Ban(
        name: "an array of .keys or .values", instead: ".sorted on the same line, or an array kept beside", word: ".",
        pattern: /(?:\bArray|\])\s*\(\s*[\w.]+\.(?:keys|values)\s*\)/, exemptTargets: drivers,
        excuse: .line(containing: ".sorted")),
    ]
  }

  private static var safety: [Ban] {
    [
      Ban(name: "try!", instead: "typed throws", word: "try", pattern: /\btry\s*!/),
      Ban(
        name: "@unchecked Sendable", instead: "a value type or an actor", word: "@unchecked",
        pattern: /@unchecked\s+Sendable\b/,
        excuse: .file(/Sources\/SimKernel\/(?:\w+\/)*(?:Simulation(?:\+Run)?|NodePort)\.swift/)),
    ]
  }

  /// What talks to real peers takes nothing that could be foreseen: keys, names and addresses of a seeded run are no secret.
  private static var realPeers: [Ban] {
    [
      Ban(
        name: "SeededGenerator", instead: "EntropySource.system", word: "SeededGenerator",
        pattern: /\bSeededGenerator\b/, onlyTargets: ["RTCSockets"]),
      Ban(
        name: "an EntropySource of one's own", instead: "EntropySource.system", word: "EntropySource",
        pattern: /\bEntropySource\s*(?:\.\s*init\s*)?\(/, onlyTargets: ["RTCSockets"],
        excuse: .arguments(containing: "SystemRandomNumberGenerator()")),
      Ban(
        name: "a CryptoHost of one's own", instead: "CryptoHost.system", word: "CryptoHost",
        pattern: /\bCryptoHost\s*(?:\.\s*init\s*)?\(/, onlyTargets: ["RTCSockets"]),
      Ban(
        name: "an SCTPHost of one's own", instead: "SCTPHost.system, which an SCTPStack has by itself", word: "SCTP",
        pattern: /\b(?:SCTPHost\s*(?:\.\s*init\s*)?\(|SCTPStack\s*\(\s*host\s*:)/, onlyTargets: ["RTCSockets"]),
      Ban(
        name: "a host that is not the system", instead: "CryptoProvider(host: .system)", word: "CryptoProvider",
        pattern: /\bCryptoProvider\s*(?:\.\s*init\s*)?\(/, onlyTargets: ["RTCSockets"],
        excuse: .arguments(containing: ".system")),
      Ban(
        name: "what is modelled", instead: "the real protocol", word: "model",
        pattern: /\.\s*(?:model|modelledDTLS13)\b/, onlyTargets: ["RTCSockets"]),
    ]
  }
}
