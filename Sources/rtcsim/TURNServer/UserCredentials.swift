import Foundation

/// A user's name and password: `name:password`.
///
/// - SeeAlso: RFC 8489 §14.3 (a name has less than 509 bytes)
struct UserCredentials: Hashable, ExpressibleByArgument {
  let name: String
  let password: String

  init?(argument: String) {
    let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.count < 509, !parts[1].isEmpty else { return nil }
    name = String(parts[0])
    password = String(parts[1])
  }

  static var allowed: String { "a name, a colon and a password, neither of them empty" }

  var defaultValueDescription: String { "\(name):…" }

  /// The passwords by name, of the command line and of a file: a line each, but for empty ones and those that begin with #.
  static func table(_ users: [UserCredentials], file: String?) throws -> [String: String] {
    var all = users
    if let file {
      guard let data = try? Data(contentsOf: URL(filePath: file)), let text = String(data: data, encoding: .utf8)
      else {
        throw CommandLineError.badValue(
          name: "--credentials", found: file, allowed: "a text file that can be read", nearest: nil)
      }
      for (number, line) in text.split(whereSeparator: \.isNewline).enumerated() where !line.hasPrefix("#") {
        guard let user = UserCredentials(argument: String(line)) else {
          // The line itself may hold a password.
          throw CommandLineError.badValue(
            name: "--credentials", found: "entry \(number + 1) of \(file)", allowed: allowed, nearest: nil)
        }
        all.append(user)
      }
    }
    guard !all.isEmpty else {
      throw CommandLineError.missingOption(
        name: "--user or --credentials", meaning: "without credentials a relay is open to everybody")
    }
    var table: [String: String] = [:]
    for user in all where table.updateValue(user.password, forKey: user.name) != nil {
      throw CommandLineError.badValue(
        name: "--user", found: "\(user.name) twice", allowed: "one password for each name", nearest: nil)
    }
    return table
  }
}
