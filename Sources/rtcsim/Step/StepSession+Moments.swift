import RTCPrimitives
import SimNodes
import SimSessions

/// Moments and messages as text.
extension StepSession {
  /// A moment in three lines: what, why, and where both ends are.
  func momentText(_ number: Int) -> String {
    let moment = history.moments[number]
    let to = moment.milestone.receiver.map { " → \($0)" } ?? ""
    let detail = moment.milestone.detail.isEmpty ? "" : "  \(moment.milestone.detail)"
    let head = "\(number)/\(history.moments.count - 1)  \(fixed(moment.time.milliseconds, 3)) ms  \(moment.lane)  "
    return head + Terminal.styled("\(moment.title)\(to)", .bold) + "\(detail.printable)\n"
      + "    \(moment.milestone.explanation.first)\(Self.source(moment))\n"
      + "    " + Terminal.styled(moment.ends.map(Self.state).joined(separator: "   "), .dim) + "\n"
  }

  /// Where it is written down, in brackets.
  private static func source(_ moment: Moment) -> String {
    moment.milestone.rfc.isEmpty ? "" : " (\(moment.milestone.rfc))"
  }

  /// The states of one end in a line.
  private static func state(_ end: EndSnapshot) -> String {
    guard let connection = end.connections.last else { return "\(end.node): no connection yet" }
    return
      "\(end.node): \(connection.signalingState), ICE \(connection.iceConnectionState), DTLS \(connection.dtlsState)"
  }

  func list(_ words: [String]) -> String {
    let word = words.joined(separator: " ").lowercased()
    var table = Table([
      .right("moment"), .right("ms"), .left("node"), .left("what happened"), .left("detail"), .right("message"),
    ])
    for moment in history.moments {
      let row = [
        "\(moment.number)", fixed(moment.time.milliseconds, 3), moment.lane, moment.title,
        Self.shortened(moment.milestone.detail), moment.message.map { "\($0)" } ?? "",
      ]
      if word.isEmpty || row.contains(where: { $0.lowercased().contains(word) }) { table.append(row) }
    }
    return table.isEmpty ? "no moment of the call has '\(word)'; list alone shows them all\n" : table.text()
  }

  func explain(_ words: [String]) throws -> String {
    guard words.isEmpty else { throw StepError.usage("explain", found: words.joined(separator: " ")) }
    let explanation = moment.milestone.explanation
    var text = momentText(position)
    text += "  for a first reader  \(explanation.first)\n  for an engineer     \(explanation.engineer)\n"
    if !moment.milestone.rfc.isEmpty { text += "  written down in     \(moment.milestone.rfc)\n" }
    if let number = moment.message {
      text += "  message \(number)           \(Self.line(history.messages[number]).printable)\n"
    }
    return text
  }

  /// The last messages up to this moment, as lanes with arrows.
  func ladder(_ words: [String]) throws -> String {
    guard words.count <= 1, let count = words.first.map(Int.init) ?? 20, count > 0 else {
      throw StepError.usage("ladder [N]", found: words.joined(separator: " "))
    }
    let shown = history.messages.filter { $0.sentAt <= moment.time }.suffix(count)
    guard !shown.isEmpty else { return "nothing has been sent up to this moment; next goes on\n" }
    return LadderText(lanes: history.lanes.map(\.name)).text(of: Array(shown))
  }

  func packet(_ words: [String]) throws -> String {
    guard words.count <= 1 else { throw StepError.usage("packet [N]", found: words.joined(separator: " ")) }
    let last = history.messages.count - 1
    guard let number = words.first.map(Int.init) ?? moment.message else {
      throw StepError.nothing("no message belongs to this moment; packet N shows message N of 0 to \(last)")
    }
    guard history.messages.indices.contains(number) else {
      throw StepError.usage("packet N, with N from 0 to \(last)", found: words.first ?? "")
    }
    let message = history.messages[number]
    var text = "message \(number): \(Self.line(message).printable)\n"
    for stop in message.path {
      let way = stop.source.flatMap { source in stop.destination.map { "  \(source) → \($0)" } } ?? ""
      text += "  \(fixed(stop.time.milliseconds, 3)) ms  \(stop.lane)\(way)\n"
    }
    if let reason = message.dropped { text += Terminal.styled("  dropped at \(message.end.lane): \(reason)\n", .red) }
    if message.kind != .signaling { text += "\n" + HexDump.text(of: message.bytes) }
    return text + "\n" + MessageDecoder.text(of: message)
  }

  var about: String {
    let scenario = history.scenario
    return (["\(scenario.name): \(scenario.summary)"] + history.notes).map { "\($0)\n" }.joined()
      + "seed \(scenario.seed), trace \(history.traceHash), \(history.moments.count) moments, "
      + "\(history.messages.count) messages\n"
      + (history.isCut ? "The call was longer than what is kept; its end is not shown.\n" : "")
  }

  var outcome: String { Diagnosis(history).sentences.map { "\($0)\n" }.joined() }

  func difference() throws -> String {
    guard let original else { throw StepError.nothing("there is nothing to compare with yet; what-if makes a change") }
    let difference = HistoryDifference(original, history)
    var table = Table([
      .left("node"), .left("what happened"), .left("detail"), .right("original\nms"), .right("changed\nms"),
      .right("later by\nms"),
    ])
    for row in difference.rows.prefix(Self.mostRows) {
      table.append([
        row.lane, row.title, Self.shortened(row.detail),
        row.original.map { fixed($0.time.milliseconds, 3) } ?? "–",
        row.fork.map { fixed($0.time.milliseconds, 3) } ?? "–",
        row.delay.map { fixed($0.milliseconds, 3) } ?? "",
      ])
    }
    let more = difference.rows.count - Self.mostRows
    return "\(difference.sentence)\n" + (difference.rows.isEmpty ? "" : "\n" + table.text())
      + (more > 0 ? "… \(more) more rows\n" : "")
  }

  private static let mostRows = 40

  private static func line(_ message: Message) -> String {
    "\(message.kind.rawValue), \(message.title), \(message.size) bytes, from \(message.sender) to \(message.end.lane)"
  }

  static func shortened(_ text: String) -> String {
    (text.count > 64 ? text.prefix(63) + "…" : text).description.printable
  }
}
