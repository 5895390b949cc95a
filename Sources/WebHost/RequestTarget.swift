/// What a request asks for: a path and a query, decoded.
///
/// - SeeAlso: RFC 9112 §3.2.1, RFC 3986 §2.1, §3.3
struct RequestTarget: Equatable {
  let path: String
  let query: [HTTPRequest.QueryItem]

  init(parsing target: [UInt8]) throws(Refusal) {
    guard target.first == UInt8(ascii: "/") else { throw .malformed("its target is not a path") }
    guard target.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
      throw .malformed("a character of its target must be percent-encoded")
    }
    let question = target.firstIndex(of: UInt8(ascii: "?"))
    path = try Self.decode(target[..<(question ?? target.endIndex)])
    guard !path.contains("\\"), !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else {
      throw .malformed("its path leads upwards")
    }
    query = try question.map { position throws(Refusal) in try Self.items(of: target[(position + 1)...]) } ?? []
  }

  private static func items(of query: ArraySlice<UInt8>) throws(Refusal) -> [HTTPRequest.QueryItem] {
    var items: [HTTPRequest.QueryItem] = []
    for item in query.split(separator: UInt8(ascii: "&")) {
      let equals = item.firstIndex(of: UInt8(ascii: "=")) ?? item.endIndex
      items.append(
        HTTPRequest.QueryItem(
          try decode(item[..<equals], plusIsSpace: true), try decode(item[equals...].dropFirst(), plusIsSpace: true)))
    }
    return items
  }

  private static func decode(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false) throws(Refusal) -> String {
    var decoded: [UInt8] = []
    var position = bytes.startIndex
    while position < bytes.endIndex {
      var byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "+"), plusIsSpace { byte = .space }
      if byte == UInt8(ascii: "%") {
        let digits = bytes[position...].prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 2 else { throw .malformed("a percent sign lacks its two digits") }
        byte = UInt8(digits[0] << 4 | digits[1])
        position += 2
      }
      guard !byte.isControl else { throw .malformed("its target contains a control character") }
      decoded.append(byte)
    }
    guard let text = String(validating: decoded, as: UTF8.self) else { throw .malformed("its target is not UTF-8") }
    return text
  }
}
