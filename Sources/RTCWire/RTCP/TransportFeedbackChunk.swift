/// Sixteen bits that stand for the status symbols of up to 8191 packets.
///
/// - SeeAlso: draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.3, §3.1.4
struct TransportFeedbackChunk: Hashable {
  private static let longestRun = 0x1FFF
  private static let oneBitCapacity = 14
  private static let twoBitCapacity = 7

  let rawValue: UInt16

  init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Packs as many symbols from `offset` on as fit, and moves `offset` behind them.
  ///
  /// - Precondition: there is a symbol at `offset`.
  init(packing symbols: [UInt8], from offset: inout Int) {
    let first = symbols[offset]
    var count = 0
    var isRun = true
    var needsTwoBits = false
    while offset + count < symbols.count {
      let symbol = symbols[offset + count]
      let continuesRun = isRun && symbol == first
      guard
        count < Self.twoBitCapacity || count < Self.oneBitCapacity && !needsTwoBits && symbol <= 1
          || count < Self.longestRun && continuesRun
      else { break }
      isRun = continuesRun
      needsTwoBits = needsTwoBits || symbol > 1
      count += 1
    }
    let isEnd = offset + count == symbols.count
    if isRun {
      rawValue = UInt16(first) << 13 | UInt16(count)
    } else if isEnd ? count > Self.twoBitCapacity : count == Self.oneBitCapacity {
      rawValue = 0x8000 | Self.bits(symbols[offset..<offset + count], width: 1, capacity: Self.oneBitCapacity)
    } else {
      count = min(count, Self.twoBitCapacity)
      rawValue = 0xC000 | Self.bits(symbols[offset..<offset + count], width: 2, capacity: Self.twoBitCapacity)
    }
    offset += count
  }

  /// Appends the chunk's symbols, but no more than bring `symbols` to `limit`.
  func appendSymbols(to symbols: inout [UInt8], limit: Int) {
    let room = limit - symbols.count
    if rawValue & 0x8000 == 0 {
      let symbol = UInt8(rawValue >> 13)
      symbols.append(contentsOf: repeatElement(symbol, count: min(room, Int(rawValue & 0x1FFF))))
    } else if rawValue & 0x4000 == 0 {
      for index in 0..<min(room, Self.oneBitCapacity) {
        symbols.append(UInt8(rawValue >> UInt16(Self.oneBitCapacity - 1 - index) & 1))
      }
    } else {
      for index in 0..<min(room, Self.twoBitCapacity) {
        symbols.append(UInt8(rawValue >> UInt16(2 * (Self.twoBitCapacity - 1 - index)) & 3))
      }
    }
  }

  private static func bits(_ symbols: ArraySlice<UInt8>, width: Int, capacity: Int) -> UInt16 {
    var bits: UInt16 = 0
    for symbol in symbols { bits = bits << UInt16(width) | UInt16(symbol) }
    return bits << UInt16(width * (capacity - symbols.count))
  }
}
