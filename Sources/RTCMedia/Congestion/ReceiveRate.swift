import RTCPrimitives

/// What arrived within the last half second, by the receiver's clock.
///
/// - SeeAlso: draft-ietf-rmcat-gcc-02 §5.5 (T = 0.5 s); RFC 8698 §4.2 (LOGWIN = 500 ms)
struct ReceiveRate: Sendable {
  private var arrivals: [(at: Double, bytes: Int)] = []
  private var first = 0
  private var bytes = 0
  private var began: Double?

  /// Milliseconds.
  static let window = 500.0

  init() {}

  /// - Parameter time: milliseconds.
  mutating func insert(_ size: DataSize, at time: Double) {
    // The receiver's clock jumped.
    if let last = arrivals.last, abs(time - last.at) > 10 * Self.window { self = ReceiveRate() }
    began = began ?? time
    arrivals.append((time, size.bytes))
    bytes += size.bytes
    while arrivals[first].at <= time - Self.window {
      bytes -= arrivals[first].bytes
      first += 1
    }
    if first > 512 {
      arrivals.removeFirst(first)
      first = 0
    }
  }

  /// `nil` before half a window has passed.
  var rate: DataRate? {
    guard let began, let last = arrivals.last?.at else { return nil }
    let span = min(last - began, Self.window)
    guard span >= Self.window / 2 else { return nil }
    return DataRate(saturating: Double(bytes) * 8000 / span)
  }
}
