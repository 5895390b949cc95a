import Foundation

/// A value as a list of its fields, each with its path.
enum SnapshotFields {
  /// Lines such as `connections[0].signalingState = stable`, sorted by path.
  static func lines(of value: some Encodable) -> [String] {
    guard let data = try? JSONEncoder().encode(value),
      let tree = try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
    else { preconditionFailure("a snapshot can be written as JSON") }
    var lines: [String] = []
    append(tree, at: "", to: &lines)
    return lines
  }

  private static func append(_ value: Any, at path: String, to lines: inout [String]) {
    switch value {
    case let object as [String: Any]:
      for (name, field) in object.sorted(by: { $0.key < $1.key }) {
        append(field, at: path.isEmpty ? name : "\(path).\(name)", to: &lines)
      }
    case let list as [Any]:
      if list.isEmpty { lines.append("\(path) = none") }
      for (index, element) in list.enumerated() { append(element, at: "\(path)[\(index)]", to: &lines) }
    case let text as String:
      lines.append("\(path) = \(text.split(whereSeparator: \.isNewline).joined(separator: " | "))")
    case let number as NSNumber where isBoolean(number): lines.append("\(path) = \(number.boolValue)")
    default: lines.append("\(path) = \(value)")
    }
  }

  private static func isBoolean(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }
}
