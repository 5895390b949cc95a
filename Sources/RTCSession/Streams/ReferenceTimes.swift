import RTCPrimitives
import RTCWire

/// Times that receivers at the peer have sent, and that are answered with how long ago they arrived: so one that sends no media
/// learns the round-trip time.
///
/// - SeeAlso: RFC 3611 §4.4, §4.5
struct ReferenceTimes {
  /// More receivers than a peer here names; the oldest makes room.
  private static let limit = 16

  /// Whether both sides said so (`a=rtcp-xr:rcvr-rtt`, RFC 3611 §5).
  var areExchanged = false
  private var received: [(ssrc: UInt32, time: CompactNTP, arrival: Instant)] = []

  mutating func note(_ time: NTPTimestamp, of ssrc: UInt32, at now: Instant) {
    guard areExchanged else { return }
    received.removeAll { $0.ssrc == ssrc }
    if received.count == Self.limit { received.removeFirst() }
    received.append((ssrc, time.compact, now))
  }

  /// What is said of those that arrived after `last`.
  func delays(since last: Instant, at now: Instant) -> [ExtendedReport.Delay] {
    received.lazy.filter { $0.arrival > last }.map {
      ExtendedReport.Delay(ssrc: $0.ssrc, lastReference: $0.time, delay: CompactNTP(now - $0.arrival))
    }
  }
}

extension [SDPAttribute] {
  /// Whether receivers and senders tell each other times for it (RFC 3611 §5.1).
  var exchangesReferenceTimes: Bool {
    value(of: "rtcp-xr")?.split(separator: " ").contains { $0.hasPrefix("rcvr-rtt=") } ?? false
  }
}

extension SDPAttribute {
  /// Every receiver is to learn the round-trip time, also one beside a sender.
  static let exchangesReferenceTimes = SDPAttribute.other(name: "rtcp-xr", value: "rcvr-rtt=all")
}
