/// Why a command line makes no sense.
enum CommandLineError: Error, Hashable, CustomStringConvertible {
  case unknownCommand(String, nearest: String?, known: [String])
  case unknownOption(String, nearest: String?)
  case missingValue(option: String, allowed: String)
  case valueOfFlag(String, value: String)
  case badValue(name: String, found: String, allowed: String, nearest: String? = nil)
  case missingArgument(name: String, meaning: String)
  case missingOption(name: String, meaning: String)
  case unexpectedArgument(String)

  var description: String {
    switch self {
    case .unknownCommand(let name, let nearest?, _): "unknown command '\(name)'; did you mean '\(nearest)'?"
    case .unknownCommand(let name, nil, let known):
      "unknown command '\(name)'; the commands are \(known.joined(separator: ", "))"
    case .unknownOption(let name, let nearest?): "unknown option \(name); did you mean \(nearest)?"
    case .unknownOption(let name, nil): "unknown option \(name); --help lists the options"
    case .missingValue(let option, let allowed): "\(option): no value given, allowed: \(allowed)"
    case .valueOfFlag(let flag, let value): "\(flag): found '\(value)', but it takes no value"
    case .badValue(let name, let found, let allowed, let nearest):
      "\(name): found '\(found)', allowed: \(allowed)" + (nearest.map { "; did you mean \($0)?" } ?? "")
    case .missingArgument(let name, let meaning): "\(name) is missing: \(meaning)"
    case .missingOption(let name, let meaning): "\(name) is missing: \(meaning)"
    case .unexpectedArgument(let text): "unexpected argument '\(text)'"
    }
  }
}
