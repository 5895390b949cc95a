/// Comma-separated values: one header row, then rows of as many fields.
///
/// - SeeAlso: RFC 4180
package struct CSV: Sendable {
  /// The whole file, with CRLF after every row.
  package private(set) var text = ""
  private let columns: Int

  package init(header: [String]) {
    columns = header.count
    append(header)
  }

  /// - Precondition: `row` has one field per column.
  package mutating func append(_ row: [String]) {
    precondition(row.count == columns, "every row has \(columns) fields")
    text += row.map(Self.quoted).joined(separator: ",")
    text += "\r\n"
  }

  private static func quoted(_ field: String) -> String {
    let needsQuotes = field.utf8.contains { [UInt8(ascii: ","), UInt8(ascii: "\""), 0x0D, 0x0A].contains($0) }
    guard needsQuotes else { return field }
    return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}
