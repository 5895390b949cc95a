import CEdit
import Foundation
import SimSessions

/// Reads lines at a prompt, with history and completion, by libedit.
struct LineEditor: ~Copyable {
  /// Whether somebody sits at both ends.
  static var isPossible: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

  init() {
    using_history()
    // The first word is a command, the second, behind what-if, a change. libedit asks a C function.
    rtcsim_set_completion { text, start, _ in
      guard let text else { return nil }
      let isCommand = start == 0
      let line = rtcsim_line_buffer().map { String(cString: $0) } ?? ""
      guard isCommand || line.hasPrefix("what-if ") else { return nil }
      return isCommand
        ? rl_completion_matches(text) { LineEditor.match($0, $1, of: StepCommand.all.map(\.name)) }
        : rl_completion_matches(text) { LineEditor.match($0, $1, of: WhatIfActions.all.map(\.name)) }
    }
  }

  /// The word number `state` that begins with `prefix`, for libedit to free.
  private static func match(
    _ prefix: UnsafePointer<CChar>?, _ state: Int32, of words: [String]
  ) -> UnsafeMutablePointer<CChar>? {
    guard let prefix else { return nil }
    let matches = words.filter { $0.hasPrefix(String(cString: prefix)) }
    return Int(state) < matches.count ? strdup(matches[Int(state)]) : nil
  }

  deinit { clear_history() }

  /// The next line without its end; `nil` when there is none.
  func read(_ prompt: String) -> String? {
    guard let line = readline(prompt) else { return nil }
    defer { free(line) }
    let text = String(cString: line)
    if !text.isEmpty { add_history(line) }
    return text
  }
}
