import SimSessions

/// What can be asked while stepping; one line each.
struct StepCommand {
  let name: String
  let usage: String
  let summary: String
  let answer: (inout StepSession, [String]) throws -> String

  init(
    _ name: String, _ usage: String, _ summary: String,
    _ answer: @escaping (inout StepSession, [String]) throws -> String
  ) {
    self.name = name
    self.usage = usage
    self.summary = summary
    self.answer = answer
  }

  static var all: [StepCommand] {
    [
      StepCommand("next", "[N|all]", "goes forward: one moment, N, or to the end") { try $0.move(by: 1, $1) },
      StepCommand("back", "[N|all]", "goes back") { try $0.move(by: -1, $1) },
      StepCommand("goto", "N", "goes to a moment") { try $0.goto($1) },
      StepCommand("until", "WORD", "goes to the next moment that has this word") { try $0.until($1) },
      StepCommand("list", "[WORD]", "all moments, or those that have this word") { $0.list($1) },
      StepCommand("explain", "", "why this happens, for a first reader and for an engineer") { try $0.explain($1) },
      StepCommand("ladder", "[N]", "the last N messages between the nodes") { try $0.ladder($1) },
      StepCommand("sdp", "[a|b] [offer|answer] [--diff]", "a description, each line with its meaning") {
        try $0.descriptions($1)
      },
      StepCommand("ice", "[a|b]", "candidates and pairs") { try $0.connectivity($1) },
      StepCommand("dtls", "[a|b]", "handshake, fingerprints and keys") { try $0.security($1) },
      StepCommand("data", "[a|b]", "SCTP and data channels") { try $0.data($1) },
      StepCommand("packet", "[N]", "the moment's message, or message N: bytes and fields") { try $0.packet($1) },
      StepCommand("stats", "[a|b]", "transceivers and statistics") { try $0.statistics($1) },
      StepCommand("snapshot", "[a|b]", "every field of both ends") { try $0.snapshot($1) },
      StepCommand("about", "", "the call as a whole, and which delays are whose") { session, _ in session.about },
      StepCommand("outcome", "", "whether the two could talk, and if not, why") { session, _ in session.outcome },
      StepCommand("what-if", "ACTION [TARGET] [ARGUMENT]", "runs the call again with a change at this moment") {
        try $0.whatIf($1)
      },
      StepCommand("difference", "", "the changed call beside the original") { session, _ in try session.difference() },
      StepCommand("original", "", "goes back to the call without the change") { session, _ in try session.leaveFork() },
      StepCommand("verify", "", "runs the call again from its seed and compares every field") { session, _ in
        session.verify()
      },
      StepCommand("export", "FILE.mmd|FILE.html", "writes the ladder, or a page that needs no server") {
        try $0.export($1)
      },
      StepCommand("help", "[COMMAND]", "this list, or the changes that what-if knows") { try $0.help($1) },
      StepCommand("quit", "", "ends") { _, _ in throw StepEnd() },
    ]
  }
}

/// Ends the conversation.
struct StepEnd: Error {}

/// Why a command could not be done.
enum StepError: Error, Hashable, CustomStringConvertible {
  case unknown(String, nearest: String?)
  case usage(String, found: String)
  case noSuchMoment(String, last: Int)
  case notFound(String)
  case nothing(String)
  case inFile(String, line: Int, reason: String)

  var description: String {
    switch self {
    case .unknown(let name, let nearest):
      "'\(name)' found, allowed: \(StepCommand.all.map(\.name).joined(separator: ", "))"
        + (nearest.map { "; did you mean '\($0)'?" } ?? "")
    case .usage(let usage, let found): "'\(found)' found, allowed: \(usage)"
    case .noSuchMoment(let found, let last): "moment: '\(found)' found, allowed: 0 to \(last)"
    case .notFound(let word): "no moment after this one has '\(word)'; list shows them all"
    case .nothing(let reason): reason
    case .inFile(let name, let line, let reason): "\(name):\(line): \(reason)"
    }
  }
}
