/// Why an input file or an option makes no scenario.
public enum ScenarioError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file cannot be read.
  case unreadable(file: String, reason: String)
  /// The file is no JSON5.
  case syntax(file: String, line: Int, column: Int, reason: String)
  /// `path` such as `clients[2].uplink.rate`.
  case field(file: String, line: Int, path: String, found: String, allowed: String, nearest: String? = nil)
  case unknownField(file: String, line: Int, path: String, allowed: [String], nearest: String?)
  case missingField(file: String, line: Int, path: String, allowed: String)
  /// No file of `Models` is called this.
  case unknownName(kind: String, found: String, known: [String], nearest: String?)
  /// The folder `Models` is nowhere.
  case noModels(searched: [String])
  /// A command line option, such as `--participants`.
  case option(name: String, found: String, allowed: String, nearest: String? = nil)

  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
    case .syntax(let file, let line, let column, let reason): "\(file):\(line):\(column): \(reason)"
    case .field(let file, let line, let path, let found, let allowed, let nearest):
      "\(file):\(line): \(path): found \(found), allowed: \(allowed)\(Self.suggestion(nearest))"
    case .unknownField(let file, let line, let path, let allowed, let nearest):
      "\(file):\(line): \(path): unknown field, allowed: \(allowed.joined(separator: ", "))\(Self.suggestion(nearest))"
    case .missingField(let file, let line, let path, let allowed):
      "\(file):\(line): \(path): is missing, allowed: \(allowed)"
    case .unknownName(let kind, let found, let known, let nearest):
      "found no \(kind) '\(found)', allowed: \((known + ["a path"]).joined(separator: ", "))\(Self.suggestion(nearest))"
    case .noModels(let searched):
      "found no folder Models in \(searched.joined(separator: ", ")); RTCSIM_MODELS may name it"
    case .option(let name, let found, let allowed, let nearest):
      "\(name): found \(found), allowed: \(allowed)\(Self.suggestion(nearest))"
    }
  }

  /// The same, where a field or option names a file of `Models` that does not exist.
  func naming(_ place: (_ found: String, _ allowed: String, _ nearest: String?) -> ScenarioError) -> ScenarioError {
    guard case .unknownName(_, let found, let known, let nearest) = self else { return self }
    return place("'\(found)'", (known + ["a path"]).joined(separator: ", "), nearest)
  }

  /// The same as an error of an option, where that names a file of `Models` that does not exist.
  package func naming(option: String) -> ScenarioError {
    naming { .option(name: option, found: $0, allowed: $1, nearest: $2) }
  }

  private static func suggestion(_ nearest: String?) -> String { nearest.map { "; did you mean '\($0)'?" } ?? "" }
}
