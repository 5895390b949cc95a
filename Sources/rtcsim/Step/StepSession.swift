import SimSessions

/// Where somebody stands in a call, and what he is told.
struct StepSession {
  let run: HistoryRun
  private(set) var history: History
  /// The call that `history` is a change of: the same without the last change.
  private(set) var original: History?
  /// The call without any change.
  private let root: History
  private(set) var position = 0

  init(_ run: HistoryRun, history: History) {
    self.run = run
    self.history = history
    root = history
  }

  var moment: Moment { history.moments[position] }

  var prompt: String { "rtcsim \(position)\(original == nil ? "" : " changed")> " }

  var welcome: String {
    let scenario = run.scenario
    return Terminal.styled(scenario.name, .bold) + ": \(scenario.summary)\n"
      + "\(history.moments.count) moments, \(history.messages.count) messages. next goes on, help lists what can be asked.\n"
      + momentText(position)
  }

  /// Does what a line says.
  ///
  /// - Throws: why it cannot be done; `StepEnd` at the end.
  mutating func answer(_ line: String) throws -> String {
    let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
    // An empty line goes on, as in a debugger.
    guard let name = words.first else { return try move(by: 1, []) }
    let commands = StepCommand.all
    let matches = commands.filter { $0.name.hasPrefix(name) }
    guard let command = commands.first(where: { $0.name == name }) ?? (matches.count == 1 ? matches[0] : nil) else {
      throw StepError.unknown(name, nearest: nearestName(to: name, in: commands.map(\.name)))
    }
    return try command.answer(&self, Array(words.dropFirst()))
  }

  // MARK: Going

  mutating func go(to number: Int) throws {
    guard history.moments.indices.contains(number) else {
      throw StepError.noSuchMoment("\(number)", last: history.moments.count - 1)
    }
    position = number
  }

  mutating func move(by step: Int, _ words: [String]) throws -> String {
    let usage = "next [N|all], back [N|all]"
    guard words.count <= 1 else { throw StepError.usage(usage, found: words.joined(separator: " ")) }
    let end = step > 0 ? history.moments.count - 1 : 0
    guard position != end else {
      throw StepError.nothing(step > 0 ? "this is the last moment" : "this is the first moment")
    }
    var count = 1
    if let word = words.first {
      guard let number = word == "all" ? Int.max : Int(word), number > 0 else {
        throw StepError.usage(usage, found: word)
      }
      count = number
    }
    guard words.first == "all" else {
      position = step > 0 ? min(end, position + min(count, end)) : max(0, position - min(count, position))
      return momentText(position)
    }
    var text = ""
    while position != end {
      position += step
      text += momentText(position)
    }
    return text
  }

  mutating func goto(_ words: [String]) throws -> String {
    guard words.count == 1, let number = Int(words[0]) else {
      throw StepError.usage("goto N", found: words.joined(separator: " "))
    }
    try go(to: number)
    return momentText(position)
  }

  mutating func until(_ words: [String]) throws -> String {
    guard !words.isEmpty else { throw StepError.usage("until WORD", found: "") }
    let word = words.joined(separator: " ")
    guard let found = history.moment(containing: word, from: position + 1) else { throw StepError.notFound(word) }
    position = found
    return momentText(position)
  }

  // MARK: Changing

  mutating func whatIf(_ words: [String]) throws -> String {
    guard !words.isEmpty else { return whatIfList }
    let change = try WhatIf(words.joined(separator: " "), at: position)
    let fork = try run.record(change, in: history)
    let takenBack = history.whatIfs.count - (fork.whatIfs.count - 1)
    original = takenBack == 0 ? history : try run.record(fork.whatIfs.dropLast())
    history = fork
    position = min(position + 1, history.moments.count - 1)
    let note = takenBack > 0 ? "\(takenBack) of the changes at later moments taken back.\n" : ""
    return try momentText(position) + "\n" + note + difference() + "\n" + outcome
  }

  mutating func leaveFork() throws -> String {
    guard original != nil else { throw StepError.nothing("this is the original; what-if makes a change") }
    history = root
    original = nil
    position = min(position, history.moments.count - 1)
    return momentText(position)
  }

  /// Runs the call again and says whether it is the same.
  func verify() -> String {
    let head = "run again from seed \(run.scenario.seed): "
    let again: History
    do { again = try run.record(history.whatIfs) } catch { return head + "\(error)\n" }
    guard again != history else {
      return head + "all \(again.moments.count) moments are equal, field by field; trace \(again.traceHash)\n"
    }
    let pairs = zip(history.moments, again.moments)
    guard let (first, second) = pairs.first(where: { $0 != $1 }) else {
      return head + "\(history.moments.count) moments, then \(again.moments.count)\n"
    }
    let fields = zip(SnapshotFields.lines(of: first.ends), SnapshotFields.lines(of: second.ends)).filter { $0 != $1 }
    let changes = fields.map { "  \($0.0) | \($0.1)\n" }.joined()
    return head + "moment \(first.number) is not the same\n  \(first.milestone) | \(second.milestone)\n" + changes
  }

  private var whatIfList: String {
    var table = Table([.left("what-if"), .left("what it does")])
    for action in WhatIfActions.all where history.reasonAgainst(action) == nil {
      table.append([action.usage, action.summary])
    }
    return table.text()
  }

  func help(_ words: [String]) throws -> String {
    if let name = words.first {
      if let action = WhatIfActions.all.first(where: { $0.name == name }) {
        return "what-if \(action.usage): \(action.summary)\n"
      }
      guard let command = StepCommand.all.first(where: { $0.name == name }) else {
        throw StepError.unknown(name, nearest: nearestName(to: name, in: StepCommand.all.map(\.name)))
      }
      let usage = "\(command.name) \(command.usage)".trimmed
      return "\(usage): \(command.summary)\n" + (name == "what-if" ? whatIfList : "")
    }
    var table = Table([.left("command"), .left("what it does")])
    for command in StepCommand.all { table.append(["\(command.name) \(command.usage)".trimmed, command.summary]) }
    return table.text() + "a is \(history.ends[0]), b is \(history.ends[1]); without a letter, both or the moment's.\n"
  }
}

extension String {
  /// Without blanks at its end.
  fileprivate var trimmed: String { String(reversed().drop { $0 == " " }.reversed()) }
}
