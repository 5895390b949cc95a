/// Lower-case hexadecimal text.
public func hex(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// The bytes of hexadecimal text; white space is passed over.
///
/// - Precondition: `text` holds an even number of hexadecimal digits.
public func bytes(hex text: String) -> [UInt8] {
  let digits = text.compactMap { $0.isWhitespace ? nil : UInt8($0.hexDigitValue!) }
  precondition(digits.count.isMultiple(of: 2), "whole bytes: \(text)")
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
