import Foundation
import SimSessions
import Testing

@testable import rtcsim

/// What the lessons say is what the program answers.
struct LessonTests {
  private static let count = 5

  private func lesson(_ number: Int) throws -> Lesson { try Lesson.all(in: try .find())[number - 1] }

  @Test(arguments: 1...count)
  func `every command of a lesson is answered as the lesson quotes it`(_ number: Int) throws {
    let lesson = try lesson(number)
    let run = try HistoryRun.open(lesson.scenarioPath, seed: nil)
    var session = StepSession(run, history: run.record())
    #expect(lesson.commands.count >= 10)
    for case .exchange(let command, let prompt, let quoted) in lesson.parts {
      #expect(session.prompt == prompt, "\(command)")
      let answer = try session.answer(command).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      #expect(Self.matches(quoted[...], answer[...]), "\(lesson.name): \(command)\n\(answer.joined(separator: "\n"))")
    }
  }

  /// Whether an answer has the quoted lines, with others where the quotation leaves some out.
  private static func matches(_ quoted: ArraySlice<String>, _ answer: ArraySlice<String>) -> Bool {
    guard let line = quoted.first else { return answer.allSatisfy(\.isEmpty) }
    if line == Lesson.omission {
      return (answer.startIndex...answer.endIndex).contains { matches(quoted.dropFirst(), answer[$0...]) }
    }
    guard let first = answer.first, first == line || first.isEmpty && line.isEmpty else { return false }
    return matches(quoted.dropFirst(), answer.dropFirst())
  }

  @Test(arguments: 1...count)
  func `a lesson has a scenario, a file of its commands, and 300 to 600 words`(_ number: Int) throws {
    let lesson = try lesson(number)
    let text = try String(contentsOfFile: lesson.commandsPath, encoding: .utf8)
    let commands = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
    #expect(commands == lesson.commands)
    let words = lesson.parts.reduce(0) { sum, part in
      guard case .text(let text) = part else { return sum }
      return sum + text.split { $0.isWhitespace }.count
    }
    #expect((300...600).contains(words), "\(words)")
    #expect(lesson.parts.contains { if case .text(let text) = $0 { text.contains("## Questions") } else { false } })
    let result = try Program.run(["step", lesson.scenarioPath, "--commands", lesson.commandsPath])
    #expect(result.status == 0, "\(result.error)")
  }

  @Test func `lessons are listed, taught by number, and refused with what is there`() throws {
    let list = try Program.run(["learn"])
    #expect(list.status == 0)
    #expect(try Lesson.all(in: try .find()).count == Self.count)
    for title in ["Offer and answer", "Candidates and NATs", "Why TURN exists", "DTLS, fingerprints and keys"] {
      #expect(list.output.contains(title))
    }
    let lesson = try Program.run(["learn", "1"])
    #expect(lesson.status == 0 && lesson.output.contains("rtcsim 0> until createOffer"))
    #expect(lesson.output.contains("rtcsim learn 2 goes on: 2. Candidates and NATs"))
    let none = try Program.run(["learn", "6"])
    #expect(none.status == 2 && none.error == "rtcsim learn: <lesson>: found 6, allowed: 1 to 5\n")
  }

  @Test func `a text is cut at its blocks of commands`() {
    let parts = Lesson.parts(of: "# T\n\na\n```console\nrtcsim 0> next\none\n…\nrtcsim 1 changed> back\n```\n\nb\n")
    #expect(
      parts == [
        .text("# T\n\na"), .exchange(command: "next", prompt: "rtcsim 0> ", quoted: ["one", "…"]),
        .exchange(command: "back", prompt: "rtcsim 1 changed> ", quoted: []), .text("b"),
      ])
  }
}
