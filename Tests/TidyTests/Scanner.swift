/// Finds what breaks the rules in one Swift file under `Sources`.
struct Scanner {
  static let lineLimit = 600

  private let bans = Ban.all

  /// The violations in `source`, which lies at `path` (`Sources/<target>/…`).
  func violations(in source: String, at path: String) -> [Violation] {
    let target = path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
    let text = SourceText(source).text
    var found = bans.flatMap { matches(of: $0, in: text, at: path, target: target) }
    found += iterations(in: text, at: path, target: target)
    found += imports(in: text, at: path, target: target)
    found += excess(in: source, at: path)
    return found.sorted()
  }

  /// The violation of a file that is too long.
  func excess(in source: String, at path: String) -> [Violation] {
    let lines = source.utf8.count { $0 == UInt8(ascii: "\n") }
    guard lines > Self.lineLimit else { return [] }
    return [
      Violation(
        file: path, line: lines,
        message: "a file of more than \(Self.lineLimit) lines is banned, use one file per concern")
    ]
  }

  private func matches(of ban: Ban, in text: String, at path: String, target: String) -> [Violation] {
    guard !ban.exemptTargets.contains(target), ban.onlyTargets?.contains(target) != false, text.contains(ban.word)
    else { return [] }
    return text.matches(of: ban.pattern.wordBoundaryKind(.simple)).filter {
      !isExcused($0.range, by: ban.excuse, in: text, at: path)
    }.map {
      Violation(
        file: path, line: line(of: $0.range.lowerBound, in: text),
        message: "\(ban.name) is banned, use \(ban.instead)")
    }
  }

  private func isExcused(_ range: Range<String.Index>, by excuse: Ban.Excuse, in text: String, at path: String) -> Bool
  {
    switch excuse {
    case .none: false
    case .line(let excuse): text[range.lowerBound...].prefix { $0 != "\n" }.contains(excuse)
    case .arguments(let excuse): arguments(after: range.upperBound, in: text).contains(excuse)
    case .file(let pattern): path.wholeMatch(of: pattern) != nil
    }
  }

  /// What stands between a bracket, which ends before `start`, and its partner.
  private func arguments(after start: String.Index, in text: String) -> Substring {
    var depth = 1
    let end = text[start...].firstIndex { character in
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      return depth == 0
    }
    return text[start..<(end ?? text.endIndex)]
  }

  /// `for … in name`, where the same file declares `name` as a dictionary or a set.
  private func iterations(in text: String, at path: String, target: String) -> [Violation] {
    guard !Ban.drivers.contains(target) else { return [] }
    let declaration =
      /\b(?:var|let)\s+(\w+)\s*(?::\s*(?:Set<|Dictionary<|\[[^\]\n=]+:)|=\s*(?:Set<|Set\(|\[[\w.]+\s*:))/
    let unordered = Set(text.matches(of: declaration.wordBoundaryKind(.simple)).map { String($0.output.1) })
    guard !unordered.isEmpty else { return [] }
    let loop = /\bfor\s[^\n{]*?\bin\s+(?:self\.)?(\w+)\s*(?:\{|where\b)/
    return text.matches(of: loop.wordBoundaryKind(.simple)).compactMap {
      let name = String($0.output.1)
      guard unordered.contains(name) else { return nil }
      return Violation(
        file: path, line: line(of: $0.range.lowerBound, in: text),
        message: "iterating \(name), a dictionary or set, is banned, use .sorted or an array kept beside")
    }
  }

  private func imports(in text: String, at path: String, target: String) -> [Violation] {
    let pattern =
      /(?m)^[ \t]*(?:@\w+(?:\([^)]*\))?\s+|\w+\s+)*?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
    return text.matches(of: pattern).compactMap { match in
      Imports.objection(to: String(match.output.1), in: target).map {
        Violation(file: path, line: line(of: match.output.1.startIndex, in: text), message: $0)
      }
    }
  }

  private func line(of index: String.Index, in text: String) -> Int {
    text[..<index].utf8.count { $0 == UInt8(ascii: "\n") } + 1
  }
}
