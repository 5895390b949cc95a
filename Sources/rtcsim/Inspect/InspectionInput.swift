import Foundation

/// Where the bytes come from: a file, standard input, or hexadecimal digits.
enum InspectionInput {
  /// The bytes that `argument` names; hexadecimal text in a file or on standard input is decoded too.
  static func read(_ argument: String) throws(InspectionError) -> [UInt8] {
    if argument == "-" { return unwrapped(Array(FileHandle.standardInput.readDataToEndOfFile())) }
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: argument, isDirectory: &isDirectory) {
      guard !isDirectory.boolValue, let data = FileManager.default.contents(atPath: argument) else {
        throw .badInput(found: argument)
      }
      return unwrapped(Array(data))
    }
    guard let first = argument.utf8.first, digit(first) != nil || argument.hasPrefix("0x"),
      !argument.contains("/"), !argument.contains(".")
    else { throw .badInput(found: argument) }
    return try decode(argument.utf8)
  }

  /// Decodes pairs of digits; white space, colons and a `0x` in front are passed over.
  static func decode(_ text: some Collection<UInt8>) throws(InspectionError) -> [UInt8] {
    let digits = text.starts(with: "0x".utf8) ? text.dropFirst(2) : text[...]
    var bytes: [UInt8] = []
    var high: UInt8?
    for (offset, character) in digits.enumerated() where !isSeparator(character) {
      guard let value = digit(character) else {
        throw .brokenHexadecimal(offset: offset, found: "'\(String(decoding: [character], as: UTF8.self))'")
      }
      if let upper = high {
        bytes.append(upper << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    guard high == nil else {
      throw .brokenHexadecimal(offset: digits.count, found: "the end after an odd number of digits")
    }
    return bytes
  }

  /// The bytes behind a text of hexadecimal digits; other bytes as they are.
  private static func unwrapped(_ bytes: [UInt8]) -> [UInt8] {
    let isText = bytes.count >= 2 && bytes.allSatisfy { digit($0) != nil || isSeparator($0) }
    guard isText, let decoded = try? decode(bytes) else { return bytes }
    return decoded
  }

  private static func isSeparator(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ":")].contains(byte) }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
