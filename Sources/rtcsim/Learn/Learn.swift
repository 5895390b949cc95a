import SimSessions

/// `rtcsim learn`: short lessons in which every answer is the program's own.
struct Learn: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "learn", abstract: "Teaches what happens in a call, in five short lessons.",
    discussion: """
      Without a number, lists the lessons. On a terminal a lesson waits after each answer: an empty line goes on, any
      command of step is answered.
      """)

  @Argument(help: "The number of a lesson.") var lesson: Int?

  func run() throws {
    let lessons = try Lesson.all(in: try .find())
    guard let number = lesson else {
      var table = Table([.right("lesson"), .left("title"), .left("files")])
      for (index, lesson) in lessons.enumerated() {
        table.append(["\(index + 1)", lesson.title, "Models/Lessons/\(lesson.name)"])
      }
      Terminal.write(table.text() + "\nrtcsim learn 1 begins.\n")
      return
    }
    guard lessons.indices.contains(number - 1) else { throw LessonError.noLesson(number, count: lessons.count) }
    try Self.teach(lessons[number - 1])
    if number < lessons.count { Terminal.write("\nrtcsim learn \(number + 1) goes on: \(lessons[number].title)\n") }
  }

  private static func teach(_ lesson: Lesson) throws {
    let run = try HistoryRun.open(lesson.scenarioPath, seed: nil)
    var session = StepSession(run, history: run.record())
    for part in lesson.parts {
      switch part {
      case .text(let text): Terminal.write("\n\(text)\n\n")
      case .exchange(let command, _, _):
        Terminal.write(Terminal.styled("\(session.prompt)\(command)\n", .bold) + (try session.answer(command)))
        guard LineEditor.isPossible else { continue }
        guard pause(session) else { return }
      }
    }
  }

  /// Lets somebody try commands of his own, on a copy, until an empty line; gives whether the lesson goes on.
  private static func pause(_ session: StepSession) -> Bool {
    var own = session
    let editor = LineEditor()
    while let line = editor.read("(Enter goes on) ") {
      if line.isEmpty { return true }
      do {
        Terminal.write(try own.answer(line))
      } catch is StepEnd {
        return false
      } catch {
        Terminal.writeError("\(error)\n")
      }
    }
    return false
  }
}
