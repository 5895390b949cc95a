/// Where a stream belongs: its transceiver, and which of its encodings it is.
public struct StreamPlace: Hashable, Sendable {
  /// How many encodings of one picture may travel at the same time; libwebrtc, too, takes no more than three or four.
  public static let largestEncodingCount = 4

  public let transceiver: Int
  /// 0 for the first one of `a=simulcast`, and without simulcast.
  public let encoding: Int

  init(transceiver: Int, encoding: Int = 0) {
    self.transceiver = transceiver
    self.encoding = encoding
  }

  /// The place that has this number.
  init(number: Int32) {
    self.init(
      transceiver: Int(number) / Self.largestEncodingCount, encoding: Int(number) % Self.largestEncodingCount)
  }

  /// How the pacer calls it.
  var number: Int32 { Int32(transceiver * Self.largestEncodingCount + encoding) }
}
