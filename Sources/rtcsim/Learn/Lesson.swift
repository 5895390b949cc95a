import Foundation
import SimSessions

/// A lesson: text in Markdown, and between it commands with what they answer.
struct Lesson {
  /// A part of the text, in order.
  enum Part: Equatable {
    case text(String)
    /// What is asked at the prompt, and the answer as it is quoted.
    case exchange(command: String, prompt: String, quoted: [String])
  }

  /// Stands in a quotation for lines that are left out.
  static let omission = "…"

  let name: String
  let title: String
  let parts: [Part]
  /// The call that it is about.
  let scenarioPath: String
  /// The commands alone, as `step --commands` reads them.
  let commandsPath: String

  /// Reads a folder of `Models/Lessons`.
  ///
  /// - Throws: `LessonError`.
  init(folder: String) throws {
    name = URL(filePath: folder).lastPathComponent
    scenarioPath = folder + "/scenario.json5"
    commandsPath = folder + "/commands.txt"
    let path = folder + "/lesson.md"
    guard let data = FileManager.default.contents(atPath: path) else { throw LessonError.unreadable(path) }
    parts = Self.parts(of: String(decoding: data, as: UTF8.self))
    guard case .text(let text)? = parts.first, text.hasPrefix("# "), let line = text.split(separator: "\n").first else {
      throw LessonError.untitled(path)
    }
    title = String(line.dropFirst(2))
  }

  /// The commands, in order.
  var commands: [String] {
    parts.compactMap { if case .exchange(let command, _, _) = $0 { command } else { nil } }
  }

  /// All lessons of a library, in the order of their names.
  static func all(in library: ScenarioLibrary) throws -> [Lesson] {
    let folder = library.folder + "/Lessons"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return try names.filter { !$0.hasPrefix(".") }.sorted().map { try Lesson(folder: "\(folder)/\($0)") }
  }

  /// Cuts a text at its blocks of commands.
  static func parts(of markdown: String) -> [Part] {
    var parts: [Part] = []
    var text = ""
    var isInBlock = false
    func close() {
      let trimmed = text.trimmingCharacters(in: .newlines)
      if !trimmed.isEmpty { parts.append(.text(trimmed)) }
      text = ""
    }
    for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == "```console" || (isInBlock && line == "```") {
        close()
        isInBlock.toggle()
      } else if isInBlock {
        append(String(line), to: &parts)
      } else {
        text += line + "\n"
      }
    }
    close()
    return parts
  }

  /// A line of a block: a command behind its prompt, or a part of the answer to the last one.
  private static func append(_ line: String, to parts: inout [Part]) {
    if line.hasPrefix("rtcsim "), let end = line.range(of: "> ") {
      parts.append(
        .exchange(command: String(line[end.upperBound...]), prompt: String(line[..<end.upperBound]), quoted: []))
    } else if case .exchange(let command, let prompt, let quoted)? = parts.last {
      parts[parts.count - 1] = .exchange(command: command, prompt: prompt, quoted: quoted + [line])
    }
  }
}

/// Why there is no such lesson.
enum LessonError: Error, Hashable, CustomStringConvertible {
  case unreadable(String)
  case untitled(String)
  case noLesson(Int, count: Int)

  var description: String {
    switch self {
    case .unreadable(let path): "\(path): cannot be read"
    case .untitled(let path): "\(path): a title such as '# 1. Offer and answer' is missing in the first line"
    case .noLesson(let number, let count): "<lesson>: found \(number), allowed: 1 to \(count)"
    }
  }
}
