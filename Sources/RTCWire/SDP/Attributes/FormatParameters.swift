import RTCPrimitives

/// `a=fmtp`: parameters of one format.
///
/// - SeeAlso: RFC 8866 §6.15
public struct FormatParameters: Hashable, Sendable {
  /// A payload type, or a format of another transport.
  public var format: String
  /// The parameters as written, mostly `name=value` with `;` between two.
  public var text: String

  public init(format: String, text: String) {
    self.format = format
    self.text = text
  }

  public var payloadType: UInt8? { UInt8(format) }

  /// The parameters in order; the value is empty where only a name stands.
  public var parameters: [(name: String, value: String)] {
    text.split(separator: ";").compactMap { part in
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = pair[0].trimmed
      return name.isEmpty ? nil : (name, pair.count > 1 ? pair[1].trimmed : "")
    }
  }

  /// The value of the first parameter with this name, upper or lower case.
  public subscript(name: String) -> String? {
    parameters.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  init(_ scanner: inout SDPScanner) throws(SDPError) {
    format = try scanner.token("a format")
    try scanner.expectSpace()
    text = try scanner.nonEmptyRest("parameters of the format")
  }

  func write(into writer: inout ByteWriter) { writer.append(":\(format) \(text)") }
}

extension Substring {
  /// The text without spaces at its ends.
  var trimmed: String {
    guard let begin = firstIndex(where: { $0 != " " }), let end = lastIndex(where: { $0 != " " }) else { return "" }
    return String(self[begin...end])
  }
}
