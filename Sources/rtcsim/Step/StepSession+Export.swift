import SimSessions

/// What can be taken along.
extension StepSession {
  func export(_ words: [String]) throws -> String {
    guard words.count == 1, let path = words.first else {
      throw StepError.usage("export FILE.mmd or FILE.html", found: words.joined(separator: " "))
    }
    let text: String
    if path.hasSuffix(".mmd") {
      text = Ladder(history).mermaid
    } else if path.hasSuffix(".html") {
      let before = original.map { StoredHistory($0, original: nil) }
      text = PageBundle.html(StoredHistory(history, original: before))
    } else {
      throw StepError.usage("export FILE.mmd or FILE.html", found: path)
    }
    let file = try AtomicFile(path: path)
    try file.append(Array(text.utf8))
    try file.commit()
    return "\(path): \(text.utf8.count) bytes\n"
  }
}
